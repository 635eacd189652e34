import ChargerBase
import EVSEControl
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

@Suite("The whole station: kills, power cuts and stops")
struct EndingStories {
  @Test(
    "E11 A program that dies in mid-session goes on with the same transaction and bills all energy",
    arguments: [WholeStation.End.kill, .powerCut, .clean])
  func restartInSession(_ end: WholeStation.End) throws {
    let station = try WholeStation().start()
    station.plugIn()
    station.tap()
    station.run(for: .seconds(300))
    #expect(station.isClosed())
    let transaction = try #require(station.transaction())
    station.end(end)
    // The dead-man's 500 ms and the contact's travel.
    station.run(for: .milliseconds(530))
    #expect(!station.isClosed())
    station.restart(end)
    #expect(station.run(upTo: .seconds(30)) { station.isClosed() })
    #expect(station.transaction() == transaction)
    station.run(for: .seconds(300))
    station.tap()
    station.run(for: .seconds(15))
    let book = try #require(station.books.first)
    #expect(station.books.count == 1)
    #expect(book.id == transaction && book.isGapless && book.isEnded)
    #expect(station.billed(book) == station.register())
    #expect(station.register() > Energy(wattHours: 1_500))
    #expect(station.violations == [])
  }

  @Test("E11 The car left while the program was dead: the transaction ends with all that the meter had counted")
  func carLeavesWhileDead() throws {
    let station = try WholeStation().start()
    station.plugIn()
    station.tap()
    station.run(for: .seconds(300))
    station.end(.kill)
    station.run(for: .seconds(2))
    station.plugOut()
    station.restart(.kill)
    station.run(for: .seconds(60))
    let book = try #require(station.books.first)
    #expect(book.isGapless && book.isEnded)
    #expect(station.billed(book) == station.register())
    #expect(station.transaction() == nil)
    #expect(station.statuses().last == .available)
    #expect(station.violations == [])
  }

  @Test("With a dead engine the session is finished, and no other begins (policy finishSession)")
  func engineDeadFinishSession() throws {
    let station = try WholeStation().start()
    station.plugIn()
    station.tap()
    station.run(for: .seconds(120))
    station.isUpperSideDead = true
    station.run(for: .seconds(180))
    #expect(station.isClosed())
    station.hold(.connected)
    #expect(station.run(upTo: .milliseconds(150)) { !station.isClosed() })
    station.hold(nil)
    station.run(for: .seconds(60))
    #expect(!station.isClosed())
    #expect(station.violations == [])
  }

  @Test("With a dead engine the lease runs out and the contactor opens (policy stop)")
  func engineDeadStop() throws {
    let station = try WholeStation()
    station.controlConfiguration.leaseExpiry = .stop
    station.start()
    station.plugIn()
    station.tap()
    station.run(for: .seconds(120))
    #expect(station.isClosed())
    station.isUpperSideDead = true
    let died = station.clock.now
    station.run(for: .seconds(200))
    #expect(!station.isClosed())
    let opened = try #require(station.firstOpening(since: died))
    #expect(opened <= died + station.profile.lease + TimingTable().openUnderLoadAfterWithdrawal)
    #expect(station.violations == [])
  }
}

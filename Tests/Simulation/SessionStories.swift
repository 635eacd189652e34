import ChargerBase
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

@Suite("The whole station: sessions")
struct SessionStories {
  @Test("B01.FR.01 The station registers and tells every connector's status")
  func boot() throws {
    let station = try WholeStation().start()
    #expect(station.csms.calls.first?.action == .bootNotification)
    #expect(station.statuses(1) == [.available])
    #expect(station.statuses(2) == [.available])
    #expect(station.violations == [])
  }

  @Test("E02 Plug first, then the card: the meter's true energy is billed, seconds after the car has left")
  func plugFirst() throws {
    let station = try WholeStation().start()
    station.plugIn()
    station.run(for: .seconds(5))
    #expect(station.statuses().last == .occupied)
    #expect(!station.isClosed())
    station.tap()
    #expect(station.run(upTo: .seconds(5)) { station.isClosed() })
    station.run(for: .seconds(600))
    #expect(station.view()?.drawn == Current(amperes: 16))
    station.tap()
    #expect(station.run(upTo: .seconds(8)) { !station.isClosed() })
    station.run(for: .seconds(5))
    station.plugOut()
    station.run(for: .seconds(5))
    let book = try #require(station.books.first)
    #expect(station.books.count == 1)
    #expect(book.isGapless && book.isEnded)
    #expect(book.ended?.transactionInfo.stoppedReason == .local)
    #expect(station.billed(book) == station.register())
    #expect(station.register() > Energy(wattHours: 1_700))
    #expect(station.statuses().last == .available)
    #expect(station.violations == [])
  }
}

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

  @Test("E03 Card first, then the plug; nobody who only shows a card gets a transaction")
  func cardFirst() throws {
    let station = try WholeStation().start()
    station.tap(evses: [1])
    station.run(for: .seconds(20))
    station.plugIn(1)
    #expect(station.run(upTo: .seconds(8)) { station.isClosed() })
    station.run(for: .seconds(300))
    station.plugOut(1)
    station.run(for: .seconds(5))
    let book = try #require(station.books.first)
    #expect(station.books.count == 1)
    #expect(book.isGapless && book.isEnded)
    #expect(book.ended?.transactionInfo.stoppedReason == .evDisconnected)
    #expect(station.billed(book) == station.register())
    station.tap("OTHER")
    station.run(for: .seconds(90))
    #expect(station.books.count == 1)
    #expect(station.violations == [])
  }

  @Test("C01.FR.01 C01.FR.02 A blocked card closes no contactor and begins no transaction")
  func blockedCard() throws {
    let station = try WholeStation().start()
    station.plugIn()
    station.run(for: .seconds(2))
    station.tap("BLOCKED")
    station.run(for: .seconds(60))
    #expect(!station.isClosed())
    #expect(station.books.isEmpty)
    #expect(station.lane?.contactorCommands.contains { $0.position == .closed } == false)
    #expect(station.violations == [])
  }

  @Test("E04.FR.03 E12.FR.02 A session without a network is delivered later, whole and marked as offline")
  func offlineSession() throws {
    let station = try WholeStation().start()
    // A first session teaches the station the card.
    station.plugIn()
    station.tap()
    station.run(for: .seconds(60))
    station.plugOut()
    station.run(for: .seconds(10))
    station.link.isUp = false
    #expect(station.run(upTo: .seconds(300)) { station.link.open == nil })
    station.plugIn()
    station.run(for: .seconds(2))
    station.tap()
    #expect(station.run(upTo: .seconds(10)) { station.isClosed() })
    station.run(for: .seconds(900))
    station.plugOut()
    station.run(for: .seconds(30))
    #expect(station.books.count == 1)
    station.link.isUp = true
    station.run(for: .seconds(1_200))
    #expect(station.books.count == 2)
    let book = try #require(station.books.last)
    #expect(book.isGapless && book.isEnded)
    #expect(book.entries.allSatisfy { $0.request.offline == true })
    let billed = station.books.compactMap { station.billed($0) }.reduce(.zero, +)
    #expect(billed == station.register())
    #expect(station.chargePoint?.waitingRecords == 0)
    #expect(station.violations == [])
  }

  @Test("F01 F03 The CSMS starts and stops a session")
  func remoteStartAndStop() throws {
    let station = try WholeStation().start()
    station.plugIn(2)
    station.run(for: .seconds(2))
    #expect(station.remoteStart(2, id: 77)?["status"] == "Accepted")
    #expect(station.run(upTo: .seconds(8)) { station.isClosed(2) })
    station.run(for: .seconds(120))
    let transaction = try #require(station.transaction(2))
    #expect(station.remoteStop(transaction)?["status"] == "Accepted")
    #expect(station.run(upTo: .seconds(8)) { !station.isClosed(2) })
    station.run(for: .seconds(5))
    let book = try #require(station.books.first)
    #expect(book.id == transaction && book.isGapless && book.isEnded)
    #expect(book.started?.triggerReason == .remoteStart)
    #expect(book.entries.contains { $0.request.transactionInfo.remoteStartId == 77 })
    #expect(book.ended?.transactionInfo.stoppedReason == .remote)
    #expect(station.billed(book) == station.register(2))
    #expect(station.violations == [])
  }

  @Test("E06.FR.11 The next driver's card within the second after an unplug: each pays his own energy, to the last Wh")
  func nextDriverAtOnce() throws {
    for phase in 0..<10 {
      let station = try WholeStation().start()
      station.plugIn()
      station.tap()
      station.run(for: .milliseconds(60_000 + Int64(phase) * 100))
      station.plugOut()
      station.run(for: .milliseconds(128))
      station.tap("OTHER", evses: [1])
      station.run(for: .milliseconds(200))
      station.plugIn()
      #expect(station.run(upTo: .seconds(10)) { station.isClosed() })
      let atStart = station.register()
      station.run(for: .seconds(60))
      station.plugOut()
      station.run(for: .seconds(5))
      #expect(station.books.count == 2)
      #expect(station.books.allSatisfy { $0.isGapless && $0.isEnded })
      #expect(station.books.first.flatMap { station.billed($0) } == atStart)
      #expect(station.books.last.flatMap { station.billed($0) } == station.register() - atStart)
      #expect(station.violations == [])
    }
  }
}

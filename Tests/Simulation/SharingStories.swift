import ChargerBase
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

@Suite("The whole station: what is shared")
struct SharingStories {
  private func offered(_ station: WholeStation, _ evse: Int32) -> Int64 {
    station.view(evse)?.signal.offeredMilliamperes ?? 0
  }

  private func drawn(_ station: WholeStation, _ evse: Int32) -> Int64 {
    station.view(evse)?.drawn.milliamperes ?? 0
  }

  @Test(
    "Two cars share 40 A: the offers never exceed it once the cars have followed, and what is free goes to the other")
  func sharedSupply() throws {
    let station = try WholeStation().start()
    let car = CarSpecification(current: Current(amperes: 32))
    station.plugIn(1, car)
    station.tap(evses: [1])
    station.run(for: .seconds(60))
    #expect(drawn(station, 1) >= 31_900)
    station.plugIn(2, car)
    station.tap("OTHER", evses: [2])
    // That the cars never draw more than 40 A is judged by the witness in every step.
    for _ in 0..<600 {
      station.run(for: .milliseconds(100))
      #expect(offered(station, 1) + offered(station, 2) <= 40_000)
    }
    #expect(offered(station, 1) >= 6_000 && offered(station, 2) >= 6_000)
    #expect(drawn(station, 1) + drawn(station, 2) >= 39_000)
    station.plugOut(1)
    station.run(for: .seconds(30))
    #expect(drawn(station, 2) >= 31_900)
    station.plugOut(2)
    station.run(for: .seconds(5))
    for evse: Int32 in [1, 2] {
      let book = try #require(station.books.first { $0.entries.contains { $0.request.evse?.id == evse } })
      #expect(book.isGapless && book.isEnded)
      #expect(station.billed(book) == station.register(evse))
    }
    #expect(station.violations == [])
  }

  @Test("Two connectors at one EVSE: one car charges, the other waits for its turn")
  func twinConnector() throws {
    let station = try WholeStation(board: "bench-ac-twin-connector").start()
    station.plugIn(1, connector: 2)
    station.tap(evses: [1])
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(1, connector: 2) })
    station.run(for: .seconds(60))
    station.plugIn(1, connector: 1)
    station.run(for: .seconds(60))
    #expect(!station.isClosed(1, connector: 1))
    #expect(station.isClosed(1, connector: 2))
    #expect(station.view(1, 1)?.signal == .steadyPositive)
    station.plugOut(1, connector: 2)
    station.run(for: .seconds(5))
    let first = try #require(station.books.first)
    #expect(first.isGapless && first.isEnded)
    #expect(first.entries.compactMap { $0.request.evse?.connectorId } == [2])
    let firstEnergy = station.register()
    #expect(station.billed(first) == firstEnergy)
    station.tap("OTHER", evses: [1])
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(1, connector: 1) })
    station.run(for: .seconds(60))
    station.plugOut(1, connector: 1)
    station.run(for: .seconds(5))
    #expect(station.books.count == 2)
    let second = try #require(station.books.last)
    #expect(second.isGapless && second.isEnded)
    #expect(station.billed(second) == station.register() - firstEnergy)
    #expect(station.violations == [])
  }

  @Test("E11 Two connectors at one EVSE: a restarted program goes on at the connector where its car is")
  func twinConnectorRestart() throws {
    let station = try WholeStation(board: "bench-ac-twin-connector").start()
    station.plugIn(1, connector: 2)
    station.tap(evses: [1])
    station.run(for: .seconds(60))
    station.restart(.kill)
    #expect(station.run(upTo: .seconds(30)) { station.isClosed(1, connector: 2) })
    station.run(for: .seconds(60))
    station.plugOut(1, connector: 2)
    station.run(for: .seconds(5))
    let book = try #require(station.books.first)
    #expect(station.books.count == 1 && book.isGapless && book.isEnded)
    #expect(station.billed(book) == station.register())
    #expect(station.violations == [])
  }
}

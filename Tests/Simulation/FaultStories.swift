import ChargerBase
import EVSEControl
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

@Suite("The whole station: faults and times")
struct FaultStories {
  private func charging(_ board: String = "bench-ac-dual") throws -> WholeStation {
    let station = try WholeStation(board: board).start()
    station.plugIn()
    station.tap()
    #expect(station.run(upTo: .seconds(10)) { station.isClosed() })
    station.run(for: .seconds(30))
    return station
  }

  @Test("G01 A welded contactor: the pilot takes the energy away, and the CSMS hears Faulted")
  func welded() throws {
    let station = try charging()
    station.fault(.contactorWelded)
    station.tap()
    station.run(for: .seconds(20))
    #expect(station.isClosed())
    #expect(station.view()?.drawn == .zero)
    #expect(station.view()?.signal == .steadyNegative)
    #expect(station.statuses().last == .faulted)
    let book = try #require(station.books.first)
    #expect(book.isGapless && book.isEnded)
    #expect(station.billed(book) == station.register())
    station.fault(.contactorWelded, false)
    station.clearLatchedFaults()
    station.plugOut()
    station.run(for: .seconds(5))
    #expect(station.statuses().last == .available)
    #expect(station.violations == [])
  }

  @Test("G01 A contactor that does not close: no energy, and the CSMS hears Faulted")
  func stuck() throws {
    let station = try WholeStation().start()
    station.fault(.contactorStuck)
    station.plugIn()
    station.tap()
    station.run(for: .seconds(20))
    #expect(station.register() == .zero)
    #expect(station.view()?.isContactorCommandedClosed == false)
    #expect(station.statuses().last == .faulted)
    // The other EVSE is none the worse.
    station.plugIn(2)
    station.tap("OTHER", evses: [2])
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(2) })
    #expect(station.violations == [])
  }

  @Test("IEC 61851-1 sequence 8.1: the car opens S2, and the contactor is commanded open within 100 ms")
  func vehicleStops() throws {
    let station = try charging()
    for phase in 0..<20 {
      station.run(for: .milliseconds(1_000 + Int64(phase)))
      let stopped = station.clock.now
      station.hold(.connected)
      station.run(for: .seconds(2))
      let opened = try #require(station.firstOpening(since: stopped))
      #expect(opened <= stopped + .milliseconds(100), "phase \(phase): \(stopped.duration(to: opened))")
      station.hold(.ready)
      #expect(station.run(upTo: .seconds(3)) { station.isClosed() })
    }
    #expect(station.violations == [])
  }

  @Test("IEC 61851-1 sequence 2.2: unplugged under load, the contactor is commanded open within 100 ms")
  func unplugged() throws {
    for phase in 0..<10 {
      let station = try charging()
      station.run(for: .milliseconds(Int64(phase)))
      let left = station.clock.now
      station.plugOut()
      station.run(for: .seconds(2))
      let opened = try #require(station.firstOpening(since: left))
      #expect(opened <= left + .milliseconds(100), "phase \(phase): \(left.duration(to: opened))")
      #expect(station.violations == [])
    }
  }

  @Test("A pilot that cannot be read opens the contactor within the table's time")
  func pilotSilent() throws {
    let station = try charging()
    let since = station.clock.now
    station.fault(.pilotSilent)
    station.run(for: .seconds(3))
    let opened = try #require(station.firstOpening(since: since))
    // The silence is noticed at a poll.
    #expect(opened <= since + TimingTable().pilotSilence + SimulatedControlLane.pollingCycle)
    #expect(!station.isClosed())
    #expect(station.statuses().last == .faulted)
    station.fault(.pilotSilent, false)
    #expect(station.run(upTo: .seconds(10)) { station.isClosed() })
    station.run(for: .seconds(60))
    station.plugOut()
    station.run(for: .seconds(5))
    let book = try #require(station.books.first)
    #expect(station.books.count == 1 && book.isGapless && book.isEnded)
    #expect(station.billed(book) == station.register())
    #expect(station.statuses().last == .available)
    #expect(station.violations == [])
  }

  @Test("A meter that is silent opens the contactor within the table's time, and nothing is billed twice or lost")
  func meterSilent() throws {
    let station = try charging()
    let since = station.clock.now
    station.fault(.meterSilent)
    station.run(for: .seconds(20))
    let opened = try #require(station.firstOpening(since: since))
    #expect(opened <= since + TimingTable().meterSilence + SimulatedControlLane.restingCycle)
    #expect(!station.isClosed())
    station.fault(.meterSilent, false)
    #expect(station.run(upTo: .seconds(10)) { station.isClosed() })
    station.run(for: .seconds(60))
    station.plugOut()
    station.run(for: .seconds(5))
    let book = try #require(station.books.first)
    #expect(station.books.count == 1 && book.isGapless && book.isEnded)
    #expect(station.billed(book) == station.register())
    #expect(station.violations == [])
  }

  @Test("The witness is awake: a station that reads its pilot too slowly is caught")
  func slowStation() throws {
    let station = try WholeStation()
    station.controlConfiguration.timing.pilotFilter = .milliseconds(300)
    station.start()
    station.plugIn()
    station.tap()
    #expect(station.run(upTo: .seconds(10)) { station.isClosed() })
    station.run(for: .seconds(30))
    station.plugOut()
    station.run(for: .seconds(2))
    #expect(station.violations.contains { $0.contains("after the car had gone") })
  }
}

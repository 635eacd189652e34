import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Start gates")
struct StartGateTests {
  private func delayed(seed: UInt64 = 1) -> Bench {
    Bench(
      Bench.station(station: {
        $0.randomStartDelay = .seconds(600)
        $0.randomSeed = seed
      }))
  }

  @Test("A session's offer waits a random part of the configured delay from its first permit, and tells until when")
  func randomDelay() throws {
    let bench = delayed()
    bench.vehicle(9)
    bench.run(for: .seconds(60))
    bench.grant(for: .seconds(3_600))
    let granted = bench.now
    let opens = try #require(bench.snapshot().details.startsAt)
    #expect(opens > granted && opens <= granted + .seconds(600))
    #expect(bench.snapshot().blockers.contains(.startDelayed))
    #expect(bench.phases().last == .suspendedByStation)
    bench.vehicle(6)
    bench.run(until: opens + .milliseconds(-1))
    #expect(bench.snapshot().pilotOutput == .steadyPositive && bench.closings == 0)
    bench.run(until: opens)
    #expect(bench.isClosed())
    #expect(bench.snapshot().details.startsAt == nil)
  }

  @Test("One draw a session: a renewal or a pause draws none, the next vehicle draws anew")
  func oneDraw() throws {
    let bench = delayed()
    bench.vehicle(9)
    bench.grant(for: .seconds(3_600))
    let first = try #require(bench.snapshot().details.startsAt)
    bench.run(until: first)
    bench.vehicle(6)
    #expect(bench.isClosed())
    bench.grant(number: 2, for: .seconds(3_600))
    bench.feed(.command(.pause(Bench.one, true)))
    bench.run(for: .seconds(10))
    bench.feed(.command(.pause(Bench.one, false)))
    bench.run(for: .seconds(2))
    #expect(bench.isClosed())
    bench.vehicle(12)
    bench.grant(number: 3, for: .seconds(3_600))
    bench.vehicle(9)
    #expect(bench.snapshot().details.startsAt != nil)
  }

  @Test("Stations with other seeds wait other times, and a seed repeats its own")
  func seeds() {
    let waits = (UInt64(1)...20).map { seed in
      let bench = delayed(seed: seed)
      bench.vehicle(9)
      bench.grant()
      return bench.snapshot().details.startsAt
    }
    #expect(Set(waits).count == 20)
    let bench = delayed(seed: 1)
    bench.vehicle(9)
    bench.grant()
    #expect(bench.snapshot().details.startsAt == waits[0])
  }

  @Test("Energy is held back until a commanded instant; nil lifts this gate and the random one")
  func commanded() {
    let bench = delayed()
    bench.vehicle(9)
    bench.vehicle(6)
    let instant = bench.now + .seconds(1_000)
    bench.feed(.command(.startNotBefore(Bench.one, instant)))
    bench.grant(for: .seconds(3_600))
    #expect(bench.snapshot().details.startsAt == instant)
    bench.run(for: .seconds(700))
    #expect(bench.closings == 0)
    bench.feed(.command(.startNotBefore(Bench.one, nil)))
    bench.run(for: .milliseconds(100))
    #expect(bench.isClosed())
  }

  @Test("A gate holds back what has not begun, never what flows")
  func runningSession() {
    let bench = Bench()
    bench.charge()
    bench.feed(.command(.startNotBefore(Bench.one, bench.now + .seconds(60))))
    bench.run(for: .seconds(10))
    #expect(bench.isClosed())
    #expect(!bench.snapshot().blockers.contains(.startDelayed))
    bench.vehicle(9)
    bench.vehicle(6)
    bench.run(for: .seconds(10))
    #expect(!bench.isClosed())
    bench.run(for: .seconds(45))
    #expect(bench.isClosed())
  }
}

@Suite("Waking a vehicle that sleeps")
struct WakeUpTests {
  @Test("B2 unanswered for 30 s: steady for 4 s, then the offer again, twice and no more")
  func wakes() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant(for: .seconds(3_600))
    let offered = bench.now
    bench.pilots.removeAll()
    bench.run(until: offered + .milliseconds(29_999))
    #expect(bench.pilots.isEmpty)
    bench.run(until: offered + .seconds(30))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.snapshot().blockers.contains(.wakingVehicle))
    bench.run(until: offered + .seconds(34))
    #expect(bench.snapshot().pilotOutput.offersCurrent)
    bench.run(for: .seconds(600))
    #expect(bench.pilots.map(\.output.offersCurrent) == [false, true, false, true])
    // Nobody is told that the station had suspended the charging.
    #expect(bench.phases() == [.connected, .suspendedByVehicle])
    bench.vehicle(6)
    #expect(bench.isClosed())
  }

  @Test("A vehicle that answers while it is woken is given energy at once")
  func answers() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant(for: .seconds(3_600))
    bench.run(for: .seconds(31))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.vehicle(6)
    bench.run(for: .seconds(1))
    #expect(bench.isClosed())
  }

  @Test("A vehicle that has stopped by itself is left alone")
  func stoppedByItself() {
    let bench = Bench()
    bench.charge()
    bench.run(for: .seconds(10))
    bench.vehicle(9)
    bench.pilots.removeAll()
    bench.run(for: .seconds(600))
    #expect(bench.pilots.isEmpty)
  }

  @Test("A vehicle that fell asleep over a pause of the station is woken when the pause is over")
  func afterPause() {
    let bench = Bench()
    bench.charge()
    bench.feed(.command(.pause(Bench.one, true)))
    bench.vehicle(9)
    bench.run(for: .seconds(600))
    bench.feed(.command(.pause(Bench.one, false)))
    bench.run(for: .milliseconds(10))
    bench.pilots.removeAll()
    bench.run(for: .seconds(40))
    #expect(bench.pilots.map(\.output.offersCurrent) == [false, true])
  }

  @Test("Where waking is not wanted the offer stands")
  func notConfigured() {
    let bench = Bench(Bench.station(connector: { $0.wakeUp = nil }))
    bench.vehicle(9)
    bench.grant(for: .seconds(3_600))
    bench.pilots.removeAll()
    bench.run(for: .seconds(600))
    #expect(bench.pilots.isEmpty)
  }
}

@Suite("Pause and resume by the station")
struct PauseTests {
  @Test("IEC 61851-1 A.6 seq 10.1 C2 to C1 to B1 and back: a pause withdraws the offer under the same permit")
  func pause() {
    let bench = Bench()
    bench.charge()
    bench.feed(.command(.pause(Bench.one, true)))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.snapshot().blockers == .paused)
    #expect(bench.phases().last == .suspendedByStation)
    bench.vehicle(9)
    #expect(!bench.isClosed())
    bench.run(for: .seconds(60))
    #expect(bench.snapshot().permit?.number == 1)
    bench.feed(.command(.pause(Bench.one, false)))
    #expect(bench.snapshot().pilotOutput.offersCurrent)
    bench.vehicle(6)
    #expect(bench.isClosed())
  }

  @Test("A pause ends with its session: the next vehicle is not paused")
  func nextVehicle() {
    let bench = Bench()
    bench.charge()
    bench.feed(.command(.pause(Bench.one, true)))
    bench.vehicle(12)
    bench.run(for: .seconds(2))
    bench.grant(number: 2)
    bench.vehicle(9)
    bench.vehicle(6)
    #expect(bench.isClosed())
  }
}

import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Slow, bouncing and noisy edges of the pilot")
struct PilotEdgeTests {
  private func opening(_ bench: Bench, since edge: MonotonicInstant) -> Duration {
    let last = bench.lastContactor()
    return last?.position == .open ? (last?.at ?? .distantFuture) - edge : .seconds(1_000)
  }

  @Test("A slow edge from C through B to A counts as A alone, and opens within 100 ms (IEC 61851-1 A.6 seq 2.2)")
  func slowEdge() {
    let bench = Bench()
    bench.charge()
    let edge = bench.now
    var seen: Set<PilotState> = []
    for tenths: Int64 in stride(from: 60, through: 120, by: 2) {
      bench.vehicles[0].volts = Voltage(millivolts: tenths * 100)
      bench.measure(0)
      bench.run(for: .milliseconds(1))
      seen.insert(bench.snapshot().pilotState)
    }
    bench.run(until: edge + .milliseconds(100))
    #expect(!seen.contains(.b))
    #expect(bench.snapshot().pilotState == .a)
    #expect(opening(bench, since: edge) <= .milliseconds(100))
  }

  @Test("An edge so slow that B lasts is told as B and then as A, and opens within 100 ms of leaving C")
  func verySlowEdge() {
    let bench = Bench()
    bench.charge()
    let edge = bench.now
    bench.vehicle(9, settle: false)
    bench.run(for: .milliseconds(200))
    #expect(bench.snapshot().pilotState == .b)
    #expect(opening(bench, since: edge) <= .milliseconds(100))
    bench.vehicle(12)
    #expect(bench.snapshot().pilotState == .a)
  }

  @Test("Contacts that bounce between B and A when the plug is drawn open within 100 ms all the same")
  func bouncing() {
    let bench = Bench()
    bench.charge()
    let edge = bench.now
    for step in 0..<20 {
      bench.vehicle(step % 2 == 0 ? 9 : 12, settle: false)
      bench.run(for: .milliseconds(10))
    }
    #expect(opening(bench, since: edge) <= .milliseconds(100))
    bench.vehicle(12)
    #expect(bench.snapshot().pilotState == .a)
  }

  @Test("A voltage that wavers around the limit between two states settles in one of them")
  func noiseOnALimit() {
    let bench = Bench()
    bench.vehicle(6)
    #expect(bench.snapshot().pilotState == .c)
    for step in 0..<40 {
      bench.vehicles[0].volts = Voltage(millivolts: step % 2 == 0 ? 10_450 : 10_550)
      bench.measure(0)
      bench.run(for: .milliseconds(5))
    }
    let settled = bench.snapshot().pilotState
    #expect(settled == .a || settled == .b)
    for step in 0..<40 {
      bench.vehicles[0].volts = Voltage(millivolts: step % 2 == 0 ? 10_450 : 10_550)
      bench.measure(0)
      bench.run(for: .milliseconds(40))
      #expect(bench.snapshot().pilotState == settled)
    }
  }

  @Test("A low part that cannot be seen under an offer is no diode: no energy without one")
  func lowPartUnseen() {
    let bench = Bench()
    bench.charge()
    let edge = bench.now
    bench.feed(
      .pilot(connector: 0, PilotMeasurement(positivePeak: Voltage(volts: 6), negativePeak: nil, takenAt: bench.now)))
    bench.run(for: .milliseconds(100))
    #expect(opening(bench, since: edge) <= .milliseconds(100))
    #expect(bench.has(.diodeMissing, active: true))
  }

  @Test("Plugged in slowly, from A through B to C, a normal vehicle is not taken for one without state B")
  func slowPlug() {
    let bench = Bench()
    bench.grant()
    bench.vehicle(9, settle: false)
    bench.run(for: .milliseconds(50))
    bench.vehicle(6)
    #expect(bench.isClosed())
    #expect(bench.snapshot().limit == Current(amperes: 32))
  }
}

@Suite("Vehicles without state B (IEC 61851-1 Annex A, simplified pilot)")
struct SimplifiedVehicleTests {
  @Test("One that goes from A to C at once is offered 10 A, and its kind is told as the limit's source")
  func limited() {
    let bench = Bench()
    bench.grant()
    bench.vehicle(6)
    #expect(bench.isClosed())
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 9_996))
    #expect(bench.snapshot().limitSource == .vehicle)
    // The next one has a state B.
    bench.vehicle(12)
    bench.run(for: .seconds(2))
    bench.grant(number: 2)
    bench.vehicle(9)
    bench.vehicle(6)
    bench.run(for: .seconds(2))
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 31_998))
  }

  @Test("Where they are refused none gets energy, and the reason is told; one with state B does")
  func refused() {
    let bench = Bench(Bench.station(connector: { $0.simplifiedVehicleLimit = nil }))
    bench.grant()
    bench.vehicle(6)
    bench.run(for: .seconds(10))
    #expect(bench.closings == 0)
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.snapshot().blockers.contains(.simplifiedVehicle))
    bench.vehicle(9)
    bench.vehicle(6)
    bench.run(for: .seconds(1))
    #expect(bench.isClosed())
  }

  @Test("A vehicle that is found in C after a start is not taken for one of them")
  func afterStart() {
    let bench = Bench()
    bench.vehicle(9)
    bench.vehicle(6)
    bench.silence(.pilot(connector: 0))
    bench.run(for: .seconds(1))
    bench.feed(.health(.pilot(connector: 0), .alive))
    bench.measure(0)
    bench.run(for: .seconds(1))
    bench.grant()
    #expect(bench.snapshot().limit == Current(amperes: 32))
  }
}

@Suite("5 % duty cycle: digital communication (IEC 61851-1 Annex A)")
struct DigitalCommunicationTests {
  private let five = PilotOutput.pulseWidth(DutyCycle(hundredthsOfPercent: 500))

  @Test("Without a higher-level stack the command does nothing, and no limit ever leads to 3…7 %")
  func refused() {
    let bench = Bench()
    bench.vehicle(9)
    bench.feed(.command(.digitalCommunication(Bench.one, true)))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.grant()
    for amperes in Int64(-1)...80 {
      bench.limit(amperes)
      bench.run(for: .milliseconds(1_100))
    }
    for pilot in bench.pilots {
      if case .pulseWidth(let duty) = pilot.output { #expect(!duty.meansDigitalCommunication) }
    }
  }

  @Test("With one the pilot shows 5 % without a permit, and the contactor stays open with one")
  func shown() {
    let bench = Bench(Bench.station(connector: { $0.hasDigitalCommunication = true }))
    bench.vehicle(9)
    bench.feed(.command(.digitalCommunication(Bench.one, true)))
    #expect(bench.snapshot().pilotOutput == five)
    #expect(bench.snapshot().offeredCurrent == nil)
    bench.grant()
    bench.vehicle(6)
    bench.run(for: .seconds(10))
    #expect(bench.closings == 0)
    #expect(bench.snapshot().pilotOutput == five)
    #expect(bench.snapshot().blockers == .digitalCommunication)
  }

  @Test("From an offer to 5 % and back the pilot is steady in between; under load the contactor opens first")
  func changes() {
    let bench = Bench(Bench.station(connector: { $0.hasDigitalCommunication = true }))
    bench.charge()
    bench.run(for: .seconds(2))
    bench.pilots.removeAll()
    bench.feed(.command(.digitalCommunication(Bench.one, true)))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.run(for: .seconds(2))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.vehicle(9)
    bench.run(for: .seconds(2))
    #expect(bench.snapshot().pilotOutput == five)
    bench.feed(.command(.digitalCommunication(Bench.one, false)))
    bench.run(for: .seconds(2))
    #expect(bench.pilots.map(\.output.offersCurrent) == [false, true, false, true])
    #expect(bench.snapshot().offeredCurrent != nil)
  }
}

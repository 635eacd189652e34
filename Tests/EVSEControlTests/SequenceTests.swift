import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("IEC 61851-1 Annex A sequences")
struct SequenceTests {
  @Test("IEC 61851-1 A.6 plug in, A to B1: the vehicle is told within 100 ms, nothing is offered without a permit")
  func plugIn() {
    let bench = Bench()
    let start = bench.now
    bench.vehicle(9)
    #expect(bench.facts.first == .connected(Bench.one, true, at: start + .milliseconds(30)))
    #expect(bench.snapshot().pilotState == .b)
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.phases() == [.connected])
    #expect(bench.snapshot().blockers.contains(.noPermit))
  }

  @Test("IEC 61851-1 A.6 offer, B1 to B2: a permit puts the offer on the pilot in the same call")
  func offer() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant()
    #expect(bench.snapshot().pilotOutput == .pulseWidth(DutyCycle(hundredthsOfPercent: 5_333)))
    #expect(bench.phases() == [.connected, .suspendedByVehicle])
    #expect(!bench.isClosed())
  }

  @Test("IEC 61851-1 A.6 seq 4 B2 to C2: the contactor closes within 3 s of the request")
  func request() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant()
    bench.run(for: .seconds(1))
    let request = bench.now
    bench.vehicle(6)
    let closed = bench.lastContactor()
    #expect(closed?.position == .closed)
    #expect((closed?.at ?? .distantFuture) - request <= .milliseconds(100))
    #expect(bench.phases().last == .charging)
    #expect(bench.snapshot().blockers.isEmpty)
    // The upper side hears of the command before it hears of the contact.
    let path = bench.facts.compactMap { fact -> String? in
      switch fact {
      case .powerPathClosing(Bench.one, _): "closing"
      case .powerPath(Bench.one, let closed, _): closed ? "closed" : "open"
      default: nil
      }
    }
    #expect(path == ["closing", "closed"])
  }

  @Test("IEC 61851-1 A.6 seq 4 C1 to C2: a vehicle that already asks is given energy when the permit comes")
  func permitAfterRequest() {
    let bench = Bench()
    bench.vehicle(9)
    bench.vehicle(6)
    bench.run(for: .seconds(60))
    #expect(bench.closings == 0)
    bench.grant()
    bench.run(for: .milliseconds(100))
    #expect(bench.isClosed())
  }

  @Test("IEC 61851-1 A.6 A to C: a simplified vehicle without state B charges")
  func simplifiedVehicle() {
    let bench = Bench()
    bench.grant()
    bench.vehicle(6)
    #expect(bench.isClosed())
    #expect(bench.phases().last == .charging)
  }

  @Test("IEC 61851-1 A.6 seq 8.1 C2 to B2: the contactor is commanded open within 100 ms and the offer stays")
  func vehicleStops() {
    let bench = Bench()
    bench.charge()
    bench.run(for: .seconds(5))
    let edge = bench.now
    bench.vehicle(9)
    let opened = bench.lastContactor()
    #expect(opened?.position == .open)
    #expect((opened?.at ?? .distantFuture) - edge <= .milliseconds(100))
    #expect(bench.snapshot().pilotOutput.offersCurrent)
    #expect(bench.phases().last == .suspendedByVehicle)
    // It may ask again under the same permit, after the contacts have rested.
    bench.vehicle(6)
    #expect(!bench.isClosed())
    bench.run(for: .seconds(1))
    #expect(bench.isClosed())
  }

  @Test("IEC 61851-1 A.6 seq 2.2 C2 to A: unplugged under load, the contactor is commanded open within 100 ms")
  func unplug() {
    let bench = Bench()
    bench.charge()
    let edge = bench.now
    bench.vehicle(12)
    let opened = bench.lastContactor()
    #expect(opened?.position == .open)
    #expect((opened?.at ?? .distantFuture) - edge <= .milliseconds(100))
    #expect(bench.facts.contains { if case .connected(Bench.one, false, _) = $0 { true } else { false } })
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.snapshot().phase == nil)
  }

  @Test(
    "IEC 61851-1 A.6 withdrawal, C2 to C1 to B1: the offer goes first, the contactor opens when the vehicle follows")
  func withdrawal() {
    let bench = Bench()
    bench.charge()
    bench.revoke()
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.isClosed())
    bench.run(for: .seconds(2))
    #expect(bench.isClosed())
    let edge = bench.now
    bench.vehicle(9)
    #expect(bench.lastContactor()?.position == .open)
    #expect((bench.lastContactor()?.at ?? .distantFuture) - edge <= .milliseconds(100))
    #expect(bench.phases().last == .connected)
  }

  @Test("IEC 61851-1 A.6 seq 10.2 C1: a vehicle that ignores the withdrawn offer is cut off after 6 s, not before")
  func withdrawalIgnored() {
    let bench = Bench()
    bench.charge()
    let withdrawn = bench.now
    bench.revoke()
    bench.run(until: withdrawn + .milliseconds(5_999))
    #expect(bench.isClosed())
    bench.run(until: withdrawn + .seconds(6))
    #expect(!bench.isClosed())
    #expect(bench.lastContactor()?.at == withdrawn + .seconds(6))
  }

  @Test("IEC 61851-1 A.6 state E: a pilot short opens at once, withdraws the offer and ends with the short")
  func pilotShort() {
    let bench = Bench()
    bench.charge()
    let edge = bench.now
    bench.vehicle(0)
    #expect(bench.lastContactor()?.position == .open)
    #expect((bench.lastContactor()?.at ?? .distantFuture) - edge <= .milliseconds(100))
    #expect(bench.has(.pilotShort, active: true))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.vehicle(6)
    bench.run(for: .seconds(2))
    #expect(bench.has(.pilotShort, active: false))
    #expect(bench.isClosed())
  }

  @Test("IEC 61851-1 A.6 F: an inoperative connector shows −12 V once no energy flows, and reads the vehicle after it")
  func notAvailable() {
    let bench = Bench()
    bench.charge()
    bench.feed(.command(.setOperative(Bench.one, false)))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.vehicle(9)
    bench.run(for: .milliseconds(100))
    #expect(bench.snapshot().pilotOutput == .steadyNegative)
    #expect(bench.snapshot().pilotState == .f)
    #expect(bench.snapshot().faults.isEmpty)
    #expect(!bench.facts.contains { if case .connected(_, false, _) = $0 { true } else { false } })
    bench.vehicle(12)
    bench.feed(.command(.setOperative(Bench.one, true)))
    bench.run(for: .seconds(1))
    #expect(bench.snapshot().pilotState == .a)
    #expect(bench.snapshot().faults.isEmpty)
    #expect(bench.facts.contains { if case .connected(_, false, _) = $0 { true } else { false } })
  }

  @Test("State D is refused where the station has no ventilation")
  func ventilationMissing() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant()
    bench.vehicle(3)
    bench.run(for: .seconds(5))
    #expect(bench.closings == 0)
    #expect(bench.has(.ventilationMissing, active: true))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.snapshot().blockers.contains(.ventilationMissing))
  }

  @Test("State D charges where the station has ventilation")
  func ventilation() {
    let bench = Bench(Bench.station(ventilation: true))
    bench.vehicle(9)
    bench.grant()
    bench.vehicle(3)
    #expect(bench.isClosed())
  }

  @Test("A load without a diode in the pilot is no vehicle: no energy until it has been unplugged")
  func diodeMissing() {
    let bench = Bench()
    bench.vehicles[0].hasDiode = false
    bench.vehicle(6)
    bench.grant()
    bench.run(for: .seconds(10))
    #expect(bench.closings == 0)
    #expect(bench.has(.diodeMissing, active: true))
    #expect(!bench.has(.diodeMissing, active: false))
    bench.vehicles[0].hasDiode = true
    bench.vehicle(12)
    #expect(bench.has(.diodeMissing, active: false))
  }

  @Test("A diode that fails while energy flows opens the contactor within 100 ms")
  func diodeLost() {
    let bench = Bench()
    bench.charge()
    let edge = bench.now
    bench.vehicles[0].hasDiode = false
    bench.vehicle(6)
    #expect(bench.lastContactor()?.position == .open)
    #expect((bench.lastContactor()?.at ?? .distantFuture) - edge <= .milliseconds(100))
  }

  @Test("A disturbance shorter than the filter changes nothing")
  func disturbance() {
    let bench = Bench()
    bench.charge()
    for _ in 0..<100 {
      bench.vehicle(12, settle: false)
      bench.run(for: .milliseconds(29))
      bench.vehicle(6, settle: false)
      bench.run(for: .milliseconds(5))
    }
    #expect(bench.isClosed())
    #expect(bench.contactors.count == 1)
  }

  @Test("A voltage that belongs to no state is a fault that opens the contactor")
  func outOfRange() {
    let bench = Bench()
    bench.charge()
    bench.vehicle(-9)
    #expect(!bench.isClosed())
    #expect(bench.has(.pilotOutOfRange, active: true))
  }

  @Test("After a start with a vehicle in state C the connector reports it and waits for a permit")
  func startWithVehicle() {
    let configuration = Bench.station()
    var control = StationControl(configuration: configuration, startingAt: .zero)
    var effects = ControlEffects(for: configuration)
    var facts: [ControlFact] = []
    func feed(_ input: ControlInput, _ milliseconds: Int64) {
      effects.removeAll()
      control.handle(input, at: MonotonicInstant(nanoseconds: milliseconds * 1_000_000), into: &effects)
      facts += effects.facts
    }
    feed(.time, 0)
    #expect(effects.outputs.first?.pilot == .steadyPositive)
    #expect(effects.outputs.first?.contactor == .open)
    feed(.contactorFeedback(connector: 0, ContactorFeedback(position: .open, takenAt: .zero)), 1)
    feed(
      .pilot(
        connector: 0, PilotMeasurement(positivePeak: Voltage(volts: 6), negativePeak: nil, takenAt: .zero)), 1)
    feed(.time, 31)
    #expect(facts.contains(.connected(Bench.one, true, at: MonotonicInstant(nanoseconds: 31_000_000))))
    feed(.time, 60_000)
    #expect(control.snapshot(at: 0)?.contactorCommand == .open)
    #expect(control.snapshot(at: 0)?.phase == .connected)
  }

  @Test(
    "The first reading of an empty connector is told too, so that a resumed transaction learns that its car is gone")
  func startWithoutVehicle() {
    let configuration = Bench.station()
    var control = StationControl(configuration: configuration, startingAt: .zero)
    var effects = ControlEffects(for: configuration)
    control.handle(
      .pilot(connector: 0, PilotMeasurement(positivePeak: Voltage(volts: 12), negativePeak: nil, takenAt: .zero)),
      at: .zero, into: &effects)
    let later = MonotonicInstant(nanoseconds: 30_000_000)
    control.handle(.time, at: later, into: &effects)
    #expect(effects.facts == [.connected(Bench.one, false, at: later)])
  }
}

extension PilotOutput {
  var offersCurrent: Bool {
    if case .pulseWidth = self { true } else { false }
  }
}

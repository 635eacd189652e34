import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Every fault can come, and ends by its own rule and no other")
struct SafetyFaultTests {
  /// Brings a fault about at the first connector of a station where two vehicles charge.
  private func produce(_ fault: ControlFault, _ bench: Bench) {
    switch fault {
    case .contactorWelded:
      bench.contactorFollows = false
      bench.vehicle(9)
    case .contactorStuck: bench.feedback(.open)
    case .pilotShort: bench.vehicle(0)
    case .diodeMissing: bench.diode(false)
    case .pilotOutOfRange: bench.vehicle(-12)
    case .ventilationMissing: bench.vehicle(3)
    case .pilotDriverSilent: bench.silence(.pilot(connector: 0))
    case .contactorDriverSilent: bench.silence(.contactor(connector: 0))
    case .meterSilent: bench.silence(.meter(evse: 0))
    case .lockDriverSilent: bench.silence(.lock(connector: 0))
    case .residualCurrentDriverSilent: bench.silence(.residualCurrent(evse: 0))
    case .temperatureDriverSilent: bench.silence(.temperature(evse: 0, sensor: 0))
    case .safetyInputSilent: bench.silence(.safetyInput(SafetyStation.Input.door.rawValue))
    case .proximityDriverSilent: bench.silence(.proximity(connector: 0))
    case .phaseSwitchDriverSilent: bench.silence(.phaseSwitch(evse: 0))
    case .lockFailure: bench.lock(.unlocked)
    case .residualCurrent: bench.trip(true)
    case .residualCurrentTest:
      bench.vehicle(12)
      bench.run(for: .seconds(5))
      bench.testsTrip = false
      SafetyStation.connect(0, bench)
    case .overCurrent: bench.draw(40)
    case .overVoltage: bench.voltage(280)
    case .underVoltage: bench.voltage(150)
    case .overTemperature:
      bench.celsius = 90
      bench.heat(90)
    case .emergencyStop: bench.safety(.stop, true)
    case .doorOpen: bench.safety(.door, true)
    case .tilted: bench.safety(.tilt, true)
    case .mainsLost: bench.safety(.mains, true)
    case .proximityInvalid: bench.plug(ohms: 0)
    case .phaseSwitchFailure: bench.phaseContact(.one)
    }
    // An open contactor carries nothing.
    if fault != .overCurrent { bench.drawn[0] = .zero }
    bench.run(for: .seconds(6))
  }

  /// Takes its cause away, and nothing else.
  private func end(_ fault: ControlFault, _ bench: Bench) {
    switch fault {
    case .contactorWelded:
      bench.contactorFollows = true
      bench.feedback(.open)
    case .contactorStuck: break
    case .pilotShort, .pilotOutOfRange, .ventilationMissing: bench.vehicle(6)
    case .diodeMissing:
      // Without an offer a diode cannot be seen: the cause is taken as gone with the plug.
      bench.vehicle(12)
      bench.vehicles[0].hasDiode = true
    case .pilotDriverSilent:
      bench.alive(.pilot(connector: 0))
      bench.measure(0)
    case .contactorDriverSilent:
      bench.alive(.contactor(connector: 0))
      bench.feedback(.open)
    case .meterSilent:
      bench.alive(.meter(evse: 0))
      bench.meter()
    case .lockDriverSilent:
      bench.alive(.lock(connector: 0))
      bench.lock(.locked)
    case .residualCurrentDriverSilent:
      bench.alive(.residualCurrent(evse: 0))
      bench.trip(false)
    case .temperatureDriverSilent:
      bench.alive(.temperature(evse: 0, sensor: 0))
      bench.heat(25)
    case .safetyInputSilent:
      bench.alive(.safetyInput(SafetyStation.Input.door.rawValue))
      bench.safety(.door, false)
    case .proximityDriverSilent:
      bench.alive(.proximity(connector: 0))
      bench.plug(ohms: 220)
    case .phaseSwitchDriverSilent:
      bench.alive(.phaseSwitch(evse: 0))
      bench.phaseContact(.three)
    case .lockFailure: bench.lock(.locked)
    case .residualCurrent: bench.trip(false)
    case .residualCurrentTest: bench.testsTrip = true
    case .overCurrent: bench.draw(0)
    case .overVoltage, .underVoltage: bench.voltage(230)
    case .overTemperature:
      bench.celsius = 25
      bench.heat(25)
    case .emergencyStop: bench.safety(.stop, false)
    case .doorOpen: bench.safety(.door, false)
    case .tilted: bench.safety(.tilt, false)
    case .mainsLost: bench.safety(.mains, false)
    case .proximityInvalid: bench.plug(ohms: 220)
    case .phaseSwitchFailure: bench.phaseContact(.three)
    }
    bench.run(for: .seconds(15))
  }

  @Test(
    "Each fault comes, keeps energy away while it lasts, and ends by its clearing rule",
    arguments: ControlFault.allCases)
  func clears(fault: ControlFault) {
    let bench = SafetyStation.charging()
    produce(fault, bench)
    func isThere() -> Bool { bench.snapshot().faults.contains(fault) }
    #expect(isThere())
    #expect(!bench.isClosed())
    #expect(bench.tells(fault, active: true) == 1)
    bench.run(for: .seconds(30))
    #expect(isThere(), "it lasts as long as its cause")
    #expect(!bench.isClosed())

    end(fault, bench)
    switch fault.clearing {
    case .byItself:
      #expect(!isThere())
    case .afterUnplugging:
      bench.run(for: .seconds(60))
      #expect(isThere(), "with the same vehicle it stays")
      #expect(!bench.isClosed())
      bench.vehicle(12)
      #expect(!isThere())
    case .byService:
      bench.vehicle(12)
      bench.run(for: .seconds(60))
      #expect(isThere(), "not even the vehicle's leaving ends it")
      bench.feed(.command(.clearLatchedFaults(Bench.one)))
      bench.run(for: .seconds(1))
      #expect(!isThere())
    }
    #expect(bench.snapshot().faults.isEmpty)
    #expect(bench.tells(fault, active: false) == 1)

    // Afterwards the connector is as good as before.
    if fault.clearing != .byItself || fault == .diodeMissing {
      bench.drawn[0] = .zero
      bench.plug(ohms: nil)
      bench.run(for: .seconds(10))
      SafetyStation.connect(0, bench)
      bench.vehicle(6)
    }
    bench.run(for: .seconds(30))
    #expect(bench.isClosed())
    #expect(bench.isClosed(1))
    // The bench's heat is the whole station's.
    if fault != .overTemperature { #expect(bench.opened(1) == nil, "the other EVSE has charged on all the while") }
    #expect(bench.takeViolations().isEmpty)
  }

  @Test("Service does not end what is still there", arguments: ControlFault.allCases)
  func staysUnderService(fault: ControlFault) {
    let bench = SafetyStation.charging()
    produce(fault, bench)
    // These have no cause beyond the event itself: the car that drew, the hand that opened, the fall-out.
    guard ![.contactorStuck, .overCurrent, .residualCurrentTest].contains(fault) else { return }
    bench.resetsFree = false
    bench.phasesFollow = false
    bench.feed(.command(.clearLatchedFaults(Bench.one)))
    if fault == .lockFailure {
      // The lock is tried again, and holds.
      bench.run(for: .seconds(2))
      #expect(bench.snapshot().faults.isEmpty)
      return
    }
    // A phase switch shows only by moving that it still cannot.
    bench.run(for: fault == .phaseSwitchFailure ? .seconds(10) : .seconds(2))
    #expect(bench.snapshot().faults.contains(fault))
    #expect(bench.closings == 0)
  }

  @Test("No energy begins while a fault is there, whatever the vehicle asks", arguments: ControlFault.allCases)
  func neverBegins(fault: ControlFault) {
    let bench = SafetyStation.idle()
    SafetyStation.connect(0, bench)
    #expect(bench.snapshot().offeredCurrent != nil)
    switch fault {
    // These are what the vehicle's own pilot shows, or need energy to flow first.
    case .pilotShort, .pilotOutOfRange, .ventilationMissing, .overCurrent: return
    case .contactorWelded:
      bench.contactorFollows = false
      bench.feedback(.closed)
    case .contactorStuck:
      bench.contactorFollows = false
      bench.vehicle(6)
    default: produce(fault, bench)
    }
    bench.run(for: .seconds(1))
    #expect(bench.snapshot().faults.contains(fault))
    SafetyStation.forget(bench)
    for _ in 0..<3 {
      bench.vehicle(6)
      bench.run(for: .seconds(5))
      bench.vehicle(9)
      bench.run(for: .seconds(5))
    }
    #expect(bench.closings == 0)
    #expect(!bench.pilots.contains { $0.output.offeredCurrent != nil })
    #expect(bench.snapshot().faults.contains(fault))
  }
}

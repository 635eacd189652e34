import ChargerBase
import EVSEControl
import HAL
import Testing

/// One rule of DESIGN §5: what breaks it, and by when the contactor must have been commanded open.
struct SafetyRow: Sendable, CustomTestStringConvertible {
  /// What happens, as a person would say it.
  let name: String
  /// The entry of the timing table that limits the time to the opening.
  let entry: String
  /// The entry that says how long it must last before it counts; nothing opens when it is over a millisecond sooner. Nil: it counts at once,
  /// in the call that tells it.
  let filter: String?
  /// What is told; nil where it is no fault.
  let fault: ControlFault?
  /// The connectors that must open.
  let opens: Set<Int>
  let `break`: @Sendable (Bench) -> Void
  let mend: @Sendable (Bench) -> Void

  init(
    _ name: String, within entry: String,
    after filter: String? = nil, fault: ControlFault?, opens: Set<Int> = [0],
    break: @escaping @Sendable (Bench) -> Void, mend: @escaping @Sendable (Bench) -> Void = { _ in }
  ) {
    self.name = name
    self.entry = entry
    self.filter = filter
    self.fault = fault
    self.opens = opens
    self.break = `break`
    self.mend = mend
  }

  var testDescription: String { "\(entry): \(name)" }

  static let all = pilot + contacts + supply + silences

  private static let pilot: [SafetyRow] = [
    SafetyRow(
      "sequence 8.1: the vehicle opens S2", within: "openAfterVehicleStops", after: "pilotFilter", fault: nil,
      break: { $0.pilotVolts(9) }, mend: { $0.pilotVolts(6) }),
    SafetyRow(
      "sequence 2.2: unplugged under charge", within: "openAfterUnplug", after: "pilotFilter", fault: nil,
      break: { $0.pilotVolts(12) }, mend: { $0.pilotVolts(6) }),
    SafetyRow(
      "state E: the pilot is shorted", within: "openAfterFault", after: "pilotFilter", fault: .pilotShort,
      break: { $0.pilotVolts(0) }, mend: { $0.pilotVolts(6) }),
    SafetyRow(
      "a pilot voltage that belongs to no state", within: "openAfterFault", after: "pilotFilter",
      fault: .pilotOutOfRange, break: { $0.pilotVolts(-12) }, mend: { $0.pilotVolts(6) }),
    SafetyRow(
      "state D without ventilation", within: "openAfterFault", after: "pilotFilter", fault: .ventilationMissing,
      break: { $0.pilotVolts(3) }, mend: { $0.pilotVolts(6) }),
    SafetyRow(
      "the vehicle's diode is missing", within: "openAfterFault", after: "pilotFilter", fault: .diodeMissing,
      break: { $0.diode(false) }, mend: { $0.diode(true) }),
  ]

  private static let contacts: [SafetyRow] = [
    SafetyRow(
      "the contactor falls out", within: "openAfterFault", fault: .contactorStuck, break: { $0.feedback(.open) }),
    SafetyRow(
      "the plug is unlocked by hand", within: "openAfterFault", fault: .lockFailure, break: { $0.lock(.unlocked) }),
    SafetyRow("a residual current", within: "openAfterFault", fault: .residualCurrent, break: { $0.trip(true) }),
    SafetyRow(
      "the phase switch moves by itself", within: "openAfterFault", fault: .phaseSwitchFailure,
      break: { $0.phaseContact(.one) }),
    SafetyRow(
      "the station's emergency stop", within: "openAfterFault", fault: .emergencyStop, opens: [0, 1],
      break: { $0.safety(.stationStop, true) }),
    SafetyRow(
      "the mains is lost", within: "openAfterFault", fault: .mainsLost, opens: [0, 1],
      break: { $0.safety(.stationMains, true) }),
    SafetyRow(
      "the EVSE's emergency stop", within: "openAfterFault", fault: .emergencyStop, break: { $0.safety(.stop, true) }),
    SafetyRow("the EVSE's door", within: "openAfterFault", fault: .doorOpen, break: { $0.safety(.door, true) }),
    SafetyRow("the EVSE is tilted", within: "openAfterFault", fault: .tilted, break: { $0.safety(.tilt, true) }),
    SafetyRow(
      "the EVSE's mains is lost", within: "openAfterFault", fault: .mainsLost, break: { $0.safety(.mains, true) }),
    SafetyRow(
      "the proximity contact is shorted", within: "proximityFilter", after: "proximityFilter",
      fault: .proximityInvalid, break: { $0.plug(ohms: 0) }, mend: { $0.plug(ohms: 220) }),
    SafetyRow(
      "the proximity contact opens", within: "proximityFilter", after: "proximityFilter", fault: nil,
      break: { $0.plug(ohms: nil) }, mend: { $0.plug(ohms: 220) }),
  ]

  private static let supply: [SafetyRow] = [
    SafetyRow("too hot", within: "openAfterFault", fault: .overTemperature, break: { $0.heat(80) }),
    SafetyRow(
      "over-voltage on one phase", within: "voltageFault", after: "voltageFault", fault: .overVoltage,
      break: { $0.voltage(266) }, mend: { $0.voltage(230) }),
    SafetyRow(
      "under-voltage", within: "voltageFault", after: "voltageFault", fault: .underVoltage,
      break: { $0.voltage(194) }, mend: { $0.voltage(230) }),
    SafetyRow(
      "the vehicle draws more than its offer and the tolerance", within: "overCurrentTime",
      after: "overCurrentTime", fault: .overCurrent, break: { $0.draw(36) }, mend: { $0.draw(16) }),
  ]

  private static let silences: [SafetyRow] = [
    silent(.pilot(connector: 0), .pilotDriverSilent), silent(.contactor(connector: 0), .contactorDriverSilent),
    silent(.lock(connector: 0), .lockDriverSilent), silent(.proximity(connector: 0), .proximityDriverSilent),
    silent(.meter(evse: 0), .meterSilent), silent(.residualCurrent(evse: 0), .residualCurrentDriverSilent),
    silent(.temperature(evse: 0, sensor: 0), .temperatureDriverSilent),
    silent(.phaseSwitch(evse: 0), .phaseSwitchDriverSilent),
    silent(.safetyInput(SafetyStation.Input.tilt.rawValue), .safetyInputSilent),
    silent(.safetyInput(SafetyStation.Input.stationStop.rawValue), .safetyInputSilent, opens: [0, 1]),
  ]

  private static func silent(_ driver: ControlDriver, _ fault: ControlFault, opens: Set<Int> = [0]) -> SafetyRow {
    SafetyRow(
      "silent: \(driver)", within: "openAfterFault", fault: fault, opens: opens, break: { $0.silence(driver) })
  }
}

/// One reason to withdraw the offer first (IEC 61851-1 sequence 10): a vehicle that does not react is cut off later.
struct WithdrawalRow: Sendable, CustomTestStringConvertible {
  let name: String
  var policy = LeaseExpiryPolicy.finishSession
  /// How long the permit lasts from the start of the test's session.
  var permit = Duration.seconds(100_000)
  let blocker: EnergyBlockers
  /// Nothing to do where only time has to pass.
  let `break`: @Sendable (Bench) -> Void
  /// Nil where it cannot be taken back.
  let mend: (@Sendable (Bench) -> Void)?

  var testDescription: String { name }

  static let all: [WithdrawalRow] = [
    WithdrawalRow(
      name: "the permit is revoked", blocker: .noPermit, break: { $0.revoke() },
      mend: { $0.grant(number: 7, for: .seconds(1_000)) }),
    WithdrawalRow(
      name: "the energy budget is used", blocker: .energyBudgetUsed,
      break: {
        $0.register = Energy(wattHours: 1_100_001)
        $0.meter()
      }, mend: nil),
    WithdrawalRow(
      name: "the connector goes out of service", blocker: .inoperative,
      break: { $0.feed(.command(.setOperative(Bench.one, false))) },
      mend: { $0.feed(.command(.setOperative(Bench.one, true))) }),
    WithdrawalRow(
      name: "a limit under 6 A", blocker: .limitBelowMinimum,
      break: { $0.feed(.command(.limit(EVSEID(1), source: .external, Current(milliamperes: 5_999)))) },
      mend: { $0.feed(.command(.limit(EVSEID(1), source: .external, nil))) }),
    WithdrawalRow(
      name: "paused by command", blocker: .paused, break: { $0.feed(.command(.pause(Bench.one, true))) },
      mend: { $0.feed(.command(.pause(Bench.one, false))) }),
    WithdrawalRow(
      name: "a higher-level stack takes the pilot", blocker: .digitalCommunication,
      break: { $0.feed(.command(.digitalCommunication(Bench.one, true))) },
      mend: { $0.feed(.command(.digitalCommunication(Bench.one, false))) }),
    WithdrawalRow(
      name: "a command to unlock", blocker: .noPermit, break: { $0.feed(.command(.unlock(Bench.one, number: 5))) },
      mend: nil),
  ]
}

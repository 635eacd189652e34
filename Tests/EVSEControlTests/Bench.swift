import ChargerBase
import EVSEControl
import HAL

/// A station on a simulated clock: the test is the vehicle, the contactor and the meter.
final class Bench {
  var control: StationControl
  var effects: ControlEffects
  var now = MonotonicInstant.zero
  var facts: [ControlFact] = []
  /// Every output in the order in which it was applied, with its time.
  var pilots: [(place: Int, output: PilotOutput, at: MonotonicInstant)] = []
  var contactors: [(place: Int, position: ContactorPosition, at: MonotonicInstant)] = []
  /// Whether the contactor's auxiliary contact follows its command, 20 ms later.
  var contactorFollows = true
  var vehicles: [Vehicle]
  var register = Energy(wattHours: 1_000_000)
  var metersSpeak = true
  /// What the meter of each EVSE shows on every phase; nil for nothing.
  var drawn: [Current?]
  var voltages: [Voltage]
  /// Other instruments, as far as the configuration has them.
  var locksFollow = true
  var locks: [(place: Int, position: LockPosition, at: MonotonicInstant)] = []
  var testsTrip = true
  var resetsFree = true
  var testCurrents: [(evse: Int, isOn: Bool, at: MonotonicInstant)] = []
  var phasesFollow = true
  var phaseCommands: [(evse: Int, phases: ConnectedPhases, at: MonotonicInstant)] = []
  var celsius: Int64 = 25
  var signedReadings: [SignedReadingRequest] = []
  /// What the contacts show, by the world's own account.
  var contacts: [ContactorPosition]
  var plugs: [LockPosition]
  /// Rules that an output has broken as it was applied.
  private var violations: [String] = []

  private struct Pending {
    var at: MonotonicInstant
    var make: (MonotonicInstant) -> ControlInput
  }
  private var pending: [Pending] = []
  private var nextReading = MonotonicInstant.zero

  struct Vehicle {
    var volts: Voltage = Voltage(volts: 12)
    var hasDiode = true
    var output = PilotOutput.steadyPositive
  }

  static let one = ConnectorID(evse: EVSEID(1), number: 1)
  static let two = ConnectorID(evse: EVSEID(2), number: 1)

  init(_ configuration: ControlConfiguration = Bench.station()) {
    control = StationControl(configuration: configuration, startingAt: .zero)
    effects = ControlEffects(for: configuration)
    vehicles = Array(repeating: Vehicle(), count: control.connectors.count)
    contacts = Array(repeating: .open, count: control.connectors.count)
    plugs = Array(repeating: .unlocked, count: control.connectors.count)
    drawn = Array(repeating: nil, count: configuration.evses.count)
    voltages = Array(repeating: Voltage(volts: 230), count: configuration.evses.count)
    feed(.time)
    readInstruments()
    run(for: .milliseconds(100))
    facts.removeAll()
    pilots.removeAll()
    contactors.removeAll()
  }

  /// The first readings of everything that the configuration has.
  private func readInstruments() {
    for place in vehicles.indices {
      feed(.contactorFeedback(connector: place, ContactorFeedback(position: .open, takenAt: now)))
      lock(.unlocked, at: place)
      plug(ohms: nil, at: place)
      measure(place)
    }
    for evse in control.configuration.evses.indices {
      trip(false, evse: evse)
      feed(.phaseSwitchFeedback(evse: evse, PhaseSwitchFeedback(phases: .one, takenAt: now)))
    }
    for input in control.configuration.safetyInputs.indices { safety(input, false) }
    readThermometers()
  }

  static func station(
    evses: Int32 = 1, connectors: Int32 = 1, ventilation: Bool = false, maximum: Int64 = 32, supply: Int64? = nil,
    policy: LeaseExpiryPolicy = .finishSession, meterNeeded: Bool = true,
    connector: (inout ConnectorControlConfiguration) -> Void = { _ in },
    evse: (inout EVSEControlConfiguration) -> Void = { _ in },
    station: (inout ControlConfiguration) -> Void = { _ in }
  ) -> ControlConfiguration {
    var configuration = ControlConfiguration(
      evses: (1...evses).map { evse in
        EVSEControlConfiguration(
          id: EVSEID(evse),
          connectors: (1...connectors).map {
            ConnectorControlConfiguration(
              id: ConnectorID(evse: EVSEID(evse), number: $0), cable: .fixed, hasVentilation: ventilation)
          },
          maximumCurrent: Current(amperes: maximum), meterNeeded: meterNeeded)
      },
      sharedSupply: supply.map { Current(amperes: $0) }, leaseExpiry: policy)
    for index in configuration.evses.indices {
      for place in configuration.evses[index].connectors.indices {
        connector(&configuration.evses[index].connectors[place])
      }
      evse(&configuration.evses[index])
    }
    station(&configuration)
    return configuration
  }

  // MARK: Time

  func run(for duration: Duration) { run(until: now + duration) }

  func run(until end: MonotonicInstant) {
    while true {
      var next = min(end, control.nextDeadline)
      if metersSpeak { next = min(next, nextReading) }
      for pending in pending { next = min(next, pending.at) }
      now = max(now, next)
      if let index = pending.firstIndex(where: { $0.at <= now }) {
        let due = pending.remove(at: index)
        feed(due.make(now))
      } else if metersSpeak && nextReading <= now {
        for evse in control.configuration.evses.indices { feed(.meter(evse: evse, reading(evse))) }
        readThermometers()
        nextReading = now + .seconds(1)
      } else {
        feed(.time)
      }
      if now >= end && pending.allSatisfy({ $0.at > now }) { return }
    }
  }

  func reading(_ evse: Int) -> MeterReading {
    let current = PhaseValues(l1: drawn[evse], l2: drawn[evse], l3: drawn[evse])
    let voltage = PhaseValues(l1: voltages[evse], l2: voltages[evse], l3: voltages[evse])
    return MeterReading(takenAt: now, importRegister: register, current: current, voltage: voltage)
  }

  private func readThermometers() {
    for (evse, configuration) in control.configuration.evses.enumerated() {
      for sensor in 0..<Int(configuration.temperatureSensors) {
        let reading = TemperatureReading(temperature: Temperature(celsius: celsius), takenAt: now)
        feed(.temperature(evse: evse, sensor: sensor, reading))
      }
    }
  }

  private func later(_ milliseconds: Int64, _ make: @escaping (MonotonicInstant) -> ControlInput) {
    pending.append(Pending(at: now + .milliseconds(milliseconds), make: make))
  }

  func feed(_ input: ControlInput) {
    effects.removeAll()
    switch input {
    case .contactorFeedback(let place, let feedback): contacts[place] = feedback.position
    case .lockFeedback(let place, let feedback): plugs[place] = feedback.position
    default: break
    }
    control.handle(input, at: now, into: &effects)
    facts += effects.facts
    let outputs = effects.outputs
    for place in outputs.indices {
      if let position = outputs[place].contactor {
        contactors.append((place, position, now))
        if contactorFollows {
          later(20) { .contactorFeedback(connector: place, ContactorFeedback(position: position, takenAt: $0)) }
        }
      }
      if let position = outputs[place].lock {
        locks.append((place, position, now))
        if position == .unlocked && (contacts[place] == .closed || isClosed(place)) {
          violations.append("unlocked under voltage")
        }
        if locksFollow {
          later(200) { .lockFeedback(connector: place, LockFeedback(position: position, takenAt: $0)) }
        }
      }
    }
    apply(effects.evseOutputs)
    for place in outputs.indices {
      if let output = outputs[place].pilot {
        pilots.append((place, output, now))
        vehicles[place].output = output
        measure(place)
      }
    }
  }

  private func apply(_ outputs: [ControlEffects.EVSEOutputs]) {
    for evse in outputs.indices {
      if let isOn = outputs[evse].testCurrent {
        testCurrents.append((evse, isOn, now))
        if isOn && testsTrip { tripLater(true, evse: evse) }
      }
      if outputs[evse].resetsResidualCurrent && resetsFree { tripLater(false, evse: evse) }
      if let phases = outputs[evse].phases {
        phaseCommands.append((evse, phases, now))
        for place in control.evses[evse].connectors {
          if contacts[place] == .closed || isClosed(place) { violations.append("phases moved with a closed contactor") }
          if snapshot(place).offeredCurrent != nil { violations.append("phases moved under an offer") }
        }
        if phasesFollow {
          later(100) { .phaseSwitchFeedback(evse: evse, PhaseSwitchFeedback(phases: phases, takenAt: $0)) }
        }
      }
      if let request = outputs[evse].signedReading { signedReadings.append(request) }
    }
  }

  private func tripLater(_ isTripped: Bool, evse: Int) {
    later(30) { .residualCurrent(evse: evse, ResidualCurrentReading(isTripped: isTripped, takenAt: $0)) }
  }

  func takeViolations() -> [String] {
    defer { violations.removeAll() }
    return violations
  }

  // MARK: Instruments

  func lock(_ position: LockPosition, at place: Int = 0) {
    feed(.lockFeedback(connector: place, LockFeedback(position: position, takenAt: now)))
  }

  func plug(ohms: Int64?, at place: Int = 0) {
    let resistance = ohms.map { Resistance(ohms: $0) }
    feed(.proximity(connector: place, ProximityMeasurement(resistance: resistance, takenAt: now)))
  }

  func trip(_ isTripped: Bool, evse: Int = 0) {
    feed(.residualCurrent(evse: evse, ResidualCurrentReading(isTripped: isTripped, takenAt: now)))
  }

  func safety(_ input: Int, _ isActive: Bool) {
    feed(.safetyInput(input, SafetyInputState(isActive: isActive, takenAt: now)))
  }

  func silence(_ driver: ControlDriver) { feed(.health(driver, .silent(since: now))) }

  /// Nobody runs control, nor hears anything, for so long.
  func standStill(for duration: Duration) {
    now = now + duration
    pending.removeAll()
    nextReading = now
    feed(.standstill)
  }

  /// Every driver speaks again and shows what is.
  func readAnew(phases: ConnectedPhases = .one) {
    for place in vehicles.indices {
      for driver: ControlDriver in [
        .pilot(connector: place), .contactor(connector: place), .lock(connector: place), .proximity(connector: place),
      ] { feed(.health(driver, .alive)) }
      feedback(contacts[place], at: place)
      lock(plugs[place], at: place)
      plug(ohms: nil, at: place)
      measure(place)
    }
    for evse in control.configuration.evses.indices {
      for driver: ControlDriver in [
        .meter(evse: evse), .residualCurrent(evse: evse), .phaseSwitch(evse: evse),
      ] { feed(.health(driver, .alive)) }
      for sensor in 0..<Int(control.configuration.evses[evse].temperatureSensors) {
        feed(.health(.temperature(evse: evse, sensor: sensor), .alive))
      }
      trip(false, evse: evse)
      feed(.phaseSwitchFeedback(evse: evse, PhaseSwitchFeedback(phases: phases, takenAt: now)))
    }
    for input in control.configuration.safetyInputs.indices {
      feed(.health(.safetyInput(input), .alive))
      safety(input, false)
    }
    readThermometers()
  }

  // MARK: Vehicle

  func measure(_ place: Int) {
    let vehicle = vehicles[place]
    let measurement: PilotMeasurement =
      switch vehicle.output {
      case .steadyNegative: PilotMeasurement(positivePeak: Voltage(volts: -12), negativePeak: nil, takenAt: now)
      case .steadyPositive: PilotMeasurement(positivePeak: vehicle.volts, negativePeak: nil, takenAt: now)
      case .pulseWidth:
        PilotMeasurement(
          positivePeak: vehicle.volts,
          negativePeak: vehicle.hasDiode ? Voltage(volts: -12) : Voltage(thousandths: -vehicle.volts.thousandths),
          takenAt: now)
      }
    feed(.pilot(connector: place, measurement))
  }

  /// Puts the vehicle into a state by its voltage, and lets the filter pass.
  func vehicle(_ volts: Int64, at place: Int = 0, settle: Bool = true) {
    vehicles[place].volts = Voltage(volts: volts)
    measure(place)
    if settle { run(for: .milliseconds(100)) }
  }

  func feedback(_ position: ContactorPosition, at place: Int = 0) {
    feed(.contactorFeedback(connector: place, ContactorFeedback(position: position, takenAt: now)))
  }

  // MARK: Upper side

  func grant(
    _ connector: ConnectorID = Bench.one, number: UInt32 = 1, budget: Int64? = nil,
    for duration: Duration = .seconds(60)
  ) {
    let permit = EnergyPermit(
      number: number, reason: .authorized, energyBudget: budget.map { Energy(wattHours: $0) }, expiry: now + duration)
    feed(.command(.grant(connector, permit)))
  }

  func revoke(_ connector: ConnectorID = Bench.one) { feed(.command(.revoke(connector))) }

  func limit(_ amperes: Int64?, evse: Int32 = 1, source: LimitSource = .chargingProfile) {
    feed(.command(.limit(EVSEID(evse), source: source, amperes.map { Current(amperes: $0) })))
  }

  /// Connects a vehicle under a permit and charges.
  func charge(at place: Int = 0) {
    let connector = control.connectors[place]
    vehicle(9, at: place)
    grant(connector, number: UInt32(place) + 1, for: .seconds(3_600))
    vehicle(6, at: place)
  }

  // MARK: What is seen

  func snapshot(_ place: Int = 0) -> ConnectorSnapshot {
    guard let snapshot = control.snapshot(at: place) else { preconditionFailure("no connector at place \(place)") }
    return snapshot
  }

  func isClosed(_ place: Int = 0) -> Bool { snapshot(place).contactorCommand == .closed }

  var closings: Int { contactors.count { $0.position == .closed } }

  func lastContactor(_ place: Int = 0) -> (position: ContactorPosition, at: MonotonicInstant)? {
    contactors.last { $0.place == place }.map { ($0.position, $0.at) }
  }

  func phases(_ place: Int = 0) -> [ChargingPhase] {
    facts.compactMap {
      if case .charging(control.connectors[place], let phase, _) = $0 { phase } else { nil }
    }
  }

  func has(_ fault: ControlFault, active: Bool, at place: Int = 0) -> Bool {
    facts.contains {
      if case .fault(control.connectors[place], fault, active, _) = $0 { true } else { false }
    }
  }

  func permitEnds(_ place: Int = 0) -> [PermitEnd] {
    facts.compactMap {
      if case .permitEnded(control.connectors[place], _, let end, _) = $0 { end } else { nil }
    }
  }
}

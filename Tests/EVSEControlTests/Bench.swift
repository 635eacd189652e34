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
  private var pendingFeedback: [(place: Int, position: ContactorPosition, at: MonotonicInstant)] = []
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
    feed(.time)
    for place in vehicles.indices {
      feed(.contactorFeedback(connector: place, ContactorFeedback(position: .open, takenAt: now)))
      measure(place)
    }
    run(for: .milliseconds(100))
    facts.removeAll()
    pilots.removeAll()
    contactors.removeAll()
  }

  static func station(
    evses: Int32 = 1, connectors: Int32 = 1, ventilation: Bool = false, maximum: Int64 = 32, supply: Int64? = nil,
    policy: LeaseExpiryPolicy = .finishSession, meterNeeded: Bool = true
  ) -> ControlConfiguration {
    ControlConfiguration(
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
  }

  // MARK: Time

  func run(for duration: Duration) { run(until: now + duration) }

  func run(until end: MonotonicInstant) {
    while true {
      var next = min(end, control.nextDeadline)
      if metersSpeak { next = min(next, nextReading) }
      for pending in pendingFeedback { next = min(next, pending.at) }
      now = max(now, next)
      if let index = pendingFeedback.firstIndex(where: { $0.at <= now }) {
        let pending = pendingFeedback.remove(at: index)
        feed(
          .contactorFeedback(
            connector: pending.place, ContactorFeedback(position: pending.position, takenAt: now)))
      } else if metersSpeak && nextReading <= now {
        for evse in control.configuration.evses.indices {
          feed(.meter(evse: evse, MeterReading(takenAt: now, importRegister: register)))
        }
        nextReading = now + .seconds(1)
      } else {
        feed(.time)
      }
      if now >= end && pendingFeedback.allSatisfy({ $0.at > now }) { return }
    }
  }

  func feed(_ input: ControlInput) {
    effects.removeAll()
    control.handle(input, at: now, into: &effects)
    facts += effects.facts
    let outputs = effects.outputs
    for place in outputs.indices {
      if let position = outputs[place].contactor {
        contactors.append((place, position, now))
        if contactorFollows { pendingFeedback.append((place, position, now + .milliseconds(20))) }
      }
    }
    for place in outputs.indices {
      if let output = outputs[place].pilot {
        pilots.append((place, output, now))
        vehicles[place].output = output
        measure(place)
      }
    }
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

import ChargerBase
import EVSEControl
import HAL

/// The configurations that are explored, each until no new state is found; those that take longest come first.
///
/// One product of everything would not end. Each configuration therefore leaves out what another one has: the purpose
/// tells what is in it. Whatever has a clock, a memory or a guard is in at least one of them together with the connector
/// machine, the contactor and the permit. What is in none of them: an EVSE with everything at once, several EVSEs at one
/// supply (the allocator's own program plays those), and contactors that move by themselves together with the rarer parts.
enum Scenarios {
  static let all: [Scenario] =
    [product, lock, keptPlug, lockSilence, cable, pilot, twoConnectors, otherContact]
    + LeaseExpiryPolicy.allCases.map { permit($0) } + [
      start, contact, budget, bouncing, ventilation, residualCurrent, phases, meter, heat, inputs, gates, wakeUp,
      digital,
    ]

  /// Lock, residual current detection and permit together, with a contactor that is slow or stuck but never moves by itself.
  private static let product = Scenario(
    "lock and residual current", "connector × slow or stuck contactor × lock × residual current × permit",
    configuration: station(
      evse: { $0.hasResidualCurrentMonitor = true }, connector: { $0.hasLock = true }),
    ticks: .short,
    alphabet: vehicle([.a, .c]) + contactor() + lockContact + trips + [
      .grant(0, ticks: nil), .revoke(0), .clearFaults(0), .reset(0),
    ], obedientContactors: [0])

  /// The lock in full, an unlocking at any time, and every contactor.
  private static let lock = Scenario(
    "lock", "connector × contactor × lock × permit, unlocking",
    configuration: station(connector: { $0.hasLock = true }), ticks: .short,
    alphabet: vehicle([.a, .c]) + contactor() + lockContact + [
      .grant(0, ticks: nil), .revoke(0), .clearFaults(0), .unlock(0),
    ])

  /// A vehicle that leaves at its own side, and a plug that stays.
  private static let keptPlug = Scenario(
    "kept plug", "a plug that is to stay locked without a permit, unlocking",
    configuration: station(connector: { $0.hasLock = true }), ticks: .short,
    alphabet: vehicle([.a, .c]) + contactor() + lockContact + [
      .grant(0, ticks: nil), .revoke(0), .unlock(0), .keepLocked(0, true), .keepLocked(0, false),
    ], obedientContactors: [0])

  private static let lockSilence = Scenario(
    "lock's silence", "the lock's driver falls silent and comes back, retries, unlocking",
    configuration: station(connector: { $0.hasLock = true }),
    alphabet: vehicle([.a, .c]) + contactor() + lockContact + silence(.lock(connector: 0)) + [
      .grant(0, ticks: nil), .clearFaults(0), .unlock(0),
    ], obedientContactors: [0])

  /// A socket without a lock: the cable.
  private static let cable = Scenario(
    "cable", "proximity, its silence and its failures",
    configuration: station(connector: {
      $0.cable = .socket
      $0.hasProximity = true
    }),
    alphabet: vehicle([.a, .c]) + contactor() + silence(.proximity(connector: 0)) + [
      .proximity(0, .open), .proximity(0, .twentyAmperes), .proximity(0, .thirteenAmperes), .proximity(0, .invalid),
      .grant(0, ticks: nil), .clearFaults(0),
    ], obedientContactors: [0])

  /// Every voltage, the silence of the pilot.
  private static let pilot = Scenario(
    "pilot", "every pilot state, hysteresis, no diode, silence of the pilot",
    configuration: station(simplified: Current(amperes: 10)),
    alphabet: vehicle([.a, .b, .c, .d, .e, .f, .betweenBAndC, .cWithoutDiode])
      + silence(.pilot(connector: 0)) + contactor() + [.grant(0, ticks: nil), .revoke(0), .clearFaults(0)])

  /// From the very first call on, with drivers that were never read.
  private static let start = Scenario(
    "start", "the first readings of every driver, in any order, or never",
    configuration: station(evse: { $0.hasResidualCurrentMonitor = true }, connector: { $0.hasLock = true }),
    alphabet: vehicle([.a, .c]) + [
      .contactor(0, .open), .contactor(0, .closed), .lock(0, .locked), .lock(0, .unlocked),
      .residualCurrent(0, isTripped: false), .residualCurrent(0, isTripped: true), .grant(0, ticks: nil),
      .clearFaults(0),
    ], isStarted: false, obedientContactors: [0])

  /// A longer filter, so that readings can change within it.
  private static let bouncing = Scenario(
    "bouncing", "edges that bounce within the filter's time",
    configuration: station(), ticks: Ticks(pilotFilter: 2, pilotSettling: 2),
    alphabet: vehicle([.a, .b, .c, .betweenAAndB, .betweenBAndC, .cWithoutDiode]) + contactor() + [
      .grant(0, ticks: nil), .revoke(0), .clearFaults(0),
    ])

  private static let ventilation = Scenario(
    "ventilation", "state D with ventilation, simplified vehicles, limits that are lifted or lapse",
    configuration: station(simplified: Current(amperes: 10), connector: { $0.hasVentilation = true }),
    alphabet: vehicle([.a, .b, .c, .d, .betweenCAndD]) + contactor() + [
      .grant(0, ticks: nil), .clearFaults(0), .limit(0, 12), .limit(0, nil), .shortLimit(0, 5, ticks: 2),
    ])

  /// Leases that run out, are renewed and revoked; out of service.
  private static func permit(_ policy: LeaseExpiryPolicy) -> Scenario {
    Scenario(
      "permit, \(policy.rawValue)", "leases that end, renewal, revocation, a revoked number, availability, reset",
      configuration: station(policy: policy),
      alphabet: vehicle([.a, .b, .c]) + contactor() + [
        .grant(0, ticks: nil), .grant(0, ticks: 1), .grantRevoked(0), .revoke(0), .operative(0, false),
        .operative(0, true), .clearFaults(0), .reset(0),
      ])
  }

  private static let contact = Scenario(
    "contactor", "silence of the contactor, a limit under 6 A, sequence 10.2 longer than every rest",
    configuration: station(), ticks: Ticks(openUnderLoad: 3),
    alphabet: vehicle([.a, .b, .c]) + contactor() + silence(.contactor(connector: 0)) + [
      .grant(0, ticks: nil), .revoke(0), .limit(0, 0), .limit(0, nil), .clearFaults(0),
    ])

  /// A budget needs a meter that speaks.
  private static let budget = Scenario(
    "budget", "energy budget, the meter's registers and silence",
    configuration: station(evse: { $0.meterNeeded = true }),
    ticks: .short,
    alphabet: vehicle([.a, .c]) + contactor() + silence(.meter(evse: 0)) + [
      .meter(0, .idle), .meter(0, .energy), .grant(0, ticks: nil), .grantBudget(0), .revoke(0), .clearFaults(0),
    ], obedientContactors: [0])

  private static let residualCurrent = Scenario(
    "residual current", "trips, the test and its failures, silence of the monitor",
    configuration: station(evse: { $0.hasResidualCurrentMonitor = true }),
    ticks: .short,
    alphabet: vehicle([.a, .c]) + contactor() + trips + silence(.residualCurrent(evse: 0)) + [
      .grant(0, ticks: nil), .revoke(0), .clearFaults(0), .reset(0),
    ])

  private static let phases = Scenario(
    "phases", "one and three phases, the switch, its failure and silence",
    configuration: station(evse: { $0.hasPhaseSwitch = true }),
    ticks: .restingPhases,
    alphabet: vehicle([.a, .c]) + contactor() + silence(.phaseSwitch(evse: 0)) + [
      .phases(0, .one), .phases(0, .three), .phaseLimit(0, true), .phaseLimit(0, false), .grant(0, ticks: nil),
      .revoke(0), .clearFaults(0),
    ], obedientContactors: [0])

  private static let meter = Scenario(
    "meter", "too much current, voltages out of their band, silence of the meter",
    configuration: station(evse: {
      $0.meterNeeded = true
      $0.watchesOverCurrent = true
      $0.voltageBand = VoltageBand()
    }),
    ticks: .short,
    alphabet: vehicle([.a, .c]) + contactor() + silence(.meter(evse: 0)) + [
      .meter(0, .idle), .meter(0, .tooMuchCurrent), .meter(0, .tooHighVoltage), .meter(0, .tooLowVoltage),
      .grant(0, ticks: nil), .revoke(0), .clearFaults(0),
    ], obedientContactors: [0])

  private static let heat = Scenario(
    "heat", "derating, too much heat, silence of the sensor",
    configuration: station(evse: { $0.temperatureSensors = 1 }),
    ticks: .short,
    alphabet: vehicle([.a, .c]) + contactor() + silence(.temperature(evse: 0, sensor: 0)) + [
      .temperature(0, .cool), .temperature(0, .derating), .temperature(0, .tooHot), .grant(0, ticks: nil), .revoke(0),
      .clearFaults(0),
    ], obedientContactors: [0])

  private static let inputs = Scenario(
    "inputs", "emergency stop, tilt, mains loss and its return, their silence",
    configuration: station(station: {
      $0.safetyInputs = [
        SafetyInputConfiguration(kind: .emergencyStop), SafetyInputConfiguration(kind: .tilt),
        SafetyInputConfiguration(kind: .mainsLoss),
      ]
    }),
    ticks: .short,
    alphabet: vehicle([.a, .c]) + contactor() + silence(.safetyInput(0)) + [
      .safetyInput(0, isActive: true), .safetyInput(0, isActive: false), .safetyInput(1, isActive: true),
      .safetyInput(1, isActive: false), .safetyInput(2, isActive: true), .safetyInput(2, isActive: false),
      .grant(0, ticks: nil), .revoke(0), .clearFaults(0), .reset(0),
    ], obedientContactors: [0])

  private static let gates = Scenario(
    "gates", "pause, start gates, shutdown",
    configuration: station(),
    alphabet: vehicle([.a, .b, .c]) + contactor() + [
      .pause(0, true), .pause(0, false), .gate(0, ticks: 2), .gate(0, ticks: nil), .grant(0, ticks: nil), .revoke(0),
      .shutDown, .clearFaults(0),
    ])

  private static let wakeUp = Scenario(
    "wake-up", "a vehicle that sleeps under an offer",
    configuration: station(connector: {
      $0.wakeUp = WakeUp(after: Ticks.span(3), steadyFor: Ticks.span(2), attempts: 2)
    }),
    alphabet: vehicle([.a, .b, .c, .d]) + contactor() + [
      .pause(0, true), .pause(0, false), .grant(0, ticks: nil), .revoke(0), .clearFaults(0),
    ])

  private static let digital = Scenario(
    "digital", "5 % for a higher-level stack and back",
    configuration: station(connector: { $0.hasDigitalCommunication = true }),
    alphabet: vehicle([.a, .b, .c, .cWithoutDiode]) + contactor() + [
      .digitalCommunication(0, true), .digitalCommunication(0, false), .grant(0, ticks: nil), .revoke(0),
      .clearFaults(0),
    ])

  private static let twoConnectors = Scenario(
    "two connectors", "two connectors of one EVSE, a vehicle and a permit at each",
    configuration: station(connectors: 2), ticks: .short,
    alphabet: vehicle([.a, .c]) + vehicle([.a, .c], at: 1) + contactor() + contactor(1) + [
      .grant(0, ticks: nil), .grant(1, ticks: nil), .clearFaults(0), .clearFaults(1),
    ], obedientContactors: [0, 1])

  private static let otherContact = Scenario(
    "other contact", "a vehicle at one connector, and the other connector's contactor moves by itself",
    configuration: station(connectors: 2), ticks: .short,
    alphabet: vehicle([.a, .c]) + contactor() + contactor(1) + [
      .grant(0, ticks: nil), .revoke(0), .clearFaults(0), .clearFaults(1),
    ], obedientContactors: [0])
}

// MARK: Parts

extension Scenarios {
  private static func vehicle(_ readings: [PilotReading], at place: Int = 0) -> [Step] {
    (place == 0 ? [.tick, .deadline] : []) + readings.map { .pilot(place, $0) }
  }

  private static func contactor(_ place: Int = 0) -> [Step] { [.contactor(place, .open), .contactor(place, .closed)] }

  private static let lockContact: [Step] = [.lock(0, .unlocked), .lock(0, .locked)]

  private static let trips: [Step] = [.residualCurrent(0, isTripped: true), .residualCurrent(0, isTripped: false)]

  private static func silence(_ driver: ControlDriver) -> [Step] { [.silence(driver), .speech(driver)] }

  /// A station with what the configuration needs and nothing else: what is not there has no state.
  private static func station(
    evses: Int32 = 1, connectors: Int32 = 1, simplified: Current? = Current(amperes: 80),
    policy: LeaseExpiryPolicy = .stop,
    evse changeEVSE: (inout EVSEControlConfiguration) -> Void = { _ in },
    connector changeConnector: (inout ConnectorControlConfiguration) -> Void = { _ in },
    station change: (inout ControlConfiguration) -> Void = { _ in }
  ) -> ControlConfiguration {
    var all: [EVSEControlConfiguration] = []
    for evse in 1...evses {
      var places: [ConnectorControlConfiguration] = []
      for number in 1...connectors {
        var connector = ConnectorControlConfiguration(
          id: ConnectorID(evse: EVSEID(evse), number: number), cable: .fixed)
        connector.wakeUp = nil
        connector.simplifiedVehicleLimit = simplified
        changeConnector(&connector)
        places.append(connector)
      }
      var new = EVSEControlConfiguration(
        id: EVSEID(evse), connectors: places, maximumCurrent: Current(amperes: 16), meterNeeded: false)
      new.voltageBand = nil
      new.watchesOverCurrent = false
      changeEVSE(&new)
      all.append(new)
    }
    var configuration = ControlConfiguration(evses: all, leaseExpiry: policy)
    change(&configuration)
    return configuration
  }
}

import CAllocationCounter
import ChargerBase
import EVSEControl
import HAL

/// A session that goes on and on, with everything that a station can have, fed to `StationControl` alone: what it
/// allocates once it has played two is counted. The answer must be none.
enum SteadyControl {
  static let name = "steadyControl"

  /// - Parameter rounds: sessions of twenty seconds after the two that warm up.
  static func run(rounds: Int) -> Bool {
    var session = SteadySession()
    for _ in 0..<2 { session.play() }
    let before = allocation_count()
    for _ in 0..<max(1, rounds) { session.play() }
    let allocations = allocation_count() - before
    print("steady control: \(session.inputs) inputs, \(session.openings) openings, \(allocations) allocations")
    return allocations == 0 && session.openings > 0
  }
}

/// Two EVSEs of one supply on a simulated clock; their hardware does what it is told at once.
private struct SteadySession {
  private static let permitLength = Duration.seconds(3_600)
  private var control: StationControl
  private let connectors: [ConnectorID]
  private var effects: ControlEffects
  private var now = MonotonicInstant.zero
  private var places = [Place(), Place()]
  private var permits: UInt32 = 0
  private(set) var inputs = 0
  private(set) var openings = 0

  private struct Place {
    var volts: Int64 = 12
    var output = PilotOutput.steadyPositive
    var contactor = ContactorPosition.open
    var lock = LockPosition.unlocked
    var isTripped = false
    var phases = ConnectedPhases.one
  }

  init() {
    var evses: [EVSEControlConfiguration] = []
    for number in Int32(1)...2 {
      var connector = ConnectorControlConfiguration(
        id: ConnectorID(evse: EVSEID(number), number: 1), cable: .socket)
      connector.hasLock = true
      connector.hasProximity = true
      var evse = EVSEControlConfiguration(
        id: EVSEID(number), connectors: [connector], maximumCurrent: Current(amperes: 32))
      evse.hasResidualCurrentMonitor = true
      evse.temperatureSensors = 1
      evse.hasPhaseSwitch = true
      evses.append(evse)
    }
    var configuration = ControlConfiguration(evses: evses, sharedSupply: Current(amperes: 40))
    configuration.safetyInputs = [SafetyInputConfiguration(kind: .emergencyStop)]
    control = StationControl(configuration: configuration, startingAt: now)
    connectors = control.connectors
    effects = ControlEffects(for: configuration)
  }

  /// Plug, permit, energy with the car's pauses and a limit that moves, unplug.
  mutating func play() {
    set(volts: 9, for: 2_000)
    permits += 1
    for place in places.indices {
      let permit = EnergyPermit(
        number: permits, reason: .authorized, energyBudget: nil, expiry: now + Self.permitLength)
      feed(.command(.grant(connectors[place], permit)))
    }
    pass(4_000)
    for round in 0..<2 {
      set(volts: 6, for: 2_000)
      feed(.command(.limit(EVSEID(1), source: .external, Current(amperes: Int64(10 + round)))))
      set(volts: 9, for: 2_000)
    }
    for connector in connectors { feed(.command(.revoke(connector))) }
    set(volts: 12, for: 6_000)
  }

  private mutating func set(volts: Int64, for milliseconds: Int) {
    for place in places.indices { places[place].volts = volts }
    pass(milliseconds)
  }

  private mutating func pass(_ milliseconds: Int) {
    for step in 0..<milliseconds / 10 {
      for place in places.indices { read(place, meter: step % 100 == 0) }
      feed(.safetyInput(0, SafetyInputState(isActive: false, takenAt: now)))
      if control.nextDeadline <= now { feed(.time) }
      for place in places.indices { _ = control.snapshot(at: place) }
      now = now + .milliseconds(10)
    }
  }

  private mutating func read(_ place: Int, meter: Bool) {
    let present = places[place]
    let low: Voltage? = if case .pulseWidth = present.output { Voltage(volts: -12) } else { nil }
    let high = present.output == .steadyNegative ? Voltage(volts: -12) : Voltage(volts: present.volts)
    feed(.pilot(connector: place, PilotMeasurement(positivePeak: high, negativePeak: low, takenAt: now)))
    feed(.contactorFeedback(connector: place, ContactorFeedback(position: present.contactor, takenAt: now)))
    feed(.lockFeedback(connector: place, LockFeedback(position: present.lock, takenAt: now)))
    let plug: Resistance? = present.volts == 12 ? nil : Resistance(ohms: 220)
    feed(.proximity(connector: place, ProximityMeasurement(resistance: plug, takenAt: now)))
    feed(.residualCurrent(evse: place, ResidualCurrentReading(isTripped: present.isTripped, takenAt: now)))
    feed(.phaseSwitchFeedback(evse: place, PhaseSwitchFeedback(phases: present.phases, takenAt: now)))
    guard meter else { return }
    let degrees = Temperature(celsius: 40)
    feed(.temperature(evse: place, sensor: 0, TemperatureReading(temperature: degrees, takenAt: now)))
    let amperes = present.contactor == .closed ? Current(amperes: 9) : .zero
    let volts = Voltage(volts: 230)
    feed(
      .meter(
        evse: place,
        MeterReading(
          takenAt: now, importRegister: Energy(wattHours: now.nanoseconds / 1_000_000_000),
          current: PhaseValues(l1: amperes, l2: amperes, l3: amperes),
          voltage: PhaseValues(l1: volts, l2: volts, l3: volts))))
  }

  private mutating func feed(_ input: ControlInput) {
    inputs += 1
    effects.removeAll()
    control.handle(input, at: now, into: &effects)
    for place in places.indices {
      let output = effects.outputs[place]
      if let pilot = output.pilot { places[place].output = pilot }
      if let lock = output.lock { places[place].lock = lock }
      if let position = output.contactor {
        if position == .open && places[place].contactor == .closed { openings += 1 }
        places[place].contactor = position
      }
      let evse = effects.evseOutputs[place]
      if let isOn = evse.testCurrent, isOn { places[place].isTripped = true }
      if evse.resetsResidualCurrent { places[place].isTripped = false }
      if let phases = evse.phases { places[place].phases = phases }
    }
  }
}

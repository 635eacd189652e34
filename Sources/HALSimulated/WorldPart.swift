import ChargerBase
import HAL
import SimulatedWorld

/// A part of the simulated station that shows one number.
enum WorldPart: Hashable, Sendable {
  /// 0 unlocked, 1 locked.
  case lock(ConnectorID)
  /// Milliohms; none for an open contact.
  case proximity(ConnectorID)
  /// 1 tripped.
  case residualCurrent(EVSEID)
  /// Thousandths of a degree; sensors count from 0.
  case temperature(EVSEID, sensor: Int)
  /// 1 or 3.
  case phaseSwitch(EVSEID)
  /// 1 active.
  case safetyInput(SafetyInputKind, EVSEID?)

  func silence(_ silence: SimulatedSilence) -> Duration {
    switch self {
    case .lock: silence.lock
    case .proximity: silence.proximity
    case .residualCurrent: silence.residualCurrent
    case .temperature: silence.temperature
    case .phaseSwitch: silence.phaseSwitch
    case .safetyInput: silence.safetyInput
    }
  }
}

/// What a part shows.
struct PartReading: Sendable, Equatable {
  /// Nil where the part shows that there is nothing: an open proximity contact.
  var number: Int64?
  var takenAt: MonotonicInstant
}

/// A driver's hold on one part: its newest reading, and a way to move it. One in process, one over the socket.
protocol WorldPartLink: AnyObject {
  var wakeDescriptor: Int32? { get }
  var health: DriverHealth { get }
  var newest: PartReading? { get }
  func service(at now: MonotonicInstant)
  /// Wants a position: 0 or 1 of a lock or a test current, 1 or 3 phases.
  func want(_ number: Int64)
  /// Resets a residual current monitor.
  func reset()
}

/// What all drivers of such parts have in common.
class SimulatedPartDriver: ControlLaneDriver {
  final let link: any WorldPartLink

  init(_ link: any WorldPartLink) { self.link = link }

  final var wakeDescriptor: Int32? { link.wakeDescriptor }
  final var health: DriverHealth { link.health }
  final func service(at now: MonotonicInstant) { link.service(at: now) }
}

/// Leaves the lock as it is when it is given up.
final class SimulatedConnectorLock: SimulatedPartDriver, ConnectorLock {
  func command(_ position: LockPosition) { link.want(Int64(position.rawValue)) }

  var feedback: LockFeedback? {
    link.newest.map { LockFeedback(position: $0.number == 1 ? .locked : .unlocked, takenAt: $0.takenAt) }
  }
}

final class SimulatedProximityPilot: SimulatedPartDriver, ProximityPilot {
  var measurement: ProximityMeasurement? {
    link.newest.map {
      ProximityMeasurement(resistance: $0.number.map { Resistance(thousandths: $0) }, takenAt: $0.takenAt)
    }
  }
}

/// Ends its test current when it is given up.
final class SimulatedResidualCurrentDetection: SimulatedPartDriver, ResidualCurrentMonitor {
  deinit { link.want(0) }

  var reading: ResidualCurrentReading? {
    link.newest.map { ResidualCurrentReading(isTripped: $0.number != 0, takenAt: $0.takenAt) }
  }

  func setTestCurrent(_ isOn: Bool) { link.want(isOn ? 1 : 0) }
  func reset() { link.reset() }
}

final class SimulatedTemperatureSensor: SimulatedPartDriver, TemperatureSensor {
  var reading: TemperatureReading? {
    link.newest.flatMap { newest in
      newest.number.map { TemperatureReading(temperature: Temperature(thousandths: $0), takenAt: newest.takenAt) }
    }
  }
}

/// Connects one phase at both ends of its life.
final class SimulatedPhaseSelector: SimulatedPartDriver, PhaseSwitch {
  override init(_ link: any WorldPartLink) {
    super.init(link)
    link.want(1)
  }

  deinit { link.want(1) }

  func command(_ phases: ConnectedPhases) { link.want(Int64(phases.rawValue)) }

  var feedback: PhaseSwitchFeedback? {
    link.newest.map { PhaseSwitchFeedback(phases: $0.number == 1 ? .one : .three, takenAt: $0.takenAt) }
  }
}

final class SimulatedSafetyInput: SimulatedPartDriver, SafetyInput {
  var state: SafetyInputState? {
    link.newest.map { SafetyInputState(isActive: $0.number != 0, takenAt: $0.takenAt) }
  }
}

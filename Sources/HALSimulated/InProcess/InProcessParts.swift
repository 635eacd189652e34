import ChargerBase
import HAL
import SimulatedWorld

/// A part of the world in this process; it is looked at whenever it is served.
final class InProcessPart: WorldPartLink {
  private let part: WorldPart
  private let world: InProcessWorld
  private var watch: SilenceWatch
  private(set) var newest: PartReading?

  init(_ part: WorldPart, in world: InProcessWorld) {
    self.part = part
    self.world = world
    watch = SilenceWatch(limit: part.silence(world.silence))
  }

  var wakeDescriptor: Int32? { nil }
  var health: DriverHealth { watch.health }

  func service(at now: MonotonicInstant) {
    world.advance(to: now)
    if let shown = world.world.shown(by: part, at: now) {
      newest = shown
      watch.heard(at: now)
    } else {
      watch.check(at: now)
    }
  }

  func want(_ number: Int64) {
    switch part {
    case .lock(let connector): world.world.commandLock(locked: number == 1, of: connector)
    case .residualCurrent(let evse): world.world.setTestCurrent(number == 1, of: evse)
    case .phaseSwitch(let evse): world.world.commandPhases(number == 1 ? 1 : 3, of: evse)
    case .proximity, .temperature, .safetyInput: break
    }
  }

  func reset() {
    if case .residualCurrent(let evse) = part { world.world.resetResidualCurrent(of: evse) }
  }
}

extension SimulatedWorld {
  /// Nil for a part that is not there or silent.
  fileprivate func shown(by part: WorldPart, at now: MonotonicInstant) -> PartReading? {
    func reading(_ number: Int64?) -> PartReading { PartReading(number: number, takenAt: now) }
    func flag(_ isSet: Bool) -> PartReading { reading(isSet ? 1 : 0) }
    switch part {
    case .lock(let connector): return isLockEngaged(of: connector).map(flag)
    case .proximity(let connector):
      switch proximity(of: connector) {
      case .resistance(let resistance): return reading(resistance.thousandths)
      case .open: return reading(nil)
      case nil: return nil
      }
    case .residualCurrent(let evse): return isResidualCurrentTripped(of: evse).map(flag)
    case .temperature(let evse, let sensor):
      return temperature(of: evse, sensor: sensor).map { reading($0.thousandths) }
    case .phaseSwitch(let evse): return connectedPhases(of: evse).map { reading(Int64($0)) }
    case .safetyInput(let kind, let evse): return safetyContact(SafetyContact(kind), of: evse).map(flag)
    }
  }
}

/// Feeds the world's watchdog; it runs out when the driver is given up without `disarm`.
final class InProcessWatchdog: SystemWatchdog {
  let timeout: Duration
  private let world: InProcessWorld

  init(timeout: Duration, in world: InProcessWorld) {
    self.timeout = timeout
    self.world = world
  }

  var wakeDescriptor: Int32? { nil }
  var health: DriverHealth { .alive }
  func service(at now: MonotonicInstant) { world.advance(to: now) }
  func feed() { world.world.feedWatchdog(timeout: timeout) }
  func disarm() { world.world.disarmWatchdog() }
}

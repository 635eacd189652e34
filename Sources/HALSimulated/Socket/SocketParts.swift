import ChargerBase
import HAL
import SimulatedWorld

/// A part of the world behind the socket: the newest reading and the newest wish lie in a slot.
final class SocketPart: WorldPartLink {
  private let world: SocketWorld
  private let slot: Int
  private let bell: WakeBell
  private var watch: SilenceWatch
  private(set) var newest: PartReading?

  init(_ part: WorldPart, in world: SocketWorld) {
    self.world = world
    let bell = WakeBell()
    self.bell = bell
    watch = SilenceWatch(limit: part.silence(world.silence))
    slot = world.withSlots { slots in
      if let index = slots.parts.firstIndex(where: { $0.part == part }) {
        slots.parts[index].bell = bell
        return index
      }
      slots.parts.append(WorldSlots.Part(part: part, bell: bell))
      return slots.parts.count - 1
    }
  }

  var wakeDescriptor: Int32? { bell.descriptor }
  var health: DriverHealth { watch.health }

  func service(at now: MonotonicInstant) {
    bell.silence()
    if let reading = world.withSlots({ [slot] in $0.parts[slot].reading }) {
      newest = reading
      watch.heard(at: reading.takenAt)
    }
    watch.check(at: now)
  }

  /// Also said when it was wanted before: a lock that has not moved is driven again.
  func want(_ number: Int64) {
    world.withSlots { [slot] slots in
      slots.parts[slot].wish = number
      slots.parts[slot].isDirty = true
    }
    world.wake()
  }

  func reset() {
    world.withSlots { [slot] in $0.parts[slot].wantsReset = true }
    world.wake()
  }
}

/// Feeds the world's watchdog; feeds that meet no connection are lost, and it runs out.
final class SocketWatchdog: SystemWatchdog {
  let timeout: Duration
  private let world: SocketWorld
  private var watch = SilenceWatch(limit: .milliseconds(500))

  init(timeout: Duration, in world: SocketWorld) {
    self.timeout = timeout
    self.world = world
  }

  /// Served in every supervision of the lane, which is often enough: it has nothing to tell but its silence.
  var wakeDescriptor: Int32? { bell.descriptor }
  private let bell = WakeBell()
  var health: DriverHealth { watch.health }

  func service(at now: MonotonicInstant) {
    bell.silence()
    if world.isConnected { watch.heard(at: now) }
    watch.check(at: now)
  }

  func feed() { tell(.feed(timeout)) }
  func disarm() { tell(.disarm) }

  private func tell(_ order: WorldSlots.WatchdogOrder) {
    world.withSlots { $0.watchdogOrder = order }
    world.wake()
  }
}

import CLinux
import ChargerBase
import EVSEControl
import Glibc
import HAL

/// A value that test thread and control thread share.
final class Shared<Value>: @unchecked Sendable {
  // Unchecked: the value is touched under the mutex only.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var value: Value

  init(_ value: Value) {
    self.value = value
    pthread_mutex_init(mutex, nil)
  }

  deinit { mutex.deallocate() }

  func with<Result>(_ body: (inout Value) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&value)
  }
}

/// Spins until the condition holds; false when it does not within five seconds.
func eventually(_ condition: () -> Bool) -> Bool {
  let end = linux_boottime_ns() + 60_000_000_000
  while linux_boottime_ns() < end {
    if condition() { return true }
    _ = poll(nil, 0, 1)
  }
  return condition()
}

func boottime() -> MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

/// A pilot whose vehicle the test moves; it wakes the lane through an eventfd, or has none and is polled.
final class FakePilot: ControlPilot, @unchecked Sendable {
  // Unchecked: `measurement` and `health` are the lane's, everything else lies in `world`.
  struct World {
    var volts = Voltage(volts: 12)
    var output = PilotOutput.steadyPositive
    var outputs: [PilotOutput] = []
    var isSilent = false
    /// Whoever serves the pilot waits.
    var isHolding = false
    var changedAt = boottime()
  }

  let world = Shared(World())
  let wakeDescriptor: Int32?
  private(set) var measurement: PilotMeasurement?
  private(set) var health = DriverHealth.alive

  init(isPolled: Bool = false) { wakeDescriptor = isPolled ? nil : linux_eventfd() }
  deinit { if let wakeDescriptor { close(wakeDescriptor) } }

  func vehicle(_ volts: Int64) {
    world.with {
      $0.volts = Voltage(volts: volts)
      $0.changedAt = boottime()
    }
    signal()
  }

  func setSilent(_ isSilent: Bool) {
    world.with { $0.isSilent = isSilent }
    signal()
  }

  /// Holds the lane, as a machine that stands still does, or lets it go.
  func hold(_ isHolding: Bool) {
    world.with { $0.isHolding = isHolding }
    signal()
  }

  private func signal() { if let wakeDescriptor { linux_eventfd_signal(wakeDescriptor) } }

  func service(at now: MonotonicInstant) {
    while world.with({ $0.isHolding }) { usleep(1_000) }
    if let wakeDescriptor { linux_eventfd_drain(wakeDescriptor) }
    let seen = world.with { $0 }
    health = seen.isSilent ? .silent(since: now) : .alive
    guard !seen.isSilent else { return }
    let isOffer = if case .pulseWidth = seen.output { true } else { false }
    measurement = PilotMeasurement(
      positivePeak: seen.output == .steadyNegative ? Voltage(volts: -12) : seen.volts,
      negativePeak: isOffer ? Voltage(volts: -12) : nil, takenAt: seen.changedAt)
  }

  func apply(_ output: PilotOutput) {
    world.with {
      $0.output = output
      $0.outputs.append(output)
      $0.changedAt = boottime()
    }
    signal()
  }
}

/// A contactor whose auxiliary contact follows at once while `follows` holds.
final class FakeContactor: Contactor, @unchecked Sendable {
  // Unchecked: `feedback` and `health` are the lane's, everything else lies in `world`.
  struct World {
    var position = ContactorPosition.open
    var follows = true
    var commands: [(position: ContactorPosition, at: MonotonicInstant)] = []
    var changedAt = boottime()
  }

  let world = Shared(World())
  let wakeDescriptor: Int32? = linux_eventfd()
  private(set) var feedback: ContactorFeedback?
  var health: DriverHealth { .alive }

  deinit { if let wakeDescriptor { close(wakeDescriptor) } }

  var commands: [(position: ContactorPosition, at: MonotonicInstant)] { world.with { $0.commands } }
  var commanded: ContactorPosition? { world.with { $0.commands.last?.position } }
  var commandedAt: MonotonicInstant? { world.with { $0.commands.last?.at } }

  func service(at now: MonotonicInstant) {
    if let wakeDescriptor { linux_eventfd_drain(wakeDescriptor) }
    feedback = world.with { ContactorFeedback(position: $0.position, takenAt: $0.changedAt) }
  }

  /// The dead-man takes the coil's supply away.
  func fallOpen() {
    world.with {
      $0.position = .open
      $0.changedAt = boottime()
    }
  }

  func command(_ position: ContactorPosition) {
    world.with {
      $0.commands.append((position, boottime()))
      if $0.follows {
        $0.position = position
        $0.changedAt = boottime()
      }
    }
    if let wakeDescriptor { linux_eventfd_signal(wakeDescriptor) }
  }
}

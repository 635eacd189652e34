import CAllocationCounter
import CLinux
import ChargerBase
import Glibc
import HAL
import NIOConcurrencyHelpers

/// A pilot circuit whose voltage the benchmark sets; it also looks at the thread that serves it.
final class BenchmarkPilot: ControlPilot, @unchecked Sendable {
  // Unchecked: `output`, `measurement` and `newest` are the control thread's; the rest lies behind locks.
  struct Thread {
    /// Allocations of the control thread when it last served the pilot.
    var allocations: UInt64 = 0
    var isRealtime = false
    var isOffering = false
  }

  private let descriptor = linux_eventfd()
  private let millivolts = NIOLockedValueBox<(millivolts: Int64, at: Int64)>((12_000, 0))
  private let seen = NIOLockedValueBox(Thread())
  private var output = PilotOutput.steadyPositive
  private(set) var measurement: PilotMeasurement?

  deinit { close(descriptor) }

  /// Moves the vehicle's S2, or plugs it; answers the instant of the edge.
  @discardableResult
  func set(volts: Int64) -> Int64 {
    let edge = linux_boottime_ns()
    millivolts.withLockedValue { $0 = (volts * 1_000, edge) }
    linux_eventfd_signal(descriptor)
    return edge
  }

  var thread: Thread { seen.withLockedValue { $0 } }

  var wakeDescriptor: Int32? { descriptor }
  var health: DriverHealth { .alive }

  func service(at now: MonotonicInstant) {
    linux_eventfd_drain(descriptor)
    let (value, edge) = millivolts.withLockedValue { $0 }
    let isOffering = if case .pulseWidth = output { true } else { false }
    measurement = PilotMeasurement(
      positivePeak: output == .steadyNegative ? Voltage(volts: -12) : Voltage(millivolts: value),
      negativePeak: isOffering ? Voltage(volts: -12) : nil, takenAt: max(MonotonicInstant(nanoseconds: edge), now))
    let policy = sched_getscheduler(0) & 0xff
    seen.withLockedValue {
      $0 = Thread(allocations: allocation_count(), isRealtime: policy == SCHED_FIFO, isOffering: isOffering)
    }
  }

  func apply(_ output: PilotOutput) {
    self.output = output
    linux_eventfd_signal(descriptor)
  }
}

/// A contactor without inertia that notes when it was commanded and wakes who waits for it.
final class BenchmarkContactor: Contactor, @unchecked Sendable {
  // Unchecked: `feedback` is the control thread's; the rest lies behind a lock.
  private let descriptor = linux_eventfd()
  private let bell = linux_eventfd()
  private let commanded = NIOLockedValueBox<(position: ContactorPosition, at: Int64)>((.open, 0))
  private(set) var feedback: ContactorFeedback?

  deinit { for descriptor in [descriptor, bell] { close(descriptor) } }

  /// When the position was commanded; waits for it without taking a processor.
  func wait(for position: ContactorPosition, seconds: Int64 = 10) throws -> Int64 {
    let deadline = linux_boottime_ns() + seconds * 1_000_000_000
    while true {
      let (present, at) = commanded.withLockedValue { $0 }
      if present == position { return at }
      guard linux_boottime_ns() < deadline else {
        throw BenchmarkFailure(description: "the contactor was not commanded \(position) within \(seconds) s")
      }
      var entry = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
      _ = poll(&entry, 1, 100)
      linux_eventfd_drain(bell)
    }
  }

  var wakeDescriptor: Int32? { descriptor }
  var health: DriverHealth { .alive }

  func service(at now: MonotonicInstant) {
    linux_eventfd_drain(descriptor)
    feedback = ContactorFeedback(position: commanded.withLockedValue { $0.position }, takenAt: now)
  }

  func command(_ position: ContactorPosition) {
    let isNew = commanded.withLockedValue { state in
      guard state.position != position else { return false }
      state = (position, linux_boottime_ns())
      return true
    }
    guard isNew else { return }
    linux_eventfd_signal(descriptor)
    linux_eventfd_signal(bell)
  }
}

/// Everything else that a board can have, healthy and quiet.
class BenchmarkInstrument: ControlLaneDriver {
  final let wakeDescriptor: Int32? = linux_eventfd()
  final var health: DriverHealth { .alive }
  final fileprivate(set) var servedAt: MonotonicInstant?

  deinit { if let wakeDescriptor { close(wakeDescriptor) } }

  func service(at now: MonotonicInstant) {
    if let wakeDescriptor { linux_eventfd_drain(wakeDescriptor) }
    servedAt = now
  }

  final func wake() { if let wakeDescriptor { linux_eventfd_signal(wakeDescriptor) } }
}

/// A reading a second.
final class BenchmarkMeter: BenchmarkInstrument, EnergyMeter {
  private(set) var latest: MeterReading?

  override func service(at now: MonotonicInstant) {
    super.service(at: now)
    if let latest, now - latest.takenAt < .seconds(1) { return }
    let volts = PhaseValues(l1: Voltage(volts: 230), l2: Voltage(volts: 230), l3: Voltage(volts: 230))
    latest = MeterReading(takenAt: now, importRegister: Energy(wattHours: 1_000), voltage: volts)
  }
}

/// Trips under its test current and is free again after a reset.
final class BenchmarkResidualCurrentMonitor: BenchmarkInstrument, ResidualCurrentMonitor {
  private var isTesting = false
  private var isTripped = false
  var reading: ResidualCurrentReading? {
    servedAt.map { ResidualCurrentReading(isTripped: isTripped, takenAt: $0) }
  }

  func setTestCurrent(_ isOn: Bool) {
    isTesting = isOn
    if isOn { isTripped = true }
    wake()
  }

  func reset() {
    isTripped = isTesting
    wake()
  }
}

final class BenchmarkTemperatureSensor: BenchmarkInstrument, TemperatureSensor {
  var reading: TemperatureReading? {
    servedAt.map { TemperatureReading(temperature: Temperature(celsius: 25), takenAt: $0) }
  }
}

final class BenchmarkSafetyInput: BenchmarkInstrument, SafetyInput {
  var state: SafetyInputState? { servedAt.map { SafetyInputState(isActive: false, takenAt: $0) } }
}

final class BenchmarkPhaseSwitch: BenchmarkInstrument, PhaseSwitch {
  private var phases = ConnectedPhases.one
  var feedback: PhaseSwitchFeedback? { servedAt.map { PhaseSwitchFeedback(phases: phases, takenAt: $0) } }

  func command(_ phases: ConnectedPhases) {
    self.phases = phases
    wake()
  }
}

final class BenchmarkWatchdog: BenchmarkInstrument, SystemWatchdog {
  let timeout = Duration.seconds(1)
  func feed() {}
  func disarm() {}
}

/// A reader at which the benchmark presents one card.
final class BenchmarkReader: TokenReader, @unchecked Sendable {
  // Unchecked: everything lies behind the lock.
  let name: String
  private let state = NIOLockedValueBox<(notify: (@Sendable () -> Void)?, tokens: [PresentedToken])>((nil, []))

  init(name: String) { self.name = name }

  var health: DriverHealth { .alive }
  func start(notify: @escaping @Sendable () -> Void) { state.withLockedValue { $0.notify = notify } }
  func stop() { state.withLockedValue { $0.notify = nil } }

  func present(_ value: String) {
    let notify = state.withLockedValue { state in
      state.tokens.append(PresentedToken(value: value, kind: .iso14443, evses: [EVSEID(1)]))
      return state.notify
    }
    notify?()
  }

  func takePresentedTokens() -> [PresentedToken] {
    state.withLockedValue { state in
      defer { state.tokens = [] }
      return state.tokens
    }
  }
}

final class BenchmarkShow: IndicatorLight, DriverDisplay {
  var health: DriverHealth { .alive }
  func start(notify: @escaping @Sendable () -> Void) {}
  func stop() {}
  func show(_ pattern: LightPattern) {}
  func show(lines: [String], evse: EVSEID?) {}
}

import CLinux
import ChargerBase
import Glibc
import HAL

/// A driver that shows what the test has put there; it wakes the lane through an eventfd.
class FakeInstrument<Value: Sendable>: ControlLaneDriver, @unchecked Sendable {
  // Unchecked: `shown` and `health` are the lane's, everything else lies in `world`.
  struct World {
    var value: Value?
    var isSilent = false
    var changedAt = boottime()
    var served = 0
    /// A driver that breaks its contract: it does not return from `service`.
    var mustHold = false
    var isHeld = false
  }

  let world: Shared<World>
  let wakeDescriptor: Int32? = linux_eventfd()
  private(set) var shown: (value: Value, at: MonotonicInstant)?
  private(set) var health = DriverHealth.alive

  init(_ value: Value?) { world = Shared(World(value: value)) }
  deinit { if let wakeDescriptor { close(wakeDescriptor) } }

  func set(_ value: Value?) {
    world.with {
      $0.value = value
      $0.changedAt = boottime()
    }
    wake()
  }

  func setSilent(_ isSilent: Bool) {
    world.with { $0.isSilent = isSilent }
    wake()
  }

  func hold() { world.with { $0.mustHold = true } }
  func release() { world.with { $0.mustHold = false } }
  var isHeld: Bool { world.with { $0.isHeld } }

  func wake() { if let wakeDescriptor { linux_eventfd_signal(wakeDescriptor) } }

  func service(at now: MonotonicInstant) {
    if let wakeDescriptor { linux_eventfd_drain(wakeDescriptor) }
    while world.with({
      $0.isHeld = $0.mustHold
      return $0.mustHold
    }) { _ = poll(nil, 0, 1) }
    let seen = world.with {
      $0.served += 1
      return $0
    }
    health = seen.isSilent ? .silent(since: now) : .alive
    if !seen.isSilent, let value = seen.value { shown = (value, seen.changedAt) }
  }
}

final class FakeLock: FakeInstrument<LockPosition>, ConnectorLock, @unchecked Sendable {
  let commands = Shared<[LockPosition]>([])
  let follows = Shared(true)
  var feedback: LockFeedback? { shown.map { LockFeedback(position: $0.value, takenAt: $0.at) } }

  func command(_ position: LockPosition) {
    commands.with { $0.append(position) }
    if follows.with({ $0 }) { set(position) }
  }
}

final class FakeProximity: FakeInstrument<Resistance?>, ProximityPilot, @unchecked Sendable {
  var measurement: ProximityMeasurement? { shown.map { ProximityMeasurement(resistance: $0.value, takenAt: $0.at) } }
}

/// A monitor that trips under its test current while `isHealthy` holds.
final class FakeResidualCurrentMonitor: FakeInstrument<Bool>, ResidualCurrentMonitor, @unchecked Sendable {
  let isHealthy = Shared(true)
  let tests = Shared<[Bool]>([])
  let resets = Shared(0)
  var reading: ResidualCurrentReading? { shown.map { ResidualCurrentReading(isTripped: $0.value, takenAt: $0.at) } }

  func setTestCurrent(_ isOn: Bool) {
    tests.with { $0.append(isOn) }
    if isOn && isHealthy.with({ $0 }) { set(true) }
  }

  func reset() {
    resets.with { $0 += 1 }
    set(false)
  }
}

final class FakeTemperatureSensor: FakeInstrument<Temperature>, TemperatureSensor, @unchecked Sendable {
  var reading: TemperatureReading? { shown.map { TemperatureReading(temperature: $0.value, takenAt: $0.at) } }
}

final class FakeSafetyInput: FakeInstrument<Bool>, SafetyInput, @unchecked Sendable {
  var state: SafetyInputState? { shown.map { SafetyInputState(isActive: $0.value, takenAt: $0.at) } }
}

final class FakePhaseSwitch: FakeInstrument<ConnectedPhases>, PhaseSwitch, @unchecked Sendable {
  let commands = Shared<[ConnectedPhases]>([])
  var feedback: PhaseSwitchFeedback? { shown.map { PhaseSwitchFeedback(phases: $0.value, takenAt: $0.at) } }

  func command(_ phases: ConnectedPhases) {
    commands.with { $0.append(phases) }
    set(phases)
  }
}

/// A watchdog that notes its feeds; nothing bites.
final class FakeWatchdog: FakeInstrument<Bool>, SystemWatchdog, @unchecked Sendable {
  let timeout: Duration
  let feeds = Shared<[MonotonicInstant]>([])
  let isDisarmed = Shared(false)

  init(timeout: Duration) {
    self.timeout = timeout
    super.init(true)
  }

  func feed() { feeds.with { $0.append(boottime()) } }
  func disarm() { isDisarmed.with { $0 = true } }
}

/// A meter that reads itself whenever it is served, and signs while `signs` holds.
final class FakeMeter: EnergyMeter, @unchecked Sendable {
  // Unchecked: touched by the lane only, but `signs`.
  let signs = Shared(true)
  let wakeDescriptor: Int32? = linux_eventfd()
  private(set) var latest: MeterReading?
  private var request: SignedReadingRequest?
  var health: DriverHealth { .alive }
  var signingTimeout: Duration? { .seconds(5) }

  deinit { if let wakeDescriptor { close(wakeDescriptor) } }

  func service(at now: MonotonicInstant) {
    if let wakeDescriptor { linux_eventfd_drain(wakeDescriptor) }
    latest = MeterReading(takenAt: now, importRegister: Energy(wattHours: 1_000))
  }

  func requestSignedReading(_ request: SignedReadingRequest) -> Bool {
    guard signs.with({ $0 }), self.request == nil else { return false }
    self.request = request
    if let wakeDescriptor { linux_eventfd_signal(wakeDescriptor) }
    return true
  }

  func takeSignedReading() -> SignedReadingAnswer? {
    guard let request else { return nil }
    self.request = nil
    return .signed(
      number: request.number,
      SignedReading(
        importRegister: Energy(wattHours: 1_000), signedData: "OCMF|{}|{}", encodingMethod: "OCMF", signingMethod: "",
        publicKey: "", takenAt: boottime()))
  }
}

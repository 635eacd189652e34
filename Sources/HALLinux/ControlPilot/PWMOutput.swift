import CLinux
import ChargerBase
import Glibc
import HAL
import Synchronization

/// A channel of Linux's PWM, at 1 kHz, as the source of a control pilot. Writes happen on a thread of its own.
final class PWMOutput: @unchecked Sendable {
  // Unchecked: what is not constant is under the lock, or the thread's alone.
  struct Configuration: Sendable, Equatable {
    /// The folder under which `sys` stands; `/` but in tests.
    var root = "/"
    /// The number behind `pwmchip`.
    var chip = 0
    var channel = 0
    /// The kernel is told to invert: `inversed` in `polarity`.
    var isPolarityInversed = false
    /// The stage behind the pin makes −12 V of a high level.
    var hasInvertingStage = false

  }

  private static let period: Int64 = 1_000_000
  private static let retryInterval = Duration.milliseconds(10)
  private static let idle = Duration.seconds(1)
  /// What exports a channel may take to give its files to others than root.
  private static let exportTime = Duration.seconds(1)

  private let duty: any SysfsValue
  private let hasInvertingStage: Bool
  private struct Duty: Sendable {
    var wanted: Int64
    var written: Int64?
    /// Since when the kernel has refused.
    var failedSince: MonotonicInstant?
  }
  /// Its holder inherits the priority of who waits for it.
  private let state: Mutex<Duty>
  private var thread: SysfsThread?

  /// Takes the channel and puts steady −12 V on it: state F.
  ///
  /// - Throws: `SysfsError` that names the file which is missing or refuses.
  convenience init(_ configuration: Configuration) throws(SysfsError) {
    let chip = SysfsPath.join(configuration.root, "sys/class/pwm/pwmchip\(configuration.chip)")
    let channel = "\(chip)/pwm\(configuration.channel)"
    if access("\(channel)/period", W_OK) != 0 { try Self.export(chip, channel, configuration.channel) }
    // Polarity can be changed only while the channel rests.
    try Self.write("0", to: "\(channel)/enable")
    if access("\(channel)/polarity", F_OK) == 0 || configuration.isPolarityInversed {
      try Self.write(configuration.isPolarityInversed ? "inversed" : "normal", to: "\(channel)/polarity")
    }
    // A duty cycle longer than the new period would be refused.
    try Self.write("0", to: "\(channel)/duty_cycle")
    try Self.write("\(Self.period)", to: "\(channel)/period")
    let duty = try SysfsFile("\(channel)/duty_cycle", writes: true)
    let safe = Self.nanoseconds(.steadyNegative, configuration.hasInvertingStage)
    guard duty.write(safe) else { throw SysfsError(path: "\(channel)/duty_cycle", errorNumber: linux_errno()) }
    try Self.write("1", to: "\(channel)/enable")
    self.init(duty: duty, hasInvertingStage: configuration.hasInvertingStage)
  }

  init(duty: any SysfsValue, hasInvertingStage: Bool) {
    self.duty = duty
    self.hasInvertingStage = hasInvertingStage
    let safe = Self.nanoseconds(.steadyNegative, hasInvertingStage)
    state = Mutex(Duty(wanted: safe, written: safe))
    let body = Unmanaged.passUnretained(self)
    thread = SysfsThread("pilot-pwm") { body._withUnsafeGuaranteedRef { $0.writeWanted() } }
    _ = thread?.start()
  }

  /// The channel stays on: switched off, its pin could make +12 V of an inverting stage.
  deinit {
    thread?.stop()
    _ = duty.write(Self.nanoseconds(.steadyNegative, hasInvertingStage))
  }

  private static func export(_ chip: String, _ channel: String, _ number: Int) throws(SysfsError) {
    if access(channel, F_OK) != 0 { try write("\(number)", to: "\(chip)/export") }
    let deadline = linux_boottime_ns().addingSaturating(exportTime.wholeNanoseconds)
    while access("\(channel)/period", W_OK) != 0 {
      guard linux_boottime_ns() < deadline else {
        throw SysfsError(path: "\(channel)/period", errorNumber: linux_errno())
      }
      usleep(10_000)
    }
  }

  /// One write of the whole value, as the kernel wants it; a plain file of a test loses what it had.
  private static func write(_ text: String, to path: String) throws(SysfsError) {
    let descriptor = linux_open(path, O_WRONLY | O_TRUNC | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw SysfsError(path: path, errorNumber: linux_errno()) }
    defer { close(descriptor) }
    var line = text + "\n"
    let count = line.utf8.count
    let written = line.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard written == count else { throw SysfsError(path: path, errorNumber: linux_errno()) }
  }

  /// How long the pin is high in each period. A hundredth of a percent is 100 ns: nothing is rounded.
  private static func nanoseconds(_ output: PilotOutput, _ isInverting: Bool) -> Int64 {
    let high: Int64 =
      switch output {
      case .steadyNegative: 0
      case .steadyPositive: period
      case .pulseWidth(let duty): Int64(duty.hundredthsOfPercent) * (period / 10_000)
      }
    return isInverting ? period - high : high
  }

  /// The newest output is what is written; one that was not written yet is forgotten.
  func apply(_ output: PilotOutput) {
    let nanoseconds = Self.nanoseconds(output, hasInvertingStage)
    let isNew = state.withLock { state in
      defer { state.wanted = nanoseconds }
      return state.wanted != nanoseconds
    }
    if isNew { thread?.ring() }
  }

  private func writeWanted() -> Duration {
    let (wanted, isOwed) = state.withLock { ($0.wanted, $0.wanted != $0.written) }
    guard isOwed else { return Self.idle }
    let isWritten = duty.write(wanted)
    let now = MonotonicInstant(nanoseconds: linux_boottime_ns())
    return state.withLock { state in
      if isWritten {
        state.written = wanted
        state.failedSince = nil
        return state.wanted == wanted ? Self.idle : .milliseconds(1)
      }
      state.failedSince = state.failedSince ?? now
      return Self.retryInterval
    }
  }

  /// Since when the wanted output does not lie on the pin, though the thread tries.
  var isRefusedSince: MonotonicInstant? { state.withLock { $0.failedSince } }
  /// The wanted output has been written.
  var isWritten: Bool { state.withLock { $0.written == $0.wanted } }
}

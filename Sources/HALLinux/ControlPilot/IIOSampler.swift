import CLinux
import ChargerBase
import Glibc
import Synchronization

/// Reads one or two channels on a thread of its own, again and again, and keeps the newest sample for the control lane.
final class IIOSampler: @unchecked Sendable {
  // Unchecked: what is not constant is under the lock, or the thread's alone.
  struct Sample: Equatable, Sendable {
    /// In millionths of the unit; nil for what could not be read.
    var first: Int64?
    var second: Int64?
    /// Before the first channel was read: nothing in it is older.
    var takenAt: MonotonicInstant
  }

  private let first: IIOChannel
  private let second: IIOChannel?
  private let interval: Duration
  /// A change by so much is told at once, smaller ones a few times a second.
  private let step: Int64
  /// Its holder inherits the priority of who waits for it.
  private let newest = Mutex<Sample?>(nil)
  private var told: Sample?
  private var thread: SysfsThread?
  private static let repetition = Duration.milliseconds(50)

  /// Readable when there are news.
  let wakeDescriptor = linux_eventfd()

  init(_ name: String, first: IIOChannel, second: IIOChannel? = nil, interval: Duration, step: Int64) {
    self.first = first
    self.second = second
    self.interval = interval
    self.step = step
    // The body holds no reference: the owner stops the thread before it goes.
    let body = Unmanaged.passUnretained(self)
    thread = SysfsThread(name) { body._withUnsafeGuaranteedRef { $0.sample() } }
    _ = thread?.start()
  }

  deinit {
    thread?.stop()
    if wakeDescriptor >= 0 { close(wakeDescriptor) }
  }

  private func sample() -> Duration {
    let takenAt = MonotonicInstant(nanoseconds: linux_boottime_ns())
    let sample = Sample(first: first.read(), second: second?.read(), takenAt: takenAt)
    newest.withLock { $0 = sample }
    if isNews(sample) {
      told = sample
      linux_eventfd_signal(wakeDescriptor)
    }
    return interval
  }

  private func isNews(_ sample: Sample) -> Bool {
    guard let told, sample.takenAt - told.takenAt < Self.repetition else { return true }
    return differs(sample.first, told.first) || differs(sample.second, told.second)
  }

  private func differs(_ new: Int64?, _ old: Int64?) -> Bool {
    guard let new, let old else { return (new == nil) != (old == nil) }
    return new.subtractingSaturating(old).magnitude >= UInt64(max(step, 1))
  }

  /// The newest sample; makes the descriptor quiet.
  func take() -> Sample? {
    linux_eventfd_drain(wakeDescriptor)
    return newest.withLock { $0 }
  }
}

/// Whether a converter still gives values that can be.
struct IIOHealth {
  private let silence: Duration
  /// The same number for so long is no measurement; nil where a quiet converter may well give it.
  private let stuckAfter: Duration?
  private var startedAt: MonotonicInstant?
  private var goodAt: MonotonicInstant?
  private var servedAt = MonotonicInstant.zero
  private var last: Int64?
  private var unchangedSince = MonotonicInstant.zero

  init(silence: Duration, stuckAfter: Duration? = nil) {
    self.silence = silence
    self.stuckAfter = stuckAfter
  }

  mutating func served(at now: MonotonicInstant) {
    servedAt = now
    if startedAt == nil { startedAt = now }
  }

  /// Whether a number that a channel has given may be believed: it was measured since the lane serves the driver, and
  /// the converter is not stuck.
  mutating func believes(_ value: Int64, takenAt: MonotonicInstant) -> Bool {
    guard let startedAt, takenAt >= startedAt else { return false }
    guard let stuckAfter else { return true }
    if value != last {
      last = value
      unchangedSince = takenAt
    }
    return takenAt - unchangedSince < stuckAfter
  }

  mutating func good(takenAt: MonotonicInstant) { goodAt = takenAt }

  var health: DriverHealthState {
    guard let since = goodAt ?? startedAt, servedAt - since >= silence else { return .alive }
    return .silent(since)
  }

  enum DriverHealthState {
    case alive
    case silent(MonotonicInstant)
  }
}

import CLinux
import ChargerBase
import Glibc
import HAL
import Synchronization

/// Between the thread of a line and the control lane: the newest reading, a request to sign, and its answer.
///
/// The control lane only tries the lock: whenever the line's thread has held it, it rings. What lies here is fixed in
/// size, so that passing it on allocates nothing.
final class MeterMailbox: Sendable {
  struct Content: Sendable {
    var reading: MeterReading?
    var question: Question?
    var answer: SignedReadingAnswer?
  }

  /// A request, as its owner leaves it here.
  struct Question: Sendable {
    let request: SignedReadingRequest
    /// The last request whose signature its owner has been given.
    let delivered: UInt32?
    /// Then the owner gives it up, whether the line has seen it or not.
    let until: MonotonicInstant
  }

  let descriptor = linux_eventfd()
  private let content = Mutex(Content())
  /// Rings that were begun and not taken: while there are none, silencing costs no system call.
  private let begun = Atomic<UInt64>(0)
  /// A request may lie here: while none does, the line's thread, which looks before each exchange, takes no lock.
  private let isAsked = Atomic<Bool>(false)

  deinit { close(descriptor) }

  // MARK: The line's thread

  func post(_ reading: MeterReading) {
    content.withLock { $0.reading = reading }
    ring()
  }

  func post(_ answer: SignedReadingAnswer) {
    content.withLock { $0.answer = answer }
    ring()
  }

  func takeRequest() -> Question? {
    guard isAsked.exchange(false, ordering: .acquiringAndReleasing) else { return nil }
    let question = content.withLock { content in
      defer { content.question = nil }
      return content.question
    }
    ring()
    return question
  }

  private func ring() {
    begun.wrappingAdd(1, ordering: .sequentiallyConsistent)
    linux_eventfd_signal(descriptor)
  }

  // MARK: The control lane

  func silence() {
    guard begun.load(ordering: .sequentiallyConsistent) > 0 else { return }
    begun.wrappingSubtract(linux_eventfd_take(descriptor), ordering: .sequentiallyConsistent)
  }

  /// What has come; nil when there is nothing, or when it is being written and will be rung for.
  func takeReading() -> MeterReading? {
    content.withLockIfAvailable { content in
      defer { content.reading = nil }
      return content.reading
    } ?? nil
  }

  func takeAnswer() -> SignedReadingAnswer? {
    content.withLockIfAvailable { content in
      defer { content.answer = nil }
      return content.answer
    } ?? nil
  }

  /// False when the line's thread holds the mailbox at this moment.
  func ask(_ question: Question) -> Bool {
    let isLeft =
      content.withLockIfAvailable { content -> Bool in
        content.question = question
        content.answer = nil
        return true
      } ?? false
    if isLeft { isAsked.store(true, ordering: .releasing) }
    return isLeft
  }
}

/// When a driver that was heard last then has been silent for too long.
struct MeterSilence {
  let limit: Duration
  private var lastHeard: MonotonicInstant?
  private(set) var health = DriverHealth.alive

  init(limit: Duration) { self.limit = limit }

  mutating func heard(at instant: MonotonicInstant) {
    lastHeard = instant
    health = .alive
  }

  /// Before anything was heard, the time runs from the first check.
  mutating func check(at now: MonotonicInstant) {
    let last = lastHeard ?? now
    if lastHeard == nil { lastHeard = now }
    if last.duration(to: now) >= limit { health = .silent(since: last) }
  }
}

/// One request to sign at a time, and exactly one answer for each that was taken (EnergyMeter 4).
struct SigningQueue {
  let timeout: Duration
  private var pending: (number: UInt32, until: MonotonicInstant)?
  private var answer: SignedReadingAnswer?
  /// The last request whose signature was taken by its owner.
  private(set) var delivered: UInt32?

  init(timeout: Duration) { self.timeout = timeout }

  var isFree: Bool { pending == nil && answer == nil }

  mutating func took(_ number: UInt32, until: MonotonicInstant) { pending = (number, until) }

  /// An answer that nobody waits for any more is dropped.
  mutating func take(_ new: SignedReadingAnswer) {
    guard let pending, pending.number == new.number else { return }
    self.pending = nil
    answer = new
  }

  mutating func check(at now: MonotonicInstant) {
    guard let pending, now >= pending.until else { return }
    self.pending = nil
    answer = .failed(number: pending.number, .timedOut)
  }

  mutating func takeAnswer() -> SignedReadingAnswer? {
    defer { answer = nil }
    if case .signed(let number, _)? = answer { delivered = number }
    return answer
  }
}

import ChargerBase
import HAL

/// One request for a signed reading at a time, and exactly one answer for each that was taken (EnergyMeter 4).
struct SigningDesk: Sendable {
  let timeout: Duration?
  private var pending: (number: UInt32, until: MonotonicInstant)?
  private var answer: SignedReadingAnswer?

  init(timeout: Duration?) { self.timeout = timeout }

  /// Whether a new request can be taken now.
  var isFree: Bool { timeout != nil && pending == nil && answer == nil }

  mutating func took(_ request: SignedReadingRequest, at now: MonotonicInstant) {
    guard let timeout else { return }
    pending = (request.number, now + timeout)
  }

  /// What the meter has answered; an answer that nobody waits for any more is dropped.
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
    return answer
  }
}

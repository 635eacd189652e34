import ChargerBase
import HAL

/// An input of a front part with its filter and its health. Belongs to the thread that steps the part.
final class FrontInput: @unchecked Sendable {
  // Unchecked: `read` is called by the front lane's thread alone, see `FrontPart.step`.

  /// What was seen in one reading.
  struct Seen {
    var isActive: Bool?
    /// When it became so.
    var since: MonotonicInstant
    /// How often it has become active since the reading before.
    var activations: Int
    var health: DriverHealth
    /// When it must be read again.
    var next: MonotonicInstant
  }

  /// An input that cannot tell its edges is read this often.
  private static let pollingInterval = Duration.milliseconds(10)

  private var input: FilteredInput
  private var line: LineHealth
  private let interval: Duration

  init(_ input: any DigitalInput, debounce: Duration, silentAfter: Duration) {
    self.input = FilteredInput(input, EdgeFilter(eager: true, settle: debounce, release: debounce))
    line = LineHealth(silentAfter: silentAfter)
    interval = input.descriptor == nil ? Self.pollingInterval : silentAfter / 2
  }

  func read(at now: MonotonicInstant) -> Seen {
    let before = input.filter.eagerCount
    line.note(input.read(at: now), at: now)
    let next = earlier(earlier(input.filter.deadline, line.deadline(at: now)), now + interval) ?? now + interval
    return Seen(
      isActive: input.state, since: input.filter.since, activations: Int(input.filter.eagerCount &- before),
      health: line.health, next: next)
  }
}

import ChargerBase

/// Turns the MCU's own time into the station's, so that what waited on the way is not taken for fresh.
///
/// The frame that came fastest shows how the two clocks stand to each other; later than that it was measured never. What
/// the clocks drift apart is allowed for.
struct MicrocontrollerClock {
  /// How far two quartzes may drift, in parts per million.
  private static let drift: Int64 = 200
  /// A clock that is off by more than this from one frame to the next has leapt.
  private static let leap: Int64 = 1_000_000_000

  private var lastMicroseconds: UInt32 = 0
  /// The MCU's time since the first frame, without the wrap of its counter.
  private var elapsed: Int64 = 0
  /// The station's time at the MCU's `elapsed` of zero, as the fastest frame shows it; nil before the first frame.
  private var origin: Int64?

  /// When the MCU measured at `microseconds` of its own time, in a frame that has come at `now`; nil when its clock has
  /// leapt: of this one frame nobody can say, and the next ones are understood by it.
  mutating func instant(_ microseconds: UInt32, arrivedAt now: MonotonicInstant) -> MonotonicInstant? {
    guard let known = origin else {
      begin(microseconds, at: now)
      return now
    }
    // Frames come in order here; one that seems older by a little is no step of 71 minutes.
    let step = Int64(Int32(bitPattern: microseconds &- lastMicroseconds)) * 1_000
    lastMicroseconds = microseconds
    elapsed = elapsed.addingSaturating(step)
    let allowed = known.addingSaturating(max(0, step) / 1_000_000 * Self.drift)
    let shown = now.nanoseconds.subtractingSaturating(elapsed)
    // It cannot go back, nor be measured after it has come.
    if step < -Self.leap || shown < known.subtractingSaturating(Self.leap) {
      begin(microseconds, at: now)
      return nil
    }
    let origin = min(allowed, shown)
    self.origin = origin
    return MonotonicInstant(nanoseconds: min(now.nanoseconds, origin.addingSaturating(elapsed)))
  }

  private mutating func begin(_ microseconds: UInt32, at now: MonotonicInstant) {
    lastMicroseconds = microseconds
    elapsed = 0
    origin = now.nanoseconds
  }

  mutating func reset() { self = MicrocontrollerClock() }
}

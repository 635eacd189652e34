import ChargerBase

/// Tells when a line has more edges than any contact makes: a floating input, or a wire that picks up the mains' noise.
///
/// In a storm the line is looked at every `tick` and wakes nobody by its edges, so that it takes no time from the control
/// lane; the level that is read then is right whatever edges the kernel has dropped.
struct EdgeStorm: Equatable {
  /// A contact that bounces makes a few edges in its first milliseconds; more than `most` in a window is a storm.
  static let window = Duration.milliseconds(20)
  static let most = 32
  /// How often the line is looked at in a storm: well within what drivers owe.
  static let tick = Duration.milliseconds(5)
  /// A tick with fewer edges ends it.
  static let calm = 4

  private(set) var isRaging = false
  private var edges = 0
  private var since = MonotonicInstant.zero

  /// The line was read: so many edges had waited. True when a storm has begun or ended with this.
  mutating func note(_ count: Int, at now: MonotonicInstant) -> Bool {
    let was = isRaging
    if isRaging {
      edges = edges.addingSaturating(count)
      guard now - since >= Self.tick else { return false }
      isRaging = edges >= Self.calm
      begin(at: now)
    } else {
      if now - since >= Self.window { begin(at: now) }
      edges = edges.addingSaturating(count)
      isRaging = edges > Self.most
      if isRaging { begin(at: now) }
    }
    return isRaging != was
  }

  private mutating func begin(at now: MonotonicInstant) {
    since = now
    edges = 0
  }
}

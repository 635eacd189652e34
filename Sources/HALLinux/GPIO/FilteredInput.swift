import ChargerBase

/// An input with its filter, as the drivers read it.
struct FilteredInput {
  /// Edges taken in one reading; what is left of a storm is taken in the next.
  static let edgesPerReading = 64

  let input: any DigitalInput
  private(set) var filter: EdgeFilter
  /// When the state that is told was seen: at its edge when it is new, else at the last reading.
  private(set) var takenAt = MonotonicInstant.zero

  /// - Parameter filter: a filter that the kernel does not do already.
  init(_ input: any DigitalInput, _ filter: EdgeFilter = EdgeFilter()) {
    self.input = input
    self.filter =
      input.isDebounced && filter.settle == filter.release ? EdgeFilter(eager: filter.eager) : filter
  }

  /// More edges come than any contact makes.
  var isStorming: Bool { input.isStorming }

  /// Nil until it was first read.
  var state: Bool? { filter.state }

  /// Takes in the edges that wait and then the level, which is right also when edges were lost. False when the hardware
  /// did not answer.
  mutating func read(at now: MonotonicInstant) -> Bool {
    let before = filter.state
    var count = 0
    while count < Self.edgesPerReading, let edge = input.nextEdge() {
      // The level was read later than an edge that comes late: time does not go back.
      let at = max(min(edge.at, now), takenAt)
      // The kernel reads the level when it has time for the edge: after a short pulse both edges show the line at rest,
      // and an edge to where the line was already tells that it has been elsewhere.
      if edge.isActive == filter.raw { filter.take(!edge.isActive, at: at) }
      filter.take(edge.isActive, at: at)
      count += 1
    }
    guard let level = input.get() else { return false }
    filter.take(level, at: now)
    takenAt = filter.state == before ? now : filter.since
    return true
  }
}

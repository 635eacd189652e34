import ChargerBase
import OCPPTypes

/// The clock-aligned instants of the station (AlignedDataCtrlr), and the readings that are awaited for one of them.
struct AlignedData {
  /// How long the first reading at or after an aligned instant is waited for; then the newest one has to do.
  static let readingGrace = Duration.seconds(3)
  /// A reading taken within this after an aligned instant is told with that instant's own time, so that the series of
  /// every EVSE are evenly spaced and of the same times.
  static let alignedWithin = Duration.seconds(2)

  enum Purpose: Sendable { case update, ended }

  /// A reading that is awaited.
  struct Due {
    var evse: EVSEID
    var purpose: Purpose
    var wall: WallTime
    /// The aligned instant on the station's own clock.
    var instant: MonotonicInstant
  }

  private var updates = ClockAlignment(interval: .zero)
  private var ended = ClockAlignment(interval: .zero)
  private var intervals: [Duration] = []
  /// No instants at all.
  private(set) var isOff = true
  /// At most one of each purpose for each EVSE and the station.
  private(set) var due: [Due] = []

  /// Intervals that have changed count anew.
  mutating func configure(_ settings: MeteringSettings) {
    let wanted = [settings.alignedInterval, settings.alignedEndedInterval]
    guard wanted != intervals else { return }
    intervals = wanted
    updates = ClockAlignment(interval: settings.alignedInterval)
    ended = ClockAlignment(interval: settings.alignedEndedInterval)
    isOff = wanted.allSatisfy { $0 == .zero }
    due = []
  }

  /// Marks what has become due at `evses` now.
  mutating func advance(_ present: EventTime, _ evses: [EVSEID]) {
    if let wall = updates.take(at: present.wall) { mark(.update, wall, present, evses) }
    if let wall = ended.take(at: present.wall) { mark(.ended, wall, present, evses) }
  }

  private mutating func mark(_ purpose: Purpose, _ wall: WallTime, _ present: EventTime, _ evses: [EVSEID]) {
    due.removeAll { $0.purpose == purpose }
    let instant = present.wall.map { present.instant + (wall - $0) } ?? present.instant
    due += evses.map { Due(evse: $0, purpose: purpose, wall: wall, instant: instant) }
  }

  /// What a reading of an EVSE that was taken at an instant is awaited for.
  mutating func take(_ evse: EVSEID, takenAt: MonotonicInstant) -> [Due] {
    guard !due.isEmpty else { return [] }
    let taken = due.filter { $0.evse == evse && takenAt >= $0.instant }
    if !taken.isEmpty { due.removeAll { $0.evse == evse && takenAt >= $0.instant } }
    return taken
  }

  /// What has been waited for in vain.
  mutating func takeOverdue(at now: MonotonicInstant) -> [Due] {
    guard !due.isEmpty else { return [] }
    let overdue = due.filter { $0.instant + Self.readingGrace <= now }
    due.removeAll { $0.instant + Self.readingGrace <= now }
    return overdue
  }

  func deadline(_ present: EventTime) -> MonotonicInstant {
    var deadline = min(updates.deadline(present), ended.deadline(present))
    for item in due { deadline = min(deadline, item.instant + Self.readingGrace) }
    return deadline
  }
}

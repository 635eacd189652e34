import ChargerBase
import OCPPPorts

/// What the engine knows of civil time: the CSMS's word, the system's clock, and the offsets of earlier boots for records
/// that were made before anybody knew.
struct StationClock {
  /// Boots whose offset is remembered.
  static let rememberedBoots = 8
  static let documentKey = "clock"
  /// A stored offset is renewed when it is off by more than this.
  private static let significance = Duration.seconds(5)

  let boot: BootNumber
  /// Milliseconds from the station's clock to civil time, by the CSMS.
  private(set) var csmsOffset: Int64?
  /// Oldest first; the present boot's, if known, last.
  private var stored: [Offset] = []

  struct Offset: Equatable {
    var boot: BootNumber
    /// As learned last, within `significance`.
    var latest: Int64
    /// As learned first: events without a time of their own get theirs from it, the same each time they are told.
    var first: Int64
    /// `latest` is the CSMS's word.
    var isOfCSMS: Bool
  }

  init(boot: BootNumber, document: [UInt8]?) {
    self.boot = boot
    guard let document else { return }
    var reader = RecordReader(document)
    while let (field, value) = try? reader.next() {
      guard field == 1, let nested = value.data else { continue }
      var item = RecordReader(nested)
      var number: Int64?
      var latest: Int64?
      var first: Int64?
      var isOfCSMS = false
      while let (field, value) = try? item.next() {
        if field == 1 { number = value.integer }
        if field == 2 { latest = value.integer }
        if field == 3 { first = value.integer }
        if field == 4 { isOfCSMS = value.bool ?? false }
      }
      guard let number, let latest else { continue }
      stored.append(
        Offset(boot: BootNumber(rawValue: number), latest: latest, first: first ?? latest, isOfCSMS: isOfCSMS))
    }
    stored = Array(stored.suffix(Self.rememberedBoots))
  }

  /// `sources` is ClockCtrlr.TimeSource, in order of preference. What the CSMS said before this program was started anew
  /// within one boot still counts: the time of a transaction under way would else step by what the system's clock is off.
  func wall(at instant: MonotonicInstant, system: (wall: WallTime?, now: MonotonicInstant), sources: [String])
    -> WallTime?
  {
    for source in sources {
      switch source {
      case "Heartbeat":
        if let offset = csmsOffset ?? stored.last(where: { $0.boot == boot && $0.isOfCSMS })?.latest {
          return Self.wall(instant, offset: offset)
        }
      case "RealTimeClock":
        if let wall = system.wall { return wall + system.now.duration(to: instant) }
      default: break
      }
    }
    return stored.last { $0.boot == boot }.map { Self.wall(instant, offset: $0.latest) }
  }

  /// Civil time of an event that has none of its own. Of a boot that never knew the time only the latest possible is
  /// known: the beginning of the next boot that did.
  func wall(of time: EventTime) -> WallTime? {
    if let own = stored.last(where: { $0.boot == time.boot }) { return Self.wall(time.instant, offset: own.first) }
    return stored.first { $0.boot > time.boot }.map { Self.wall(.zero, offset: $0.first) }
  }

  private static func wall(_ instant: MonotonicInstant, offset: Int64) -> WallTime {
    WallTime(millisecondsSinceEpoch: (instant.nanoseconds / 1_000_000).addingSaturating(offset))
  }

  static func offset(of wall: WallTime, at instant: MonotonicInstant) -> Int64 {
    wall.millisecondsSinceEpoch.subtractingSaturating(instant.nanoseconds / 1_000_000)
  }

  /// The CSMS said that it is `wall` at `instant`.
  mutating func learn(_ wall: WallTime, at instant: MonotonicInstant) {
    csmsOffset = Self.offset(of: wall, at: instant)
  }

  /// The document to store when this boot's offset is new or has moved.
  mutating func remember(_ wall: WallTime, at instant: MonotonicInstant) -> StoreMutation? {
    let offset = Self.offset(of: wall, at: instant)
    let known = stored.last { $0.boot == boot }
    // The same number as the system's word is another thing as the CSMS's: the system's clock may be set.
    let isOfCSMS = offset == csmsOffset
    if let known, known.isOfCSMS || !isOfCSMS,
      Duration.milliseconds(known.latest.subtractingSaturating(offset).magnitude.clampedToInt64) <= Self.significance
    {
      return nil
    }
    stored.removeAll { $0.boot == boot }
    stored.append(Offset(boot: boot, latest: offset, first: known?.first ?? offset, isOfCSMS: isOfCSMS))
    stored = Array(stored.suffix(Self.rememberedBoots))
    var record = RecordWriter()
    for item in stored {
      record.write(field: 1) { nested in
        nested.write(item.boot.rawValue, field: 1)
        nested.write(item.latest, field: 2)
        nested.write(item.first, field: 3)
        nested.write(item.isOfCSMS, field: 4)
      }
    }
    return .putDocument(.engine, key: Self.documentKey, body: record.bytes)
  }
}

extension UInt64 {
  fileprivate var clampedToInt64: Int64 { Int64(clamping: self) }
}

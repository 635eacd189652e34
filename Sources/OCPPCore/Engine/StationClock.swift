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
  private var stored: [(boot: BootNumber, offset: Int64)] = []

  init(boot: BootNumber, document: [UInt8]?) {
    self.boot = boot
    guard let document else { return }
    var reader = RecordReader(document)
    while let (field, value) = try? reader.next() {
      guard field == 1, let nested = value.data else { continue }
      var item = RecordReader(nested)
      var number: Int64?
      var offset: Int64?
      while let (field, value) = try? item.next() {
        if field == 1 { number = value.integer }
        if field == 2 { offset = value.integer }
      }
      guard let number, let offset else { continue }
      stored.append((BootNumber(rawValue: number), offset))
    }
    stored = Array(stored.suffix(Self.rememberedBoots))
  }

  /// `sources` is ClockCtrlr.TimeSource, in order of preference.
  func wall(at instant: MonotonicInstant, system: (wall: WallTime?, now: MonotonicInstant), sources: [String])
    -> WallTime?
  {
    for source in sources {
      switch source {
      case "Heartbeat":
        if let csmsOffset { return Self.wall(instant, offset: csmsOffset) }
      case "RealTimeClock":
        if let wall = system.wall { return wall + system.now.duration(to: instant) }
      default: break
      }
    }
    return stored.last { $0.boot == boot }.map { Self.wall(instant, offset: $0.offset) }
  }

  func wall(of time: EventTime) -> WallTime? {
    stored.last { $0.boot == time.boot }.map { Self.wall(time.instant, offset: $0.offset) }
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
    if let known = stored.last(where: { $0.boot == boot })?.offset,
      Duration.milliseconds(known.subtractingSaturating(offset).magnitude.clampedToInt64) <= Self.significance
    {
      return nil
    }
    stored.removeAll { $0.boot == boot }
    stored.append((boot, offset))
    stored = Array(stored.suffix(Self.rememberedBoots))
    var record = RecordWriter()
    for item in stored {
      record.write(field: 1) { nested in
        nested.write(item.boot.rawValue, field: 1)
        nested.write(item.offset, field: 2)
      }
    }
    return .putDocument(.engine, key: Self.documentKey, body: record.bytes)
  }
}

extension UInt64 {
  fileprivate var clampedToInt64: Int64 { Int64(clamping: self) }
}

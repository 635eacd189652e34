import ChargerBase
import HAL

/// A ring of typed records in a fixed region of memory: the last minutes before a crash, for people who ask why.
///
/// The region may be a mapped file, so that what was written survives the program's sudden end. Writing allocates
/// nothing and takes well under a microsecond. One thread writes; others may read meanwhile, because every record
/// carries a check value, and a reader leaves out one that is just being written.
public final class FlightRecorder: @unchecked Sendable {
  // Unchecked: the region is written by one thread only, readers verify each record that they copy, and `region` itself
  // never changes.

  /// Bytes before the first record.
  package static let headerSize = 64
  package static let recordSize = 32
  /// "EVSEFLT1" as it lies in memory on a little-endian machine.
  static let magic: UInt64 = 0x3154_4C46_4553_5645

  private let region: UnsafeMutableRawBufferPointer
  private let ownsRegion: Bool
  /// Records that the ring holds.
  public let capacity: Int
  private var written: UInt64

  /// Records into `region`, which must outlive the recorder, be aligned to 8 bytes and hold one record at least (96
  /// bytes); nil otherwise. A region that holds records of an earlier run is continued, any other is cleared.
  public convenience init?(region: UnsafeMutableRawBufferPointer) {
    self.init(region: region, ownsRegion: false)
  }

  /// Records into memory of its own, which ends with it. A capacity below 1 is taken as 1, one above 65,536 as that.
  public convenience init(capacity: Int) {
    let bytes = Self.headerSize + capacity.clamped(to: 1...65_536) * Self.recordSize
    let region = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 8)
    region.initializeMemory(as: UInt8.self, repeating: 0)
    self.init(checked: region, ownsRegion: true)
  }

  private convenience init?(region: UnsafeMutableRawBufferPointer, ownsRegion: Bool) {
    guard region.count >= Self.headerSize + Self.recordSize, let base = region.baseAddress,
      Int(bitPattern: base) % 8 == 0
    else { return nil }
    self.init(checked: region, ownsRegion: ownsRegion)
  }

  private init(checked region: UnsafeMutableRawBufferPointer, ownsRegion: Bool) {
    self.region = region
    self.ownsRegion = ownsRegion
    capacity = (region.count - Self.headerSize) / Self.recordSize
    written = 0
    let isContinued =
      region.load(fromByteOffset: 0, as: UInt64.self) == Self.magic
      && region.load(fromByteOffset: 8, as: UInt64.self) == UInt64(capacity)
    if isContinued {
      written = FlightRecording.newestSequence(in: UnsafeRawBufferPointer(region), capacity: capacity)
    } else {
      region.initializeMemory(as: UInt8.self, repeating: 0)
      region.storeBytes(of: UInt64(capacity), toByteOffset: 8, as: UInt64.self)
      region.storeBytes(of: Self.magic, toByteOffset: 0, as: UInt64.self)
    }
  }

  deinit {
    if ownsRegion { region.deallocate() }
  }

  /// Entries written since the memory was first used, overwritten ones included.
  public var count: UInt64 { written }

  /// Writes one entry; the sequence number is the recorder's to give.
  public func record(_ record: FlightRecord) {
    written += 1
    var raw = RawRecord(record)
    raw.sequence = written
    raw.check = raw.expectedCheck
    let offset = Self.headerSize + Int((written - 1) % UInt64(capacity)) * Self.recordSize
    region.storeBytes(of: raw, toByteOffset: offset, as: RawRecord.self)
  }

  /// The readable entries, oldest first.
  public func records() -> [FlightRecord] { FlightRecording(UnsafeRawBufferPointer(region))?.records ?? [] }
}

/// A record as it lies in memory: 32 bytes.
struct RawRecord: BitwiseCopyable {
  var sequence: UInt64
  var nanoseconds: Int64
  var kind: UInt16
  var evse: UInt16
  var connector: UInt16
  var check: UInt16
  var first: Int32
  var second: Int32

  init(_ record: FlightRecord) {
    sequence = record.sequence
    nanoseconds = record.at.nanoseconds
    kind = record.kind.rawValue
    evse = UInt16(clamping: record.connector.evse.number)
    connector = UInt16(clamping: record.connector.number)
    check = 0
    first = record.first
    second = record.second
  }

  /// Never written.
  var isEmpty: Bool { sequence == 0 && kind == 0 && check == 0 }

  /// Folds all other fields; a record that is only half there does not match.
  var expectedCheck: UInt16 {
    var mixed = sequence &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ UInt64(bitPattern: nanoseconds)) &* 0xBF58_476D_1CE4_E5B9
    mixed ^= UInt64(kind) << 32 | UInt64(evse) << 16 | UInt64(connector)
    mixed &*= 0x94D0_49BB_1331_11EB
    mixed ^= UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
    mixed &*= 0x9E37_79B9_7F4A_7C15
    return UInt16(truncatingIfNeeded: mixed >> 48)
  }
}

extension FlightRecord {
  init?(_ raw: RawRecord) {
    guard raw.sequence > 0, let kind = Kind(rawValue: raw.kind) else { return nil }
    self.init(
      sequence: raw.sequence, at: MonotonicInstant(nanoseconds: raw.nanoseconds), kind: kind,
      connector: ConnectorID(evse: EVSEID(Int32(raw.evse)), number: Int32(raw.connector)), first: raw.first,
      second: raw.second)
  }
}

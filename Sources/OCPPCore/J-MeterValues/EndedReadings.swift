import ChargerBase
import OCPPPorts
import OCPPTypes

/// The readings that a transaction keeps for its Ended event, sampled and clock-aligned ones, in the order in which they
/// were taken. Each has a small document of its own, so that a new one does not write all the others again.
package struct EndedReadings: Sendable, Equatable {
  /// Bound in memory and on disk. When there are more, every second one of each kind goes, and from then on only every
  /// second is taken (E06.FR.13, J02.FR.20): what is kept is evenly spread over the whole transaction, however long.
  package static let maximum = 240

  package struct Item: Sendable, Equatable {
    /// Names the document.
    package var number: Int32
    /// The place of the reading among all of its kind that were offered, from 0.
    package var ordinal: Int32
    package var reading: MeterReadingRecord
  }

  /// Sampled readings, or clock-aligned ones.
  private struct Series: Sendable, Equatable {
    var nextOrdinal: Int32 = 0
    /// Of so many readings one is kept; a power of two.
    var stride: Int32 = 1

    func keeps(_ ordinal: Int32) -> Bool { ordinal.addingSaturating(1) % max(1, stride) == 0 }
  }

  package private(set) var items: [Item] = []
  private var nextNumber: Int32 = 0
  private var sampled = Series()
  private var aligned = Series()

  package init() {}

  package var readings: [MeterReadingRecord] { items.map { $0.reading } }

  private static func isAligned(_ reading: MeterReadingRecord) -> Bool { reading.context == .sampleClock }

  /// Takes a reading in, if it is its turn; answers it with its number, and the numbers of those that made room.
  package mutating func keep(_ reading: MeterReadingRecord) -> (item: Item?, dropped: [Int32]) {
    let isAligned = Self.isAligned(reading)
    let ordinal = isAligned ? aligned.nextOrdinal : sampled.nextOrdinal
    if isAligned {
      aligned.nextOrdinal = ordinal.addingSaturating(1)
    } else {
      sampled.nextOrdinal = ordinal.addingSaturating(1)
    }
    func isItsTurn() -> Bool { (isAligned ? aligned : sampled).keeps(ordinal) }
    guard isItsTurn() else { return (nil, []) }
    var dropped: [Int32] = []
    if items.count >= Self.maximum {
      dropped = thin()
      guard isItsTurn() else { return (nil, dropped) }
    }
    let item = Item(number: nextNumber, ordinal: ordinal, reading: reading)
    nextNumber = nextNumber.addingSaturating(1)
    items.append(item)
    return (item, dropped)
  }

  /// Takes up a stored one. What was kept tells how far it had been thinned.
  package mutating func restore(_ item: Item) {
    guard items.count < Self.maximum, !items.contains(where: { $0.number == item.number }) else { return }
    nextNumber = max(nextNumber, item.number.addingSaturating(1))
    let place = items.firstIndex { $0.number > item.number } ?? items.endIndex
    items.insert(item, at: place)
    let isAligned = Self.isAligned(item.reading)
    if isAligned { aligned = resumedSeries(isAligned) } else { sampled = resumedSeries(isAligned) }
  }

  private func resumedSeries(_ isAligned: Bool) -> Series {
    var series = Series()
    let ordinals = items.filter { Self.isAligned($0.reading) == isAligned }.map { $0.ordinal }
    series.nextOrdinal = (ordinals.max() ?? -1).addingSaturating(1)
    // One alone says nothing.
    guard ordinals.count > 1 else { return series }
    while series.stride < 1 << 20, ordinals.allSatisfy({ $0.addingSaturating(1) % (series.stride * 2) == 0 }) {
      series.stride *= 2
    }
    return series
  }

  /// The first, third, fifth … of each kind goes.
  private mutating func thin() -> [Int32] {
    sampled.stride = min(sampled.stride, 1 << 20) * 2
    aligned.stride = min(aligned.stride, 1 << 20) * 2
    var dropped: [Int32] = []
    let series = (sampled, aligned)
    items.removeAll { item in
      let isKept = (Self.isAligned(item.reading) ? series.1 : series.0).keeps(item.ordinal)
      if !isKept { dropped.append(item.number) }
      return !isKept
    }
    return dropped
  }

  /// J02.FR.20: leaves out every second reading between the first and the last until they fit into one message. What
  /// was signed stays, and so do the readings of the transaction's begin and end: they are what is billed.
  package static func fitting(_ readings: [MeterReadingRecord], bytes limit: Int) -> [MeterReadingRecord] {
    var readings = readings
    while readings.count > TransactionEventRecord.maximumReadings
      || readings.reduce(0, { $0 + $1.bytesOnTheWire }) > limit
    {
      let before = readings.count
      var drops = false
      readings.removeAll { reading in
        guard reading.signed == nil, reading.context != .transactionBegin, reading.context != .transactionEnd else {
          return false
        }
        drops.toggle()
        return drops
      }
      if readings.count == before { break }
    }
    return readings
  }
}

// Stored form (`DocumentKind.meterReading`, key = EVSE and number).
//
// 1 transaction id   2 number   3 reading   4 EVSE   5 ordinal

extension EndedReadings.Item {
  package static func key(evse: EVSEID, number: Int32) -> String { "\(evse.number)/\(number)" }

  package func document(transactionID: String, evse: EVSEID) -> [UInt8] {
    var record = RecordWriter()
    record.write(transactionID, field: 1)
    record.write(Int64(number), field: 2)
    reading.write(to: &record, field: 3)
    record.write(Int64(evse.number), field: 4)
    record.write(Int64(ordinal), field: 5)
    return record.bytes
  }

  /// Nil when the bytes hold no reading.
  package static func read(document: [UInt8]) -> (transactionID: String, evse: EVSEID, item: EndedReadings.Item)? {
    var reader = RecordReader(document)
    var transactionID: String?
    var number: Int32?
    var reading: MeterReadingRecord?
    var evse: EVSEID?
    var ordinal: Int32?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: transactionID = value.string
      case 2: number = value.int32
      case 3: reading = value.data.flatMap { MeterReadingRecord(stored: $0) }
      case 4: evse = value.int32.map { EVSEID($0) }
      case 5: ordinal = value.int32
      default: break
      }
    }
    guard let transactionID, let number, number >= 0, let reading, let evse, let ordinal, ordinal >= 0 else {
      return nil
    }
    return (transactionID, evse, EndedReadings.Item(number: number, ordinal: ordinal, reading: reading))
  }
}

import ChargerBase
import OCPPPorts
import OCPPTypes

/// The readings that a transaction keeps for its Ended event, sampled and clock-aligned ones, in the order in which they
/// were taken. Each has a small document of its own, so that a new one does not write all the others again.
package struct EndedReadings: Sendable, Equatable {
  /// Bound in memory and on disk; when there are more, every second one of each kind goes (E06.FR.13, J02.FR.20).
  package static let maximum = 240

  package struct Item: Sendable, Equatable {
    package var number: Int32
    package var reading: MeterReadingRecord
  }

  package private(set) var items: [Item] = []
  private var nextNumber: Int32 = 0

  package init() {}

  package var readings: [MeterReadingRecord] { items.map { $0.reading } }

  /// Takes a reading in; answers it with its number, and the numbers of those that made room.
  package mutating func keep(_ reading: MeterReadingRecord) -> (item: Item, dropped: [Int32]) {
    var dropped: [Int32] = []
    if items.count >= Self.maximum { dropped = thin() }
    let item = Item(number: nextNumber, reading: reading)
    nextNumber = nextNumber.addingSaturating(1)
    items.append(item)
    return (item, dropped)
  }

  /// Takes up a stored one.
  package mutating func restore(_ item: Item) {
    guard items.count < Self.maximum, !items.contains(where: { $0.number == item.number }) else { return }
    nextNumber = max(nextNumber, item.number.addingSaturating(1))
    let place = items.firstIndex { $0.number > item.number } ?? items.endIndex
    items.insert(item, at: place)
  }

  /// The first, third, fifth … of each kind goes: none from the ends alone, and clock-aligned series stay even.
  private mutating func thin() -> [Int32] {
    var dropped: [Int32] = []
    var dropsSampled = true
    var dropsAligned = true
    items.removeAll { item in
      let drops = item.reading.context == .sampleClock ? dropsAligned : dropsSampled
      if item.reading.context == .sampleClock { dropsAligned.toggle() } else { dropsSampled.toggle() }
      if drops { dropped.append(item.number) }
      return drops
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
// 1 transaction id   2 number   3 reading   4 EVSE

extension EndedReadings.Item {
  package static func key(evse: EVSEID, number: Int32) -> String { "\(evse.number)/\(number)" }

  package func document(transactionID: String, evse: EVSEID) -> [UInt8] {
    var record = RecordWriter()
    record.write(transactionID, field: 1)
    record.write(Int64(number), field: 2)
    reading.write(to: &record, field: 3)
    record.write(Int64(evse.number), field: 4)
    return record.bytes
  }

  /// Nil when the bytes hold no reading.
  package static func read(document: [UInt8]) -> (transactionID: String, evse: EVSEID, item: EndedReadings.Item)? {
    var reader = RecordReader(document)
    var transactionID: String?
    var number: Int32?
    var reading: MeterReadingRecord?
    var evse: EVSEID?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: transactionID = value.string
      case 2: number = value.int32
      case 3: reading = value.data.flatMap { MeterReadingRecord(stored: $0) }
      case 4: evse = value.int32.map { EVSEID($0) }
      default: break
      }
    }
    guard let transactionID, let number, let reading, let evse else { return nil }
    return (transactionID, evse, EndedReadings.Item(number: number, reading: reading))
  }
}

import ChargerBase
import OCPPPorts

/// A line of the security log.
public struct SecurityLogEntry: Sendable, Equatable {
  /// Rises by one with each event, over restarts too.
  public var number: Int64
  /// A name of `SecurityEvent`, or the firmware's own.
  public var type: String
  public var information: String?
  public var isCritical: Bool
  /// Nil while civil time is not known.
  public var time: WallTime?
}

/// A04.FR.04: every security event, critical or not, in a rolling log in the store: the newest take the place of the
/// oldest.
struct SecurityLog {
  /// Events that are kept.
  static let capacity = 512
  private static let prefix = "security "

  struct Event {
    var number: Int64
    var type: String
    var time: EventTime
    var information: String?
    var isCritical: Bool
  }

  private(set) var events = BoundedRing<Event>(capacity: SecurityLog.capacity)
  private var lastNumber: Int64 = 0

  /// Takes up what earlier starts have written.
  init(_ documents: [StoreSnapshot.Document]) {
    let stored = documents.filter { $0.kind == .status && $0.key.hasPrefix(Self.prefix) }
      .compactMap { Event($0.body) }.sorted { $0.number < $1.number }
    for event in stored { events.appendOverwriting(event) }
    lastNumber = max(0, stored.last?.number ?? 0)
  }

  /// The line to store with the event.
  mutating func append(
    _ type: String, _ information: String?, isCritical: Bool, at time: EventTime
  ) -> StoreMutation {
    lastNumber = lastNumber.addingSaturating(1)
    let event = Event(number: lastNumber, type: type, time: time, information: information, isCritical: isCritical)
    events.appendOverwriting(event)
    return .putDocument(
      .status, key: "\(Self.prefix)\(lastNumber % Int64(Self.capacity))", body: event.stored)
  }
}

extension SecurityLog.Event {
  fileprivate var stored: [UInt8] {
    var record = RecordWriter()
    record.write(number, field: 1)
    record.write(type, field: 2)
    record.write(time, field: 3)
    record.write(information, field: 4)
    record.write(isCritical, field: 5)
    return record.bytes
  }

  fileprivate init?(_ body: [UInt8]) {
    var reader = RecordReader(body)
    var number: Int64?
    var type: String?
    var time: EventTime?
    information = nil
    isCritical = false
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: number = value.integer
      case 2: type = value.string
      case 3: time = value.eventTime
      case 4: information = value.string
      case 5: isCritical = value.bool ?? false
      default: break
      }
    }
    guard let number, let type, let time else { return nil }
    self.number = number
    self.type = type
    self.time = time
  }
}

extension ChargePoint {
  /// The security log, oldest first (A04.FR.04): the newest `SecurityLog.capacity` events, over restarts.
  public var securityLog: [SecurityLogEntry] {
    (security?.log.events.elements ?? []).map {
      SecurityLogEntry(
        number: $0.number, type: $0.type, information: $0.information, isCritical: $0.isCritical,
        time: wallTime(of: $0.time))
    }
  }
}

import ChargerBase
import OCPPPorts

/// A promised reset in the form in which it is stored.
struct StoredReset {
  private static let key = "reset"

  var scope: ResetScope
  /// Answered Scheduled: the next BootNotification says ScheduledReset.
  var wasScheduled: Bool
  /// It has begun: the next start is its consequence.
  var isCarriedOut: Bool

  init(_ scope: ResetScope, _ wasScheduled: Bool, isCarriedOut: Bool) {
    self.scope = scope
    self.wasScheduled = wasScheduled
    self.isCarriedOut = isCarriedOut
  }

  static func key(of scope: ResetScope) -> String {
    switch scope {
    case .station: key
    case .evse(let evse): "\(key) \(evse.number)"
    }
  }

  static func isKey(_ text: String) -> Bool { text == key || text.hasPrefix(key + " ") }

  var mutation: StoreMutation {
    var record = RecordWriter()
    if case .evse(let evse) = scope { record.write(Int64(evse.number), field: 1) }
    record.write(wasScheduled, field: 2)
    record.write(isCarriedOut, field: 3)
    return .putDocument(.engine, key: Self.key(of: scope), body: record.bytes)
  }

  init?(_ body: [UInt8]) {
    self.init(.station, false, isCarriedOut: false)
    var reader = RecordReader(body)
    do throws(RecordError) {
      while let (field, value) = try reader.next() {
        switch field {
        case 1: if let number = value.int32 { scope = .evse(EVSEID(number)) }
        case 2: wasScheduled = value.bool ?? false
        case 3: isCarriedOut = value.bool ?? false
        default: break
        }
      }
    } catch {
      return nil
    }
  }
}

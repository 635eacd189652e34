import ChargerBase
import OCPPPorts
import OCPPTypes

/// A written variable in the form in which it is stored.
struct StoredVariable {
  var key: VariableKey
  var kind: AttributeKind
  var value: String

  init(key: VariableKey, kind: AttributeKind, value: String) {
    self.key = key
    self.kind = kind
    self.value = value
  }

  var mutation: StoreMutation {
    var record = RecordWriter()
    record.write(key.component, field: 1)
    record.write(key.componentInstance, field: 2)
    record.write(key.evse.map { Int64($0) }, field: 3)
    record.write(key.connector.map { Int64($0) }, field: 4)
    record.write(key.variable, field: 5)
    record.write(key.variableInstance, field: 6)
    record.write(name: kind.wireName, field: 7)
    record.write(value, field: 8)
    return .putDocument(.variable, key: key.documentKey(kind.wireName), body: record.bytes)
  }

  init?(_ body: [UInt8]) {
    var reader = RecordReader(body)
    var key = VariableKey("", "")
    var kind = AttributeKind.actual
    var value: String?
    do throws(RecordError) {
      while let (field, content) = try reader.next() {
        switch field {
        case 1: key.component = content.string ?? ""
        case 2: key.componentInstance = content.string
        case 3: key.evse = content.int32
        case 4: key.connector = content.int32
        case 5: key.variable = content.string ?? ""
        case 6: key.variableInstance = content.string
        case 7: kind = content.string.flatMap { AttributeKind(wireName: $0) } ?? .actual
        case 8: value = content.string
        default: break
        }
      }
    } catch {
      return nil
    }
    guard let value else { return nil }
    self.init(key: key, kind: kind, value: value)
  }
}

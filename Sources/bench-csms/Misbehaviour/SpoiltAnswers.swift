import OCPPJSON

extension BehaviourRule.Spoiling {
  /// What goes out instead of an answer.
  func spoilt(_ frame: [UInt8], messageID: String) -> [[UInt8]] {
    switch self {
    case .schema: [JSONValue.array([3, .string(messageID), ["status": 7, "unheardOf": true]]).bytes]
    case .messageID:
      // The last place of an id is at most its 36th character (Part 4 §4.1.4).
      [JSONValue.array([3, .string("not-\(messageID.prefix(32))"), [:]]).bytes]
    case .twice: [frame, frame]
    case .unparsable: [Array("[3,\"\(messageID.filter { $0 != "\"" && $0 != "\\" })\",{".utf8)]
    }
  }
}

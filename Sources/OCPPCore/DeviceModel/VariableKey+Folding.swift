/// Names fold ASCII letters only: OCPP's names have no others (Part 2 §2.1).
extension VariableKey: Hashable {
  public static func == (left: VariableKey, right: VariableKey) -> Bool {
    left.evse == right.evse && left.connector == right.connector
      && CaseFolding.isEqual(left.variable, right.variable) && CaseFolding.isEqual(left.component, right.component)
      && CaseFolding.isEqual(left.variableInstance ?? "", right.variableInstance ?? "")
      && CaseFolding.isEqual(left.componentInstance ?? "", right.componentInstance ?? "")
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(CaseFolding.digest(component))
    hasher.combine(CaseFolding.digest(variable))
    hasher.combine(CaseFolding.digest(variableInstance ?? ""))
    hasher.combine(CaseFolding.digest(componentInstance ?? ""))
    hasher.combine(evse)
    hasher.combine(connector)
  }

  /// The key of the document that holds a value of it.
  func documentKey(_ attribute: String) -> String {
    CaseFolding.lowercased(description) + "@" + CaseFolding.lowercased(attribute)
  }
}

/// A component without its variables, for telling an unknown component from an unknown variable.
struct ComponentKey: Hashable {
  private let key: VariableKey

  init(_ key: VariableKey) {
    self.key = VariableKey(
      key.component, "", componentInstance: key.componentInstance, evse: key.evse, connector: key.connector)
  }
}

/// ASCII case folding without allocation.
enum CaseFolding {
  @inline(__always)
  private static func fold(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 0x20 : byte }

  /// FNV-1a over the folded bytes.
  static func digest(_ text: String) -> UInt64 {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { digest = (digest ^ UInt64(fold(byte))) &* 0x100_0000_01B3 }
    return digest
  }

  static func isEqual(_ left: String, _ right: String) -> Bool {
    var rest = right.utf8.makeIterator()
    for byte in left.utf8 {
      guard let other = rest.next(), fold(byte) == fold(other) else { return false }
    }
    return rest.next() == nil
  }

  static func lowercased(_ text: String) -> String {
    String(decoding: text.utf8.map { fold($0) }, as: UTF8.self)
  }
}

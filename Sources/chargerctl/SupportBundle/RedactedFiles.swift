import ChargerBase
import OCPPJSON

/// Unit file, board profile and device model as they may leave the station: the secrets out, and kept aside, so that
/// they are found wherever else they stand.
enum RedactedFiles {
  private static let secretNames = [
    "password", "passwort", "passphrase", "secret", "privatekey", "private_key", "apikey", "masterpass", "credential",
  ]
  private static let exactNames = ["pin", "puk", "key"]

  /// Whether a key, an option or a variable of this name holds a secret.
  static func isSecret(_ name: String) -> Bool {
    let name = name.lowercased()
    return exactNames.contains(name) || secretNames.contains { contains(name, $0) }
  }

  private static func contains(_ text: String, _ part: String) -> Bool {
    let (text, part) = (Array(text.utf8), Array(part.utf8))
    guard text.count >= part.count else { return false }
    return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
  }

  /// `value` without the texts under secret names, and those texts.
  static func redact(_ value: JSONValue, depth: Int = 0) -> (value: JSONValue, secrets: [String]) {
    guard depth < 64 else { return (.string(Redactor.mark), []) }
    if let members = value.members {
      // OCPP's shape of a variable: the name beside the value.
      let variable = value["variable"]?["name"]?.string ?? value["name"]?.string
      let isSecretVariable = variable.map(isSecret) ?? false
      var secrets: [String] = []
      let kept = members.map { member -> JSONMember in
        if isSecret(member.name) || isSecretVariable && member.name == "value" {
          secrets += texts(member.value, depth: depth)
          return JSONMember(member.name, member.value.isNull ? .null : .string(Redactor.mark))
        }
        let inner = redact(member.value, depth: depth + 1)
        secrets += inner.secrets
        return JSONMember(member.name, inner.value)
      }
      return (.object(kept), secrets)
    }
    guard let items = value.array else { return (value, []) }
    let inner = items.map { redact($0, depth: depth + 1) }
    return (.array(inner.map(\.value)), inner.flatMap(\.secrets))
  }

  private static func texts(_ value: JSONValue, depth: Int) -> [String] {
    guard depth < 64 else { return [] }
    if let text = value.string { return [text] }
    if let members = value.members { return members.flatMap { texts($0.value, depth: depth + 1) } }
    if let items = value.array { return items.flatMap { texts($0, depth: depth + 1) } }
    return value.isNull ? [] : [value.description]
  }

  /// The device model without what is only written.
  static func deviceModel(_ answer: JSONValue) -> JSONValue {
    let readable = (answer["variables"]?.array ?? []).filter { $0["mutability"]?.string != "WriteOnly" }
    return .object([JSONMember("variables", .array(readable))])
  }

  /// For people: a member a line on the first two levels.
  static func text(_ value: JSONValue) -> String {
    guard let members = value.members else { return value.description }
    let lines = members.map { member -> String in
      let name = JSONValue.string(member.name).description
      guard let items = member.value.array, items.count > 1 else { return "  \(name): \(member.value)" }
      return "  \(name): [\n" + items.map { "    \($0)" }.joined(separator: ",\n") + "\n  ]"
    }
    return "{\n" + lines.joined(separator: ",\n") + "\n}"
  }
}

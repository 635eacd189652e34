import ChargerBase
import OCPPJSON

/// The parameters of a call, or an object within them, read with errors that name the place.
package struct JSONRPCParameters: Sendable {
  package let value: JSONValue
  package let path: JSONPath

  package init(_ value: JSONValue, path: JSONPath = JSONPath([.name("params")])) {
    self.value = value
    self.path = path
  }

  private func path(_ name: String) -> JSONPath { JSONPath(path.components + [.name(name)]) }

  /// The error for one parameter, worded by the caller.
  package func wrong(_ name: String, _ reason: String) -> JSONRPCError { .badParameter(path(name), reason) }

  /// Refuses parameters that the method does not have.
  package func allow(_ names: [String]) throws(JSONRPCError) {
    guard let members = value.members else { throw .badParameter(path, "must be an object with named parameters") }
    for member in members where !names.contains(member.name) {
      let allowed = names.isEmpty ? "there are none" : "allowed: \(names.joined(separator: ", "))"
      throw wrong(member.name, "unknown parameter; \(allowed)")
    }
  }

  /// Nil when it is missing or null.
  package func optional(_ name: String) -> JSONValue? {
    guard let found = value[name], !found.isNull else { return nil }
    return found
  }

  package func required(_ name: String) throws(JSONRPCError) -> JSONValue {
    guard let found = optional(name) else { throw wrong(name, "missing") }
    return found
  }

  package func string(_ name: String, maximum: Int = 65_536) throws(JSONRPCError) -> String {
    guard let text = try optionalString(name, maximum: maximum) else { throw wrong(name, "missing") }
    return text
  }

  package func optionalString(_ name: String, maximum: Int = 65_536) throws(JSONRPCError) -> String? {
    guard let found = optional(name) else { return nil }
    guard let text = found.string else { throw wrong(name, "must be a string") }
    guard text.utf8.count <= maximum else { throw wrong(name, "must be at most \(maximum) bytes long") }
    return text
  }

  package func bool(_ name: String) throws(JSONRPCError) -> Bool {
    guard let found = try optionalBool(name) else { throw wrong(name, "missing") }
    return found
  }

  package func optionalBool(_ name: String) throws(JSONRPCError) -> Bool? {
    guard let found = optional(name) else { return nil }
    guard let value = found.bool else { throw wrong(name, "must be true or false") }
    return value
  }

  package func integer(_ name: String, in range: ClosedRange<Int32> = 0...Int32.max) throws(JSONRPCError) -> Int32 {
    guard let found = try optionalInteger(name, in: range) else { throw wrong(name, "missing") }
    return found
  }

  package func optionalInteger(
    _ name: String, in range: ClosedRange<Int32> = 0...Int32.max
  ) throws(JSONRPCError) -> Int32? {
    guard let found = optional(name) else { return nil }
    guard let number = found.int32, range.contains(number) else {
      throw wrong(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  package func decimal(_ name: String) throws(JSONRPCError) -> Decimal {
    guard let found = try optionalDecimal(name) else { throw wrong(name, "missing") }
    return found
  }

  package func optionalDecimal(
    _ name: String, in range: ClosedRange<Decimal>? = nil
  ) throws(JSONRPCError) -> Decimal? {
    guard let found = optional(name) else { return nil }
    guard let number = found.decimal else { throw wrong(name, "must be a number") }
    if let range, !range.contains(number) {
      throw wrong(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  package func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, _ type: Choice.Type = Choice.self
  ) throws(JSONRPCError) -> Choice where Choice.RawValue == String {
    guard let found = try optionalChoice(name, type) else { throw wrong(name, "missing") }
    return found
  }

  package func optionalChoice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, _ type: Choice.Type = Choice.self
  ) throws(JSONRPCError) -> Choice? where Choice.RawValue == String {
    guard let text = try optionalString(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw wrong(name, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
  }

  package func optionalObject(_ name: String) throws(JSONRPCError) -> JSONRPCParameters? {
    guard let found = optional(name) else { return nil }
    guard found.members != nil else { throw wrong(name, "must be an object") }
    return JSONRPCParameters(found, path: path(name))
  }

  package func optionalArray(_ name: String, maximum: Int) throws(JSONRPCError) -> [JSONValue]? {
    guard let found = optional(name) else { return nil }
    guard let array = found.array else { throw wrong(name, "must be an array") }
    guard array.count <= maximum else { throw wrong(name, "must have at most \(maximum) elements") }
    return array
  }
}

import ChargerBase
import OCPPTypes

/// What the device model says of a variable, apart from its value.
package struct VariableCharacter: Sendable, Equatable {
  package var kind: DataKind
  package var unit: String?
  /// For numbers their range; for texts and lists `maximum` is the longest value in characters.
  package var minimum: Decimal?
  package var maximum: Decimal?
  /// The allowed members of a list.
  package var members: [String] = []
  /// The members as a report tells them; nil without any. Made when a report asks: a start has no use for it.
  package var valuesList: String? { members.isEmpty ? nil : members.joinedText(",") }
  /// Whether a list or text may be empty.
  package var allowsEmpty = true
  /// A new value takes effect at the next start only.
  package var needsReboot = false

  package init(
    _ kind: DataKind, unit: String? = nil, minimum: Decimal? = nil, maximum: Decimal? = nil, members: [String] = [],
    allowsEmpty: Bool = true, needsReboot: Bool = false
  ) {
    self.kind = kind
    self.unit = unit
    self.minimum = minimum
    self.maximum = maximum
    self.members = members
    self.allowsEmpty = allowsEmpty
    self.needsReboot = needsReboot
  }

  /// As a board describes a variable of its own.
  package init(_ characteristics: VariableCharacteristics) {
    self.init(
      characteristics.dataType, unit: characteristics.unit, minimum: characteristics.minLimit,
      maximum: characteristics.maxLimit, members: Self.list(characteristics.valuesList ?? ""))
  }

  /// Why a value cannot be this variable's; nil when it can.
  package func objection(to value: String) -> ValueObjection? {
    if value.isEmpty, !allowsEmpty { return ValueObjection("ValueEmpty", "a value is needed") }
    switch kind {
    case .integer:
      guard let number = Self.integer(value) else { return .format("a whole number of 32 bits") }
      return rangeObjection(to: Decimal(Int64(number)))
    case .decimal:
      guard let number = Decimal(value) else { return .format("a decimal number") }
      return rangeObjection(to: number)
    case .boolean:
      return value == "true" || value == "false" ? nil : .format("true or false")
    case .dateTime:
      return WallTime(rfc3339: value) == nil ? .format("an RFC 3339 date-time") : nil
    case .string: return lengthObjection(to: value)
    case .optionList:
      return members.contains(value) ? nil : .member(of: members)
    case .memberList, .sequenceList:
      return listObjection(to: value)
    }
  }

  private func rangeObjection(to number: Decimal) -> ValueObjection? {
    if let minimum, number < minimum { return ValueObjection("ValueOutOfRange", "at least \(minimum)") }
    if let maximum, number > maximum { return ValueObjection("ValueOutOfRange", "at most \(maximum)") }
    return nil
  }

  /// In characters as JSON counts them: code points.
  private func lengthObjection(to value: String) -> ValueObjection? {
    guard minimum != nil || maximum != nil else { return nil }
    let length = Decimal(Int64(value.unicodeScalars.count))
    if let maximum, length > maximum { return ValueObjection("ValueTooLong", "at most \(maximum) characters") }
    if let minimum, length < minimum { return ValueObjection("ValueTooShort", "at least \(minimum) characters") }
    return nil
  }

  private func listObjection(to value: String) -> ValueObjection? {
    if let objection = lengthObjection(to: value) { return objection }
    let given = Self.list(value)
    for (place, member) in given.enumerated() {
      guard members.contains(member) else { return .member(of: members) }
      guard !given[..<place].contains(member) else { return ValueObjection("DuplicateValue", "each member once") }
    }
    return nil
  }

  /// A whole number as OCPP writes it: digits with an optional minus.
  static func integer(_ text: String) -> Int32? {
    guard let first = text.utf8.first, first != UInt8(ascii: "+") else { return nil }
    return Int32(text)
  }

  /// The members of a comma-separated list; blanks around them do not count.
  static func list(_ text: String) -> [String] {
    guard !text.isEmpty else { return [] }
    return text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { part in
      var part = part
      while part.first == UInt8(ascii: " ") { part.removeFirst() }
      while part.last == UInt8(ascii: " ") { part.removeLast() }
      return String(decoding: part, as: UTF8.self)
    }
  }
}

/// Why a value was refused, in the form of OCPP's StatusInfo.
package struct ValueObjection: Error, Sendable, Equatable {
  /// At most 20 characters.
  package var reason: String
  package var detail: String

  package init(_ reason: String, _ detail: String) {
    self.reason = reason
    self.detail = detail
  }

  static func format(_ expected: String) -> ValueObjection { ValueObjection("InvalidValue", "expected \(expected)") }
  static func member(of members: [String]) -> ValueObjection {
    ValueObjection("InvalidValue", "expected of \(members.joined(separator: ","))")
  }
}

/// A variable: its name, character, mutability and first value.
package struct VariableDefinition: Sendable {
  package var key: VariableKey
  package var character: VariableCharacter
  package var mutability: Mutability
  /// The first Actual value; nil for none.
  package var initial: String?
  /// The attributes that it has; those but Actual begin without a value.
  package var kinds: [AttributeKind] = [.actual]

  package init(_ key: VariableKey, _ character: VariableCharacter, _ mutability: Mutability, _ initial: String?) {
    self.key = key
    self.character = character
    self.mutability = mutability
    self.initial = initial
  }

  /// A variable of the whole station.
  package init(
    _ component: String, _ variable: String, instance: String? = nil, _ character: VariableCharacter,
    _ mutability: Mutability, _ initial: String?
  ) {
    self.init(VariableKey(component, variable, instance: instance), character, mutability, initial)
  }
}

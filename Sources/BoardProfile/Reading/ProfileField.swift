import ChargerBase

/// One value of a file under its path, read as what it should be. Every accessor reports what is wrong and answers nil.
package struct ProfileField {
  /// Nil when the file does not have it.
  package let node: ProfileNode?
  package let path: String
  /// Where to point when the value is missing: the object that should hold it.
  let parentOffset: Int
  let collector: ProblemCollector

  package init(node: ProfileNode?, path: String, parentOffset: Int, collector: ProblemCollector) {
    self.node = node
    self.path = path
    self.parentOffset = parentOffset
    self.collector = collector
  }

  package var isPresent: Bool { node != nil }
  package var offset: Int { node?.offset ?? parentOffset }

  package func report(_ message: String, allowed: String? = nil, suggestion: String? = nil) {
    collector.report(at: offset, path: path, message, allowed: allowed, suggestion: suggestion)
  }

  /// The node, or nil with a problem when `isRequired`.
  private func present(_ isRequired: Bool, allowed: @autoclosure () -> String) -> ProfileNode? {
    if let node { return node }
    if isRequired { report("is missing", allowed: allowed()) }
    return nil
  }

  private func reportKind(_ node: ProfileNode, wanted: String, allowed: String) {
    report("is \(node.kindName) where \(wanted) is needed", allowed: allowed)
  }

  /// A text of `length` UTF-8 characters; `isAllowed` judges each of its bytes, `characters` says it in words.
  package func text(
    isRequired: Bool = false, length: ClosedRange<Int>, characters: String? = nil,
    isAllowed: (UInt8) -> Bool = { _ in true }, isSecret: Bool = false
  ) -> String? {
    // Said only when something is wrong: texts cost more than everything else here.
    var allowed: String {
      let counted =
        length.lowerBound == length.upperBound
        ? "\(length.lowerBound) characters" : "\(length.lowerBound)…\(length.upperBound) characters"
      return characters.map { "\(counted): \($0)" } ?? counted
    }
    guard let node = present(isRequired, allowed: "a text of \(allowed)") else { return nil }
    guard case .string(let text) = node.content else {
      reportKind(node, wanted: "a text", allowed: "a text of \(allowed)")
      return nil
    }
    guard length.contains(text.unicodeScalars.count) else {
      report(text.isEmpty ? "is empty" : "has \(text.unicodeScalars.count) characters", allowed: allowed)
      return nil
    }
    if let bad = text.unicodeScalars.first(where: { scalar in
      scalar.value < 0x20 || scalar.value == 0x7F || !String(scalar).utf8.allSatisfy(isAllowed)
    }) {
      report(isSecret ? "has a character that is not allowed" : "has \(Self.name(bad)) in it", allowed: allowed)
      return nil
    }
    return text
  }

  private static func name(_ scalar: Unicode.Scalar) -> String {
    scalar.value < 0x20 || scalar.value == 0x7F
      ? "a control character (U+\(String(scalar.value, radix: 16, uppercase: true)))" : "the character \"\(scalar)\""
  }

  /// Whether the value is just this text, where a text may stand in place of a number or an object.
  package func isText(_ text: String) -> Bool { node?.content == .string(text) }

  /// A range for people, with the reason for its ends where there is one.
  private static func words(_ least: some Any, _ most: some Any, unit: String, reason: String?) -> String {
    "\(least)…\(most)\(unit.isEmpty ? "" : " \(unit)")" + (reason.map { ": \($0)" } ?? "")
  }

  /// A whole number in `range`; `reason` tells why it ends there.
  package func integer(
    isRequired: Bool = false, in range: ClosedRange<Int64>, unit: String = "", reason: String? = nil
  ) -> Int64? {
    var allowed: String {
      "a whole number, " + Self.words(range.lowerBound, range.upperBound, unit: unit, reason: reason)
    }
    guard let node = present(isRequired, allowed: allowed) else { return nil }
    guard case .number(let number) = node.content else {
      reportKind(node, wanted: "a number", allowed: allowed)
      return nil
    }
    guard let number else {
      report("is too large a number", allowed: allowed)
      return nil
    }
    guard let integer = number.integer else {
      report("is \(number), not a whole number", allowed: allowed)
      return nil
    }
    guard range.contains(integer) else {
      report("is \(integer)", allowed: allowed)
      return nil
    }
    return integer
  }

  /// A number in `range`, fractions included.
  package func decimal(
    isRequired: Bool = false, in range: ClosedRange<Decimal>, unit: String = "", reason: String? = nil
  ) -> Decimal? {
    var allowed: String { Self.words(range.lowerBound, range.upperBound, unit: unit, reason: reason) }
    guard let node = present(isRequired, allowed: "a number, \(allowed)") else { return nil }
    guard case .number(let number) = node.content else {
      reportKind(node, wanted: "a number", allowed: "a number, \(allowed)")
      return nil
    }
    guard let number else {
      report("is too large a number", allowed: allowed)
      return nil
    }
    guard range.contains(number) else {
      report("is \(number)", allowed: allowed)
      return nil
    }
    return number
  }

  /// A current in amperes, kept to the milliampere.
  package func current(isRequired: Bool = false, in range: ClosedRange<Decimal>, reason: String? = nil) -> Current? {
    decimal(isRequired: isRequired, in: range, unit: "A", reason: reason).flatMap { Current($0) }
  }

  package func voltage(in range: ClosedRange<Decimal>) -> Voltage? {
    decimal(in: range, unit: "V").flatMap { Voltage($0) }
  }

  package func resistance(isRequired: Bool = false, in range: ClosedRange<Decimal>) -> Resistance? {
    decimal(isRequired: isRequired, in: range, unit: "Ω").flatMap { Resistance($0) }
  }

  package func temperature(in range: ClosedRange<Decimal>) -> Temperature? {
    decimal(in: range, unit: "°C").flatMap { Temperature($0) }
  }

  package func milliseconds(
    in range: ClosedRange<Int64>, isRequired: Bool = false, reason: String? = nil
  ) -> Duration? {
    integer(isRequired: isRequired, in: range, unit: "ms", reason: reason).map { .milliseconds($0) }
  }

  package func boolean(isRequired: Bool = false) -> Bool? {
    guard let node = present(isRequired, allowed: "true or false") else { return nil }
    guard case .boolean(let value) = node.content else {
      reportKind(node, wanted: "true or false", allowed: "true or false")
      return nil
    }
    return value
  }

  /// One of a list of names; near names are suggested.
  package func choice(isRequired: Bool = false, of names: [String]) -> String? {
    var allowed: String { names.joined(separator: ", ") }
    guard let node = present(isRequired, allowed: allowed) else { return nil }
    guard case .string(let text) = node.content else {
      reportKind(node, wanted: "a text", allowed: allowed)
      return nil
    }
    guard names.contains(text) else {
      report("is \"\(Self.shortened(text))\"", allowed: allowed, suggestion: NearName.find(text, in: names))
      return nil
    }
    return text
  }

  package func choice<Value: RawRepresentable & CaseIterable>(
    isRequired: Bool = false, as type: Value.Type
  ) -> Value? where Value.RawValue == String {
    choice(isRequired: isRequired, of: Value.allCases.map(\.rawValue)).flatMap { Value(rawValue: $0) }
  }

  /// The elements of a list, each under its own path.
  package func list(isRequired: Bool = false, count: ClosedRange<Int>, of elements: String) -> [ProfileField]? {
    var allowed: String {
      count.lowerBound == 0
        ? "at most \(count.upperBound) \(elements)" : "\(count.lowerBound)…\(count.upperBound) \(elements)"
    }
    guard let node = present(isRequired, allowed: "a list, \(allowed)") else { return nil }
    guard case .array(let nodes) = node.content else {
      reportKind(node, wanted: "a list", allowed: "a list, \(allowed)")
      return nil
    }
    if !count.contains(nodes.count) { report("has \(nodes.count) \(elements)", allowed: allowed) }
    return nodes.prefix(count.upperBound).enumerated().map { index, node in
      ProfileField(node: node, path: "\(path)[\(index)]", parentOffset: offset, collector: collector)
    }
  }

  /// A text for a message, so short that a hostile file cannot flood the terminal.
  static func shortened(_ text: String) -> String {
    // Every key of a file passes here, and nearly every one is short and plain.
    if text.utf8.count <= 40, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) { return text }
    var short = ""
    for (place, scalar) in text.unicodeScalars.enumerated() {
      guard place < 40 else { return short + "…" }
      short.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : scalar)
    }
    return short
  }
}

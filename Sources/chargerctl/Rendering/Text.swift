import ChargerBase
import OCPPJSON

/// Values as people read them.
enum Text {
  static let nothing = "-"

  /// `decimal` with exactly so many places, rounded.
  static func fixed(_ decimal: Decimal?, places: Int) -> String {
    guard let decimal, let scaled = decimal.scaled(places: places) else { return nothing }
    var digits = String(scaled.magnitude)
    while digits.count <= places { digits = "0" + digits }
    let whole = digits.dropLast(places)
    let sign = scaled < 0 ? "-" : ""
    return places == 0 ? sign + digits : "\(sign)\(whole).\(digits.suffix(places))"
  }

  /// Amperes with at most one place: `16 A`, `15.9 A`.
  static func amperes(_ value: JSONValue?) -> String {
    guard let scaled = value?.decimal?.scaled(places: 1), let rounded = Decimal(significand: scaled, places: 1) else {
      return nothing
    }
    return "\(rounded) A"
  }

  /// Watthours as kWh with three places.
  static func kilowattHours(_ value: JSONValue?) -> String {
    guard let wattHours = value?.decimal?.scaled(places: 0), let kilo = Decimal(significand: wattHours, places: 3)
    else {
      return nothing
    }
    return fixed(kilo, places: 3) + " kWh"
  }

  static func kilowatts(_ value: JSONValue?) -> String {
    guard let watts = value?.decimal?.scaled(places: 0), let kilo = Decimal(significand: watts, places: 3) else {
      return nothing
    }
    return fixed(kilo, places: 1) + " kW"
  }

  /// `2 h 5 min`, `3 d 4 h`, `12 s`: the two largest units.
  static func span(seconds: Int64?) -> String {
    guard let seconds, seconds >= 0 else { return nothing }
    let units: [(name: String, size: Int64)] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)]
    guard let first = units.firstIndex(where: { seconds >= $0.size }) else { return "0 s" }
    var rest = seconds
    var parts: [String] = []
    for unit in units[first...].prefix(2) {
      let count = rest / unit.size
      rest %= unit.size
      if count > 0 { parts.append("\(count) \(unit.name)") }
    }
    return parts.joined(separator: " ")
  }

  /// `2026-11-23 12:01:05` of an RFC 3339 time in UTC; other texts as they are.
  static func time(_ value: JSONValue?) -> String? {
    guard let text = value?.string else { return nil }
    guard text.utf8.count >= 20, let separator = text.firstIndex(of: "T") else { return printable(text) }
    let clock = text[text.index(after: separator)...].prefix(8)
    return printable("\(text[..<separator]) \(clock)")
  }

  /// The clock alone: `12:01:05`.
  static func clock(_ value: JSONValue?) -> String? {
    time(value).map { String($0.split(separator: " ").last ?? "") }
  }

  /// `connection refused, 2026-05-01 10:21:07 UTC`: why the last attempt to reach the CSMS failed, and when.
  static func failedAttempt(_ link: JSONValue?) -> String? {
    guard let reason = link?["lastFailure"]?.string else { return nil }
    return printable(reason) + (time(link?["lastFailureAt"]).map { ", \($0) UTC" } ?? "")
  }

  /// `contactorWelded` → `contactor welded`.
  static func words(_ name: String) -> String {
    var result = ""
    for character in name {
      if character.isUppercase, !result.isEmpty {
        result += " " + character.lowercased()
      } else {
        result.append(character)
      }
    }
    return printable(result)
  }

  /// Longer texts of the other side are cut: a page of them would tell nothing.
  static let maximumLength = 4_000

  /// Without control characters, which could take over the terminal, and without marks that turn the order of what
  /// stands beside them.
  static func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let cut = scalars.prefix(maximumLength).map { isHarmless($0) ? $0 : "\u{FFFD}" }
    return String(String.UnicodeScalarView(cut)) + (scalars.count > maximumLength ? "…" : "")
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: false
    default: true
    }
  }

  static func printable(_ value: JSONValue?) -> String {
    switch value {
    case .string(let text)?: printable(text)
    case .null?, nil: nothing
    case let other?: other.description
    }
  }

  /// `EVSE 1 connector 2`, `EVSE 1` or nil, of an object with `evse` and `connector`.
  static func place(_ value: JSONValue) -> String? {
    guard let evse = value["evse"]?.int64 else { return nil }
    guard let connector = value["connector"]?.int64, connector > 0 else { return "EVSE \(evse)" }
    return "EVSE \(evse) connector \(connector)"
  }
}

/// Columns as wide as their widest entry.
struct TextTable {
  /// Rows that are shown; nobody reads more, and a foreign server could send them.
  static let maximumRows = 5_000
  private var rows: [[String]]

  init(header: [String]) { rows = [header] }

  mutating func append(_ row: [String]) {
    if rows.count <= Self.maximumRows { rows.append(row) }
  }

  var text: String {
    var widths: [Int] = []
    for row in rows {
      for (index, cell) in row.enumerated() {
        if index == widths.count { widths.append(0) }
        widths[index] = max(widths[index], cell.count)
      }
    }
    return rows.map { row in
      var line = ""
      for (index, cell) in row.enumerated() {
        line += cell
        if index < row.count - 1 { line += String(repeating: " ", count: widths[index] - cell.count + 2) }
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}

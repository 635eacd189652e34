// Reading and writing of RFC 3339 date-times, the "date-time" format of the OCPP schemas.

extension WallTime {
  /// `2026-11-23T09:30:00.125Z`; the fraction is left out when it is zero.
  public var rfc3339: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24)
    appendRFC3339(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends at most 24 ASCII bytes.
  public func appendRFC3339(to bytes: inout [UInt8]) {
    let milliseconds = millisecondsSinceEpoch
    var days = milliseconds / 86_400_000
    var rest = milliseconds % 86_400_000
    if rest < 0 {
      rest += 86_400_000
      days -= 1
    }
    let (year, month, day) = CivilDate.from(daysSinceEpoch: days)
    func digits(_ value: Int64, _ count: Int) {
      var divisor: Int64 = 1
      for _ in 1..<count { divisor *= 10 }
      while divisor > 0 {
        bytes.append(UInt8(truncatingIfNeeded: 48 + (value / divisor) % 10))
        divisor /= 10
      }
    }
    digits(year, 4)
    bytes.append(UInt8(ascii: "-"))
    digits(month, 2)
    bytes.append(UInt8(ascii: "-"))
    digits(day, 2)
    bytes.append(UInt8(ascii: "T"))
    digits(rest / 3_600_000, 2)
    bytes.append(UInt8(ascii: ":"))
    digits(rest / 60_000 % 60, 2)
    bytes.append(UInt8(ascii: ":"))
    digits(rest / 1_000 % 60, 2)
    let fraction = rest % 1_000
    if fraction != 0 {
      bytes.append(UInt8(ascii: "."))
      digits(fraction, 3)
    }
    bytes.append(UInt8(ascii: "Z"))
  }

  /// Reads an RFC 3339 date-time: full date, `T`, full time, and `Z` or a numeric offset.
  ///
  /// Digits beyond the millisecond are read and dropped. A leap second (`:60`) is taken as the first instant of the
  /// next minute, as POSIX time does. Anything else, and any field out of range, is refused.
  public init?(rfc3339 text: some StringProtocol) {
    var copy = Substring(text)
    let parsed = copy.withUTF8 { WallTime(rfc3339Bytes: UnsafeRawBufferPointer($0)) }
    guard let parsed else { return nil }
    self = parsed
  }

  public init?(rfc3339Bytes bytes: UnsafeRawBufferPointer) {
    var scanner = Scanner(bytes: bytes)
    guard let year = scanner.number(4), scanner.take("-"),
      let month = scanner.number(2), (1...12).contains(month), scanner.take("-"),
      let day = scanner.number(2), (1...CivilDate.days(inMonth: month, year: year)).contains(day),
      scanner.take("T") || scanner.take("t"),
      let hour = scanner.number(2), hour < 24, scanner.take(":"),
      let minute = scanner.number(2), minute < 60, scanner.take(":"),
      let second = scanner.number(2), second <= 60
    else { return nil }
    var milliseconds: Int64 = 0
    if scanner.take(".") {
      guard let fraction = scanner.fractionMilliseconds() else { return nil }
      milliseconds = fraction
    }
    var offsetMinutes: Int64 = 0
    if !(scanner.take("Z") || scanner.take("z")) {
      let isAhead = scanner.take("+")
      guard isAhead || scanner.take("-"), let hours = scanner.number(2), hours < 24, scanner.take(":"),
        let minutes = scanner.number(2), minutes < 60
      else { return nil }
      offsetMinutes = (isAhead ? 1 : -1) * (hours * 60 + minutes)
    }
    guard scanner.isAtEnd else { return nil }
    let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
    let seconds = days * 86_400 + hour * 3_600 + (minute - offsetMinutes) * 60 + second
    let total = seconds * 1_000 + milliseconds
    guard Self.range.contains(total) else { return nil }
    self.init(millisecondsSinceEpoch: total)
  }

  private struct Scanner {
    let bytes: UnsafeRawBufferPointer
    var index = 0

    var isAtEnd: Bool { index == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }

    mutating func digit() -> Int64? {
      guard index < bytes.count, bytes[index] >= 48, bytes[index] <= 57 else { return nil }
      defer { index += 1 }
      return Int64(bytes[index]) - 48
    }

    mutating func number(_ count: Int) -> Int64? {
      var value: Int64 = 0
      for _ in 0..<count {
        guard let digit = digit() else { return nil }
        value = value * 10 + digit
      }
      return value
    }

    mutating func fractionMilliseconds() -> Int64? {
      guard let first = digit() else { return nil }
      var value = first * 100
      var weight: Int64 = 10
      while let next = digit() {
        value += next * weight
        weight /= 10
      }
      return value
    }
  }
}

/// The proleptic Gregorian calendar, by the well-known era arithmetic (400 years have 146,097 days).
enum CivilDate {
  static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  static func from(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  static func days(inMonth month: Int64, year: Int64) -> Int64 {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    default: 31
    }
  }
}

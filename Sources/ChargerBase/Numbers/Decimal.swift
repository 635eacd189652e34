/// An exact decimal number: `significand × 10^-places`. OCPP's `decimal` and JSON's number, without binary rounding.
public struct Decimal: Sendable, CustomStringConvertible {
  public let significand: Int64
  /// Decimal places, 0…18.
  public let places: UInt8

  public static let zero = Decimal(0)

  public init(_ integer: Int64) {
    significand = integer
    places = 0
  }

  /// `significand × 10^-places`; trailing zeros of the fraction are dropped. Nil when `places` is over 18.
  public init?(significand: Int64, places: Int) {
    guard (0...18).contains(places) else { return nil }
    var significand = significand
    var places = places
    while places > 0, significand % 10 == 0 {
      significand /= 10
      places -= 1
    }
    self.significand = significand
    self.places = UInt8(places)
  }

  /// A quantity counted in thousandths of its unit.
  public init(thousandths: Int64) {
    var significand = thousandths
    var places: UInt8 = 3
    while places > 0, significand % 10 == 0 {
      significand /= 10
      places -= 1
    }
    self.significand = significand
    self.places = places
  }

  /// Reads a JSON number (RFC 8259 grammar). Digits beyond 18 decimal places are dropped; nil when the text is no
  /// number or its value needs more than 18 digits, which no OCPP quantity does.
  public init?(jsonNumber bytes: UnsafeRawBufferPointer) {
    var index = 0
    let end = bytes.count
    func peek() -> UInt8 { index < end ? bytes[index] : 0 }
    func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    var isNegative = false
    if peek() == UInt8(ascii: "-") {
      isNegative = true
      index += 1
    }
    var digits: Int64 = 0
    var places = 0
    guard isDigit(peek()) else { return nil }
    if peek() == 48 {
      index += 1
      if isDigit(peek()) { return nil }
    } else {
      while isDigit(peek()) {
        guard digits < 100_000_000_000_000_000 else { return nil }
        digits = digits * 10 + Int64(peek() - 48)
        index += 1
      }
    }
    if peek() == UInt8(ascii: ".") {
      index += 1
      guard isDigit(peek()) else { return nil }
      while isDigit(peek()) {
        if places < 18, digits < 100_000_000_000_000_000 {
          digits = digits * 10 + Int64(peek() - 48)
          places += 1
        }
        index += 1
      }
    }
    if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
      index += 1
      var isNegativeExponent = false
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") {
        isNegativeExponent = peek() == UInt8(ascii: "-")
        index += 1
      }
      guard isDigit(peek()) else { return nil }
      var exponent = 0
      while isDigit(peek()) {
        exponent = min(exponent * 10 + Int(peek() - 48), 10_000)
        index += 1
      }
      places += isNegativeExponent ? exponent : -exponent
    }
    guard index == end else { return nil }
    if digits == 0 {
      self = .zero
      return
    }
    while places < 0 {
      guard digits < 100_000_000_000_000_000 else { return nil }
      digits *= 10
      places += 1
    }
    while places > 18 {
      digits /= 10
      places -= 1
      if digits == 0 {
        self = .zero
        return
      }
    }
    guard let value = Decimal(significand: isNegative ? -digits : digits, places: places) else { return nil }
    self = value
  }

  public init?(_ text: some StringProtocol) {
    var copy = Substring(text)
    let value = copy.withUTF8 { Decimal(jsonNumber: UnsafeRawBufferPointer($0)) }
    guard let value else { return nil }
    self = value
  }

  /// The value in units of `10^-places`, rounded half away from zero; nil when it does not fit.
  public func scaled(places wanted: Int) -> Int64? {
    guard (0...18).contains(wanted) else { return nil }
    let own = Int(places)
    if wanted >= own {
      let (value, overflow) = significand.multipliedReportingOverflow(by: Self.powersOfTen[wanted - own])
      return overflow ? nil : value
    }
    let divisor = Self.powersOfTen[own - wanted]
    let (quotient, remainder) = significand.quotientAndRemainder(dividingBy: divisor)
    guard remainder.magnitude >= (divisor.magnitude + 1) / 2 else { return quotient }
    return quotient.addingSaturating(significand < 0 ? -1 : 1)
  }

  /// In thousandths of the unit, rounded; nil when it does not fit.
  public var thousandths: Int64? { scaled(places: 3) }

  /// The whole number this is; nil when it has a fraction.
  public var integer: Int64? { places == 0 ? significand : nil }

  public var description: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the plain form (`-12.5`), at most 21 ASCII bytes.
  public func append(to bytes: inout [UInt8]) {
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)  // 24 bytes of scratch without an allocation
    let magnitude = significand.magnitude
    if significand < 0 { bytes.append(UInt8(ascii: "-")) }
    withUnsafeMutableBytes(of: &digits) { scratch in
      var count = 0
      var rest = magnitude
      repeat {
        scratch[count] = UInt8(truncatingIfNeeded: 48 + rest % 10)
        rest /= 10
        count += 1
      } while rest > 0
      while count <= Int(places) {
        scratch[count] = 48
        count += 1
      }
      while count > 0 {
        if count == Int(places) { bytes.append(UInt8(ascii: ".")) }
        count -= 1
        bytes.append(scratch[count])
      }
    }
  }

  private static let powersOfTen: [Int64] = {
    var powers: [Int64] = [1]
    for _ in 1...18 { powers.append(powers[powers.count - 1] * 10) }
    return powers
  }()
}

extension Decimal: Comparable, Hashable {
  public static func == (left: Decimal, right: Decimal) -> Bool {
    left.significand == right.significand && left.places == right.places  // both are kept without trailing zeros
  }

  public static func < (left: Decimal, right: Decimal) -> Bool {
    let places = max(left.places, right.places)
    let scaledLeft = Int128(left.significand) * Int128(powersOfTen[Int(places - left.places)])
    let scaledRight = Int128(right.significand) * Int128(powersOfTen[Int(places - right.places)])
    return scaledLeft < scaledRight
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(significand)
    hasher.combine(places)
  }
}

extension Decimal: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int64) { self.init(value) }
}

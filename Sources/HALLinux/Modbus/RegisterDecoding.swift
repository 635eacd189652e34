import ChargerBase
import HAL

extension RegisterMap.Field {
  /// The number in its registers; nil when it stands for no value.
  func number(in words: ArraySlice<UInt16>) -> RegisterNumber? {
    guard words.count == type.registers else { return nil }
    var bits: UInt64 = 0
    for word in wordOrder == .highFirst ? Array(words) : words.reversed() { bits = bits << 16 | UInt64(word) }
    guard !notAvailable.contains(bits) else { return nil }
    switch type {
    case .uint16, .uint32, .uint64: return .integer(Int128(bits), power: 0)
    case .int16: return .integer(Int128(Int16(truncatingIfNeeded: bits)), power: 0)
    case .int32: return .integer(Int128(Int32(truncatingIfNeeded: bits)), power: 0)
    case .int64: return .integer(Int128(Int64(truncatingIfNeeded: bits)), power: 0)
    case .t5: return .integer(Int128(bits & 0xFF_FFFF), power: Self.decade(bits))
    case .t6:
      let mantissa = Int32(truncatingIfNeeded: bits << 8) >> 8
      return .integer(Int128(mantissa), power: Self.decade(bits))
    // The shortest decimal that reads back as the same float: 12345.67 stays that, and is no 12345.669921875.
    case .float32: return RegisterNumber(text: Float(bitPattern: UInt32(truncatingIfNeeded: bits)).description)
    case .float64: return RegisterNumber(text: Double(bitPattern: bits).description)
    }
  }

  private static func decade(_ bits: UInt64) -> Int { Int(Int8(truncatingIfNeeded: bits >> 24)) }
}

/// A number as a register has it: whole, times a power of ten.
enum RegisterNumber: Equatable {
  case integer(Int128, power: Int)

  /// Nil for what is no number (NaN, infinity) or no quantity.
  init?(text: String) {
    guard let decimal = Decimal(text) else { return nil }
    self = .integer(Int128(decimal.significand), power: -Int(decimal.places))
  }

  /// In thousandths of the HAL's unit, rounded half away from zero; nil when it does not fit.
  func thousandths(_ scale: RegisterScale, exponent: Int = 0) -> Int64? {
    guard case .integer(let number, let power) = self else { return nil }
    var (product, overflow) = number.multipliedReportingOverflow(by: Int128(scale.factor))
    guard !overflow else { return nil }
    var shift = power.addingSaturating(scale.power).addingSaturating(exponent)
    if product == 0 { return 0 }
    while shift > 0 {
      (product, overflow) = product.multipliedReportingOverflow(by: 10)
      guard !overflow, product.magnitude <= UInt128(Int64.max) else { return nil }
      shift -= 1
    }
    // Below 10^-40 nothing is left of any number of this width.
    guard shift >= -40 else { return 0 }
    var divisor: Int128 = 1
    while shift < 0 {
      (divisor, overflow) = divisor.multipliedReportingOverflow(by: 10)
      guard !overflow else { return 0 }
      shift += 1
    }
    let (quotient, remainder) = product.quotientAndRemainder(dividingBy: divisor)
    let isUp = remainder.magnitude >= divisor.magnitude - remainder.magnitude && divisor > 1
    let (rounded, tooLarge) = isUp ? quotient.addingReportingOverflow(product < 0 ? -1 : 1) : (quotient, false)
    return tooLarge ? nil : Int64(exactly: rounded)
  }
}

extension MeterReading {
  /// Puts a value where it belongs.
  mutating func set(_ target: MeterTarget, thousandths: Int64) {
    switch target {
    case .importRegister: importRegister = thousandths < 0 ? nil : Energy(thousandths: thousandths)
    case .exportRegister: exportRegister = thousandths < 0 ? nil : Energy(thousandths: thousandths)
    case .frequency: frequency = Frequency(thousandths: thousandths)
    case .power(let phase): power.set(phase, Power(thousandths: thousandths))
    case .current(let phase): current.set(phase, Current(thousandths: thousandths))
    case .voltage(let phase): voltage.set(phase, Voltage(thousandths: thousandths))
    }
  }
}

extension PhaseValues {
  fileprivate mutating func set(_ phase: MeterPhase, _ value: Value) {
    switch phase {
    case .total: total = value
    case .l1: l1 = value
    case .l2: l2 = value
    case .l3: l3 = value
    }
  }
}

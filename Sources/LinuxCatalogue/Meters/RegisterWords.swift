import BoardProfile
import ChargerBase
import HALLinux

/// The measurands that a register may have: those of a `MeterReading`, under OCPP's names.
enum RegisterMeasurand: String, CaseIterable {
  case importRegister = "Energy.Active.Import.Register"
  case exportRegister = "Energy.Active.Export.Register"
  case power = "Power.Active.Import"
  case current = "Current.Import"
  case voltage = "Voltage"
  case frequency = "Frequency"

  /// Units by their powers of ten of the HAL's own.
  var units: [(name: String, power: Int)] {
    switch self {
    case .importRegister, .exportRegister: [("Wh", 0), ("kWh", 3), ("MWh", 6)]
    case .power: [("W", 0), ("kW", 3)]
    case .current: [("A", 0), ("mA", -3)]
    case .voltage: [("V", 0), ("mV", -3), ("kV", 3)]
    case .frequency: [("Hz", 0), ("mHz", -3)]
    }
  }

  /// Energy only counts up, and nothing below zero is a voltage or a frequency.
  var isSigned: Bool {
    switch self {
    case .power, .current: true
    case .importRegister, .exportRegister, .voltage, .frequency: false
    }
  }

  var hasPhases: Bool {
    switch self {
    case .power, .current, .voltage: true
    case .importRegister, .exportRegister, .frequency: false
    }
  }

  func target(_ phase: RegisterPhase?) -> MeterTarget {
    let phase: MeterPhase =
      switch phase {
      case .l1: .l1
      case .l2: .l2
      case .l3: .l3
      case nil: .total
      }
    return switch self {
    case .importRegister: .importRegister
    case .exportRegister: .exportRegister
    case .power: .power(phase)
    case .current: .current(phase)
    case .voltage: .voltage(phase)
    case .frequency: .frequency
    }
  }
}

enum RegisterPhase: String, CaseIterable {
  case l1 = "L1"
  case l2 = "L2"
  case l3 = "L3"
}

/// The parts of an entry that registers and probes have in common.
enum RegisterWords {
  /// Modbus's function code, 3 or 4.
  static func table(_ field: ProfileField) -> RegisterTable? {
    switch field.integer(in: 3...4, reason: "3 reads holding registers, 4 input registers") {
    case 3: .holding
    case 4: .input
    default: nil
    }
  }

  /// A zero-based address from which that many registers exist.
  static func address(_ field: ProfileField, registers: Int) -> UInt16? {
    guard let address = field.integer(isRequired: true, in: 0...65_535) else { return nil }
    guard address + Int64(registers) <= 65_536 else {
      field.report(
        "is \(address), and \(registers) registers from there do not exist", allowed: "at most \(65_536 - registers)")
      return nil
    }
    return UInt16(exactly: address)
  }

  static func field(
    _ type: RegisterType?, address: ProfileField, functionCode: ProfileField, wordOrder: ProfileField,
    standard: (table: RegisterTable, wordOrder: WordOrder), limit: Int
  ) -> RegisterMap.Field? {
    let table = table(functionCode) ?? standard.table
    let order = wordOrder.choice(as: WordOrder.self) ?? standard.wordOrder
    let place = self.address(address, registers: type?.registers ?? 1)
    guard let type, let place else { return nil }
    if type.registers > limit {
      address.report(
        "begins \(type.registers) registers, and the meter gives \(limit) in one answer",
        allowed: "types of at most registersPerRequest")
    }
    return RegisterMap.Field(table: table, address: place, type: type, wordOrder: order)
  }

  /// What the register's number is multiplied with; never zero.
  static func scale(_ field: ProfileField) -> Decimal {
    guard let scale = field.decimal(in: -1_000_000...1_000_000) else { return 1 }
    if scale == .zero { field.report("is 0, which makes every value 0", allowed: "any other number") }
    return scale
  }

  /// Bits in hexadecimal, all that the type has: `FFFF` for 32 bits would be the number 65535.
  static func pattern(_ field: ProfileField, _ type: RegisterType) -> UInt64? {
    let digits = type.registers * 4
    guard
      let text = field.text(
        isRequired: true, length: digits...digits, characters: "hexadecimal digits",
        isAllowed: { byte in
          switch byte {
          case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
          default: false
          }
        })
    else { return nil }
    return UInt64(text, radix: 16)
  }
}

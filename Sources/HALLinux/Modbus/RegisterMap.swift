import ChargerBase

/// What stands in which register of a meter type. Board profiles bring maps as data; this is one that has been checked.
public struct RegisterMap: Sendable, Equatable {
  /// The map's own name, as `eastron-sdm630-v2`.
  public var name: String
  /// Registers that the meter gives in one answer, at most 125 (Modbus Application Protocol §6.3).
  public var registersPerRequest: Int
  /// How many registers that nobody wants are read with the others to save a request.
  public var joinGap: Int
  public var groups: [Group]
  public var values: [Value]
  /// What must be found before a reading is believed.
  public var probes: [Probe]
  /// The energy registers begin anew at zero after this.
  public var registerMaximum: Energy?

  /// Most entries of each kind in one map.
  public static let maximumGroups = 8
  public static let maximumValues = 64
  public static let maximumProbes = 8
  public static let maximumRegistersPerRequest = 125

  public init(
    name: String, registersPerRequest: Int = 125, joinGap: Int = 16, groups: [Group], values: [Value],
    probes: [Probe] = [], registerMaximum: Energy? = nil
  ) {
    self.name = name
    self.registersPerRequest = registersPerRequest
    self.joinGap = joinGap
    self.groups = groups
    self.values = values
    self.probes = probes
    self.registerMaximum = registerMaximum
  }

  /// Values that are read at the same interval.
  public struct Group: Sendable, Equatable {
    public var name: String
    public var interval: Duration

    public init(name: String, interval: Duration) {
      self.name = name
      self.interval = interval
    }
  }

  /// A number in one or more registers.
  public struct Field: Sendable, Equatable {
    public var table: RegisterTable
    /// Zero-based, as on the wire.
    public var address: UInt16
    public var type: RegisterType
    public var wordOrder: WordOrder
    /// Bit patterns that stand for no value.
    public var notAvailable: [UInt64]

    public init(
      table: RegisterTable, address: UInt16, type: RegisterType, wordOrder: WordOrder = .highFirst,
      notAvailable: [UInt64] = []
    ) {
      self.table = table
      self.address = address
      self.type = type
      self.wordOrder = wordOrder
      self.notAvailable = notAvailable
    }

    public var span: RegisterSpan { RegisterSpan(table: table, first: Int(address), count: type.registers) }
  }

  /// One measured value.
  public struct Value: Sendable, Equatable {
    public var field: Field
    public var target: MeterTarget
    public var scale: RegisterScale
    /// Where the power of ten stands that the meter applies; nil for a fixed scale.
    public var exponent: Field?
    /// The place of its group in `groups`.
    public var group: Int

    public init(field: Field, target: MeterTarget, scale: RegisterScale, exponent: Field? = nil, group: Int = 0) {
      self.field = field
      self.target = target
      self.scale = scale
      self.exponent = exponent
      self.group = group
    }

    /// What must come in one answer: the number, and its power of ten.
    public var span: RegisterSpan {
      guard let power = exponent?.span, power.table == field.span.table else { return field.span }
      let first = min(field.span.first, power.first)
      return RegisterSpan(table: power.table, first: first, count: max(field.span.last, power.last) - first + 1)
    }
  }

  /// Something that the right meter shows.
  public struct Probe: Sendable, Equatable {
    public enum Content: Sendable, Equatable {
      /// A text that begins so.
      case text(table: RegisterTable, address: UInt16, registers: Int, prefix: String)
      /// A number, scaled, that lies in this range.
      case number(Field, scale: RegisterScale, range: ClosedRange<Decimal>)
      /// The serial number: anything, as long as it stays the same.
      case serialText(table: RegisterTable, address: UInt16, registers: Int)
      case serialNumber(Field)
    }

    /// What is looked at, for people: `model`, `frequency` …
    public var name: String
    public var content: Content

    public init(name: String, content: Content) {
      self.name = name
      self.content = content
    }

    var isSerial: Bool {
      switch content {
      case .serialText, .serialNumber: true
      case .text, .number: false
      }
    }

    public var span: RegisterSpan {
      switch content {
      case .text(let table, let address, let registers, _), .serialText(let table, let address, let registers):
        RegisterSpan(table: table, first: Int(address), count: registers)
      case .number(let field, _, _), .serialNumber(let field): field.span
      }
    }
  }
}

/// Registers that lie in a row.
public struct RegisterSpan: Sendable, Hashable {
  public var table: RegisterTable
  public var first: Int
  public var count: Int

  public init(table: RegisterTable, first: Int, count: Int) {
    self.table = table
    self.first = first
    self.count = count
  }

  /// The last register.
  public var last: Int { first + count - 1 }
  /// Register numbers end at 65535.
  public var isPossible: Bool { first >= 0 && count >= 1 && last <= 0xFFFF }

  public func overlaps(_ other: RegisterSpan) -> Bool {
    table == other.table && first <= other.last && other.first <= last
  }

  public func contains(_ other: RegisterSpan) -> Bool {
    table == other.table && first <= other.first && other.last <= last
  }
}

/// How a number stands in its registers. Within a register the high byte comes first.
public enum RegisterType: String, Sendable, CaseIterable {
  case int16, uint16, int32, uint32, int64, uint64
  /// IEEE 754.
  case float32, float64
  /// Iskra: 8 bit signed power of ten, then 24 bit unsigned (T5) or signed (T6).
  case t5, t6

  public var registers: Int {
    switch self {
    case .int16, .uint16: 1
    case .int32, .uint32, .float32, .t5, .t6: 2
    case .int64, .uint64, .float64: 4
    }
  }

  public var bits: Int { registers * 16 }
}

/// Which word of a longer number comes first.
public enum WordOrder: String, Sendable, CaseIterable {
  case highFirst, lowFirst
}

/// What a register's number is multiplied with to become thousandths of the HAL's unit: `factor` × 10^`power`.
public struct RegisterScale: Sendable, Equatable {
  public var factor: Int64
  public var power: Int

  public init(factor: Int64, power: Int) {
    self.factor = factor
    self.power = power
  }

  /// A scale of the map with the power of ten of its unit: 0 for W, 3 for kW, −3 for mW.
  public init(_ scale: Decimal, unitPower: Int) {
    self.init(factor: scale.significand, power: 3 + unitPower - Int(scale.places))
  }
}

/// Where a value belongs in a `MeterReading`.
public enum MeterTarget: Sendable, Hashable {
  case importRegister, exportRegister, frequency
  case power(MeterPhase), current(MeterPhase), voltage(MeterPhase)
}

public enum MeterPhase: String, Sendable, CaseIterable {
  case total, l1, l2, l3
}

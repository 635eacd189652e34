/// A physical quantity as a whole number of thousandths of its unit; arithmetic saturates, so no reading can trap.
public protocol ThousandthsQuantity: Sendable, Hashable, Comparable, CustomStringConvertible {
  var thousandths: Int64 { get }
  init(thousandths: Int64)
  /// The unit's symbol, for people.
  static var symbol: String { get }
}

extension ThousandthsQuantity {
  public static var zero: Self { Self(thousandths: 0) }

  public static func < (left: Self, right: Self) -> Bool { left.thousandths < right.thousandths }

  public static func + (left: Self, right: Self) -> Self {
    Self(thousandths: left.thousandths.addingSaturating(right.thousandths))
  }

  public static func - (left: Self, right: Self) -> Self {
    Self(thousandths: left.thousandths.subtractingSaturating(right.thousandths))
  }

  /// The value in the unit itself, exact.
  public var decimal: Decimal { Decimal(thousandths: thousandths) }

  /// Rounded to thousandths; nil when the number does not fit.
  public init?(_ decimal: Decimal) {
    guard let thousandths = decimal.thousandths else { return nil }
    self.init(thousandths: thousandths)
  }

  public var description: String { "\(decimal) \(Self.symbol)" }
}

/// Electric current in milliamperes.
public struct Current: ThousandthsQuantity {
  public var thousandths: Int64
  public init(thousandths: Int64) { self.thousandths = thousandths }
  public init(amperes: Int64) { thousandths = amperes.multipliedSaturating(by: 1_000) }
  public init(milliamperes: Int64) { thousandths = milliamperes }
  public var milliamperes: Int64 { thousandths }
  public static let symbol = "A"
}

/// Electric potential in millivolts.
public struct Voltage: ThousandthsQuantity {
  public var thousandths: Int64
  public init(thousandths: Int64) { self.thousandths = thousandths }
  public init(volts: Int64) { thousandths = volts.multipliedSaturating(by: 1_000) }
  public init(millivolts: Int64) { thousandths = millivolts }
  public var millivolts: Int64 { thousandths }
  public static let symbol = "V"
}

/// Power in milliwatts; negative flows towards the grid.
public struct Power: ThousandthsQuantity {
  public var thousandths: Int64
  public init(thousandths: Int64) { self.thousandths = thousandths }
  public init(watts: Int64) { thousandths = watts.multipliedSaturating(by: 1_000) }
  public init(milliwatts: Int64) { thousandths = milliwatts }
  public var milliwatts: Int64 { thousandths }
  public static let symbol = "W"
}

/// Energy in milliwatthours: an absolute register of 10¹² Wh fits a million times over.
public struct Energy: ThousandthsQuantity {
  public var thousandths: Int64
  public init(thousandths: Int64) { self.thousandths = thousandths }
  public init(wattHours: Int64) { thousandths = wattHours.multipliedSaturating(by: 1_000) }
  public init(milliwattHours: Int64) { thousandths = milliwattHours }
  public var milliwattHours: Int64 { thousandths }
  public static let symbol = "Wh"
}

/// Temperature in thousandths of a degree Celsius.
public struct Temperature: ThousandthsQuantity {
  public var thousandths: Int64
  public init(thousandths: Int64) { self.thousandths = thousandths }
  public init(celsius: Int64) { thousandths = celsius.multipliedSaturating(by: 1_000) }
  public static let symbol = "°C"
}

/// Mains frequency in millihertz.
public struct Frequency: ThousandthsQuantity {
  public var thousandths: Int64
  public init(thousandths: Int64) { self.thousandths = thousandths }
  public static let symbol = "Hz"
}

/// Electric resistance in milliohms.
public struct Resistance: ThousandthsQuantity {
  public var thousandths: Int64
  public init(thousandths: Int64) { self.thousandths = thousandths }
  public init(ohms: Int64) { thousandths = ohms.multipliedSaturating(by: 1_000) }
  public static let symbol = "Ω"
}

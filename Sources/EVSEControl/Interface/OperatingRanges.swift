import ChargerBase

/// How much current an EVSE gives at a temperature: full under `deratingFrom`, then falling in a straight line to
/// `leastCurrent` at `stopAt`, where it stops.
public struct TemperatureCurve: Sendable, Equatable, Hashable {
  public var deratingFrom: Temperature
  public var stopAt: Temperature
  /// What is still given just under `stopAt`, 6 A or more.
  public var leastCurrent: Current
  /// A limit that heat has lowered rises, and a stop ends, only when it is cooler by this much.
  public var hysteresis: Temperature

  public init(
    deratingFrom: Temperature = Temperature(celsius: 65), stopAt: Temperature = Temperature(celsius: 80),
    leastCurrent: Current = Current(amperes: 6), hysteresis: Temperature = Temperature(celsius: 5)
  ) {
    self.deratingFrom = deratingFrom
    self.stopAt = stopAt
    self.leastCurrent = leastCurrent
    self.hysteresis = hysteresis
  }
}

/// The voltages, phase to neutral, between which energy may flow (product values around 230 V ± 15 %).
public struct VoltageBand: Sendable, Equatable, Hashable {
  public var lowest: Voltage
  public var highest: Voltage
  /// A voltage fault ends when every phase is inside the band by this much.
  public var hysteresis: Voltage

  public init(
    lowest: Voltage = Voltage(volts: 195), highest: Voltage = Voltage(volts: 265),
    hysteresis: Voltage = Voltage(volts: 3)
  ) {
    self.lowest = lowest
    self.highest = highest
    self.hysteresis = hysteresis
  }
}

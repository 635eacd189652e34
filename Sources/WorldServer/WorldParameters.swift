import ChargerBase
import JSONRPC
import OCPPJSON
import SimulatedWorld

// Parameters of the world socket's methods as the world's values.

extension JSONRPCParameters {
  func evse(_ name: String = "evse") throws(JSONRPCError) -> EVSEID { EVSEID(try integer(name, in: 1...Int32.max)) }

  /// A connector's number may be left out: the first is meant.
  func connector() throws(JSONRPCError) -> ConnectorID {
    ConnectorID(evse: try evse(), number: try optionalInteger("connector", in: 1...Int32.max) ?? 1)
  }

  /// At most 64 EVSEs.
  func optionalEVSEs(_ name: String) throws(JSONRPCError) -> [EVSEID]? {
    guard let values = try optionalArray(name, maximum: 64) else { return nil }
    var evses: [EVSEID] = []
    for value in values {
      guard let number = value.int32, number > 0 else { throw wrong(name, "must hold EVSE numbers from 1") }
      evses.append(EVSEID(number))
    }
    return evses
  }

  func optionalSeconds(_ name: String) throws(JSONRPCError) -> Duration? {
    guard let seconds = try optionalDecimal(name, in: 0...31_622_400), let milliseconds = seconds.thousandths else {
      return nil
    }
    return .milliseconds(milliseconds)
  }

  func meterSettings() throws(JSONRPCError) -> [MeterSetting] {
    guard let object = try optionalObject("values"), let members = object.value.members else {
      throw wrong("values", "missing")
    }
    guard members.count <= 64 else { throw wrong("values", "must have at most 64 members") }
    var settings: [MeterSetting] = []
    for member in members {
      guard let setting = try object.setting(member.name) else {
        throw object.wrong(
          member.name, "the meter has no such value; it has \(WorldNames.measurands.joined(separator: ", "))")
      }
      settings.append(setting)
    }
    return settings
  }

  /// Nil when there is no such measurand.
  private func setting(_ name: String) throws(JSONRPCError) -> MeterSetting? {
    let (measurand, phase) = Self.split(name)
    switch (measurand, phase) {
    case ("Energy.Active.Import.Register", nil): return .importRegister(try register(name))
    case ("Energy.Active.Export.Register", nil): return .exportRegister(try register(name))
    case ("Voltage", _): return .voltage(try quantity(name), phase: phase)
    case ("Frequency", nil): return .frequency(try quantity(name))
    case ("Current.Import", _): return .current(try optionalQuantity(name), phase: phase)
    case ("Power.Active.Import", _): return .power(try optionalQuantity(name), phase: phase)
    default: return nil
    }
  }

  private func register(_ name: String) throws(JSONRPCError) -> Energy {
    let energy: Energy = try quantity(name)
    guard energy >= .zero else { throw wrong(name, "a register is never negative") }
    return energy
  }

  private func quantity<Quantity: ThousandthsQuantity>(_ name: String) throws(JSONRPCError) -> Quantity {
    guard let value: Quantity = try optionalQuantity(name) else { throw wrong(name, "must be a number") }
    return value
  }

  private func optionalQuantity<Quantity: ThousandthsQuantity>(_ name: String) throws(JSONRPCError) -> Quantity? {
    guard let number = try optionalDecimal(name, in: -1_000_000_000_000...1_000_000_000_000) else { return nil }
    return Quantity(number)
  }

  /// `Voltage.L1` is the voltage of phase 1.
  private static func split(_ name: String) -> (String, Int?) {
    for (suffix, phase) in [(".L1", 1), (".L2", 2), (".L3", 3)] where name.hasSuffix(suffix) {
      return (String(name.dropLast(3)), phase)
    }
    return (name, nil)
  }
}

/// Names that appear in parameters and in messages about them.
enum WorldNames {
  static let measurands = [
    "Energy.Active.Import.Register", "Energy.Active.Export.Register", "Voltage", "Voltage.L1 … L3", "Frequency",
    "Current.Import", "Current.Import.L1 … L3", "Power.Active.Import", "Power.Active.Import.L1 … L3",
  ]
  static let air = Temperature(celsius: -60)...Temperature(celsius: 100)
  /// OCPP's kinds of token.
  static let tokenTypes = [
    "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "Central", "eMAID", "NoAuthorization",
  ]
}

extension JSONRPCError {
  init(_ error: WorldError) {
    switch error.kind {
    case .badParameter(let name): self = .badParameter(JSONPath([.name("params"), .name(name)]), error.message)
    case .situation: self = .refused(error.message)
    case .notModelled: self = .badParameter(JSONPath([.name("params"), .name("fault")]), error.message)
    }
  }
}

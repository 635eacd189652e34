import ChargerBase
import OCPPJSON

/// Energy registers in the meter values of a message, in thousandths of a watt-hour.
enum EnergyReading {
  struct Register: Equatable {
    var time: WallTime?
    /// In thousandths of a watt-hour.
    var energy: Int64
  }

  /// The sums at the outlet (no phase) of `Energy.Active.Import.Register`, in the order of their times. That measurand
  /// is the one meant when none is named (2.0.1 Part 2, SampledValueType).
  static func registers(in meterValues: JSONValue?) -> [Register] {
    var registers: [Register] = []
    for meterValue in meterValues?.array ?? [] {
      for sample in meterValue["sampledValue"]?.array ?? [] {
        guard sample["measurand"].map({ $0.string == "Energy.Active.Import.Register" }) ?? true,
          sample["location"].map({ $0.string == "Outlet" }) ?? true, sample["phase"] == nil,
          let value = sample["value"]?.decimal, let energy = milliwattHours(value, unit: sample["unitOfMeasure"])
        else { continue }
        registers.append(Register(time: meterValue["timestamp"]?.wallTime, energy: energy))
      }
    }
    return registers.sorted { left, right in
      guard let leftTime = left.time, let rightTime = right.time else { return false }
      return leftTime < rightTime
    }
  }

  private static func milliwattHours(_ value: Decimal, unit: JSONValue?) -> Int64? {
    var shift = 3 + (unit?["multiplier"]?.int ?? 0)
    switch unit?["unit"]?.string ?? "Wh" {
    case "Wh": break
    case "kWh": shift += 3
    default: return nil
    }
    let places = Int(value.places) - shift
    guard places > 0 else { return shifted(value.significand, by: -places) }
    return Decimal(significand: value.significand, places: places)?.scaled(places: 0)
  }

  private static func shifted(_ value: Int64, by digits: Int) -> Int64? {
    guard digits <= 18 else { return nil }
    var value = value
    for _ in 0..<digits {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      value = product
    }
    return value
  }

  /// `3.21 kWh`, or `320 Wh` below one.
  static func words(_ milliwattHours: Int64) -> String {
    if milliwattHours < 1_000_000 { return "\(milliwattHours / 1_000) Wh" }
    let hundredths = milliwattHours / 10_000
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) kWh"
  }
}

import ChargerBase
import JSONRPC
import OCPPJSON

/// What charging costs at this bench. The bench's own arithmetic, for looking at: no station is told of it.
struct Prices: Equatable {
  /// The highest price of anything.
  static let maximum: Decimal = 1_000_000
  static let members = ["currency", "perKilowattHour", "perMinute", "perTransaction"]

  var currency = "EUR"
  var perKilowattHour: Decimal?
  /// From the transaction's start to its end, charging or not.
  var perMinute: Decimal?
  var perTransaction: Decimal?

  var isEmpty: Bool { perKilowattHour == nil && perMinute == nil && perTransaction == nil }

  mutating func change(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(Self.members)
    if let text = try params.optionalString("currency", maximum: 3) {
      guard text.utf8.count == 3, text.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) else {
        throw params.wrong("currency", "must be three capital letters (ISO 4217), as EUR")
      }
      currency = text
    }
    func price(_ name: String, _ old: Decimal?) throws(JSONRPCError) -> Decimal? {
      if params.value[name] == nil { return old }
      return try params.optionalDecimal(name, in: .zero...Self.maximum)
    }
    perKilowattHour = try price("perKilowattHour", perKilowattHour)
    perMinute = try price("perMinute", perMinute)
    perTransaction = try price("perTransaction", perTransaction)
  }

  /// The sum in hundredths of the currency, rounded once, half away from zero; nil without prices.
  func cost(milliwattHours: Int64, seconds: Int64) -> Int64? {
    if isEmpty { return nil }
    func tenThousandths(_ price: Decimal?) -> Int128 { Int128(price?.scaled(places: 4) ?? 0) }
    // In ten-thousandths of the currency, times 60,000,000 (milliwatt-hours of a kilowatt-hour, seconds of a minute).
    let sum =
      tenThousandths(perKilowattHour) * Int128(max(0, milliwattHours)) * 60
      + tenThousandths(perMinute) * Int128(max(0, seconds)) * 1_000_000
      + tenThousandths(perTransaction) * 60_000_000
    let unit: Int128 = 60_000_000 * 100
    return Int64(clamping: (sum + unit / 2) / unit)
  }

  var json: JSONValue {
    var members = [JSONMember("currency", .string(currency))]
    func add(_ name: String, _ value: Decimal?) { if let value { members.append(JSONMember(name, .number(value))) } }
    add("perKilowattHour", perKilowattHour)
    add("perMinute", perMinute)
    add("perTransaction", perTransaction)
    return .object(members)
  }
}

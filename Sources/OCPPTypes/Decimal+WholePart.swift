import ChargerBase

extension Decimal {
  /// The nearest whole number: OCPP 2.0.1 has integers where 2.1 has decimals.
  var wholePart: Decimal { scaled(places: 0).map { Decimal($0) } ?? self }
}

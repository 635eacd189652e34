import ChargerBase
import OCPPTypes

/// One measured value as a driver or another program has it, in the unit that it uses.
public struct ReportedMeterValue: Sendable, Equatable {
  public var measurand: Measurand
  /// Nil for the total of all phases.
  public var phase: Phase?
  /// Nil for the outlet, or for EVSE 0 the inlet.
  public var location: Location?
  public var value: Decimal
  /// `Wh`, `kWh`, `W`, `kW`, `A`, `V`, `Hz`, `Percent` …; nil for OCPP's default unit of the measurand.
  public var unit: String?
  /// `value` is in units of 10 to this power, -9…9 (OCPP's `multiplier`).
  public var multiplier: Int32

  public init(
    _ measurand: Measurand, _ value: Decimal, unit: String? = nil, multiplier: Int32 = 0, phase: Phase? = nil,
    location: Location? = nil
  ) {
    self.measurand = measurand
    self.value = value
    self.unit = unit
    self.multiplier = multiplier
    self.phase = phase
    self.location = location
  }
}

/// Why a reading was not taken; nothing of it was.
public enum MeterValueError: Error, Sendable, Equatable {
  case unknownEVSE(EVSEID)
  case empty
  /// More than 64 values.
  case tooManyValues(Int)
  /// The unit is not one of the measurand's, or the measurand has none.
  case unit(Measurand, String)
  /// A register below zero, or a number that does not fit into thousandths of the measurand's unit.
  case outOfRange(Measurand)
  /// The same measurand, phase and location twice.
  case repeated(Measurand)
  /// Taken later than now.
  case fromTheFuture
}

extension ChargePoint {
  /// Takes a reading of an EVSE's meter, or with EVSE 0 of the station's main meter (19). No message follows by itself:
  /// the configured intervals, and what happens at the station, decide what is told of it.
  ///
  /// - Parameter takenAt: when the meter gave the values, on the station's own clock; nil for now. A reading keeps this
  ///   time: one that is older than 15 s is not told as a new one, and one that is older than the newest is dropped.
  /// - Throws: before anything has happened, so that a driver with a wrong register map is found at once.
  public func meterValue(
    _ evse: EVSEID, _ values: [ReportedMeterValue], takenAt: MonotonicInstant? = nil
  ) throws(MeterValueError) {
    guard evse.number == 0 || configuration.evses.contains(where: { $0.id == evse.number }) else {
      throw .unknownEVSE(evse)
    }
    guard !values.isEmpty else { throw .empty }
    guard values.count <= MeterReadingRecord.maximumValues else { throw .tooManyValues(values.count) }
    let present = timeSource.now
    if let takenAt, takenAt > present { throw .fromTheFuture }
    var measured: [MeasuredValue] = []
    for value in values {
      var own = try MeasuredValue(value)
      if evse.number == 0, own.location == nil { own.location = .inlet }
      let isKnown = measured.contains {
        $0.measurand == own.measurand && $0.phase == own.phase && $0.location == own.location
      }
      if isKnown { throw .repeated(value.measurand) }
      measured.append(own)
    }
    handle(StationFact.meter(evse, MeterSample(takenAt: takenAt ?? present, values: measured)))
  }
}

extension MeasuredValue {
  /// The value in the measurand's own unit, in whole thousandths.
  fileprivate init(_ reported: ReportedMeterValue) throws(MeterValueError) {
    let measurand = reported.measurand
    var power = Int(reported.multiplier)
    guard (-9...9).contains(power) else { throw .outOfRange(measurand) }
    if let unit = reported.unit {
      guard let more = measurand.powerOfTen(from: unit) else { throw .unit(measurand, unit) }
      power += more
    }
    guard let value = reported.value.multiplied(byPowerOfTen: power), value.thousandths != nil else {
      throw .outOfRange(measurand)
    }
    if measurand.isRegister, value < .zero { throw .outOfRange(measurand) }
    self.init(measurand: measurand, phase: reported.phase, location: reported.location, value: value)
  }
}

extension Decimal {
  /// Exact, but for digits beyond the 18th place; nil when it does not fit.
  func multiplied(byPowerOfTen power: Int) -> Decimal? {
    var significand = significand
    var places = Int(places) - power
    while places < 0 {
      let (product, overflow) = significand.multipliedReportingOverflow(by: 10)
      guard !overflow else { return nil }
      significand = product
      places += 1
    }
    while places > 18 {
      significand /= 10
      places -= 1
    }
    return Decimal(significand: significand, places: places)
  }
}

import ChargerBase
import EVSEControl

/// One entry of the timing table as a profile can replace it. What makes the station safer is always allowed; the other
/// end of each range is the standard's limit or what the hardware can do, and `reason` says which.
struct TimingEntry: Sendable {
  enum Value: Sendable {
    /// In whole milliseconds.
    case time(WritableKeyPath<TimingTable, Duration> & Sendable, ClosedRange<Int64>)
    /// In whole seconds.
    case seconds(WritableKeyPath<TimingTable, Duration> & Sendable, ClosedRange<Int64>)
    case count(WritableKeyPath<TimingTable, UInt8> & Sendable, ClosedRange<Int64>)
    case percent(WritableKeyPath<TimingTable, Int64> & Sendable, ClosedRange<Int64>)
    case current(WritableKeyPath<TimingTable, Current> & Sendable, ClosedRange<Decimal>)
  }

  let key: TimingKey
  let value: Value
  /// Why the range ends where it does, where a person would ask.
  let reason: String?

  private init(_ key: TimingKey, _ value: Value, _ reason: String? = nil) {
    self.key = key
    self.value = value
    self.reason = reason
  }

  /// In the order of `TimingKey`: one for each.
  static let all: [TimingEntry] = [
    TimingEntry(
      .openAfterVehicleStopsMilliseconds, .time(\.openAfterVehicleStops, 20...100),
      "IEC 61851-1 sequence 8.1 opens within 100 ms"),
    TimingEntry(
      .openAfterUnplugMilliseconds, .time(\.openAfterUnplug, 20...100), "IEC 61851-1 sequence 2.2 opens within 100 ms"),
    TimingEntry(
      .closeAfterRequestMilliseconds, .time(\.closeAfterRequest, 100...3_000),
      "IEC 61851-1 sequence 4 closes within 3 s"),
    TimingEntry(
      .openUnderLoadAfterWithdrawalMilliseconds, .time(\.openUnderLoadAfterWithdrawal, 3_000...6_000),
      "a vehicle has 3 s to react, and sequence 10.2 opens after 6 s"),
    TimingEntry(.pilotFilterMilliseconds, .time(\.pilotFilter, 1...80)),
    TimingEntry(.contactorTravelMilliseconds, .time(\.contactorTravel, 20...2_000)),
    TimingEntry(.contactorRestMilliseconds, .time(\.contactorRest, 0...60_000)),
    TimingEntry(.pilotSilenceMilliseconds, .time(\.pilotSilence, 100...5_000)),
    TimingEntry(.contactorSilenceMilliseconds, .time(\.contactorSilence, 100...5_000)),
    TimingEntry(.meterSilenceMilliseconds, .time(\.meterSilence, 1_000...300_000)),
    TimingEntry(
      .pilotSettlingMilliseconds, .time(\.pilotSettling, 30...100),
      "a driver has 30 ms to apply and read back, and an opening must not wait longer than 100 ms"),
    TimingEntry(
      .vehicleFollowsOfferMilliseconds, .time(\.vehicleFollowsOffer, 5_000...30_000),
      "a vehicle has 5 s to follow; until then its share cannot be given to another"),
    TimingEntry(.offerRaiseIntervalMilliseconds, .time(\.offerRaiseInterval, 0...60_000)),
    TimingEntry(
      .openAfterFaultMilliseconds, .time(\.openAfterFault, 20...100), "a fault opens the contactor within 100 ms"),
    TimingEntry(
      .lowerOfferAfterLimitMilliseconds, .time(\.lowerOfferAfterLimit, 100...5_000),
      "a lower limit is on the pilot within 5 s"),
    TimingEntry(.lockTravelMilliseconds, .time(\.lockTravel, 100...10_000)),
    TimingEntry(.lockRetryPauseMilliseconds, .time(\.lockRetryPause, 0...30_000)),
    TimingEntry(.lockAttempts, .count(\.lockAttempts, 1...10)),
    TimingEntry(.lockSilenceMilliseconds, .time(\.lockSilence, 100...5_000)),
    TimingEntry(.unlockAfterStateFMilliseconds, .time(\.unlockAfterStateF, 0...60_000)),
    TimingEntry(
      .residualCurrentTestTripMilliseconds, .time(\.residualCurrentTestTrip, 50...5_000),
      "a driver has 50 ms to switch the test current on"),
    TimingEntry(
      .residualCurrentTestRecoveryMilliseconds, .time(\.residualCurrentTestRecovery, 50...5_000),
      "a driver has 50 ms to switch the test current off"),
    TimingEntry(
      .residualCurrentSilenceMilliseconds, .time(\.residualCurrentSilence, 100...2_000),
      "without the monitor nobody is protected"),
    TimingEntry(.overCurrentMilliseconds, .time(\.overCurrentTime, 100...10_000)),
    TimingEntry(.overCurrentTolerancePercent, .percent(\.overCurrentTolerancePercent, 0...15)),
    TimingEntry(.overCurrentToleranceA, .current(\.overCurrentTolerance, 0...2)),
    TimingEntry(.voltageFaultMilliseconds, .time(\.voltageFault, 100...10_000)),
    TimingEntry(.voltageRecoveryMilliseconds, .time(\.voltageRecovery, 1_000...600_000)),
    TimingEntry(.temperatureSilenceMilliseconds, .time(\.temperatureSilence, 1_000...60_000)),
    TimingEntry(.proximitySilenceMilliseconds, .time(\.proximitySilence, 200...10_000)),
    TimingEntry(.proximityFilterMilliseconds, .time(\.proximityFilter, 20...2_000)),
    TimingEntry(
      .safetyInputSilenceMilliseconds, .time(\.safetyInputSilence, 100...2_000),
      "nobody can stop the station by a contact that is not read"),
    TimingEntry(
      .supplyTurnSeconds, .seconds(\.supplyTurn, 60...86_400), "each turn opens a contactor, which wears it"),
    TimingEntry(
      .supplyLendAfterSeconds, .seconds(\.supplyLendAfter, 10...3_600), "a vehicle that wavers must not lose its share"),
    TimingEntry(
      .mainsReturnSpreadMilliseconds, .time(\.mainsReturnSpread, 1_000...1_800_000),
      "the EVSEs of a street must not all switch at once"),
    TimingEntry(
      .phaseSwitchRestMilliseconds, .time(\.phaseSwitchRest, 2_000...60_000),
      "the vehicle's charger must have let go of the phases"),
    TimingEntry(.phaseSwitchTravelMilliseconds, .time(\.phaseSwitchTravel, 20...5_000)),
    TimingEntry(.phaseSwitchSilenceMilliseconds, .time(\.phaseSwitchSilence, 100...5_000)),
  ]

  /// Takes the profile's value over, where it has a good one.
  func read(_ field: ProfileField, into table: inout TimingTable) {
    switch value {
    case .time(let entry, let range):
      if let duration = field.milliseconds(in: range, reason: reason) { table[keyPath: entry] = duration }
    case .seconds(let entry, let range):
      if let seconds = field.integer(in: range, unit: "s", reason: reason) {
        table[keyPath: entry] = .seconds(seconds)
      }
    case .count(let entry, let range):
      if let number = field.integer(in: range, reason: reason) { table[keyPath: entry] = UInt8(clamping: number) }
    case .percent(let entry, let range):
      if let number = field.integer(in: range, unit: "%", reason: reason) { table[keyPath: entry] = number }
    case .current(let entry, let range):
      if let current = field.current(in: range, reason: reason) { table[keyPath: entry] = current }
    }
  }
}

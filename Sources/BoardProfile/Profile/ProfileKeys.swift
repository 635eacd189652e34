/// Every key that a board profile or a unit file may have, one list per kind of object. `boards/README.md` has a table
/// for each; a test compares them.
enum BoardKey: String, ProfileKey {
  case name, purpose, vendorName, model, evses, sharedSupplyA, safetyInputs, readers, keypads
  case startButtons, display, mainMeter, deadMan, watchdog
  case leaseExpiry, leaseSeconds, randomStartDelaySeconds, resetAction, outboxCapacity, timing, pilotThresholds
  case proximityBands, lights, texts, csms, deviceModel
}

enum EVSEKey: String, ProfileKey {
  case id, maximumCurrentA, phases, meter, meterNeeded, overCurrent, voltageBand, residualCurrent, temperatureSensors
  case temperatureCurve, phaseSwitch, light, parkingBay, allowReset, connectors
}

enum VoltageBandKey: String, ProfileKey {
  case lowestV, highestV, hysteresisV
}

enum ResidualCurrentKey: String, ProfileKey {
  case driver, test
}

enum TemperatureCurveKey: String, ProfileKey {
  case deratingFromCelsius, stopAtCelsius, leastCurrentA, hysteresisCelsius
}

enum ConnectorKey: String, ProfileKey {
  case id, cable, connectorType, pilot, contactor, lock, proximity, cableRatingA, hasVentilation
  case hasDigitalCommunication, simplifiedVehicleA, wakeUp
  case contactorServiceAfterOpenings, contactorServiceAfterLoadOpenings
}

enum WakeUpKey: String, ProfileKey {
  case afterSeconds, steadySeconds, attempts
}

enum SafetyInputKey: String, ProfileKey {
  case kind, evse, driver
}

/// The keys of a driver that are not the driver's own.
enum DriverKey: String, ProfileKey {
  case driver
}

enum ReaderKey: String, ProfileKey {
  case name, driver, evses
}

enum KeypadFileKey: String, ProfileKey {
  case name, driver, evses, minimumLength, maximumLength, timeoutSeconds
}

enum StartButtonKey: String, ProfileKey {
  case driver, evse
}

enum ParkingBayKey: String, ProfileKey {
  case driver, settlingMilliseconds
}

enum TextsKey: String, ProfileKey {
  case language, languages
}

enum LanguageKey: String, ProfileKey {
  case language, lines, reasons, choices
}

/// OCPP's AuthorizationStatus, but for Accepted.
enum RefusalKey: String, ProfileKey {
  case blocked = "Blocked"
  case concurrentTransaction = "ConcurrentTx"
  case expired = "Expired"
  case invalid = "Invalid"
  case noCredit = "NoCredit"
  case notAllowedTypeEVSE = "NotAllowedTypeEVSE"
  case notAtThisLocation = "NotAtThisLocation"
  case notAtThisTime = "NotAtThisTime"
  case unknown = "Unknown"
}

enum ChoiceKey: String, ProfileKey {
  case evse, everyEVSE, cancel
}

enum DeadManKey: String, ProfileKey {
  case means, withinMilliseconds
}

enum CSMSKey: String, ProfileKey {
  case url, securityProfile, versions
}

enum LightPatternKey: String, ProfileKey {
  case colour, rhythm
}

enum TimingKey: String, ProfileKey {
  case openAfterVehicleStopsMilliseconds, openAfterUnplugMilliseconds, closeAfterRequestMilliseconds
  case openUnderLoadAfterWithdrawalMilliseconds, pilotFilterMilliseconds, contactorTravelMilliseconds
  case contactorRestMilliseconds, pilotSilenceMilliseconds, contactorSilenceMilliseconds, meterSilenceMilliseconds
  case pilotSettlingMilliseconds, vehicleFollowsOfferMilliseconds, offerRaiseIntervalMilliseconds
  case openAfterFaultMilliseconds, lowerOfferAfterLimitMilliseconds
  case lockTravelMilliseconds, lockRetryPauseMilliseconds, lockAttempts, lockSilenceMilliseconds
  case unlockAfterStateFMilliseconds
  case residualCurrentTestTripMilliseconds, residualCurrentTestRecoveryMilliseconds, residualCurrentSilenceMilliseconds
  case overCurrentMilliseconds, overCurrentTolerancePercent, overCurrentToleranceA
  case voltageFaultMilliseconds, voltageRecoveryMilliseconds
  case temperatureSilenceMilliseconds, proximitySilenceMilliseconds, proximityFilterMilliseconds
  case safetyInputSilenceMilliseconds, supplyTurnSeconds, supplyLendAfterSeconds
  case mainsReturnSpreadMilliseconds, phaseSwitchRestMilliseconds, phaseSwitchTravelMilliseconds
  case phaseSwitchSilenceMilliseconds
}

enum PilotThresholdKey: String, ProfileKey {
  case aAboveMillivolts, bAboveMillivolts, cAboveMillivolts, dAboveMillivolts, eAboveMillivolts
  case hysteresisMillivolts, diodeBelowMillivolts
}

enum ProximityBandsKey: String, ProfileKey {
  case bands, betweenBands, openAboveOhms
}

enum ProximityBandKey: String, ProfileKey {
  case ratingA, lowestOhms, highestOhms
}

enum DeviceModelKey: String, ProfileKey {
  case component, variable, attribute, value, mutability, variableCharacteristics
}

enum ComponentKey: String, ProfileKey {
  case name, instance, evse
}

enum ComponentEVSEKey: String, ProfileKey {
  case id, connectorId
}

enum VariableNameKey: String, ProfileKey {
  case name, instance
}

enum CharacteristicsKey: String, ProfileKey {
  case dataType, unit, minLimit, maxLimit, valuesList, supportsMonitoring
}

enum UnitKey: String, ProfileKey {
  case identity, csmsUrl, securityProfile, basicAuthPassword, serialNumber, ratedSupplyA, installerLimitA
  case rootCertificatesFile, deviceModel
}

/// All kinds of object with their keys, under the headings that `boards/README.md` gives them.
package enum ProfileKeyReference {
  package static let sections: [(heading: String, keys: [String])] = [
    ("Board profile", names(BoardKey.self)),
    ("EVSE", names(EVSEKey.self)),
    ("Voltage band", names(VoltageBandKey.self)),
    ("Residual current", names(ResidualCurrentKey.self)),
    ("Temperature curve", names(TemperatureCurveKey.self)),
    ("Connector", names(ConnectorKey.self)),
    ("Wake-up", names(WakeUpKey.self)),
    ("Safety input", names(SafetyInputKey.self)),
    ("Reader", names(ReaderKey.self)),
    ("Keypad", names(KeypadFileKey.self)),
    ("Start button", names(StartButtonKey.self)),
    ("Parking bay", names(ParkingBayKey.self)),
    ("Driver", names(DriverKey.self)),
    ("Dead-man rule", names(DeadManKey.self)),
    ("CSMS defaults", names(CSMSKey.self)),
    ("Timing", names(TimingKey.self)),
    ("Pilot thresholds", names(PilotThresholdKey.self)),
    ("Proximity bands", names(ProximityBandsKey.self)),
    ("Proximity band", names(ProximityBandKey.self)),
    ("Lights", names(FeedbackKind.self)),
    ("Light pattern", names(LightPatternKey.self)),
    ("Texts", names(TextsKey.self)),
    ("Language", names(LanguageKey.self)),
    ("Refusals", names(RefusalKey.self)),
    ("Choices", names(ChoiceKey.self)),
    ("Device-model entry", names(DeviceModelKey.self)),
    ("Component", names(ComponentKey.self)),
    ("Component's EVSE", names(ComponentEVSEKey.self)),
    ("Variable", names(VariableNameKey.self)),
    ("Variable characteristics", names(CharacteristicsKey.self)),
    ("Unit file", names(UnitKey.self)),
  ]

  private static func names<Key: ProfileKey>(_ keys: Key.Type) -> [String] { Key.allCases.map(\.rawValue) }
}

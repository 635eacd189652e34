import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("What the device model says is what the station does")
struct HonestyTests {
  /// Every variable that can be written, and the test that sees a written value take effect. A variable that is not
  /// here has to be ReadOnly.
  private static let enforced: [(variable: StationVariable, by: String)] = [
    (.heartbeatInterval, "heartbeatInterval"), (.messageAttemptInterval, "retries"), (.messageAttempts, "retries"),
    (.networkConfigurationPriority, "networkPriority"), (.networkProfileConnectionAttempts, "networkPriority"),
    (.offlineThreshold, "offlineThreshold"), (.resetRetries, "resetRetries"),
    (.retryBackOffRandomRange, "backOff"), (.retryBackOffRepeatTimes, "backOff"), (.retryBackOffWaitMinimum, "backOff"),
    (.webSocketPingInterval, "pingInterval"), (.allowSecurityProfileDowngrade, "NetworkProfileConformance"),
    (.basicAuthPassword, "SetVariablesTests.password"),
    (.minimumStatusDuration, "AvailabilityTests.waitsForStability"),
    (.timeSource, "timeSource"), (.timeAdjustmentReportingThreshold, "timeAdjustment"),
    // The session controller's, tested with it.
    (.unlockOnEVSideDisconnect, "E09.FR.02"), (.authorizationEnabled, "E01"), (.startButtonAuthorizes, "C02.FR.01"),
    (.authorizeRemoteStart, "F01.FR.01"),
    (.offlineTxForUnknownIdEnabled, "C15.FR.01"), (.evConnectionTimeOut, "E03.FR.05"),
    (.maxEnergyOnInvalidId, "E05.FR.03"), (.stopTxOnEVSideDisconnect, "E09.FR.01"), (.stopTxOnInvalidId, "E05.FR.09"),
    (.txStartPoint, "E01.FR.02"), (.txStopPoint, "E06.FR.01"), (.sampledDataEnabled, "J02"),
    (.sampledTxStartedMeasurands, "E01.FR.17"), (.sampledTxUpdatedMeasurands, "J02.FR.11"),
    (.sampledTxUpdatedInterval, "J02.FR.11"), (.sampledTxEndedMeasurands, "E06.FR.11"),
    (.sampledTxEndedInterval, "E06.FR.11"), (.localAuthorizeOffline, "C10.FR.01"), (.localPreAuthorize, "C12.FR.02"),
    (.authCacheEnabled, "C11.FR.04"), (.authCacheLifeTime, "C10.FR.08"), (.alignedMeasurands, "F06.FR.06"),
    (.disableRemoteAuthorization, "TokenRulesTests"), (.masterPassGroupId, "C16.FR.02"),
    (.authCachePolicy, "C10.FR.07"), (.authCacheDisablePostAuthorize, "TC_C_57_CS"),
    (.localListEnabled, "D02.FR.03"), (.localListDisablePostAuthorize, "TC_C_58_CS"),
    (.resumeTransactions, "ResumeTableTests.settings"), (.resumeTimeLimit, "ResumeTableTests.settings"),
    // Metering: AlignedValuesConformance and SessionMeterTests.
    (.alignedDataEnabled, "J01"), (.alignedSendDuringIdle, "J01.FR.20"), (.alignedInterval, "J01.FR.14"),
    (.alignedTxEndedInterval, "TC_J_03_CS"), (.alignedTxEndedMeasurands, "TC_J_03_CS"),
    (.sampledRegisterValuesWithoutPhases, "J02"),
  ]

  /// The same for variables of EVSEs, connectors and components, by component and variable.
  private static let enforcedAtPlaces: [(component: String, variable: String, by: String)] = [
    ("AlignedDataCtrlr", "SendDuringIdle", "J01.FR.19"), ("SampledDataCtrlr", "SignReadings", "J02.FR.21"),
    ("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue", "SignedMeterStories.publicKey"),
  ]

  @Test("Each variable is ReadOnly, or something in the station obeys it", arguments: StationVariable.allCases)
  func isEnforcedOrReadOnly(variable: StationVariable) {
    let isEnforced = Self.enforced.contains { $0.variable == variable }
    #expect((variable.definition.mutability != .readOnly) == isEnforced, "\(variable.key)")
  }

  @Test("Each variable that a station lists, of EVSEs, connectors and components too, is ReadOnly or obeyed")
  func listsWhatIsObeyed() {
    var configuration = EngineHarness.standardConfiguration(evses: 3)
    configuration.evses[1].meterSigns = true
    let harness = EngineHarness(configuration: configuration).start()
    for listing in harness.chargePoint.inventory(where: { _ in true }) where listing.mutability != .readOnly {
      let isEnforced =
        Self.enforced.contains { $0.variable.key == listing.key }
        || Self.enforcedAtPlaces.contains {
          $0.component == listing.key.component && $0.variable == listing.key.variable
        }
      #expect(isEnforced, "\(listing.key)")
    }
    for place in Self.enforcedAtPlaces {
      #expect(
        !harness.chargePoint.inventory { $0.component == place.component && $0.variable == place.variable }.isEmpty)
    }
  }

  @Test("Each variable that is listed as ReadOnly refuses even its own value, and keeps it")
  func readOnlyIsReadOnly() {
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(evses: 3)).start()
    for listing in harness.chargePoint.inventory(where: { _ in true }) where listing.mutability == .readOnly {
      let results = harness.set([item(listing.key, listing.value ?? "", attribute: listing.attribute.rawName)])
      #expect(results.first?["attributeStatus"] == "Rejected", "\(listing.key)")
      #expect(results.first?["attributeStatusInfo"]?["reasonCode"] == "ReadOnly", "\(listing.key)")
    }
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("Each variable that is listed as writable takes the values at its stated limits, and none beyond them")
  func writableTakesItsRange() {
    var configuration = EngineHarness.standardConfiguration()
    // A slot can be put into the priority list once it holds a profile (B10.FR.02).
    for slot: Int32 in 2...4 {
      configuration.networkProfiles.append(.init(slot: slot, url: "ws://csms.example/ocpp", identity: "CS-1"))
    }
    let harness = EngineHarness(configuration: configuration).start()
    let listed = harness.baseReport("ConfigurationInventory").data
    #expect(listed.count >= Self.enforced.count)
    for entry in listed {
      guard let component = entry["component"], let variable = entry["variable"],
        let character = entry["variableCharacteristics"]
      else { continue }
      let name: Comment = "\(component) \(variable)"
      func status(_ value: String) -> String? {
        harness.status(
          ofSetting: ["component": component, "variable": variable, "attributeValue": .string(value)])
      }
      func isTaken(_ value: String) -> Bool { ["Accepted", "RebootRequired"].contains(status(value)) }
      let members = (character["valuesList"]?.string ?? "").split(separator: ",").map(String.init)
      switch character["dataType"]?.string {
      case "integer":
        let limits = (character["minLimit"]?.int, character["maxLimit"]?.int)
        #expect(limits.0 != nil && limits.1 != nil, name)
        guard let minimum = limits.0, let maximum = limits.1 else { continue }
        #expect(!isTaken("\(minimum - 1)") && !isTaken("\(maximum + 1)") && !isTaken("x"), name)
        #expect(isTaken("\(maximum)") && isTaken("\(minimum)"), name)
      case "boolean":
        #expect(!isTaken("1") && !isTaken("True") && !isTaken(""), name)
        #expect(isTaken("false") && isTaken("true"), name)
      case "OptionList":
        #expect(!isTaken("Other") && !isTaken(""), name)
        for member in members { #expect(isTaken(member), name) }
      case "MemberList", "SequenceList":
        #expect(!isTaken("Other") && !isTaken("\(members[0]),\(members[0])") && !isTaken("\(members[0]),"), name)
        #expect(isTaken(members[0]) && isTaken(members.joined(separator: ",")), name)
      case "string":
        let maximum = character["maxLimit"]?.int
        #expect(maximum != nil, name)
        #expect(!isTaken(String(repeating: "x", count: (maximum ?? 0) + 1)), name)
        // A password makes the station connect anew, after the last of these.
        #expect(isTaken(String(repeating: "x", count: maximum ?? 0)), name)
        harness.run(for: .seconds(20))
      default: Issue.record(name)
      }
    }
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("Each variable has a definition of its own, and its first value is one that it allows")
  func definitionsAreSound() {
    let keys = StationVariable.allCases.map { $0.key }
    #expect(Set(keys).count == keys.count)
    for variable in StationVariable.allCases {
      let definition = variable.definition
      guard variable != .dateTime, variable != .basicAuthPassword, definition.character.kind != .optionList else {
        continue
      }
      #expect(definition.character.objection(to: definition.initial ?? "") == nil, "\(definition.key)")
    }
  }

  @Test(
    "A limit that is stated is kept: beyond it a value is refused, at it accepted", arguments: StationVariable.allCases)
  func limitsHold(variable: StationVariable) {
    let character = variable.definition.character
    guard character.kind == .integer else { return }
    if let minimum = character.minimum?.integer {
      #expect(character.objection(to: "\(minimum)") == nil)
      #expect(character.objection(to: "\(minimum - 1)") != nil)
    }
    if let maximum = character.maximum?.integer {
      #expect(character.objection(to: "\(maximum)") == nil)
      #expect(character.objection(to: "\(maximum + 1)") != nil)
    }
    for text in ["", "+1", " 1", "1 ", "0x1", "1.0", "1e3", "٣", "2147483648"] {
      #expect(character.objection(to: text) != nil, "\(text)")
    }
  }

  private func write(_ harness: EngineHarness, _ variable: StationVariable, _ value: String) -> String? {
    harness.status(ofSetting: item(variable.key, value))
  }

  @Test("HeartbeatInterval, written while running, times the next heartbeat")
  func heartbeatInterval() {
    let harness = EngineHarness().start()
    #expect(write(harness, .heartbeatInterval, "20") == "Accepted")
    harness.run(for: .seconds(61))
    #expect(harness.csms.calls(.heartbeat).count == 3)
  }

  @Test("MessageAttempts and MessageAttemptInterval rule how often and when an event is tried")
  func retries() {
    let station = StubbedStation()
    station.harness.start()
    #expect(write(station.harness, .messageAttempts, "2") == "Accepted")
    #expect(write(station.harness, .messageAttemptInterval, "7") == "Accepted")
    station.harness.csms.script = { $0.action == .transactionEvent ? .error("InternalError") : .standard }
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(100))
    let attempts = station.harness.csms.calls(.transactionEvent).map { $0.at }
    #expect(attempts.count == 2)
    #expect(attempts.count == 2 && attempts[1] - attempts[0] >= .seconds(7) && attempts[1] - attempts[0] < .seconds(8))
  }

  @Test("NetworkConfigurationPriority counts from the next start, NetworkProfileConnectionAttempts at once")
  func networkPriority() {
    var configuration = EngineHarness.standardConfiguration(deviceModel: [
      EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRandomRange", "0")
    ])
    configuration.networkProfiles = [
      .init(slot: 1, url: "ws://first", identity: "CS"), .init(slot: 2, url: "ws://second", identity: "CS"),
    ]
    let harness = EngineHarness(configuration: configuration).start()
    #expect(write(harness, .networkConfigurationPriority, "2,1") == "RebootRequired")
    #expect(write(harness, .networkProfileConnectionAttempts, "1") == "Accepted")
    harness.restart(.kill)
    #expect(harness.link.dials.last?.target.url == "ws://second")
    #expect(harness.chargePoint.networkConnectionSlots == [2, 1])
    #expect(harness.chargePoint.priority(ofSlot: 1) == 1)
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.link.drop()
    harness.run(for: .seconds(40))
    #expect(harness.link.dials.suffix(2).map { $0.target.url } == ["ws://second", "ws://first"])
  }

  @Test("OfflineThreshold, written while running, divides long offline times from short ones")
  func offlineThreshold() {
    let harness = EngineHarness().start()
    #expect(write(harness, .offlineThreshold, "5") == "Accepted")
    harness.csms.forgetCalls()
    harness.link.drop()
    harness.run(for: .seconds(40))
    #expect(harness.csms.calls(.statusNotification).count == 2)
  }

  @Test("ResetRetries, written while running, says how often a reset is tried again")
  func resetRetries() {
    let harness = EngineHarness().start()
    #expect(write(harness, .resetRetries, "1") == "Accepted")
    harness.csms.call(.reset, ["type": "Immediate"])
    harness.run(for: .seconds(600))
    #expect(harness.delegate.resets.count == 2)
  }

  @Test("The back-off variables, written while running, time the next dials")
  func backOff() {
    let harness = EngineHarness().start()
    #expect(write(harness, .retryBackOffWaitMinimum, "3") == "Accepted")
    #expect(write(harness, .retryBackOffRandomRange, "0") == "Accepted")
    #expect(write(harness, .retryBackOffRepeatTimes, "1") == "Accepted")
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.link.drop()
    harness.run(for: .seconds(22))
    let dials = harness.link.dials.map { $0.at }
    let waits = zip(dials, dials.dropFirst()).map { ($1 - $0).wholeSeconds }
    #expect(waits.dropFirst().prefix(2) == [6, 6])
  }

  @Test("WebSocketPingInterval reaches the link at once, and each later one")
  func pingInterval() {
    let harness = EngineHarness().start()
    #expect(write(harness, .webSocketPingInterval, "17") == "Accepted")
    #expect(harness.link.pingInterval == .seconds(17))
    harness.restart(.powerCut)
    #expect(harness.link.pingInterval == .seconds(17))
  }

  @Test("B01.FR.06 TimeSource without Heartbeat leaves the CSMS's time alone")
  func timeSource() {
    let harness = EngineHarness()
    harness.clock.isSystemTimeTrusted = true
    harness.csms.clockError = .seconds(5_000)
    harness.start()
    #expect(write(harness, .timeSource, "RealTimeClock") == "Accepted")
    let dateTime = VariableKey("ClockCtrlr", "DateTime")
    #expect(harness.chargePoint.requestValue(dateTime) == harness.clock.wall.rfc3339)
    #expect(write(harness, .timeSource, "Heartbeat") == "Accepted")
    #expect(harness.chargePoint.requestValue(dateTime) != harness.clock.wall.rfc3339)
  }

  @Test("A04 SettingSystemTime is reported for jumps above TimeAdjustmentReportingThreshold alone")
  func timeAdjustment() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.accepted, 50)]
    harness.start()
    #expect(write(harness, .timeAdjustmentReportingThreshold, "60") == "Accepted")
    harness.csms.clockError = .seconds(30)
    harness.run(for: .seconds(60))
    #expect(!harness.csms.calls(.securityEventNotification).contains { $0.json["type"] == "SettingSystemTime" })
    harness.csms.clockError = .seconds(200)
    harness.run(for: .seconds(60))
    #expect(harness.csms.calls(.securityEventNotification).contains { $0.json["type"] == "SettingSystemTime" })
  }
}

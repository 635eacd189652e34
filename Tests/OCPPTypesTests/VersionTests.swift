import ChargerBase
import OCPPJSON
import OCPPTypes
import Testing

@Suite("One set of types for two versions")
struct VersionTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("What 2.0.1 does not have is not written for it")
  func newMembers() throws {
    let profile = ChargingProfile(
      id: 1, stackLevel: 0, chargingProfilePurpose: .txProfile, chargingProfileKind: .relative,
      chargingSchedule: [
        ChargingSchedule(
          id: 1, chargingRateUnit: .a,
          chargingSchedulePeriod: [ChargingSchedulePeriod(startPeriod: 0, limit: 16, setpoint: 3)], useLocalTime: true)
      ],
      dynUpdateInterval: 60)
    let request = SetChargingProfileRequest(evseId: 1, chargingProfile: profile)
    #expect(
      text(request.encode(version: .v201))
        == #"{"evseId":1,"chargingProfile":{"id":1,"stackLevel":0,"chargingProfilePurpose":"TxProfile","#
        + #""chargingProfileKind":"Relative","chargingSchedule":[{"id":1,"chargingRateUnit":"A","#
        + #""chargingSchedulePeriod":[{"startPeriod":0,"limit":16}]}]}}"#)
    let newer = request.encode(version: .v21)
    #expect(try SetChargingProfileRequest.decode(newer[...], version: .v21) == request)
    #expect(
      throws: MessageViolation(
        code: .formatViolation, path: "$.chargingProfile.chargingSchedule[0].chargingSchedulePeriod[0].setpoint",
        detail: "unknown name")
    ) { try SetChargingProfileRequest.decode(newer[...], version: .v201) }
  }

  @Test("A value of an enumeration that 2.0.1 does not have is left out, and that is noted")
  func newValues() {
    let info = StatusNotificationRequest(
      timestamp: WallTime(millisecondsSinceEpoch: 0), connectorStatus: .available, evseId: 1, connectorId: 1)
    var writer = JSONWriter()
    info.encode(into: &writer, version: .v201)
    #expect(writer.omissions == 0)
    let sample = SampledValue(value: 1, measurand: .voltageMaximum)
    writer = JSONWriter()
    sample.encode(into: &writer, version: .v201)
    #expect(text(writer.bytes) == #"{"value":1}"#)
    #expect(writer.omissions == 1)
    writer = JSONWriter()
    sample.encode(into: &writer, version: .v21)
    #expect(text(writer.bytes) == #"{"value":1,"measurand":"Voltage.Maximum"}"#)
  }

  @Test("Texts that 2.0.1 requires are written empty when there are none")
  func requiredTexts() {
    let signed = SignedMeterValue(signedMeterData: "AA==", encodingMethod: "OCMF")
    var writer = JSONWriter()
    signed.encode(into: &writer, version: .v201)
    #expect(writer.bytes.isEmpty == false)
    #expect(text(writer.bytes).contains(#""signingMethod":"""#))
    #expect(text(writer.bytes).contains(#""publicKey":"""#))
    writer = JSONWriter()
    signed.encode(into: &writer, version: .v21)
    #expect(!text(writer.bytes).contains("publicKey"))
  }

  @Test("Where 2.0.1 has integers, decimals are rounded for it")
  func integers() throws {
    let parameters = ACChargingParameters(
      energyAmount: try #require(Decimal("1000.5")), evMinCurrent: 6, evMaxCurrent: 16, evMaxVoltage: 230)
    var writer = JSONWriter()
    parameters.encode(into: &writer, version: .v201)
    #expect(text(writer.bytes).contains(#""energyAmount":1001"#))
    writer = JSONWriter()
    parameters.encode(into: &writer, version: .v21)
    #expect(text(writer.bytes).contains(#""energyAmount":1000.5"#))
  }

  @Test("Token types are a closed list in 2.0.1 and any text in 2.1")
  func openEnumerations() throws {
    let payload = Array(#"{"idToken":{"idToken":"1","type":"VIN"}}"#.utf8)
    #expect(try AuthorizeRequest.decode(payload[...], version: .v21).idToken.type == IdTokenKind(rawName: "VIN"))
    #expect(throws: MessageViolation.self) { try AuthorizeRequest.decode(payload[...], version: .v201) }
    let known = Array(#"{"idToken":{"idToken":"1","type":"ISO14443"}}"#.utf8)
    #expect(try AuthorizeRequest.decode(known[...], version: .v201).idToken.type == .iso14443)
  }

  @Test("Subprotocols name their versions")
  func subprotocols() {
    #expect(OCPPVersion(subprotocol: "ocpp2.0.1") == .v201)
    #expect(OCPPVersion(subprotocol: "ocpp2.1") == .v21)
    #expect(OCPPVersion(subprotocol: "ocpp1.6") == nil)
  }
}

@Suite("Actions")
struct ActionTests {
  @Test("An action is found by its name, in the versions that have it")
  func names() {
    for action in OCPPAction.allCases {
      #expect(OCPPAction(wireName: action.rawName) == action)
      #expect((OCPPAction(wireName: action.rawName, version: .v201) != nil) == action.isDefined(in: .v201))
    }
    #expect(OCPPAction(wireName: "bootNotification") == nil)
    #expect(OCPPAction(wireName: "") == nil)
    #expect(OCPPAction(wireName: "AFRRSignal", version: .v201) == nil)
  }

  @Test("Who may ask is told")
  func direction() {
    #expect(OCPPAction.bootNotification.isInitiatedByStation && !OCPPAction.bootNotification.isInitiatedByCSMS)
    #expect(OCPPAction.reset.isInitiatedByCSMS && !OCPPAction.reset.isInitiatedByStation)
    #expect(OCPPAction.dataTransfer.isInitiatedByCSMS && OCPPAction.dataTransfer.isInitiatedByStation)
    let station = OCPPAction.allCases.filter { $0.isDefined(in: .v201) && $0.isInitiatedByStation }
    #expect(station.count == 25)
    #expect(OCPPAction.transactionEvent.functionalBlock.letter == "E")
    #expect(OCPPAction.batterySwap.functionalBlock.letter == "S")
  }

  @Test("Every value of an enumeration is found by its name")
  func enumerations() {
    for measurand in Measurand.allCases { #expect(Measurand(wireName: measurand.rawName) == measurand) }
    for reason in TriggerReason.allCases { #expect(TriggerReason(wireName: reason.rawName) == reason) }
    #expect(Measurand(wireName: "Voltage.") == nil)
  }
}

@Suite("Vendors' own data")
struct CustomDataTests {
  @Test("It is kept and written back unchanged")
  func kept() throws {
    let payload = #"{"customData":{ "x" : [1, {"vendorId":2}], "vendorId":"org.example" }}"#
    let request = try HeartbeatRequest.decode(Array(payload.utf8)[...], version: .v201)
    #expect(request.customData?.vendorId == "org.example")
    #expect(request.customData?["x"]?[1]?["vendorId"] == 2)
    #expect(String(decoding: request.encode(version: .v201), as: UTF8.self) == payload)
  }

  @Test("It is made from a vendor and members")
  func made() {
    let data = CustomData(vendorId: "v", members: [JSONMember("a", 1), JSONMember("vendorId", "other")])
    #expect(String(decoding: data.json, as: UTF8.self) == #"{"vendorId":"v","a":1}"#)
  }

  @Test(
    "Within it our limits and JSON's rules still hold",
    arguments: [
      (#"{"customData":{"vendorId":"v","a":1,"a":2}}"#, OCPPErrorCode.formatViolation, "$.customData.a"),
      (#"{"customData":{"vendorId":"v","a":{"b":1,"b":2}}}"#, .formatViolation, "$.customData.a.b"),
      (#"{"customData":{"vendorId":null}}"#, .typeConstraintViolation, "$.customData.vendorId"),
      (#"{"customData":{}}"#, .occurrenceConstraintViolation, "$.customData.vendorId"),
      (#"{"customData":null}"#, .typeConstraintViolation, "$.customData"),
      (
        #"{"customData":{"vendorId":"v","a":"# + String(repeating: "[", count: 31) + String(repeating: "]", count: 31)
          + "}}",
        .formatViolation, "$.customData.a" + String(repeating: "[0]", count: 30)
      ),
    ])
  func limits(payload: String, code: OCPPErrorCode, path: String) {
    do throws(MessageViolation) {
      _ = try HeartbeatRequest.decode(Array(payload.utf8)[...], version: .v201)
      Issue.record("accepted")
    } catch {
      #expect(error.code == code)
      #expect(error.path == path)
    }
  }
}

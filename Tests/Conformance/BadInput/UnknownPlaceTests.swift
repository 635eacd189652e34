import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport
import Testing

/// CALLs that are well formed and speak of something that this station does not have.
@Suite("Bad input: unknown EVSEs, connectors, components, variables and transactions")
struct UnknownPlaceTests {
  /// EVSE numbers that a station with two EVSEs does not have.
  static let evses = ["3", "99", "2147483647", "-1", "-2147483648"]
  static let connectors = ["2", "99", "2147483647", "-1", "0"]

  struct Question: Sendable, CustomStringConvertible {
    let action: String
    let payload: String
    /// Where in the answer, and what must stand there.
    let place: String
    let value: String

    var description: String { "\(action) \(payload)" }
  }

  static let questions: [Question] =
    evses.flatMap { evse in
      [
        Question(
          action: "RequestStartTransaction",
          payload: #"{"evseId":\#(evse),"remoteStartId":1,"idToken":{"idToken":"APP","type":"ISO14443"}}"#,
          place: "status", value: "Rejected"),
        Question(
          action: "Reset", payload: #"{"type":"Immediate","evseId":\#(evse)}"#, place: "status", value: "Rejected"),
        Question(action: "Reset", payload: #"{"type":"OnIdle","evseId":\#(evse)}"#, place: "status", value: "Rejected"),
        Question(
          action: "ChangeAvailability", payload: #"{"operationalStatus":"Inoperative","evse":{"id":\#(evse)}}"#,
          place: "status", value: "Rejected"),
        Question(
          action: "UnlockConnector", payload: #"{"evseId":\#(evse),"connectorId":1}"#, place: "status",
          value: "UnknownConnector"),
        variable(#"{"name":"EVSE","evse":{"id":\#(evse)}}"#, "AvailabilityState", "UnknownComponent"),
      ]
    }
    + connectors.flatMap { connector in
      [
        Question(
          action: "UnlockConnector", payload: #"{"evseId":1,"connectorId":\#(connector)}"#, place: "status",
          value: "UnknownConnector"),
        Question(
          action: "ChangeAvailability",
          payload: #"{"operationalStatus":"Inoperative","evse":{"id":1,"connectorId":\#(connector)}}"#, place: "status",
          value: "Rejected"),
        variable(
          #"{"name":"Connector","evse":{"id":1,"connectorId":\#(connector)}}"#, "AvailabilityState", "UnknownComponent"),
      ]
    } + [
      variable(#"{"name":"NoSuchCtrlr"}"#, "Enabled", "UnknownComponent"),
      variable(#"{"name":""}"#, "Enabled", "UnknownComponent"),
      variable(#"{"name":"OCPPCommCtrlr"}"#, "NoSuchVariable", "UnknownVariable"),
      variable(#"{"name":"OCPPCommCtrlr"}"#, "", "UnknownVariable"),
      variable(#"{"name":"OCPPCommCtrlr","instance":"another"}"#, "HeartbeatInterval", "UnknownComponent"),
      setting(#"{"name":"NoSuchCtrlr"}"#, "Enabled", "true", "UnknownComponent"),
      setting(#"{"name":"OCPPCommCtrlr"}"#, "NoSuchVariable", "1", "UnknownVariable"),
      setting(#"{"name":"OCPPCommCtrlr"}"#, "OfflineThreshold", "-1", "Rejected"),
      setting(#"{"name":"OCPPCommCtrlr"}"#, "OfflineThreshold", "1e999", "Rejected"),
      setting(#"{"name":"OCPPCommCtrlr"}"#, "OfflineThreshold", "NaN", "Rejected"),
      setting(#"{"name":"OCPPCommCtrlr"}"#, "OfflineThreshold", "", "Rejected"),
      setting(#"{"name":"OCPPCommCtrlr"}"#, "OfflineThreshold", "99999999999999999999", "Rejected"),
      setting(#"{"name":"TxCtrlr"}"#, "TxStartPoint", "Authorized,Nonsense", "Rejected"),
      setting(#"{"name":"TxCtrlr"}"#, "TxStopPoint", "", "Rejected"),
      Question(
        action: "RequestStopTransaction", payload: #"{"transactionId":"no-such-transaction"}"#, place: "status",
        value: "Rejected"),
      Question(action: "RequestStopTransaction", payload: #"{"transactionId":""}"#, place: "status", value: "Rejected"),
      Question(
        action: "DataTransfer", payload: #"{"vendorId":"nobody","messageId":"x","data":{"a":[null]}}"#, place: "status",
        value: "UnknownVendorId"),
    ]

  private static func variable(_ component: String, _ name: String, _ status: String) -> Question {
    Question(
      action: "GetVariables",
      payload: #"{"getVariableData":[{"component":\#(component),"variable":{"name":"\#(name)"}}]}"#,
      place: "getVariableResult", value: status)
  }

  private static func setting(_ component: String, _ name: String, _ value: String, _ status: String) -> Question {
    Question(
      action: "SetVariables",
      payload:
        #"{"setVariableData":[{"component":\#(component),"variable":{"name":"\#(name)"},"attributeValue":"\#(value)"}]}"#,
      place: "setVariableResult", value: status)
  }

  @Test(
    "B05.FR.04, B05.FR.05, B05.FR.07, B05.FR.08, B06.FR.06, B06.FR.07, F03.FR.08, F05.FR.03: what the station does not have is refused by its status, and nothing happens",
    arguments: [StationSituation.accepted, .transaction])
  func unknown(situation: StationSituation) {
    let bench = BadInputStation(situation)
    let before = bench.fingerprint
    for question in Self.questions {
      let (answer, _) = bench.ask(question.action, question.payload)
      guard case .result(let result) = answer else {
        Issue.record("\(question): \(String(describing: answer))")
        continue
      }
      let found = result[question.place]
      #expect((found?[0]?["attributeStatus"] ?? found) == .string(question.value), "\(question): \(result)")
    }
    #expect(bench.fingerprint == before)
    #expect(bench.failure == nil)
  }

  @Test(
    "E14.FR.01, E14.FR.06, T-28: the status of a transaction that never was is no transaction, and of none at all only the queue"
  )
  func unknownTransactionStatus() {
    let bench = BadInputStation(.accepted)
    let (known, _) = bench.ask("GetTransactionStatus", #"{"transactionId":"never"}"#)
    #expect(known == .result(["messagesInQueue": false, "ongoingIndicator": false]))
    let (none, _) = bench.ask("GetTransactionStatus", "{}")
    #expect(none == .result(["messagesInQueue": false]))
    #expect(bench.failure == nil)
  }

  @Test(
    "T-62, B06.FR.16, B06.FR.17: more items, or more bytes, than the device model says are refused whole",
    arguments: [
      ("GetVariables", "getVariableData", ""), ("SetVariables", "setVariableData", #","attributeValue":"30""#),
    ])
  func tooMuch(action: String, list: String, value: String) throws {
    let bench = BadInputStation(.accepted)
    let limits = bench.harness.chargePoint.inventory {
      $0.component == "DeviceDataCtrlr" && $0.variableInstance == action
    }
    func limit(_ name: String) throws -> Int {
      try #require(limits.first { $0.key.variable == name }?.value.flatMap { Int($0) })
    }
    let items = try limit("ItemsPerMessage")
    let bytes = try limit("BytesPerMessage")
    let item = #"{"component":{"name":"OCPPCommCtrlr"},"variable":{"name":"OfflineThreshold"}\#(value)}"#
    func payload(_ count: Int, padding: Int = 0) -> String {
      #"{"\#(list)":[\#(Array(repeating: item, count: count).joined(separator: ","))]\#(String(repeating: " ", count: padding))}"#
    }
    let before = bench.fingerprint
    let (tooMany, path) = bench.ask(action, payload(items + 1))
    #expect(tooMany?.code == "OccurrenceConstraintViolation")
    #expect(path == "$.\(list)")
    let (farTooMany, _) = bench.ask(action, payload(2_100))
    #expect(farTooMany?.code == "FormatViolation" || farTooMany?.code == "OccurrenceConstraintViolation")
    let (tooLarge, _) = bench.ask(action, payload(1, padding: bytes))
    #expect(tooLarge?.code == "FormatViolation")
    #expect(bench.fingerprint == before)
    let (fits, _) = bench.ask(action, payload(1))
    if case .result = fits {} else { Issue.record("\(String(describing: fits))") }
    #expect(bench.failure == nil)
  }
}

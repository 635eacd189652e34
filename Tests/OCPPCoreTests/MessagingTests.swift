import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("Part 4 §4 Calls and answers")
struct MessagingTests {
  private let offlineThreshold: JSONValue = [
    "getVariableData": [["component": ["name": "OCPPCommCtrlr"], "variable": ["name": "OfflineThreshold"]]]
  ]

  @Test(
    "Part 4 §4.3 Faulty frames get the code of the table",
    arguments: [
      ("{", "RpcFrameworkError"), ("", "RpcFrameworkError"), ("[]", "RpcFrameworkError"),
      ("{\"a\":1}", "RpcFrameworkError"), ("[2]", "RpcFrameworkError"),
      ("[2,7,\"GetVariables\",{}]", "RpcFrameworkError"),
      ("[2,\"1234567890123456789012345678901234567\",\"GetVariables\",{}]", "RpcFrameworkError"),
      ("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "FormatViolation"),
    ])
  func answersFaultyFrames(frame: String, code: String) {
    let harness = EngineHarness().start()
    harness.csms.sendRaw(frame)
    harness.run(for: .seconds(1))
    #expect(harness.csms.errorsWithoutID.count == 1)
    guard case .error(code, _)? = harness.csms.errorsWithoutID.first else {
      Issue.record("\(harness.csms.errorsWithoutID)")
      return
    }
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
    #expect(harness.delegate.noted(.security, "InvalidMessages"))
  }

  @Test(
    "M-43 Part 4 §4.3 Faulty calls get the code of the table",
    arguments: [
      ("Nonsense", "{}", "NotImplemented"),
      ("GetLog", #"{"logType":"SecurityLog","requestId":1,"log":{"remoteLocation":"x"}}"#, "NotSupported"),
      ("StatusNotification", "{}", "NotSupported"),
      ("GetVariables", "{}", "OccurrenceConstraintViolation"),
      ("GetVariables", #"{"getVariableData":[]}"#, "OccurrenceConstraintViolation"),
      ("GetVariables", #"{"getVariableData":3}"#, "TypeConstraintViolation"),
      ("GetVariables", #"{"getVariableData":null}"#, "TypeConstraintViolation"),
      ("GetVariables", "[]", "TypeConstraintViolation"),
      ("Reset", #"{"type":"Sometimes"}"#, "PropertyConstraintViolation"),
      ("Reset", #"{"type":"Immediate","type":"OnIdle"}"#, "FormatViolation"),
      ("Reset", #"{"type":"Immediate","extra":1}"#, "FormatViolation"),
      ("Reset", #"{"type":"Immediate","evseId":99999999999}"#, "PropertyConstraintViolation"),
      ("Reset", #"{"type":"Immediate","evseId":1.5}"#, "TypeConstraintViolation"),
    ])
  func answersFaultyCalls(action: String, payload: String, code: String) {
    let harness = EngineHarness().start()
    let id = harness.csms.callRaw(action, payload)
    harness.run(for: .seconds(1))
    #expect(harness.csms.errorCode(id) == code)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("Part 4 §4.3 An unknown message type is answered with MessageTypeNotSupported")
  func answersUnknownType() {
    let harness = EngineHarness().start()
    harness.csms.sendRaw(#"[9,"abc",{}]"#)
    harness.run(for: .seconds(1))
    #expect(harness.csms.errorCode("abc") == "MessageTypeNotSupported")
  }

  @Test("A message that is not UTF-8 closes the link with 1007, and the station comes back")
  func closesOnBadText() {
    let harness = EngineHarness().start()
    harness.csms.sendRaw([0x5B, 0x32, 0x2C, 0x22, 0xFF, 0xFE, 0x22, 0x5D])
    harness.run(for: .seconds(1))
    #expect(!harness.csms.isConnected)
    harness.run(for: .seconds(60))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("A message that is too large closes the link with 1009")
  func closesOnLargeMessage() {
    let harness = EngineHarness().start()
    harness.csms.sendRaw(
      "[2,\"a\",\"DataTransfer\",{\"vendorId\":\"" + String(repeating: "x", count: 1_200_000) + "\"}]")
    harness.run(for: .seconds(1))
    #expect(!harness.csms.isConnected)
    #expect(harness.delegate.noted(.link, "too large"))
  }

  @Test("Answers to nobody, late, double and broken, are counted and never answered")
  func ignoresUnexpectedAnswers() {
    let harness = EngineHarness().start()
    for frame in [#"[3,"nobody",{}]"#, #"[4,"nobody","GenericError","",{}]"#, #"[3,"nobody"]"#, #"[3,"a",{},1]"#] {
      harness.csms.sendRaw(frame)
    }
    harness.run(for: .seconds(1))
    #expect(harness.chargePoint.statistics.unexpectedAnswers == 4)
    #expect(harness.csms.errorsWithoutID.isEmpty)
    #expect(harness.csms.answers.isEmpty)
    #expect(harness.chargePoint.status.isAccepted)
  }

  @Test("T-1, T-2 Part 4 §4.1.1 The station answers while its own call waits, and sends no second one")
  func answersWhileOwnCallWaits() {
    let harness = EngineHarness().start()
    harness.csms.script = { $0.action == .statusNotification ? .delayed(.seconds(20)) : .standard }
    harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(1), number: 1), true, at: harness.clock.now))
    harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(2), number: 1), true, at: harness.clock.now))
    harness.run(for: .seconds(1))
    let id = harness.csms.call(.getVariables, offlineThreshold)
    harness.run(for: .seconds(1))
    #expect(harness.csms.result(id)?["getVariableResult"]?[0]?["attributeStatus"] == "Accepted")
    harness.run(for: .seconds(60))
    #expect(harness.csms.calls(.statusNotification).count == 4)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("Part 4 §4.1.1 A call without an answer gives way after MessageTimeout")
  func givesUpAfterTimeout() {
    let harness = EngineHarness().start()
    var silent = true
    harness.csms.script = { _ in
      defer { silent = false }
      return silent ? .silent : .standard
    }
    harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(1), number: 1), true, at: harness.clock.now))
    harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(2), number: 1), true, at: harness.clock.now))
    let before = harness.csms.calls.count
    harness.run(for: .seconds(29))
    #expect(harness.csms.calls.count == before + 1)
    harness.run(for: .seconds(2))
    #expect(harness.csms.calls.count == before + 2)
    #expect(harness.chargePoint.statistics.timeouts == 1)
    harness.run(for: .seconds(60))
    // The first report is made up for.
    #expect(harness.csms.calls(.statusNotification).filter { $0.json["evseId"] == 1 }.count == 3)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("MessageTimeout of the board or unit file holds")
  func timeoutOfUnit() {
    let timeout = ChargePointConfiguration.DeviceModelEntry(
      key: VariableKey("OCPPCommCtrlr", "MessageTimeout", instance: "Default"), value: "2")
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(deviceModel: [timeout])).start()
    harness.csms.script = { _ in .silent }
    harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(1), number: 1), true, at: harness.clock.now))
    harness.run(for: .milliseconds(1_900))
    #expect(harness.chargePoint.statistics.timeouts == 0)
    harness.run(for: .milliseconds(200))
    #expect(harness.chargePoint.statistics.timeouts == 1)
  }

  @Test("A CSMS that floods the station with nonsense is left for the time of a back-off")
  func leavesFloodingCSMS() {
    let harness = EngineHarness().start()
    for _ in 0..<500 { harness.csms.sendRaw("garbage") }
    harness.run(for: .seconds(1))
    #expect(!harness.csms.isConnected)
    #expect(harness.csms.errorsWithoutID.count <= 60)
    #expect(harness.chargePoint.statistics.floods == 1)
    harness.run(for: .seconds(60))
    #expect(harness.chargePoint.status.isAccepted)
  }

  @Test("More calls than the station can hold open close the link; each answered one has one answer")
  func leavesCallFlood() {
    let harness = EngineHarness().start()
    harness.store.latency = .seconds(10)
    for number in 0..<100 {
      harness.csms.call(
        .setVariables,
        [
          "setVariableData": [
            [
              "component": ["name": "OCPPCommCtrlr"], "variable": ["name": "OfflineThreshold"],
              "attributeValue": .string("\(number)"),
            ]
          ]
        ])
    }
    harness.run(for: .seconds(1))
    #expect(!harness.csms.isConnected)
    #expect(harness.chargePoint.statistics.floods == 1)
    harness.store.latency = .milliseconds(1)
    harness.run(for: .seconds(120))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("A call that nobody answers in time is answered with InternalError, once")
  func answersByDeadline() {
    let harness = EngineHarness().start()
    harness.store.latency = .seconds(60)
    let id = harness.csms.call(
      .setVariables,
      [
        "setVariableData": [
          [
            "component": ["name": "OCPPCommCtrlr"], "variable": ["name": "OfflineThreshold"],
            "attributeValue": "100",
          ]
        ]
      ])
    harness.run(for: .seconds(25))
    #expect(harness.csms.errorCode(id) == "InternalError")
    harness.run(for: .seconds(100))
    #expect(harness.chargePoint.statistics.unansweredCalls == 1)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-35, M-36: DataTransfer gives exactly one answer, whatever the CSMS does")
  func dataTransferAnswersOnce() {
    let harness = EngineHarness().start()
    var outcomes: [DataTransferOutcome] = []
    func ask(_ reply: SimulatedCSMS.Reply) {
      harness.csms.script = { $0.action == .dataTransfer ? reply : .standard }
      harness.chargePoint.dataTransfer(DataTransferRequest(vendorId: "v"), deadline: .seconds(10)) {
        outcomes.append($0)
      }
      harness.run(for: .seconds(40))
    }
    ask(.standard)
    ask(.error("InternalError"))
    ask(.result(["status": "Perhaps"]))
    ask(.silent)
    ask(.close(1001))
    #expect(
      outcomes == [
        .answered(DataTransferResponse(status: .accepted)), .refused("InternalError"), .refused("a faulty answer"),
        .timeout, .offline,
      ])
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.link.drop()
    harness.chargePoint.dataTransfer(DataTransferRequest(vendorId: "v")) { outcomes.append($0) }
    harness.run(for: .seconds(1))
    #expect(outcomes.last == .offline)
    #expect(outcomes.count == 6)
  }

  @Test("P01.FR.05 DataTransfer of a vendor whom the station does not know is answered with UnknownVendorId")
  func refusesUnknownVendor() {
    let harness = EngineHarness().start()
    let id = harness.csms.call(.dataTransfer, ["vendorId": "acme", "data": ["a": [1, 2]]])
    harness.run(for: .seconds(1))
    #expect(harness.csms.result(id)?["status"] == "UnknownVendorId")
  }
}

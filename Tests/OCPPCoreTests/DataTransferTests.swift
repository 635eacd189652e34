import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("P01, P02 DataTransfer")
struct DataTransferTests {
  private func ask(_ harness: EngineHarness, _ payload: JSONValue, for seconds: Int64 = 1) -> JSONValue? {
    let id = harness.csms.call(.dataTransfer, payload)
    harness.run(for: .seconds(seconds))
    return harness.csms.result(id)
  }

  /// A firmware that speaks one message of one vendor.
  private func speaking() -> EngineHarness {
    let harness = EngineHarness().start()
    harness.delegate.onDataTransfer = { incoming in
      guard incoming.request.vendorId == "com.example" else { return .unknownVendorId }
      guard incoming.request.messageId == "echo" else { return .unknownMessageId }
      return .answer(DataTransferResponse(status: .accepted, data: incoming.request.data))
    }
    return harness
  }

  @Test("P01.FR.05, P01.FR.06, TC_P_01_CS An unknown vendor, an unknown message of a known one")
  func unknown() {
    let harness = speaking()
    #expect(
      ask(harness, ["vendorId": "org.openchargealliance.octt", "messageId": "x"]) == ["status": "UnknownVendorId"])
    #expect(ask(harness, ["vendorId": "com.example", "messageId": "other"]) == ["status": "UnknownMessageId"])
    #expect(ask(harness, ["vendorId": "com.example"]) == ["status": "UnknownMessageId"])
    harness.delegate.onDataTransfer = { _ in .unknownVendorId }
    #expect(ask(harness, ["vendorId": "com.example", "messageId": "echo"]) == ["status": "UnknownVendorId"])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "P01.FR.07 The firmware's data go out as they are, of whatever type",
    arguments: [
      JSONValue.null, "text", 42, ["a": [1, 2, ["b": "é"]]], [true, false],
    ])
  func passesData(data: JSONValue) {
    let harness = speaking()
    let answer = ask(
      harness,
      data.isNull
        ? ["vendorId": "com.example", "messageId": "echo"]
        : ["vendorId": "com.example", "messageId": "echo", "data": data])
    #expect(answer?["status"] == "Accepted")
    #expect(answer?["data"] == (data.isNull ? JSONValue?.none : data))
  }

  @Test("P01 A later answer is sent once; the second one, one after the deadline and one after the link are nobody's")
  func answersLater() {
    let harness = EngineHarness().start()
    harness.delegate.onDataTransfer = { _ in .later }
    let first = harness.csms.call(.dataTransfer, ["vendorId": "com.example"])
    let second = harness.csms.call(.dataTransfer, ["vendorId": "com.example"])
    harness.run(for: .seconds(5))
    let numbers = harness.delegate.dataTransfers.map(\.number)
    #expect(numbers.count == 2 && harness.csms.result(first) == nil)
    let accepted = DataTransferResponse(status: .accepted)
    #expect(harness.chargePoint.answerDataTransfer(numbers[0], accepted))
    #expect(!harness.chargePoint.answerDataTransfer(numbers[0], accepted))
    harness.run(for: .seconds(15))
    #expect(harness.csms.result(first) == ["status": "Accepted"])
    #expect(harness.csms.result(second)?["status"] == "Rejected")
    #expect(!harness.chargePoint.answerDataTransfer(numbers[1], accepted))
    harness.csms.call(.dataTransfer, ["vendorId": "com.example"])
    harness.run(for: .seconds(1))
    harness.link.drop()
    harness.run(for: .seconds(1))
    #expect(!harness.chargePoint.answerDataTransfer(harness.delegate.dataTransfers[2].number, accepted))
    harness.run(for: .seconds(60))
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("P01 Requests that wait are bounded: what is beyond is Rejected at once, and each has one answer")
  func bounded() {
    let harness = EngineHarness().start()
    harness.delegate.onDataTransfer = { _ in .later }
    let ids = (0..<20).map { _ in harness.csms.call(.dataTransfer, ["vendorId": "com.example"]) }
    harness.run(for: .seconds(1))
    #expect(ids.filter { harness.csms.result($0) != nil }.count == 4)
    harness.run(for: .seconds(20))
    #expect(ids.allSatisfy { harness.csms.result($0)?["status"] == "Rejected" })
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("P02.FR.08, M-35, M-36 The request goes out as it is, and what the CSMS says comes back as it is")
  func sends() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    var outcomes: [DataTransferOutcome] = []
    harness.csms.script = {
      $0.action == .dataTransfer ? .result(["status": "UnknownMessageId", "data": ["why": [1]]]) : .standard
    }
    harness.chargePoint.dataTransfer(vendorID: "com.example", messageID: "m", data: ["x": 1]) { outcomes.append($0) }
    harness.chargePoint.dataTransfer(DataTransferRequest(vendorId: "com.example")) { outcomes.append($0) }
    #expect(outcomes.isEmpty)
    harness.run(for: .seconds(2))
    #expect(
      harness.csms.calls(.dataTransfer).map(\.json) == [
        ["vendorId": "com.example", "messageId": "m", "data": ["x": 1]], ["vendorId": "com.example"],
      ])
    let answer = DataTransferResponse(status: .unknownMessageId, data: ["why": [1]])
    #expect(outcomes == [.answered(answer), .answered(answer)])
  }

  @Test("M-35, M-36 What breaks a limit is not sent, and the firmware is told which")
  func limits() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    var outcomes: [DataTransferOutcome] = []
    let text = String(repeating: "x", count: 1_200_000)
    harness.chargePoint.dataTransfer(vendorID: String(text.prefix(256))) { outcomes.append($0) }
    harness.chargePoint.dataTransfer(vendorID: "v", messageID: String(text.prefix(51))) { outcomes.append($0) }
    harness.chargePoint.dataTransfer(vendorID: "v", data: .string(text)) { outcomes.append($0) }
    harness.run(for: .seconds(1))
    #expect(
      outcomes == [
        .invalid(.valueTooLong("vendorId", maximum: 255)), .invalid(.valueTooLong("messageId", maximum: 50)),
        .invalid(.valueTooLong("data", maximum: 1024 * 1024 - 128)),
      ])
    #expect(harness.csms.calls.isEmpty)
  }

  @Test("P01.FR.01, P02.FR.02 The station itself uses DataTransfer for nothing: a whole session goes without")
  func usesStandardMessages() {
    let harness = EngineHarness().start()
    harness.csms.tokens["CARD"] = .accepted
    let connector = ConnectorID(evse: EVSEID(1), number: 1)
    harness.chargePoint.handle(.connected(connector, true, at: harness.clock.now))
    harness.chargePoint.handle(
      .tokenPresented(
        PresentedIdToken(idToken: IdToken(idToken: "CARD", type: .iso14443)), evses: [EVSEID(1)]))
    harness.run(for: .seconds(5))
    harness.chargePoint.handle(.connected(connector, false, at: harness.clock.now))
    harness.run(for: .seconds(30))
    #expect(harness.csms.calls(.transactionEvent).count >= 2)
    #expect(harness.csms.calls(.dataTransfer).isEmpty)
    // What was told to the firmware around, in the order in which it happened.
    #expect(harness.delegate.bootAnswers.map(\.status) == [.accepted])
    #expect(harness.delegate.transactionEvents.map(\.seqNo) == harness.delegate.transactionAnswers.map { $0.0.seqNo })
    #expect(harness.delegate.transactionAnswers.first?.1.idTokenInfo?.status == .accepted)
  }
}

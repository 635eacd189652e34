import MessageSamples
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport
import Testing

/// Every way in which the schemas say that a CALL can be wrong, for every action of OCPP 2.0.1, against the whole engine.
@Suite("Bad input: CALLs of the CSMS")
struct BadCallTests {
  /// What this station has answered since it could; more may come, none may go.
  static let leastHandled: Set<OCPPAction> = [
    .getVariables, .setVariables, .getBaseReport, .reset, .triggerMessage, .changeAvailability, .dataTransfer,
    .requestStartTransaction, .requestStopTransaction, .getTransactionStatus, .unlockConnector, .clearCache,
    .sendLocalList, .getLocalListVersion,
  ]
  static let handled = Set(EngineHarness().chargePoint.handledActions)
  static let actions = OCPPAction.allCases.filter { $0.isDefined(in: .v201) }
  static let allowedWhilePending: Set<OCPPAction> = [
    .getVariables, .setVariables, .getBaseReport, .getReport, .triggerMessage,
  ]

  @Test("All 64 actions are here, and what the station once answered it still answers")
  func complete() {
    #expect(Self.actions.count == 64)
    #expect(BadInputSamples.requests.count == 64)
    #expect(Self.leastHandled.isSubset(of: Self.handled))
    #expect(BadInputSamples.requests.allSatisfy { sample in sample.1.changes.contains { $0.code != nil } })
  }

  @Test(
    "M-44, T-8, T-9, B02.FR.01, B02.FR.05, B03.FR.08: a CALL that breaks its schema gets one answer with the code and the place, and changes nothing",
    arguments: actions, StationSituation.allCases)
  func brokenPayload(action: OCPPAction, situation: StationSituation) throws {
    let sample = try #require(BadInputSamples.request(action))
    let bench = BadInputStation(situation)
    let document = try JSONValue(parsing: sample.maximal)
    var asked = 0
    let before = bench.fingerprint
    for change in sample.changes {
      guard let code = change.code else { continue }
      let noted = bench.invalidMessages
      let (answer, path) = bench.ask(action.rawName, try change.applied(to: document).description)
      asked += 1
      let expected = expectation(action, situation, code, change.jsonPath)
      guard let expected else {
        #expect(answer == .result(["status": "Rejected"]), "\(change.jsonPath) \(change.operation)")
        continue
      }
      #expect(answer?.code == expected.code, "\(change.jsonPath) \(change.operation): \(String(describing: answer))")
      #expect(path == expected.path, "\(change.jsonPath) \(change.operation)")
      // What nobody looks into cannot be found wrong.
      #expect((bench.invalidMessages > noted) == expected.isInvalid, "\(change.jsonPath) \(change.operation)")
    }
    #expect(bench.harness.csms.answers.count == asked, "one answer for each CALL")
    #expect(bench.fingerprint == before, "something was stored, changed, commanded or sent")
    #expect(bench.failure == nil)
  }

  /// Nil where the answer is the status Rejected (B02.FR.05).
  private func expectation(
    _ action: OCPPAction, _ situation: StationSituation, _ code: OCPPErrorCode, _ path: String
  ) -> (code: String, path: String, isInvalid: Bool)? {
    if situation == .rejected { return ("SecurityError", "$", false) }
    if situation == .pending {
      if action == .requestStartTransaction || action == .requestStopTransaction { return nil }
      guard Self.allowedWhilePending.contains(action) else { return ("SecurityError", "$", false) }
    }
    guard Self.handled.contains(action) else { return ("NotSupported", "$[2]", false) }
    return (code.rawName, path, true)
  }

  @Test(
    "M-43: what this station does not support is told as NotSupported, be it well formed or not",
    arguments: actions.filter { !handled.contains($0) }, [StationSituation.accepted, .transaction])
  func notSupported(action: OCPPAction, situation: StationSituation) throws {
    let sample = try #require(BadInputSamples.request(action))
    let bench = BadInputStation(situation)
    let before = bench.fingerprint
    for payload in [sample.minimal, sample.maximal, Array("{}".utf8), Array("[]".utf8), Array("null".utf8)] {
      let (answer, path) = bench.ask(action.rawName, String(decoding: payload, as: UTF8.self))
      #expect(answer?.code == "NotSupported")
      #expect(path == "$[2]")
    }
    #expect(bench.fingerprint == before)
    #expect(bench.failure == nil)
  }

  @Test(
    "M-43: an action that OCPP 2.0.1 does not have is NotImplemented, once registered",
    arguments: [
      "", "x", "getVariables", "GETVARIABLES", "GetVariablesRequest", "ChangeConfiguration", "RemoteStartTransaction",
      "SetDefaultTariff", "AFRRSignal", "Get Variables", "GetVariables\\u0000", "💥",
      String(repeating: "A", count: 60_000),
    ], StationSituation.allCases)
  func unknownAction(name: String, situation: StationSituation) {
    let bench = BadInputStation(situation)
    let before = bench.fingerprint
    let (answer, _) = bench.ask(name, "{}")
    #expect(answer?.code == (situation.isRegistered ? "NotImplemented" : "SecurityError"))
    #expect(bench.fingerprint == before)
    #expect(bench.failure == nil)
  }

  @Test(
    "A valid CALL of every supported action is answered with one CALLRESULT",
    arguments: actions.filter(handled.contains))
  func validPayload(action: OCPPAction) throws {
    let sample = try #require(BadInputSamples.request(action))
    for payload in [sample.minimal, sample.maximal] {
      let bench = BadInputStation(.accepted)
      let id = bench.harness.csms.call(action, payload)
      bench.harness.run(for: .seconds(30))
      switch bench.harness.csms.answers[id] {
      case .result: break
      // The largest of its kind may be more than the device model says that the station takes.
      case .error(let code, _):
        #expect(["OccurrenceConstraintViolation", "FormatViolation"].contains(code))
        #expect(payload == sample.maximal)
      case nil: Issue.record("no answer to \(String(decoding: payload, as: UTF8.self))")
      }
      #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
    }
  }

  @Test(
    "Members in any order mean the same", arguments: actions.filter(handled.contains))
  func memberOrder(action: OCPPAction) throws {
    let sample = try #require(BadInputSamples.request(action))
    let bench = BadInputStation(.accepted)
    let other = BadInputStation(.accepted)
    let payload = try JSONValue(parsing: sample.minimal)
    let (answer, _) = bench.ask(action.rawName, payload.description)
    let (turned, _) = other.ask(action.rawName, payload.reversed.description)
    #expect(answer == turned)
    #expect(answer != nil)
  }
}

extension JSONValue {
  /// The same with every object's members backwards.
  fileprivate var reversed: JSONValue {
    switch self {
    case .array(let elements): .array(elements.map { $0.reversed })
    case .object(let members): .object(members.reversed().map { JSONMember($0.name, $0.value.reversed) })
    default: self
    }
  }
}

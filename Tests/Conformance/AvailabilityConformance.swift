import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// Certification cases of block G (Part 6) on the whole engine.
@Suite("Certification, G Availability")
struct AvailabilityConformance {
  enum Target: CaseIterable {
    case station, evse, connector

    var payload: JSONValue? {
      switch self {
      case .station: nil
      case .evse: ["id": 1]
      case .connector: ["id": 1, "connectorId": 1]
      }
    }
  }

  private let connector = ConnectorID(evse: EVSEID(1), number: 1)

  private func change(_ harness: EngineHarness, _ status: String, _ target: Target) -> String? {
    var members = [JSONMember("operationalStatus", .string(status))]
    if let evse = target.payload { members.append(JSONMember("evse", evse)) }
    let id = harness.csms.call(.changeAvailability, .object(members))
    harness.run(for: .seconds(2))
    return harness.csms.result(id)?["status"]?.string
  }

  private func statuses(_ harness: EngineHarness) -> [String] {
    harness.csms.calls(.statusNotification).map {
      "\($0.json["evseId"]?.int ?? 0) \($0.json["connectorStatus"]?.string ?? "")"
    }
  }

  private func expected(_ target: Target, _ status: String) -> [String] {
    target == .station ? ["1 \(status)", "2 \(status)"] : ["1 \(status)"]
  }

  @Test("TC_G_01, TC_G_02_CS Available to Occupied and back")
  func plugging() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.chargePoint.handle(.connected(connector, true, at: harness.clock.now))
    harness.run(for: .seconds(1))
    harness.chargePoint.handle(.connected(connector, false, at: harness.clock.now))
    harness.run(for: .seconds(1))
    #expect(statuses(harness) == ["1 Occupied", "1 Available"])
  }

  @Test(
    "TC_G_03, 04, 05, 06, 07, 08, 09, 10, 12, 13, 15, 16_CS, G04.FR.02–FR.05 There, again, back, again",
    arguments: Target.allCases)
  func thereAndBack(target: Target) {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    #expect(change(harness, "Operative", target) == "Accepted")
    #expect(statuses(harness).isEmpty)
    #expect(change(harness, "Inoperative", target) == "Accepted")
    #expect(statuses(harness) == expected(target, "Unavailable"))
    harness.csms.forgetCalls()
    #expect(change(harness, "Inoperative", target) == "Accepted")
    #expect(statuses(harness).isEmpty)
    #expect(change(harness, "Operative", target) == "Accepted")
    #expect(statuses(harness) == expected(target, "Available"))
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("TC_G_11, 14, 17_CS, G04.FR.06 With a transaction: Scheduled, then done", arguments: Target.allCases)
  func withTransaction(target: Target) {
    let harness = EngineHarness().start()
    let token = IdToken(idToken: "CARD", type: .iso14443)
    harness.csms.tokens["CARD"] = .accepted
    harness.chargePoint.handle(.connected(connector, true, at: harness.clock.now))
    harness.run(for: .seconds(1))
    harness.chargePoint.handle(.tokenPresented(PresentedIdToken(idToken: token), evses: [EVSEID(1)]))
    harness.run(for: .seconds(1))
    harness.chargePoint.handle(.powerPath(connector, closed: true, at: harness.clock.now))
    harness.run(for: .seconds(1))
    #expect(harness.chargePoint.transactionID(at: EVSEID(1)) != nil)
    harness.csms.forgetCalls()
    #expect(change(harness, "Inoperative", target) == "Scheduled")
    // Step 3 of TC_G_14: EVSEs without a transaction do not wait.
    #expect(statuses(harness) == (target == .station ? ["2 Unavailable"] : []))
    harness.chargePoint.handle(.tokenPresented(PresentedIdToken(idToken: token), evses: [EVSEID(1)]))
    harness.run(for: .seconds(1))
    harness.chargePoint.handle(.powerPath(connector, closed: false, at: harness.clock.now))
    harness.chargePoint.handle(.connected(connector, false, at: harness.clock.now))
    harness.run(for: .seconds(5))
    #expect(harness.chargePoint.transactionID(at: EVSEID(1)) == nil)
    #expect(statuses(harness).sorted().last?.hasSuffix("Unavailable") == true)
    #expect(harness.chargePoint.connectorStatus(connector) == .unavailable)
    #expect(!statuses(harness).contains("1 Available"))
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("TC_G_18, TC_G_19, TC_G_21_CS What was set stays over a reboot", arguments: Target.allCases)
  func persists(target: Target) {
    let harness = EngineHarness().start()
    #expect(change(harness, "Inoperative", target) == "Accepted")
    harness.csms.forgetCalls()
    harness.restart(.powerCut)
    harness.run(for: .seconds(1))
    #expect(statuses(harness) == ["1 Unavailable", target == .station ? "2 Unavailable" : "2 Available"])
  }
}

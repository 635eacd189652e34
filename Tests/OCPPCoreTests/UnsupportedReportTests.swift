import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport
import Testing

/// Every report and every criterion that 2.0.1 knows is supported, so NotSupported never comes; a name that it does not
/// know is refused before anything is reported.
@Suite("Reports that the station does not know")
struct UnsupportedReportTests {
  private func ask(_ harness: EngineHarness, _ action: OCPPAction, _ payload: JSONValue) -> SimulatedCSMS.Answer? {
    harness.csms.forgetCalls()
    let id = harness.csms.call(action, payload)
    harness.run(for: .seconds(10))
    return harness.csms.answers[id]
  }

  @Test(
    "B07.FR.02, B07.FR.05, B07.FR.12: every base report is given; one that does not exist is refused, without parts")
  func baseReports() {
    let harness = EngineHarness().start()
    for base in ["ConfigurationInventory", "FullInventory", "SummaryInventory"] {
      let answer = ask(harness, .getBaseReport, ["requestId": 7, "reportBase": .string(base)])
      #expect(answer == .result(["status": "Accepted"]))
      #expect(harness.csms.calls(.notifyReport).last?.json["tbc"] != true)
    }
    guard case .error(let code, _)? = ask(harness, .getBaseReport, ["requestId": 8, "reportBase": "LargeInventory"])
    else {
      Issue.record("not refused")
      return
    }
    #expect(code == "PropertyConstraintViolation")
    #expect(harness.csms.calls(.notifyReport).isEmpty)
  }

  @Test("B08.FR.02: every criterion is known; another one is refused, beside a known one too, without parts")
  func criteria() {
    let harness = EngineHarness().start()
    for criterion in ["Active", "Available", "Enabled", "Problem"] {
      let answer = ask(harness, .getReport, ["requestId": 7, "componentCriteria": [.string(criterion)]])
      guard case .result(let response)? = answer else {
        Issue.record("\(criterion): \(String(describing: answer))")
        continue
      }
      #expect(["Accepted", "EmptyResultSet"].contains(response["status"]?.string), "\(criterion): \(response)")
    }
    guard
      case .error(let code, _)? = ask(
        harness, .getReport, ["requestId": 8, "componentCriteria": ["Available", "Shiny"]])
    else {
      Issue.record("not refused")
      return
    }
    #expect(code == "PropertyConstraintViolation")
    #expect(harness.csms.calls(.notifyReport).isEmpty)
  }
}

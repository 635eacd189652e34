import OCPPCore
import OCPPTypes
import SimulationSupport
import Testing

/// Frames as large as a list of tokens may be (LocalAuthListCtrlr.BytesPerMessage), full of what is none.
@Suite("Bad input: frames of a mebibyte")
struct LargeFrameTests {
  enum Garbage: CaseIterable {
    case deep, deepObjects, manyItems, manyMembers, longString, longNumber, escapes, nothingClosed

    /// Of about so many bytes.
    func payload(_ room: Int) -> String {
      switch self {
      case .deep: String(repeating: "[", count: room / 2) + String(repeating: "]", count: room / 2)
      case .deepObjects:
        String(repeating: #"{"a":"#, count: room / 6) + "1" + String(repeating: "}", count: room / 6)
      case .manyItems: "[" + Array(repeating: "1", count: room / 2 - 4).joined(separator: ",") + "]"
      case .manyMembers: "{" + (0..<room / 12).map { #""\#(1_000_000 + $0)":1"# }.joined(separator: ",") + "}"
      case .longString: "\"" + String(repeating: "y", count: room - 2) + "\""
      case .longNumber: String(repeating: "7", count: room - 1) + "."
      case .escapes: "\"" + String(repeating: #"\u00e9"#, count: room / 6 - 1) + "\""
      case .nothingClosed: String(repeating: #"{"localAuthorizationList":["#, count: room / 27)
      }
    }
  }

  @Test(
    "A mebibyte of each kind of garbage gets at most one answer, an error, and changes nothing",
    arguments: Garbage.allCases, ["SendLocalList", "DataTransfer"])
  func garbage(kind: Garbage, action: String) {
    let bench = BadInputStation(.accepted)
    let before = bench.fingerprint
    let room = bench.harness.configuration.maximumFrameBytes - 128
    let inner = kind.payload(room)
    let payloads =
      action == "SendLocalList"
      ? [#"{"versionNumber":1,"updateType":"Full","localAuthorizationList":\#(inner)}"#, inner]
      : [#"{"vendorId":"v","data":\#(inner)}"#, inner]
    for (place, payload) in payloads.enumerated() {
      let answers = bench.harness.csms.answers.count
      bench.harness.csms.sendRaw(#"[2,"g\#(place)","\#(action)",\#(payload)]"#)
      bench.harness.run(for: .seconds(1))
      #expect(bench.harness.csms.answers.count <= answers + 1)
      #expect(bench.harness.csms.result("g\(place)") == nil, "\(kind)")
      #expect(bench.harness.csms.isConnected, "it fits into a frame")
    }
    #expect(bench.fingerprint == before)
    // And it goes on.
    #expect(bench.ask("GetLocalListVersion", "{}").answer == .result(["versionNumber": 0]))
  }
}

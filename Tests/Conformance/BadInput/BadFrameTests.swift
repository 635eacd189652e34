import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// Frames that are no frames, in the wrong order, given twice, or never answered.
@Suite("Bad input: frames")
struct BadFrameTests {
  private static let question =
    #"{"getVariableData":[{"component":{"name":"OCPPCommCtrlr"},"variable":{"name":"OfflineThreshold"}}]}"#

  /// Frames with the id `x`, and the code that answers them; the id is "-1" where none can be read.
  static let frames: [(frame: String, id: String, code: String)] = [
    // Elements in the wrong order.
    (#"["x",2,"GetVariables",{}]"#, "-1", "RpcFrameworkError"),
    (#"[{},2,"x","GetVariables"]"#, "-1", "RpcFrameworkError"),
    (#"[2,{},"x","GetVariables"]"#, "-1", "RpcFrameworkError"),
    (#"[2,"x",{},"GetVariables"]"#, "x", "RpcFrameworkError"),
    // Too few, too many.
    ("[]", "-1", "RpcFrameworkError"), ("[2]", "-1", "RpcFrameworkError"), (#"[2,"x"]"#, "x", "RpcFrameworkError"),
    (#"[2,"x","GetVariables"]"#, "x", "RpcFrameworkError"),
    (#"[2,"x","GetVariables",\#(question),{}]"#, "x", "RpcFrameworkError"),
    // Types.
    ("{}", "-1", "RpcFrameworkError"), ("null", "-1", "RpcFrameworkError"), ("2", "-1", "RpcFrameworkError"),
    (#"["2","x","GetVariables",{}]"#, "-1", "RpcFrameworkError"),
    (#"[2,7,"GetVariables",{}]"#, "-1", "RpcFrameworkError"),
    (#"[2,null,"GetVariables",{}]"#, "-1", "RpcFrameworkError"),
    (#"[2,"x",7,{}]"#, "x", "RpcFrameworkError"), (#"[2,"x",null,{}]"#, "x", "RpcFrameworkError"),
    // Unknown message types.
    (#"[1,"x","GetVariables",{}]"#, "x", "MessageTypeNotSupported"),
    (#"[5,"x","GetVariables",{}]"#, "x", "MessageTypeNotSupported"),
    (#"[6,"x","GetVariables",{}]"#, "x", "MessageTypeNotSupported"),
    (#"[-2,"x","GetVariables",{}]"#, "x", "MessageTypeNotSupported"),
    // No JSON at all.
    ("", "-1", "RpcFrameworkError"), ("hello", "-1", "RpcFrameworkError"), ("[2,", "-1", "RpcFrameworkError"),
    (#"[2,"x","GetVariables",{}"#, "-1", "RpcFrameworkError"),
    (#"[2,"x","GetVariables",{}]]"#, "-1", "RpcFrameworkError"),
    (#"[2,"x","GetVariables",{}] [2]"#, "-1", "RpcFrameworkError"),
    (#"[2,'x','GetVariables',{}]"#, "-1", "RpcFrameworkError"),
    (#"[2,"x","GetVariables",{"a":NaN}]"#, "-1", "RpcFrameworkError"),
    (#"[2,"x","GetVariables",{"a":01}]"#, "-1", "RpcFrameworkError"),
    ("[2,\"x\",\"GetVariables\",{\"a\":\"\u{1}\"}]", "-1", "RpcFrameworkError"),
    (#"[2,"x","GetVariables",{"a":"\ud800"}]"#, "-1", "RpcFrameworkError"),
  ]

  @Test(
    "M-44: a frame that is none gets one CALLERROR of the table and an InvalidMessages event, and nothing happens",
    arguments: StationSituation.allCases)
  func brokenFrame(situation: StationSituation) {
    for (frame, id, code) in Self.frames {
      let bench = BadInputStation(situation)
      let before = bench.fingerprint
      bench.harness.csms.sendRaw(frame)
      bench.harness.run(for: .milliseconds(250))
      let answers =
        bench.harness.csms.errorsWithoutID.map { ("-1", $0) } + bench.harness.csms.answers.map { ($0.key, $0.value) }
      #expect(answers.count == 1, "\(frame)")
      #expect(answers.first?.0 == id, "\(frame)")
      #expect(answers.first?.1.code == code, "\(frame)")
      #expect(bench.invalidMessages == 1, "\(frame)")
      #expect(bench.fingerprint == before, "\(frame)")
      #expect(bench.failure == nil, "\(frame)")
    }
  }

  @Test(
    "Deeper, longer and larger than any message: refused before it takes memory, and the station comes back",
    arguments: [StationSituation.accepted, .transaction])
  func beyondLimits(situation: StationSituation) {
    let bench = BadInputStation(situation)
    let before = bench.fingerprint
    let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
    let long = String(repeating: "y", count: 100_000)
    let wide = Array(repeating: "1", count: 50_000).joined(separator: ",")
    for payload in [
      #"{"vendorId":"v","data":\#(deep)}"#, #"{"vendorId":"v","data":"\#(long)"}"#,
      #"{"vendorId":"v","data":[\#(wide)]}"#,
    ] {
      #expect(bench.ask("DataTransfer", payload).answer?.code == "FormatViolation")
    }
    #expect(bench.fingerprint == before)
    #expect(bench.failure == nil)
    let huge = String(repeating: "y", count: bench.harness.configuration.maximumFrameBytes + 1)
    bench.harness.csms.sendRaw(#"[2,"huge","DataTransfer",{"vendorId":"\#(huge)"}]"#)
    bench.harness.run(for: .seconds(1))
    #expect(!bench.harness.csms.isConnected)
    #expect(bench.harness.delegate.noted(.link, "too large"))
    bench.harness.run(for: .seconds(120))
    #expect(bench.harness.csms.isConnected)
    #expect(bench.harness.csms.answers["huge"] == nil)
  }

  // MARK: Twice

  @Test(
    "Errata 4.6: a CALL that comes twice with one message id has one answer while it is open, and is not carried out twice"
  )
  func twiceWhileOpen() {
    let bench = BadInputStation(.accepted)
    bench.harness.store.latency = .seconds(2)
    let frame =
      #"[2,"same","SetVariables",{"setVariableData":[{"component":{"name":"OCPPCommCtrlr"},"variable":{"name":"OfflineThreshold"},"attributeValue":"77"}]}]"#
    let commits = bench.harness.store.fullCommits
    for _ in 0..<5 { bench.harness.csms.sendRaw(frame) }
    bench.harness.run(for: .seconds(10))
    // A second answer to the same id is a violation that the CSMS notes.
    #expect(
      bench.harness.csms.result("same")?["setVariableResult"]?[0]?["attributeStatus"] == "Accepted")
    #expect(bench.harness.store.fullCommits == commits + 1)
    bench.harness.store.latency = .milliseconds(1)
    #expect(bench.failure == nil)
  }

  @Test("Every CALL twice with one message id: each is answered, and a transaction is started or stopped once")
  func twiceInTurn() throws {
    let bench = BadInputStation(.accepted)
    let station = bench.station
    station.plugIn(1)
    let start =
      #"[2,"start","RequestStartTransaction",{"evseId":1,"remoteStartId":7,"idToken":{"idToken":"APP","type":"Central"}}]"#
    for _ in 0..<2 { bench.harness.csms.sendRaw(start) }
    station.wait(3)
    #expect(station.books.count == 1)
    #expect(station.events.count { $0.eventType == .started } == 1)
    let id = try #require(station.transactionID)
    for _ in 0..<2 {
      bench.harness.csms.sendRaw(#"[2,"stop","RequestStopTransaction",{"transactionId":"\#(id)"}]"#)
    }
    station.wait(3)
    station.plugOut(1)
    station.wait(3)
    #expect(station.books.count == 1)
    #expect(station.events.count { $0.eventType == .ended } == 1)
    #expect(station.books.allSatisfy { $0.isGapless && $0.repeats == 0 })
  }

  // MARK: Never answered

  @Test(
    "A CALL whose answer waits for a store that does not answer gets InternalError by its deadline, once, and nothing else",
    arguments: BadCallTests.actions.filter(BadCallTests.handled.contains))
  func neverAnswered(action: OCPPAction) throws {
    let sample = try #require(BadInputSamples.request(action))
    let bench = BadInputStation(.accepted)
    bench.harness.unlockOutcome = nil
    bench.harness.store.latency = .seconds(3_600)
    let id = bench.harness.csms.call(action, sample.minimal)
    bench.harness.run(for: .seconds(60))
    let answer = bench.harness.csms.answers[id]
    #expect(answer != nil)
    if case .error(let code, _) = answer { #expect(code == "InternalError") }
    bench.harness.run(for: .seconds(120))
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
    #expect(bench.harness.csms.isConnected)
  }
}

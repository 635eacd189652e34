import Foundation
import JSONRPC
import OCPPJSON
import TemporaryDirectories
import Testing

/// Runs the built `bench-csms` as scripts and stations do.
@Suite("bench-csms as a program")
final class BenchCSMSProgramTests {
  private let directory: TemporaryDirectory
  private let process = Process()
  private let output = Pipe()
  private var control: String { directory.file("c") }

  init() throws { directory = try TemporaryDirectory("csms") }

  deinit { if process.isRunning { process.terminate() } }

  /// Starts the program and answers the port that it tells.
  private func start(_ arguments: [String] = []) throws -> Int {
    let own = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    process.executableURL = own.deletingLastPathComponent().appendingPathComponent("bench-csms")
    process.arguments = ["--port", "0", "--control", control] + arguments
    process.standardOutput = output
    try process.run()
    var line = ""
    while !line.hasSuffix("\n") {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { break }
      line += String(decoding: data, as: UTF8.self)
    }
    #expect(line.hasPrefix("listening on ws://127.0.0.1:"))
    return try #require(line.split(separator: ":").last.flatMap { Int($0.filter(\.isNumber)) })
  }

  /// Ends the program with SIGTERM and answers all that it has said since.
  private func end() -> String {
    process.terminate()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit)
    #expect(process.terminationStatus == 0)
    return text
  }

  private func event(_ kind: String, _ number: Int, _ wattHours: Int) -> JSONValue {
    let time = JSONValue.string("2026-11-23T09:30:0\(number)Z")
    return [
      "eventType": .string(kind), "timestamp": time, "triggerReason": "CablePluggedIn", "seqNo": JSONValue(number),
      "transactionInfo": ["transactionId": "T1", "chargingState": "Charging"],
      "evse": ["id": 1, "connectorId": 1], "idToken": ["idToken": "04AABBCC", "type": "ISO14443"],
      "meterValue": [["timestamp": time, "sampledValue": [["value": JSONValue(wattHours)]]]],
    ]
  }

  @Test("A session is told in plain words and judged complete and correct; SIGTERM ends with status 0")
  func session() throws {
    let file = directory.file("transactions")
    let station = try BenchCSMSPeer(port: try start(["--store", file]), path: "/CS-001")
    #expect(station.handshake.contains("101"))
    #expect(station.handshake.lowercased().contains("sec-websocket-protocol: ocpp2.0.1"))
    let boot = try station.call(
      "1", "BootNotification", ["reason": "PowerUp", "chargingStation": ["model": "M", "vendorName": "V"]])
    #expect(boot[0] == 3 && boot[1] == "1" && boot[2]?["status"] == "Accepted" && boot[2]?["interval"] == 300)
    for (number, (kind, wattHours)) in [("Started", 0), ("Updated", 1_500), ("Ended", 3_210)].enumerated() {
      let answer = try station.call("t\(number)", "TransactionEvent", event(kind, number, wattHours))
      #expect(answer == [3, .string("t\(number)"), ["idTokenInfo": ["status": "Accepted"]]])
    }
    let client = try JSONRPCClient(path: control)
    let verdict = try client.call("csms.verdict").get()
    #expect(verdict["allCorrect"] == true && verdict["transactions"] == 1 && verdict["energyWh"] == 3_210)
    let words = end()
    #expect(words.contains("CS-001 booted: V M (PowerUp), Accepted"))
    #expect(words.contains("CS-001 EVSE 1: charging, 1.50 kWh so far"))
    #expect(words.contains("CS-001 EVSE 1: transaction ended (Local), 3.21 kWh, 2 s, 3 events, complete and correct"))
    #expect(!words.contains("04AABBCC"))
    #expect(try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").count == 3)
  }

  @Test("csms.send asks a station and gives its answer or its error")
  func send() throws {
    let station = try BenchCSMSPeer(port: try start(), path: "/CS-001")
    let client = try JSONRPCClient(path: control)
    let params: JSONValue = ["station": "CS-001", "action": "Reset", "payload": ["type": "Immediate"]]
    let first = try client.sendRequest("csms.send", params)
    let call = try station.receiveJSON()
    #expect(call[0] == 2 && call[2] == "Reset" && call[3] == ["type": "Immediate"])
    station.send(JSONValue.array([3, call[1] ?? .null, ["status": "Accepted"]]).description)
    #expect(try answer(client) == .result(id: first, ["answer": ["status": "Accepted"]]))

    let second = try client.sendRequest("csms.send", params)
    let again = try station.receiveJSON()
    station.send(JSONValue.array([4, again[1] ?? .null, "NotSupported", "no", [:]]).description)
    let error: JSONValue = ["code": "NotSupported", "description": "no", "details": [:]]
    #expect(try answer(client) == .result(id: second, ["error": error]))

    let refusal = try client.call("csms.send", ["station": "CS-002", "action": "Reset"])
    guard case .failure(let failure) = refusal else {
      Issue.record("a station that is not there was asked")
      return
    }
    #expect(failure.message == "CS-002 is not connected")
    _ = end()
  }

  private func answer(_ client: JSONRPCClient) throws -> JSONRPCMessage? {
    for _ in 0..<6_000 {
      if let message = try client.receive() { return message }
      usleep(10_000)
    }
    return nil
  }

  @Test("What a station does wrong is answered and listed")
  func problems() throws {
    let station = try BenchCSMSPeer(port: try start(), path: "/CS-001")
    #expect(try station.call("1", "Heartbeat", ["a": 1])[2] == "FormatViolation")
    #expect(try station.call("1", "Heartbeat", [:])[0] == 3)
    station.send("nonsense")
    #expect(try station.receiveJSON()[2] == "RpcFrameworkError")
    let client = try JSONRPCClient(path: control)
    #expect(try client.call("csms.problems").get()["count"] == 3)
    #expect(try client.call("csms.verdict").get()["allCorrect"] == false)
    _ = end()
  }

  @Test("With a password strangers get 401; without the sub-protocol the connection is closed at once")
  func admission() throws {
    let port = try start(["--password", "secret"])
    #expect(try BenchCSMSPeer(port: port, path: "/A").handshake.hasPrefix("HTTP/1.1 401"))
    let known = try BenchCSMSPeer(port: port, path: "/A", credentials: "Basic QTpzZWNyZXQ=")
    #expect(try known.call("1", "Heartbeat", [:])[0] == 3)
    let old = try BenchCSMSPeer(port: port, path: "/A", subprotocol: "ocpp1.6", credentials: "Basic QTpzZWNyZXQ=")
    #expect(old.handshake.contains("101"))
    // A close frame with 1002.
    let close = try #require(old.receive())
    #expect(close.head == 0x88 && close.payload == [0x03, 0xEA])
    _ = end()
  }

  @Test("csms.behave makes the CSMS silent or slow to accept, csms.refuse keeps stations out")
  func behaviour() throws {
    let port = try start()
    let station = try BenchCSMSPeer(port: port, path: "/CS-001")
    let client = try JSONRPCClient(path: control)
    let pending: JSONValue = ["currentTime": "2026-11-23T09:30:00Z", "interval": 5, "status": "Pending"]
    _ = try client.call("csms.behave", ["action": "BootNotification", "answer": pending, "count": 1]).get()
    _ = try client.call("csms.behave", ["action": "Heartbeat", "error": "InternalError", "count": 1]).get()
    let boot: JSONValue = ["reason": "PowerUp", "chargingStation": ["model": "M", "vendorName": "V"]]
    #expect(try station.call("1", "BootNotification", boot)[2]?["status"] == "Pending")
    #expect(try station.call("2", "BootNotification", boot)[2]?["status"] == "Accepted")
    #expect(try station.call("3", "Heartbeat", [:])[2] == "InternalError")
    #expect(try station.call("4", "Heartbeat", [:])[0] == 3)
    _ = try client.call("csms.refuse", ["on": true]).get()
    #expect(try BenchCSMSPeer(port: port, path: "/CS-002").handshake.hasPrefix("HTTP/1.1 503"))
    _ = end()
  }
}

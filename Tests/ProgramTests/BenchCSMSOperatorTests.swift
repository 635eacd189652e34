import Foundation
import JSONRPC
import OCPPJSON
import Testing

/// `chargerctl csms …` and `bench-csms` together, as the programs that they are; the station is played by hand.
@Suite("bench-csms driven by chargerctl")
struct BenchCSMSOperatorTests {
  private func authorize(_ station: BenchCSMSPeer, _ id: String, _ card: String) throws -> JSONValue? {
    try station.call(id, "Authorize", ["idToken": ["idToken": .string(card), "type": "ISO14443"]])[2]?["idTokenInfo"]
  }

  /// Answers the next CALL of the CSMS, which must be this one, and gives back its payload.
  private func answer(_ station: BenchCSMSPeer, _ action: String, _ payload: JSONValue) throws -> JSONValue {
    let call = try station.receiveJSON()
    #expect(call[0] == 2 && call[2] == .string(action))
    station.send(JSONValue.array([3, call[1] ?? .null, payload]).description)
    return call[3] ?? .null
  }

  private func event(_ kind: String, _ number: Int, _ wattHours: Int, card: String = "04A1B2C3D4E580") -> JSONValue {
    let time = JSONValue.string("2026-11-23T09:30:0\(number)Z")
    return [
      "eventType": .string(kind), "timestamp": time, "triggerReason": "Authorized", "seqNo": JSONValue(number),
      "transactionInfo": ["transactionId": "T1", "chargingState": "Charging"],
      "evse": ["id": 1, "connectorId": 1], "idToken": ["idToken": .string(card), "type": "ISO14443"],
      "meterValue": [["timestamp": time, "sampledValue": [["value": JSONValue(wattHours)]]]],
    ]
  }

  @Test("Cards are added, changed and removed while it runs, hold at once, and outlive a restart")
  func tokens() throws {
    let bench = try BenchCSMSHarness()
    let book = bench.path("tokens.json")
    do {
      let station = try BenchCSMSPeer(port: try bench.start(["--tokens", book]), path: "/CS-001")
      #expect(try authorize(station, "1", "04A1") == ["status": "Accepted"])
      let added = try bench.run("token", "add", "04A1", "--name", "Anna", "--group", "FAMILY", "--evse", "2")
      #expect(added.output == "In the book now: 04A1 (ISO14443) of Anna, Accepted, group FAMILY, EVSE 2.\n")
      let family: JSONValue = ["idToken": "FAMILY", "type": "Central"]
      #expect(try authorize(station, "2", "04a1") == ["status": "Accepted", "evseId": [2], "groupIdToken": family])
      #expect(try bench.run("token", "add", "04A1").code == 1)
      #expect(
        try bench.run("token", "set", "04FF", "--name", "Nobody").errors == "chargerctl: 04FF is not in the book\n")
      try bench.run("token", "set", "04A1", "--status", "blocked", "--evse", "0")
      try bench.run("token", "policy", "--unknown", "unknown")
      #expect(try authorize(station, "3", "04A1") == ["status": "Blocked", "groupIdToken": family])
      #expect(try authorize(station, "4", "04B2") == ["status": "Unknown"])
      bench.end()
    }
    let station = try BenchCSMSPeer(port: try bench.start(["--tokens", book]), path: "/CS-001")
    #expect(try authorize(station, "1", "04A1")?["status"] == "Blocked")
    #expect(try authorize(station, "2", "04B2")?["status"] == "Unknown")
    #expect(try bench.run("token", "remove", "04a1").code == 0)
    #expect(try authorize(station, "3", "04A1")?["status"] == "Unknown")
    #expect(try bench.run("token", "list").output.hasPrefix("The token book is empty.\n"))
    bench.end()
  }

  @Test("The whole list goes out in as many messages as the station takes, then what has changed")
  func localList() throws {
    let bench = try BenchCSMSHarness()
    let station = try BenchCSMSPeer(port: try bench.start(), path: "/CS-001")
    for card in ["A1", "B2", "C3"] { try bench.run("token", "add", card) }
    func limits() throws {
      _ = try answer(
        station, "GetVariables",
        [
          "getVariableResult": .array(
            ["ItemsPerMessage", "BytesPerMessage"].map { name in
              [
                "attributeStatus": "Accepted", "attributeValue": name == "ItemsPerMessage" ? "2" : "10000",
                "component": ["name": "LocalAuthListCtrlr"], "variable": ["name": .string(name)],
              ]
            })
        ])
    }
    let full = try bench.begin(["local-list", "send", "--full"])
    try limits()
    _ = try answer(station, "GetLocalListVersion", ["versionNumber": 0])
    let first = try answer(station, "SendLocalList", ["status": "Accepted"])
    #expect(first["versionNumber"] == 1 && first["updateType"] == "Full")
    #expect(first["localAuthorizationList"]?.array?.count == 2)
    let second = try answer(station, "SendLocalList", ["status": "Accepted"])
    #expect(second["versionNumber"] == 2 && second["updateType"] == "Differential")
    #expect(second["localAuthorizationList"]?[0]?["idToken"]?["idToken"] == "C3")
    let told = bench.finish(full)
    #expect(told.code == 0 && told.output.hasSuffix("Done: the station's local list has version 2.\n"))

    try bench.run("token", "set", "A1", "--status", "blocked")
    try bench.run("token", "remove", "B2")
    #expect(try bench.run("local-list").output == "CS-001: version 2, 3 cards; 2 changes since, not sent\n")
    let difference = try bench.begin(["local-list", "send", "--differential"])
    try limits()
    _ = try answer(station, "GetLocalListVersion", ["versionNumber": 2])
    let third = try answer(station, "SendLocalList", ["status": "Accepted"])
    #expect(
      third == [
        "versionNumber": 3, "updateType": "Differential",
        "localAuthorizationList": [
          ["idToken": ["idToken": "A1", "type": "ISO14443"], "idTokenInfo": ["status": "Blocked"]],
          ["idToken": ["idToken": "B2", "type": "ISO14443"]],
        ],
      ])
    #expect(
      bench.finish(difference).output.contains("Differential, version 3, 1 card, 1 removed: the station has taken"))
    bench.end()
  }

  @Test("D01.FR.03 A difference that the station refuses becomes the whole list; a wrong version on purpose does not")
  func localListRefused() throws {
    let bench = try BenchCSMSHarness()
    let station = try BenchCSMSPeer(port: try bench.start(), path: "/CS-001")
    try bench.run("token", "add", "A1")
    func begin(_ arguments: [String], version: JSONValue) throws -> (process: Process, output: Pipe, errors: Pipe) {
      let tool = try bench.begin(["local-list", "send"] + arguments)
      let call = try station.receiveJSON()
      station.send(JSONValue.array([4, call[1] ?? .null, "InternalError", "", [:]]).description)
      _ = try answer(station, "GetLocalListVersion", ["versionNumber": version])
      return tool
    }
    let full = try begin(["--full"], version: 7)
    #expect(try answer(station, "SendLocalList", ["status": "Accepted"])["versionNumber"] == 8)
    #expect(bench.finish(full).code == 0)

    try bench.run("token", "add", "B2")
    let refused = try begin(["--differential"], version: 8)
    #expect(try answer(station, "SendLocalList", ["status": "VersionMismatch"])["updateType"] == "Differential")
    let whole = try answer(station, "SendLocalList", ["status": "Accepted"])
    #expect(whole["updateType"] == "Full" && whole["localAuthorizationList"]?.array?.count == 2)
    #expect(bench.finish(refused).output.contains("So it gets the whole list (D01.FR.03)."))

    let forced = try begin(["--differential", "--version", "3"], version: 10)
    #expect(try answer(station, "SendLocalList", ["status": "VersionMismatch"])["versionNumber"] == 3)
    let outcome = bench.finish(forced)
    #expect(outcome.code == 1 && outcome.errors.contains("the station has this version or a later one"))
    bench.end()
  }

  @Test("Every misbehaviour does what it says, shows in the status, and ends")
  func misbehaviour() throws {
    let bench = try BenchCSMSHarness()
    let port = try bench.start()
    let station = try BenchCSMSPeer(port: port, path: "/CS-001")
    func beat(_ id: String) { station.send(JSONValue.array([2, .string(id), "Heartbeat", [:]]).description) }

    try bench.run("misbehave", "spoil", "schema", "--action", "Heartbeat", "--count", "1")
    #expect(try bench.run("status").output.hasPrefix("MISBEHAVING on purpose"))
    #expect(try bench.run("transactions").output.contains("Heartbeat: answers what no schema allows, 1 more time"))
    #expect(try station.call("1", "Heartbeat", [:]) == [3, "1", ["status": 7, "unheardOf": true]])
    #expect(try bench.run("misbehave").output == "The CSMS behaves.\n")

    try bench.run("misbehave", "spoil", "message-id", "--count", "1")
    #expect(try station.call("2", "Heartbeat", [:])[1] == "not-2")
    try bench.run("misbehave", "spoil", "twice", "--count", "1")
    let answer = try station.call("3", "Heartbeat", [:])
    let again = try station.receiveJSON()
    #expect(answer == again && answer[1] == "3")
    try bench.run("misbehave", "spoil", "unparsable", "--count", "1")
    beat("4")
    #expect(station.receive()?.payload == Array("[3,\"4\",{".utf8))
    try bench.run("misbehave", "error", "InternalError", "--action", "Heartbeat", "--count", "1")
    #expect(try station.call("5", "Heartbeat", [:])[2] == "InternalError")
    try bench.run("misbehave", "answer", "--action", "Authorize", "{\"idTokenInfo\":{\"status\":\"NoCredit\"}}")
    #expect(try authorize(station, "6", "04A1") == ["status": "NoCredit"])
    #expect(try bench.run("misbehave", "off", "--rule", "6").output == "The CSMS behaves.\n")
    #expect(try authorize(station, "7", "04A1") == ["status": "Accepted"])

    try bench.run("misbehave", "delay", "0.3", "--count", "1")
    let before = ContinuousClock.now
    #expect(try station.call("8", "Heartbeat", [:])[1] == "8")
    #expect(ContinuousClock.now - before >= .milliseconds(300))
    try bench.run("misbehave", "silence", "--count", "1")
    beat("9")
    #expect(try station.call("10", "Heartbeat", [:])[1] == "10")
    try bench.run("misbehave", "close", "--action", "Heartbeat", "--count", "1")
    beat("11")
    #expect(station.receive() == nil)
    try bench.run("misbehave", "refuse")
    #expect(try BenchCSMSPeer(port: port, path: "/CS-001").handshake.hasPrefix("HTTP/1.1 503"))
    #expect(try bench.run("status").output.contains("refuses new connections with HTTP 503"))
    try bench.run("misbehave", "off")
    #expect(try BenchCSMSPeer(port: port, path: "/CS-001").handshake.contains("101"))
    #expect(try bench.run("misbehave", "silence", "--action", "Reset").code == 1)
    bench.end()
  }

  @Test("A flood does not wait for answers, ends after its count, and its answers are no problems")
  func flood() throws {
    let bench = try BenchCSMSHarness()
    let station = try BenchCSMSPeer(port: try bench.start(), path: "/CS-001")
    #expect(
      try bench.run("misbehave", "flood", "--per-second", "500", "--count", "40").output.contains("floods CS-001"))
    var ids: [JSONValue] = []
    for _ in 0..<40 {
      let call = try station.receiveJSON()
      #expect(call[2] == "GetLocalListVersion")
      ids.append(call[1] ?? .null)
    }
    #expect(ids == (1...40).map { .string("flood-\($0)") })
    for id in ids { station.send(JSONValue.array([3, id, ["versionNumber": 0]]).description) }
    #expect(try station.call("1", "Heartbeat", [:])[1] == "1")
    #expect(try bench.run("misbehave").output == "The CSMS behaves.\n")
    #expect(try bench.run("problems").output == "No problem was seen.\n")
    bench.end()
  }

  @Test("What was played is told and exported: table, story, CSV and JSON, the file only for its owner")
  func export() throws {
    let bench = try BenchCSMSHarness()
    let station = try BenchCSMSPeer(port: try bench.start(), path: "/CS-001")
    try bench.run("token", "add", "04A1B2C3D4E580", "--name", "=Anna")
    #expect(try bench.run("prices", "--per-kwh", "0.50").output.contains("0.5 EUR a kWh"))
    for (number, (kind, wattHours)) in [("Started", 100), ("Updated", 1_500), ("Ended", 3_310)].enumerated() {
      _ = try station.call("t\(number)", "TransactionEvent", event(kind, number, wattHours))
    }
    let table = try bench.run("transactions").output
    for words in [
      "=Anna (ISO14443 04A1…)", "CS-001 1.1", "2 s", "3210 Wh", "1.61 EUR", "stopped at the",
    ] {
      #expect(table.contains(words), "\(words) in \(table)")
    }
    let story = try bench.run("transaction", "t").output
    #expect(story.contains("3210 Wh (meter 100 to 3310 Wh)") && story.contains("3 events; complete and correct"))
    #expect(try bench.run("transaction", "X").errors == "chargerctl: no transaction's id begins with X\n")
    let file = bench.path("out.csv")
    #expect(try bench.run("export", "--output", file).output == "1 transaction written to \(file).\n")
    let csv = try String(contentsOfFile: file, encoding: .utf8)
    #expect(csv.contains("\r\nT1,CS-001,1,1,ISO14443 04A1…,'=Anna,,2026-11-23T09:30:00Z,2026-11-23T09:30:02Z,2,,100,"))
    #expect(csv.hasSuffix(",3310,3210,Ended,Local,,,3,0,0,,true,true,,1.61,EUR,\r\n"))
    #expect(!csv.contains("04A1B2C3D4E580"))
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
    let json = try JSONValue(parsing: try bench.run("export", "--format", "json", "--with-tokens").output)
    #expect(json[0]?["id_token"] == "04A1B2C3D4E580" && json[0]?["energy_wh"] == 3_210)
    bench.end()
  }

  @Test("An operator's commands become messages, and the answers words; a refusal is exit status 1")
  func commands() throws {
    let bench = try BenchCSMSHarness()
    let station = try BenchCSMSPeer(port: try bench.start(), path: "/CS-001")
    func ask(_ arguments: [String], _ action: String, _ reply: JSONValue) throws -> (
      JSONValue, BenchCSMSHarness.Outcome
    ) {
      let tool = try bench.begin(arguments)
      let payload = try answer(station, action, reply)
      return (payload, bench.finish(tool))
    }
    let (start, started) = try ask(
      ["remote-start", "04A1", "--evse", "2", "--id", "7"], "RequestStartTransaction", ["status": "Accepted"])
    #expect(start == ["evseId": 2, "remoteStartId": 7, "idToken": ["idToken": "04A1", "type": "Central"]])
    #expect(started.output == "Accepted: the station starts by remote start 7.\n")
    let (reset, restarting) = try ask(["reset", "--immediate"], "Reset", ["status": "Rejected"])
    #expect(reset == ["type": "Immediate"] && restarting.code == 1)
    #expect(restarting.errors == "chargerctl: Rejected: it does not restart.\n")
    let (unlock, _) = try ask(["unlock", "2"], "UnlockConnector", ["status": "Unlocked"])
    #expect(unlock == ["evseId": 2, "connectorId": 1])
    let (availability, scheduled) = try ask(
      ["availability", "inoperative", "--evse", "1"], "ChangeAvailability", ["status": "Scheduled"])
    #expect(availability == ["operationalStatus": "Inoperative", "evse": ["id": 1]] && scheduled.code == 0)
    let (set, _) = try ask(
      ["set", "TxCtrlr.EVConnectionTimeOut=60"], "SetVariables",
      [
        "setVariableResult": [
          [
            "attributeStatus": "Accepted", "component": ["name": "TxCtrlr"],
            "variable": ["name": "EVConnectionTimeOut"],
          ]
        ]
      ])
    #expect(
      set["setVariableData"]?[0] == [
        "attributeValue": "60", "component": ["name": "TxCtrlr"], "variable": ["name": "EVConnectionTimeOut"],
      ])
    let report = try bench.begin(["report"])
    let wanted = try answer(station, "GetBaseReport", ["status": "Accepted"])
    func part(_ number: Int, more: Bool) -> JSONValue {
      [
        "requestId": wanted["requestId"] ?? .null, "generatedAt": "2026-11-23T09:30:00Z", "seqNo": JSONValue(number),
        "tbc": .bool(more),
        "reportData": [
          [
            "component": ["name": "TxCtrlr"], "variable": ["name": .string("V\(number)")],
            "variableAttribute": [["value": "5", "mutability": "ReadOnly"]],
          ]
        ],
      ]
    }
    _ = try station.call("r0", "NotifyReport", part(0, more: true))
    _ = try station.call("r1", "NotifyReport", part(1, more: false))
    #expect(bench.finish(report).output == "TxCtrlr.V0 = 5 (read only)\nTxCtrlr.V1 = 5 (read only)\n2 variables.\n")
    bench.end()
  }

  @Test("Frames that no station should send are answered or end their connection; the CSMS goes on")
  func hostileFrames() throws {
    let bench = try BenchCSMSHarness()
    let port = try bench.start()
    let texts = [
      "", "[", "[2]", "[2,\"a\"]", "[2,\"\",\"\",{}]", "[3,\"x\",{}]", "[4,\"x\",\"\",\"\",{}]", "[6,\"x\",\"Y\",{}]",
      "[2,\"a\",\"Heartbeat\",[]]", "[99999999999999999999,\"a\"]", String(repeating: "[", count: 60_000),
      "[2,\"\(String(repeating: "i", count: 5_000))\",\"Heartbeat\",{}]", "[2,\"a\",\"\u{0}\",{}]",
      "[2,\"b\",\"TransactionEvent\",{\"seqNo\":1e999}]", "\u{FEFF}[2,\"c\",\"Heartbeat\",{}]",
    ]
    for text in texts {
      let station = try BenchCSMSPeer(port: port, path: "/CS-EVIL")
      station.send(text)
      station.send("[2,\"last\",\"Heartbeat\",{}]")
      while let frame = station.receive() {
        if frame.head == 0x88 || String(decoding: frame.payload, as: UTF8.self).contains("last") { break }
      }
    }
    let station = try BenchCSMSPeer(port: port, path: "/CS-001")
    #expect(try station.call("1", "Heartbeat", [:])[0] == 3)
    #expect(try bench.run("stations").output.contains("CS-EVIL"))
    bench.end()
  }
}

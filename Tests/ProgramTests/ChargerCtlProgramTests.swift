import Foundation
import JSONRPC
import NIOPosix
import OCPPJSON
import TemporaryDirectories
import Testing

/// The program itself against a station that knows the page's answers.
@Suite("chargerctl as a program", .serialized)
struct ChargerCtlProgramTests {
  struct Outcome {
    var code: Int32
    var output: String
    var errors: String
  }

  func run(_ arguments: [String], environment: [String: String] = [:], input: String = "") throws -> Outcome {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("chargerctl")
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("CHARGER_") }
    variables.merge(environment) { $1 }
    process.environment = variables
    let (output, errors, standardInput) = (Pipe(), Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = standardInput
    try process.run()
    try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))  // it may have ended already
    try standardInput.fileHandleForWriting.close()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let errorText = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Outcome(code: process.terminationStatus, output: text, errors: errorText)
  }

  /// Serves the page's answers on a socket while `body` runs.
  func withStation(_ body: (String) throws -> Void) throws {
    let scratch = try TemporaryDirectory("ctl")
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    let server = JSONRPCServer(configuration: .init(path: scratch.file("s")), eventLoop: group.next())
    server.onCall = { call in
      switch call.method {
      case "station.subscribe":
        call.succeed()
        if let event = try? ChargerCtlSamples.find("station.event") {
          server.notify("station.event", event) { $0 === call.peer }
        }
      case "bench.plugIn": call.fail(.refused("a car is plugged in there already"))
      default:
        if let answer = try? ChargerCtlSamples.find(call.method) {
          call.succeed(answer)
        } else {
          call.fail(.unknownMethod("no \(call.method) here"))
        }
      }
    }
    try server.start()
    defer { try? group.next().submit { server.stop() }.wait() }
    try body(scratch.file("s"))
  }

  @Test("Every question to the station is answered in words, and with --json as it came")
  func questions() throws {
    try withStation { socket in
      for (verb, word) in [
        ("status", "CS-BENCH-1"), ("explain", "EVSE 2 is not charging"), ("version", "chargerd 0.1.0"),
        ("outbox", "Given up on"), ("log", "WARNING"), ("get", "TxCtrlr.EVConnectionTimeOut"),
      ] {
        let plain = try run([verb, "--socket", socket])
        #expect(plain.code == 0 && plain.output.contains(word), "\(verb): \(plain)")
        let json = try run([verb, "--json", "--socket", socket])
        #expect(json.code == 0)
        let method = verb == "get" ? "station.deviceModel.get" : "station.\(verb)"
        #expect(try JSONValue(parsing: json.output) == ChargerCtlSamples.answer(method))
      }
    }
  }

  @Test("The socket comes from the environment; watch --once draws one page; events end after the wanted count")
  func environment() throws {
    try withStation { socket in
      let variables = ["CHARGER_STATION_SOCKET": socket]
      let watch = try run(["watch", "--once"], environment: variables)
      #expect(watch.code == 0 && watch.output.hasPrefix("CS-BENCH-1") && !watch.output.contains("\u{1B}"))
      let events = try run(["events", "--count", "1"], environment: variables)
      #expect(events.code == 0 && events.output.hasSuffix("Transaction 9f3c2a1b started.\n"))
    }
  }

  @Test("Service commands say what they have done")
  func service() throws {
    try withStation { socket in
      for (arguments, words) in [
        (["clear-faults", "1", "2"], "Latched faults of EVSE 1, connector 2 are cleared."),
        (["pause", "1"], "EVSE 1, connector 1 is paused."), (["resume", "1"], "EVSE 1, connector 1 goes on."),
        (["start-now", "2", "1"], "The start delay of EVSE 2, connector 1 is lifted."),
        (["limit", "--owner", "ems", "--amps", "8", "--evse", "1"], "\"ems\" limits EVSE 1."),
        (["limit", "--lift"], "The limit of \"installer\" for the station is lifted."),
      ] {
        let outcome = try run(arguments + ["--socket", socket])
        #expect(outcome.code == 0 && outcome.output == words + "\n", "\(outcome)")
      }
    }
  }

  @Test("A component's bare name means it at every EVSE and connector; a name that is nowhere is told")
  func bareComponent() throws {
    try withStation { socket in
      let found = try run(["get", "connector", "--socket", socket])
      #expect(found.code == 0 && found.output.contains("Connector#1.1.AvailabilityState"))
      #expect(!found.output.contains("TxCtrlr"))
      let missing = try run(["get", "Connectr", "--socket", socket])
      #expect(missing.code == 1 && missing.errors == "chargerctl: the station has no component Connectr\n")
    }
  }

  @Test("A refusal goes to standard error with exit code 1")
  func refusals() throws {
    try withStation { socket in
      let set = try run(["set", "A.B", "1", "--socket", socket])
      #expect(set.code == 1 && set.output.isEmpty)
      #expect(set.errors == "chargerctl: A.B was not changed: the variable is read-only.\n")
      let bench = try run(["bench", "plug-in", "1", "--world", socket])
      #expect(bench.code == 1 && bench.errors == "chargerctl: a car is plugged in there already\n")
      let mains = try run(["bench", "mains", "up"], environment: ["CHARGER_WORLD_SOCKET": socket])
      #expect(mains.code == 1 && mains.errors.contains("no bench.mains here"))
    }
  }

  @Test("Without a station the tool says what to start, with exit code 69")
  func nobodyThere() throws {
    let scratch = try TemporaryDirectory("ctl")
    let outcome = try run(["status", "--socket", scratch.file("none")])
    #expect(outcome.code == 69)
    #expect(outcome.errors.contains("Nothing listens at \(scratch.file("none"))"))
    #expect(outcome.errors.contains("Start chargerd"))
    let bench = try run(["bench", "state", "--world", scratch.file("none")])
    #expect(bench.code == 69 && bench.errors.contains("Start bench-world"))
    #expect(try run(["bench", "car-state", "1", "Z"]).code == 64)
  }

  @Test("commission writes a checked unit file of mode 0600, keeps what it was not told, and refuses a bad one")
  func commission() throws {
    let scratch = try TemporaryDirectory("ctl")
    let file = scratch.file("unit.json")
    let first = try run(
      [
        "commission", "--unit", file, "--identity", "CS-7", "--csms-url", "wss://csms.example/ocpp",
        "--security-profile", "2", "--password-from-input",
      ], input: "correct-horse-battery\n")
    #expect(first.code == 0, "\(first)")
    let second = try run(["commission", "--unit", file, "--rated-supply", "32"])
    #expect(second.code == 0, "\(second)")
    let written = try Data(contentsOf: URL(fileURLWithPath: file))
    #expect(
      try JSONValue(parsing: Array(written)) == [
        "identity": "CS-7", "csmsUrl": "wss://csms.example/ocpp", "securityProfile": 2,
        "basicAuthPassword": "correct-horse-battery", "ratedSupplyA": 32,
      ])
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let bad = try run(["commission", "--unit", file, "--identity", "a:b"])
    #expect(bad.code == 78 && bad.errors.contains("$.identity: has the character \":\" in it"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == written)
  }

  @Test("commission on a production line: answers from a file, options win, a report, and the result is checked")
  func commissionFromAnswers() throws {
    let scratch = try TemporaryDirectory("ctl")
    let (file, answers, report) = (scratch.file("unit.json"), scratch.file("answers.json"), scratch.file("report.txt"))
    try Data(
      #"{"identity": "CS-0", "csmsUrl": "ws://h/o", "securityProfile": 1, "basicAuthPassword": "correct-horse-battery"}"#
        .utf8
    ).write(to: URL(fileURLWithPath: answers))
    let made = try run([
      "commission", "--unit", file, "--answers", answers, "--identity", "CS-9", "--report", report, "--installer",
      "Line 3",
    ])
    #expect(made.code == 0, "\(made)")
    let unit = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: file))))
    #expect(unit["identity"] == "CS-9" && unit["basicAuthPassword"] == "correct-horse-battery")
    let text = try String(contentsOfFile: report, encoding: .utf8)
    #expect(text.contains("CS-9") && text.contains("Installer Line 3") && made.output.hasPrefix(text.prefix(20)))
    #expect(!made.output.contains("correct-horse") && !text.contains("correct-horse") && made.errors.isEmpty)

    #expect(try run(["commission", "--unit", file, "--check"]).code == 0)
    #expect(chmod(file, 0o644) == 0)
    let open = try run(["commission", "--unit", file, "--check"])
    #expect(open.code == 78 && open.errors.contains("chmod 600"))
    try Data(#"{"identty": "CS-1"}"#.utf8).write(to: URL(fileURLWithPath: answers))
    let wrong = try run(["commission", "--unit", file, "--answers", answers])
    #expect(wrong.code == 78 && wrong.errors.contains("identty") && !wrong.errors.contains("correct-horse"))
    #expect(try run(["commission", "--unit", scratch.file("none"), "--check"]).code == 66)
    #expect(try run(["commission", "--unit", file]).code == 64, "nobody to ask, nothing to set")
  }

  @Test("commission --ask without a terminal takes its answers from the input, and writes nothing when they end early")
  func commissionAsking() throws {
    let scratch = try TemporaryDirectory("ctl")
    let file = scratch.file("unit.json")
    let input = "CS-7\nws://h/o\n1\ncorrect-horse-battery\ncorrect-horse-battery\n\n32\n\n"
    let early = try run(["commission", "--ask", "--unit", file], input: input)
    #expect(early.code == 1 && early.errors.contains("nothing was written"), "\(early)")
    #expect(!FileManager.default.fileExists(atPath: file))
    let whole = try run(["commission", "--ask", "--unit", file], input: input + "yes\n")
    #expect(whole.code == 0, "\(whole)")
    #expect(try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: file))))["ratedSupplyA"] == 32)
    #expect(!whole.output.contains("correct-horse"))
  }

  @Test("history goes into a file of mode 0600 as CSV; a support bundle is an archive with a manifest")
  func files() throws {
    try withStation { socket in
      let scratch = try TemporaryDirectory("ctl")
      let csv = scratch.file("sessions.csv")
      let history = try run(["history", "--format", "csv", "--output", csv, "--socket", socket])
      #expect(history.code == 0 && history.output == "2 sessions written to \(csv).\n", "\(history)")
      #expect(try String(contentsOfFile: csv, encoding: .utf8).hasPrefix("number,"))
      #expect(try FileManager.default.attributesOfItem(atPath: csv)[.posixPermissions] as? Int == 0o600)

      let bundle = scratch.file("b/")
      let made = try run(["support-bundle", "--output", bundle, "--socket", socket, "--unit", scratch.file("none")])
      #expect(made.code == 0 && made.output.contains("Not in it:\n  unit.json"), "\(made)")
      let manifest = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: bundle + "manifest.json"))))
      #expect(manifest["items"]?.array?.count == 15)
      let dead = try run(["support-bundle", "-o", scratch.file("d.tar"), "--socket", scratch.file("none")])
      #expect(dead.code == 0 && dead.output.contains("status.txt: Nothing listens at"), "\(dead)")
    }
  }

  @Test("A server that answers with another protocol, too much or nothing ends the tool in time, with a word")
  func foreignServers() throws {
    let scratch = try TemporaryDirectory("ctl")
    for (name, bytes) in [
      ("http", Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)), ("flood", [UInt8](repeating: 0x20, count: 3 << 20)),
      ("deep", Array((String(repeating: "[", count: 100_000) + "\n").utf8)), ("closed", []),
    ] {
      let socket = scratch.file(name)
      let server = try ForeignServer(path: socket, answer: bytes)
      let outcome = try run(["status", "--socket", socket])
      #expect(outcome.code == 69 && outcome.output.isEmpty, "\(name): \(outcome)")
      try server.stop()
    }
  }
}

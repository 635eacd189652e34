import ChargerBase
import Foundation
import JSONRPC
import NIOPosix
import OCPPJSON
import TemporaryDirectories
import Testing

@testable import chargerctl

@Suite("The support bundle holds what service needs, and no secret")
struct ChargerCtlSupportBundleTests {
  /// Secrets as they occur: a password, a key of a driver, tokens of cards, contracts and people.
  private static let password = "correct-horse:battery@9"
  private static let driverKey = "K3y+of/Driver=42"
  private static let modelSecret = "apn-Passw0rd-77"
  private static let cards = ["04A1B2C3D4E580", "9F3C2A1B", "04a1b2c3d4e5f6a7b8c9"]
  private static let contract = "DE-ABC-C12345678-X"
  private static let masterPass = "MASTER-GROUP-4711"
  private static let privateKey = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"

  /// Every form in which a secret gets into a text: as it is, in hexadecimal, in base64 alone and among other things.
  private static func planted(_ secret: String) -> [String] {
    let data = Data(secret.utf8)
    let hex = data.map { String(format: "%02x", $0) }.joined()
    return [secret, hex, hex.uppercased()] + encoded(secret)
  }

  /// Base64 of the secret behind nothing, one, two and five characters, and in the midst of others.
  private static func encoded(_ secret: String) -> [String] {
    ["", "x", "xy", "CS-7:"].flatMap { before in
      ["", ":end"].map { Data("\(before)\(secret)\($0)".utf8).base64EncodedString() }
    }
  }

  /// What must not be found again: of base64 what is the secret's alone.
  private static func traces(_ secret: String) -> [String] {
    let data = Data(secret.utf8)
    let hex = data.map { String(format: "%02x", $0) }.joined()
    return [secret, hex, hex.uppercased()] + encoded(secret).map { String($0.dropFirst(8).dropLast(8)) }
  }

  private static let secrets = [password, driverKey, modelSecret]
  private static let tokens = cards + [contract, masterPass]

  /// A text that says every secret in every form, and everything else that must not come out.
  private static var indiscretion: String {
    var lines = secrets.flatMap(planted)
    lines += cards.map { "the card \($0) was refused" } + cards.map { "idToken=\($0)" } + cards.map { "\"\($0)\"" }
    lines += ["token \(contract)", "contract \(contract)", "groupId: \(masterPass)"]
    lines += ["Authorization: Basic \(Data("CS-7:\(password)".utf8).base64EncodedString())"]
    lines += [
      "dialed wss://CS-7:unknownPassw0rd@csms.example/ocpp", "password=unknownPassw0rd2", "\"secret\": \"hush-hush-1\"",
    ]
    lines += ["-----BEGIN PRIVATE KEY-----\n\(privateKey)\n-----END PRIVATE KEY-----", "Bearer abcdefgh12345678"]
    return lines.joined(separator: "\n")
  }

  private static let forbidden =
    secrets.flatMap(traces) + tokens + ["unknownPassw0rd", "hush-hush-1", privateKey, "abcdefgh12345678"]

  /// A station whose every answer talks too much.
  private static func answer(_ method: String) -> JSONValue {
    let text = JSONValue.string(indiscretion)
    switch method {
    case "station.version": return ["program": "chargerd", "version": "0.1.0", "board": text]
    case "station.status":
      return [
        "identity": "CS-7", "model": text, "link": ["connected": false, "lastFailure": text, "url": text],
        "evses": [["id": 1, "transaction": ["id": "T", "idToken": .string(cards[0])], "connectors": [["id": 1]]]],
      ]
    case "station.explain": return [["evse": 1, "reasons": [["code": "linkDown", "text": text, "remedy": text]]]]
    case "station.outbox": return ["deadLetters": [["number": 1, "group": text, "reason": text, "lane": text]]]
    case "station.log": return ["lines": [["time": nil, "level": "info", "text": text]]]
    case "station.securityLog": return ["events": [["number": 1, "type": "X", "information": text]]]
    case "station.history": return ["sessions": [["number": 1, "idToken": .string(cards[1]), "stoppedReason": text]]]
    case "station.deviceModel.get":
      func variable(_ component: String, _ name: String, _ value: String, _ mutability: String) -> JSONValue {
        [
          "component": ["name": .string(component)], "variable": ["name": .string(name)], "attribute": "Actual",
          "value": .string(value), "mutability": .string(mutability),
        ]
      }
      return [
        "variables": [
          variable("SecurityCtrlr", "BasicAuthPassword", password, "WriteOnly"),
          variable("Modem", "ApnPassword", modelSecret, "ReadWrite"),
          variable("AuthCtrlr", "MasterPassGroupId", masterPass, "ReadWrite"),
          variable("Custom", "Note", indiscretion, "ReadOnly"),
          variable("TxCtrlr", "EVConnectionTimeOut", "60", "ReadWrite"),
        ]
      ]
    default: return .null
    }
  }

  private func sources(_ scratch: TemporaryDirectory, isAlive: Bool = true) throws -> SupportBundle.Sources {
    let unit = scratch.file("unit.json")
    try Data(
      """
      {"identity": "CS-7", "basicAuthPassword": "\(Self.password)", "serialNumber": "SN-1",
       "deviceModel": [{"component": {"name": "Modem"}, "variable": {"name": "ApnPassword"}, "value": "\(Self.modelSecret)"}]}
      """.utf8
    ).write(to: URL(fileURLWithPath: unit))
    let board = scratch.file("board.json")
    try Data(
      """
      {"name": "b", "readers": [{"name": "front", "driver": "x", "options": {"key": "\(Self.driverKey)", "port": "/dev/tty0"}}]}
      """.utf8
    ).write(to: URL(fileURLWithPath: board))
    return SupportBundle.Sources(
      unitFile: unit, boardFile: board, stateDirectory: nil, flightRecorder: scratch.file("none"),
      ask: { method, _ throws(Failure) in
        guard isAlive else { throw .unavailable("Nothing listens at the socket.\nStart it.") }
        return Self.answer(method)
      })
  }

  @Test("Passwords, keys and tokens planted in every place are nowhere in it: whole, in hexadecimal, in base64")
  func redaction() throws {
    let scratch = try TemporaryDirectory("ctl")
    let bundle = try withExtendedLifetime(scratch) { SupportBundle(try sources(scratch)) }
    let files = bundle.files(made: WallTime(millisecondsSinceEpoch: 0))
    #expect(files.count == bundle.items.count, "all but the flight recorder, and the manifest")
    for file in files {
      let text = String(decoding: file.content, as: UTF8.self)
      for secret in Self.forbidden { #expect(!text.contains(secret), "\(file.name) holds \(secret)") }
    }
    // What is no secret is still there.
    let all = files.map { String(decoding: $0.content, as: UTF8.self) }.joined()
    for kept in ["CS-7", "SN-1", "/dev/tty0", "csms.example", "EVConnectionTimeOut", "04A1…"] {
      #expect(all.contains(kept), "\(kept) is gone")
    }
    #expect(!all.contains("BasicAuthPassword#") && all.contains(Redactor.mark))
  }

  @Test("What the station says when it keeps to its rules comes through unharmed")
  func harmless() throws {
    let redactor = Redactor(secrets: ["correct-horse-battery"])
    for method in ["station.status", "station.explain", "station.outbox", "station.history", "station.securityLog"] {
      let text = try ChargerCtlSamples.answer(method).description
      #expect(redactor.redact(text) == text)
    }
    for text in [
      "2026-11-23T12:01:05.120Z Transaction 9f3c2a1b started.", "firmware 0.1.0, close code 1006, 12345.6 Wh",
      "the token of 9f3c2a1b-7c11-4e0a-8f2e-5f3b1f0c9d77 was accepted", "wss://csms.example:443/ocpp",
      "EVSE 1: key off",
      "MemTotal: 24612345 kB", "Linux version 6.1.0 (gcc-12) #1 SMP",
    ] { #expect(redactor.redact(text) == text) }
  }

  @Test("Random secrets are found wherever they stand", arguments: 1...8)
  func random(_ seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789*-_=:+|@.")
    for _ in 0..<40 {
      let secret = String((0..<(16 + next(48))).map { _ in alphabet[next(alphabet.count)] })
      let redactor = Redactor(secrets: [secret])
      for plant in Self.planted(secret) {
        let around = String((0..<next(20)).map { _ in alphabet[next(alphabet.count)] })
        let shown = redactor.redact("\(around) \(plant)\(around)")
        #expect(!Self.traces(secret).contains { shown.contains($0) }, "\(secret) as \(plant)")
      }
    }
  }

  @Test("Of a dead station it takes what can be had and says what is missing")
  func dead() throws {
    let scratch = try TemporaryDirectory("ctl")
    let bundle = try withExtendedLifetime(scratch) { SupportBundle(try sources(scratch, isAlive: false)) }
    let there = bundle.items.filter { $0.missing == nil }.map(\.name)
    #expect(there == ["unit.json", "board.json", "system.txt"])
    let manifest = bundle.manifest(made: WallTime(millisecondsSinceEpoch: 0))
    let status = manifest["items"]?.array?.first { $0["name"] == "status.txt" }
    #expect(status?["missing"] == "Nothing listens at the socket.")
    let system = bundle.items.last.map { String(decoding: $0.content, as: UTF8.self) } ?? ""
    for fact in ["kernel: Linux", "MemTotal:", "space at /:", "clock: 20"] { #expect(system.contains(fact)) }
  }

  @Test("It is bounded: one item is cut, the newest lines of the log are kept, and what no longer fits is told")
  func bounded() throws {
    let scratch = try TemporaryDirectory("ctl")
    var sources = try sources(scratch)
    let long = JSONValue.array(
      Array(
        repeating: ["time": nil, "level": "info", "text": .string(String(repeating: "x", count: 3_000))], count: 1_000)
        + [["time": nil, "level": "info", "text": "the newest line"]])
    sources.ask = { method, _ throws(Failure) in
      guard method == "station.log" else { throw .refused("no") }
      return ["lines": long]
    }
    let bundle = withExtendedLifetime(scratch) { SupportBundle(sources) }
    let log = try #require(bundle.items.first { $0.name == "log.txt" })
    #expect(log.isCut && log.content.count == SupportBundle.maximumItemBytes)
    #expect(String(decoding: log.content, as: UTF8.self).hasSuffix("the newest line\n"))
    #expect(bundle.items.reduce(0) { $0 + $1.content.count } <= SupportBundle.maximumBytes)
  }

  @Test("The archive is one that tar opens, with every file whole")
  func archive() throws {
    let scratch = try TemporaryDirectory("ctl")
    var archive = TarArchive()
    let contents: [(String, [UInt8])] = [
      ("a/empty.txt", []), ("a/block.bin", [UInt8](repeating: 7, count: 512)), ("a/text.txt", Array("Grüße\n".utf8)),
    ]
    for (name, content) in contents { archive.add(name, content, modified: 1_790_000_000) }
    try Data(archive.finished).write(to: URL(fileURLWithPath: scratch.file("x.tar")))
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    tar.arguments = ["tar", "-xf", scratch.file("x.tar"), "-C", scratch.path]
    try tar.run()
    tar.waitUntilExit()
    #expect(tar.terminationStatus == 0)
    for (name, content) in contents {
      #expect(try Array(Data(contentsOf: URL(fileURLWithPath: scratch.file(name)))) == content)
    }
  }
}

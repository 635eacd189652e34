import CLinux
import ChargerBase
import EVSEControl
import OCPPJSON

/// Everything that service needs to see of a station, in one file and without secrets. What cannot be had, because the
/// program is dead or a file is missing, is told in the manifest instead.
struct SupportBundle {
  /// Of one item; more is cut, and the cut told.
  static let maximumItemBytes = 1_024 * 1_024
  /// Of all items together; what comes after is left out, and that told.
  static let maximumBytes = 8 * 1_024 * 1_024

  struct Item {
    var name: String
    /// What it is, for the manifest.
    var what: String
    var content: [UInt8] = []
    /// Why it is not there.
    var missing: String?
    var isCut = false
  }

  struct Sources {
    var unitFile: String
    var boardFile: String?
    var stateDirectory: String?
    var flightRecorder: String
    /// Asks the station; a failure's text tells why it is not there.
    var ask: (String, JSONValue) throws(Failure) -> JSONValue
  }

  private(set) var items: [Item] = []
  private var redactor = Redactor(secrets: [])
  private var room = SupportBundle.maximumBytes

  /// Collects everything. The files come first: what is secret in them is looked for in all that follows.
  init(_ sources: Sources) {
    var sources = sources
    let version = Self.answer(sources, "station.version")
    if case .success(let answer) = version {
      sources.boardFile = sources.boardFile ?? answer["files"]?["board"]?.string
      sources.stateDirectory = sources.stateDirectory ?? answer["files"]?["state"]?.string
      if let unit = answer["files"]?["unit"]?.string { sources.unitFile = unit }
    }
    let unit = Self.file(sources.unitFile)
    let board = sources.boardFile.map(Self.file) ?? .failure(.unavailable("no board profile is known: give --board"))
    let model = Self.answer(sources, "station.deviceModel.get").map(RedactedFiles.deviceModel)
    let (unitShown, boardShown, modelShown) = (
      unit.map { RedactedFiles.redact($0) }, board.map { RedactedFiles.redact($0) },
      model.map { RedactedFiles.redact($0) }
    )
    let secrets = [unitShown, boardShown, modelShown].flatMap { (try? $0.get())?.secrets ?? [] }
    redactor = Redactor(secrets: secrets)

    add("versions.json", "firmware, board, OCPP versions, files", version.map { "\($0)" })
    add("unit.json", "unit file without its secrets", unitShown.map { RedactedFiles.text($0.value) })
    add("board.json", "board profile without its secrets", boardShown.map { RedactedFiles.text($0.value) })
    add(
      "device-model.txt", "device model; what is only written is left out",
      modelShown.map { DeviceModelText.render($0.value, isSingle: false) })
    let status = Self.answer(sources, "station.status")
    add("status.txt", "status in words", status.map(StatusText.render))
    add("status.json", "the same as the station tells it", status.map { "\($0)" })
    let reasons = Self.answer(sources, "station.explain")
    add("explain.txt", "why it is not charging, in words", reasons.map(ExplainText.render))
    add("explain.json", "the same as the station tells it", reasons.map { "\($0)" })
    let outbox = Self.answer(sources, "station.outbox")
    add("outbox.txt", "what waits for the CSMS, and the dead letters", outbox.map(OutboxText.render))
    add("outbox.json", "the same as the station tells it", outbox.map { "\($0)" })
    let security = Self.answer(sources, "station.securityLog")
    add("security-log.txt", "security events, oldest first", security.map(SecurityLogText.render))
    let history = Self.answer(sources, "station.history")
    add("history.csv", "sessions that are over, tokens masked", history.map(HistoryText.csv))
    let log = Self.answer(sources, "station.log", .object([JSONMember("lines", 1_000)]))
    add("log.txt", "the newest lines of the log", log.map(LogText.render), keepsEnd: true)
    add(
      "flight-recorder.txt", "what the control lane saw and did", Self.flightRecording(sources.flightRecorder),
      keepsEnd: true)
    add("system.txt", "kernel, memory, disk, clock", .success(SystemFacts.text(stateDirectory: sources.stateDirectory)))
  }

  // MARK: - Sources

  private static func answer(
    _ sources: Sources, _ method: String, _ params: JSONValue = .object([])
  ) -> Result<JSONValue, Failure> {
    do throws(Failure) { return .success(try sources.ask(method, params)) } catch { return .failure(error) }
  }

  private static func file(_ path: String) -> Result<JSONValue, Failure> {
    do throws(Failure) {
      guard let bytes = try FileAccess.read(path, limit: maximumItemBytes) else {
        return .failure(.unavailable("\(path): there is no such file"))
      }
      guard let value = try? JSONValue(parsing: bytes) else {
        // Not shown as it is: nobody could tell where its secrets are.
        return .failure(.unavailable("\(path): is no JSON"))
      }
      return .success(value)
    } catch {
      return .failure(error)
    }
  }

  private static func flightRecording(_ path: String) -> Result<String, Failure> {
    do throws(Failure) {
      guard let bytes = try FileAccess.read(path) else {
        return .failure(.unavailable("\(path): there is no such file"))
      }
      guard let recording = bytes.withUnsafeBytes({ FlightRecording($0) }) else {
        return .failure(.unavailable("\(path): is no flight recorder's file"))
      }
      return .success(FlightRecorderText.render(recording, last: 10_000))
    } catch {
      return .failure(error)
    }
  }

  // MARK: - Items

  private mutating func add(_ name: String, _ what: String, _ content: Result<String, Failure>, keepsEnd: Bool = false)
  {
    var item = Item(name: name, what: what)
    switch content {
    case .failure(let failure):
      item.missing = redactor.redact(String(failure.text.prefix { $0 != "\n" }))
    case .success(let text):
      let whole = redactor.redact(Array((text + "\n").utf8))
      item.content = whole
      if whole.count > Self.maximumItemBytes {
        item.isCut = true
        item.content = Array(keepsEnd ? whole.suffix(Self.maximumItemBytes) : whole.prefix(Self.maximumItemBytes))
      }
      if item.content.count > room {
        item.content = []
        item.missing = "the bundle is full"
      }
      room -= item.content.count
    }
    items.append(item)
  }

  /// What is in it, what is not, and why.
  func manifest(made now: WallTime) -> JSONValue {
    .object([
      JSONMember("made", JSONValue(now)),
      JSONMember(
        "redaction",
        .string(
          "Passwords, keys and what looks like them are replaced by \(Redactor.mark); tokens keep four characters at most."
        )),
      JSONMember(
        "items",
        .array(
          items.map { item in
            var members = [JSONMember("name", .string(item.name)), JSONMember("what", .string(item.what))]
            if let missing = item.missing {
              members.append(JSONMember("missing", .string(missing)))
            } else {
              members.append(JSONMember("bytes", JSONValue(item.content.count)))
            }
            if item.isCut { members.append(JSONMember("cut", true)) }
            return .object(members)
          })),
    ])
  }

  /// Every file with its content, the manifest first.
  func files(made now: WallTime) -> [(name: String, content: [UInt8])] {
    [("manifest.json", Array((RedactedFiles.text(manifest(made: now)) + "\n").utf8))]
      + items.filter { $0.missing == nil }.map { ($0.name, $0.content) }
  }
}

/// `station.securityLog`, an event a line.
enum SecurityLogText {
  static func render(_ answer: JSONValue) -> String {
    let events = answer["events"]?.array ?? []
    guard !events.isEmpty else { return "No security event is kept." }
    return events.map { event in
      let time = (Text.time(event["time"]) ?? "(time not known)").padded(to: 20)
      let critical = event["critical"]?.bool == true ? "CRITICAL " : ""
      let information = event["information"]?.string.map { ": \(Text.printable($0))" } ?? ""
      return "\(time) \(critical)\(Text.printable(event["type"]))\(information)"
    }.joined(separator: "\n")
  }
}

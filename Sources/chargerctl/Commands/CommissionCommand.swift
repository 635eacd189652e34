import ArgumentParser
import BoardProfile
import CLinux
import ChargerBase
import Glibc
import OCPPJSON

struct CommissionCommand: ParsableCommand {
  static let defaultUnit = "/var/lib/chargerd/unit.json"

  static let configuration = CommandConfiguration(
    commandName: "commission",
    abstract: "Sets a station up: asks for what is its own, checks it, writes the unit file, prints a report.",
    discussion: """
      On a terminal, without options that set something, it asks; each answer is checked at once. On a production line \
      the options or a file of answers set what is to be set, and everything else stays as the file has it. The unit file \
      (mode 0600) replaces the old one in one step, after it has passed the rules by which chargerd reads it.
      """)
  @Option(name: .long, help: "The unit file.", completion: .file()) var unit = Self.defaultUnit
  @Option(name: .long, help: "The board profile, to check against.", completion: .file()) var board: String?
  @Option(name: .long, help: "The station's name at the CSMS.") var identity: String?
  @Option(name: .long, help: "The CSMS's address, ws:// or wss://, without the identity.") var csmsUrl: String?
  @Option(name: .long, help: "OCPP security profile, 0…3.") var securityProfile: Int32?
  @Flag(name: .long, help: "Read the password for HTTP Basic from standard input, one line.") var passwordFromInput =
    false
  @Option(name: .long, help: "As BootNotification reports it.") var serialNumber: String?
  @Option(name: .long, help: "Current per phase that the building gives, A.") var ratedSupply: DecimalArgument?
  @Option(name: .long, help: "Most current per phase that each EVSE may give, A.")
  var installerLimit: DecimalArgument?
  @Option(name: .long, help: "A PEM file with the CSMS's root certificates.", completion: .file())
  var rootCertificates: String?
  @Option(
    name: .long, help: "A JSON file with keys of the unit file; options win over it.",
    completion: .file(extensions: ["json"]))
  var answers: String?
  @Option(name: .long, help: "Write the report into this file too.", completion: .file()) var report: String?
  @Option(name: .long, help: "The installer's name, for the report.") var installer: String?
  @Flag(name: .long, help: "Only check the unit file as it is, as chargerd does before it starts; write nothing.")
  var check = false
  @Flag(name: .long, help: "Ask, although standard input is no terminal or options are given.") var ask = false

  func validate() throws {
    guard !(check && (setsSomething || ask)) else {
      throw ValidationError("--check writes nothing, so there is nothing to set or to ask.")
    }
    guard !(ask && passwordFromInput) else {
      throw ValidationError("--ask and --password-from-input exclude each other.")
    }
  }

  private var setsSomething: Bool {
    identity != nil || csmsUrl != nil || securityProfile != nil || passwordFromInput || serialNumber != nil
      || ratedSupply != nil || installerLimit != nil || rootCertificates != nil || answers != nil
  }

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let profile = try loadBoard()
      if check { return try checkOnly() }
      guard setsSomething || ask || Terminal.isInputTyped else {
        throw Failure(
          text: "nothing to set: give options, --answers FILE, or start it on a terminal to be asked", code: 64)
      }
      var draft = UnitDraft(try existing(), board: profile, directory: Self.directory(of: unit))
      try takeOptions(&draft)
      if ask || !setsSomething { try askPerson(&draft) }
      try write(draft)
    }
  }

  // MARK: - What there is

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private func existing() throws(Failure) -> JSONValue {
    guard let bytes = try FileAccess.read(unit) else { return .object([]) }
    return try Self.parse(bytes, unit)
  }

  private static func parse(_ bytes: [UInt8], _ path: String) throws(Failure) -> JSONValue {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw Failure(text: "\(path) is there, but is no JSON: \(error)", code: 78)
    }
    guard value.members != nil else { throw Failure(text: "\(path) is there, but is no JSON object", code: 78) }
    return value
  }

  private func loadBoard() throws(Failure) -> BoardProfile? {
    guard let board else { return nil }
    guard let bytes = try FileAccess.read(board) else {
      throw Failure(text: "\(board): there is no such file", code: 66)
    }
    do throws(ProfileProblems) {
      return try BoardProfile.load(bytes: bytes, fileName: board)
    } catch {
      throw Failure(text: "the board profile cannot be used:\n\(error)", code: 78)
    }
  }

  private func takeOptions(_ draft: inout UnitDraft) throws(Failure) {
    if let answers {
      guard let bytes = try FileAccess.read(answers) else {
        throw Failure(text: "\(answers): there is no such file", code: 66)
      }
      draft.merge(try Self.parse(bytes, answers))
    }
    if let identity { draft[.identity] = .string(identity) }
    if let csmsUrl { draft[.csmsUrl] = .string(csmsUrl) }
    if let securityProfile { draft[.securityProfile] = JSONValue(securityProfile) }
    if passwordFromInput {
      guard let password = readLine(strippingNewline: true) else {
        throw Failure(text: "no password came on standard input", code: 64)
      }
      draft[.basicAuthPassword] = .string(password)
    }
    if let serialNumber { draft[.serialNumber] = .string(serialNumber) }
    if let ratedSupply { draft[.ratedSupplyA] = JSONValue(ratedSupply.value) }
    if let installerLimit { draft[.installerLimitA] = JSONValue(installerLimit.value) }
    if let rootCertificates { draft[.rootCertificatesFile] = .string(rootCertificates) }
  }

  // MARK: - Asking

  private func askPerson(_ draft: inout UnitDraft) throws(Failure) {
    let isNew = draft.content.members?.isEmpty ?? true
    Terminal.writeLine(isNew ? "\(unit) will be made." : "\(unit) is there; what it says is proposed.")
    if let profile = draft.board {
      Terminal.writeLine("Board: \(profile.vendorName) \(profile.model), \(profile.evseCount).")
    }
    let dialogue = CommissionDialogue(
      ask: Terminal.read, askSecretly: Terminal.readSecret, tell: Terminal.writeLine)
    do throws(CommissionDialogue.Ended) {
      try dialogue.run(&draft)
    } catch {
      throw Failure(text: "ended before all questions were answered; nothing was written", code: 1)
    }
    Terminal.writeLine("")
    let answer = Terminal.read("Write it to \(unit)? [yes]: ")?.lowercased()
    Terminal.writeLine("")
    guard let answer, answer.isEmpty || "yes".hasPrefix(answer) else {
      throw Failure(text: "nothing was written", code: 1)
    }
  }

  // MARK: - Checking and writing

  private func check(_ draft: UnitDraft) throws(Failure) {
    if let problems = draft.problems(fileName: unit) {
      throw Failure(text: "the unit file was not written:\n\(problems)", code: 78)
    }
    let wrong = draft.problemsAtThePost
    guard wrong.isEmpty else {
      throw Failure(text: "the unit file was not written:\n" + wrong.joined(separator: "\n"), code: 78)
    }
  }

  private func write(_ draft: UnitDraft) throws(Failure) {
    try check(draft)
    let bytes = Array((UnitFileText.render(draft.content) + "\n").utf8)
    // Before its first start the service has no state directory; systemd then gives it to the station's user.
    mkdir(Self.directory(of: unit), 0o700)
    try FileAccess.replace(unit, with: bytes, mode: 0o600, ownedLike: Self.directory(of: unit))
    // What lies there now is what chargerd will read.
    try checkAsDaemon()
    let text = CommissionReport(
      draft: draft, unitFile: unit, boardFile: board, installer: installer,
      madeAt: WallTime(millisecondsSinceEpoch: linux_realtime_ms())
    ).text
    if let report { try FileAccess.replace(report, with: Array((text + "\n").utf8), mode: 0o644) }
    Terminal.writeLine(text)
    Terminal.writeLine("\n\(unit) is written. Restart chargerd to use it.")
  }

  /// Both files by the rules of `chargerd --check`, with the unit file's mode.
  private func checkAsDaemon() throws(Failure) {
    guard let bytes = try FileAccess.read(unit) else {
      throw Failure(text: "\(unit): there is no such file. chargerctl commission makes one", code: 66)
    }
    var status = stat()
    if stat(unit, &status) == 0, status.st_mode & 0o077 != 0 {
      throw Failure(
        text: "\(unit): others may read it (mode \(String(status.st_mode & 0o777, radix: 8))), and it holds passwords. "
          + "Remedy: chmod 600 \(unit)", code: 78)
    }
    let own = StationFiles.File(name: unit, bytes: bytes)
    do throws(ProfileProblems) {
      if let board, let boardBytes = (try? FileAccess.read(board)) ?? nil {
        _ = try StationFiles.load(board: StationFiles.File(name: board, bytes: boardBytes), unit: own)
      } else {
        _ = try UnitFile.load(bytes: bytes, fileName: unit, board: nil)
      }
    } catch {
      throw Failure(text: "chargerd would refuse it:\n\(error)", code: 78)
    }
  }

  private func checkOnly() throws(Failure) {
    try checkAsDaemon()
    let draft = UnitDraft(try existing(), board: try loadBoard(), directory: Self.directory(of: unit))
    let wrong = draft.problemsAtThePost
    guard wrong.isEmpty else { throw Failure(text: wrong.joined(separator: "\n"), code: 78) }
    let text = CommissionReport(
      draft: draft, unitFile: unit, boardFile: board, installer: installer,
      madeAt: WallTime(millisecondsSinceEpoch: linux_realtime_ms())
    ).text
    if let report { try FileAccess.replace(report, with: Array((text + "\n").utf8), mode: 0o644) }
    Terminal.writeLine("\(unit): good")
    for note in draft.notes { Terminal.writeLine("- \(note)") }
  }
}

/// A unit file for people: one key a line.
enum UnitFileText {
  static func render(_ content: JSONValue) -> String {
    let lines = (content.members ?? []).map { "  \(JSONValue.string($0.name)): \($0.value)" }
    return lines.isEmpty ? "{}" : "{\n\(lines.joined(separator: ",\n"))\n}"
  }
}

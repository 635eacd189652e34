import ArgumentParser
import CLinux
import ChargerBase
import Glibc
import OCPPJSON

struct SupportBundleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "support-bundle",
    abstract: "Gathers what service needs to see of a station in one file, without passwords, keys and card numbers.",
    discussion: """
      Versions, unit file, board profile, device model, status, reasons, outbox with dead letters, security log, sessions, \
      log, flight recorder, facts of the system, and a manifest of it all. Of a station that does not answer it takes what \
      can be had and says what is missing. At most 8 MiB.
      """)
  @Option(
    name: .shortAndLong, help: "A .tar file, or a directory when it ends with a slash or is one.", completion: .file())
  var output: String
  @Option(
    name: .long, help: "The station's socket; else CHARGER_STATION_SOCKET, else \(SocketKind.station.defaultPath).")
  var socket: String?
  @Option(name: .long, help: "The unit file, when the station cannot say where it is.", completion: .file())
  var unit = CommissionCommand.defaultUnit
  @Option(name: .long, help: "The board profile, when the station cannot say where it is.", completion: .file())
  var board: String?
  @Option(name: .long, help: "The state directory, when the station cannot say where it is.", completion: .directory)
  var state: String?

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let path = SocketKind.station.path(option: socket)
      let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
      let connection: Result<Connection, Failure>
      do throws(Failure) {
        connection = .success(try Connection(.station, option: socket))
      } catch {
        connection = .failure(error)
      }
      let bundle = SupportBundle(
        SupportBundle.Sources(
          unitFile: unit, boardFile: board, stateDirectory: state, flightRecorder: folder + "/flight-recorder",
          ask: { method, params throws(Failure) in try connection.get().call(method, params) }))
      let now = WallTime(millisecondsSinceEpoch: linux_realtime_ms())
      try write(bundle.files(made: now), at: now)
      report(bundle)
    }
  }

  private var isDirectory: Bool {
    var status = stat()
    return output.hasSuffix("/") || stat(output, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func write(_ files: [(name: String, content: [UInt8])], at now: WallTime) throws(Failure) {
    guard isDirectory else {
      var archive = TarArchive()
      for file in files {
        archive.add("charger-support/\(file.name)", file.content, modified: now.millisecondsSinceEpoch / 1_000)
      }
      return try FileAccess.replace(output, with: archive.finished, mode: 0o600)
    }
    if mkdir(output, 0o700) != 0, linux_errno() != EEXIST {
      throw Failure(text: "\(output): cannot be made: \(String(cString: strerror(linux_errno())))", code: 74)
    }
    for file in files { try FileAccess.replace("\(output)/\(file.name)", with: file.content, mode: 0o600) }
  }

  private func report(_ bundle: SupportBundle) {
    let there = bundle.items.filter { $0.missing == nil }
    let bytes = there.reduce(0) { $0 + $1.content.count }
    Terminal.writeLine("\(output) is written: \(there.count) items, \((bytes + 999) / 1_000) kB.")
    var told: [String] = []
    for item in bundle.items {
      guard let missing = item.missing else { continue }
      told.append("  \(item.name): \(Text.printable(missing))")
    }
    if !told.isEmpty { Terminal.writeLine("Not in it:\n" + told.joined(separator: "\n")) }
  }
}

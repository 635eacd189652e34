import ArgumentParser
import ChargerBase
import EVSEControl

struct FlightRecorderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flight-recorder",
    abstract: "What the control lane saw and did, to the last instant; also of a station that has died.",
    discussion: """
      The file lies beside the station's socket and is read without the station. It ends with the system (it lies in \
      memory); copy it before a restart of the machine.
      """)

  @Argument(help: "The file; default: flight-recorder beside the station's socket.") var file: String?
  @Option(
    name: .long, help: "The station's socket; else CHARGER_STATION_SOCKET, else \(SocketKind.station.defaultPath).")
  var socket: String?
  @Option(name: [.customShort("n"), .long], help: "How many of the newest entries.") var last = 200
  @Flag(name: .long, help: "Every entry.") var all = false

  func validate() throws {
    guard last > 0 else { throw ValidationError("--last takes 1 or more.") }
  }

  private var path: String {
    if let file { return file }
    let socket = SocketKind.station.path(option: socket)
    let folder = socket.lastIndex(of: "/").map { String(socket[..<$0]) } ?? "."
    return folder + "/flight-recorder"
  }

  func run() throws {
    try Terminal.run { () throws(Failure) in
      guard let bytes = try FileAccess.read(path) else {
        throw Failure(
          text: "\(path): there is no such file. chargerd keeps one beside its --control socket; name it here", code: 66
        )
      }
      guard let recording = bytes.withUnsafeBytes({ FlightRecording($0) }) else {
        throw Failure(text: "\(path): is no flight recorder's file", code: 65)
      }
      Terminal.writeLine(FlightRecorderText.render(recording, last: all ? .max : last))
    }
  }
}

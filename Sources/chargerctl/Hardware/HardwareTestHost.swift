import CLinux
import ChargerBase
import Glibc
import OCPPJSON

/// The program that holds the hardware while it is tested: one that runs already, or one started for this.
struct HardwareTestHost {
  let connection: Connection
  /// The process that was started, and its folder.
  private let started: (process: pid_t, folder: String)?

  /// How long a program may take to open its hardware.
  private static let patience = Duration.seconds(60)

  static func open(
    socket: String?, board: String?, program: String?, world: String?
  ) throws(Failure) -> HardwareTestHost {
    // A station that runs says so itself.
    if let connection = try? Connection(.station, option: socket) {
      do throws(Failure) {
        _ = try connection.call("hardware.read")
      } catch {
        throw .unavailable(error.text)
      }
      return HardwareTestHost(connection: connection, started: nil)
    }
    if socket != nil { _ = try Connection(.station, option: socket) }
    guard let board else {
      throw Failure(text: "--board FILE is missing: name the board whose hardware is tested", code: 64)
    }
    return try start(board: board, program: program, world: world)
  }

  private static func start(board: String, program: String?, world: String?) throws(Failure) -> HardwareTestHost {
    let folder = try makeFolder()
    let path = folder + "/test.sock"
    let name = program ?? besides(world == nil ? "chargerd" : "chargerd-bench")
    var words = [name, "--board", board, "--hardware-test", "--control", path, "--log-level", "warning"]
    if let world { words += ["--world", world] }
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { (word: String) in strdup(word) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let code = posix_spawnp(&process, name, nil, nil, arguments, linux_environment())
    guard code == 0 else {
      rmdir(folder)
      throw .unavailable("\(name) cannot be started: \(String(cString: strerror(code)))")
    }
    let end = linux_boottime_ns() + patience.wholeNanoseconds
    while linux_boottime_ns() < end {
      if let connection = try? Connection(.station, option: path), (try? connection.call("hardware.read")) != nil {
        return HardwareTestHost(connection: connection, started: (process, folder))
      }
      var status: Int32 = 0
      if waitpid(process, &status, WNOHANG) == process {
        rmdir(folder)
        // It has said itself what is wrong.
        throw .unavailable("\(name) could not open the hardware of \(board)")
      }
      usleep(50_000)
    }
    HardwareTestHost.end(process, folder)
    throw .unavailable("\(name) does not open the hardware within \(patience.wholeSeconds) s")
  }

  /// A folder for the socket. Devices whose root cannot be written have /run.
  private static func makeFolder() throws(Failure) -> String {
    let places = [getenv("TMPDIR").map { String(cString: $0) }, "/tmp", "/run"].compactMap { $0 }
    for place in places {
      guard let made = linux_make_directory(place, "charger-hardware") else { continue }
      defer { free(made) }
      return String(cString: made)
    }
    throw .unavailable("\(places.joined(separator: ", ")): no folder can be made there")
  }

  /// The program of this name in chargerctl's own folder, else the one that the shell would find.
  private static func besides(_ name: String) -> String {
    var bytes = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &bytes, bytes.count)
    guard count > 0 else { return name }
    let own = String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let slash = own.lastIndex(of: "/") else { return name }
    let path = String(own[...slash]) + name
    return access(path, X_OK) == 0 ? path : name
  }

  /// How long a program may take to open everything and end.
  private static let ending = Duration.seconds(20)

  /// Ends what was started; its program opens everything before it ends. One that hangs is killed: then the board's own
  /// dead-man opens.
  func close() { if let started { Self.end(started.process, started.folder) } }

  private static func end(_ process: pid_t, _ folder: String) {
    kill(process, SIGTERM)
    var status: Int32 = 0
    let end = linux_boottime_ns() + ending.wholeNanoseconds
    while waitpid(process, &status, WNOHANG) == 0 {
      guard linux_boottime_ns() < end else {
        kill(process, SIGKILL)
        waitpid(process, &status, 0)
        Terminal.writeError("The program that held the hardware did not end within \(ending), and was killed.")
        break
      }
      usleep(20_000)
    }
    unlink(folder + "/test.sock")
    rmdir(folder)
  }
}

import CLinux
import ChargerBase
import Glibc

/// pcscd with a virtual reader of two slots, started and stopped by the checks.
final class CardDaemon {
  static let socketPath = "/run/pcscd/pcscd.comm"
  /// The reader's slots, as pcscd lists them.
  static let slots = ["Virtual RFID 00 00", "Virtual RFID 00 01"]

  private let program: String
  private let configuration: String
  private var process: pid_t?
  /// The first slot's port; the second has the next one.
  let port: UInt16

  init(program: String, port: UInt16, folder: String) throws {
    self.program = program
    self.port = port
    configuration = folder
    let channel = "0x" + String(port, radix: 16, uppercase: true)
    let text = """
      FRIENDLYNAME "Virtual RFID"
      DEVICENAME /dev/null:\(channel)
      LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so
      CHANNELID \(channel)

      """
    mkdir(folder, 0o700)
    guard let file = fopen(folder + "/vpcd", "w") else { throw CheckFailure("\(folder)/vpcd cannot be written") }
    fputs(text, file)
    fclose(file)
  }

  deinit { stop() }

  func start() throws {
    mkdir("/run/pcscd", 0o755)
    var arguments: [UnsafeMutablePointer<CChar>?] = [program, "-f", "-c", configuration].map { (word: String) in
      strdup(word)
    }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var child: pid_t = 0
    guard posix_spawn(&child, program, &actions, nil, arguments, linux_environment()) == 0 else {
      throw CheckFailure("\(program) cannot be started")
    }
    process = child
    guard eventually({ access(Self.socketPath, F_OK) == 0 }) else { throw CheckFailure("pcscd does not come up") }
    // vpcd answers on its port when the reader is there.
    let isListening = eventually {
      guard let probe = CardHost(.init(uid: []), port: port) else { return false }
      probe.remove()
      return true
    }
    guard isListening else { throw CheckFailure("vpcd does not listen on port \(port)") }
  }

  /// - Parameter signal: SIGKILL is a crash; the socket then stays behind.
  func stop(_ signal: Int32 = SIGTERM) {
    guard let process else { return }
    kill(process, signal)
    var status: Int32 = 0
    waitpid(process, &status, 0)
    self.process = nil
    unlink(Self.socketPath)
    unlink("/run/pcscd/pcscd.pid")
  }
}

/// What was expected and did not happen.
struct CheckFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

import CLinux
import ChargerBase
import ChargerRuntime
import Glibc
import HALSimulated

/// The station on the bench: the same program on drivers of the simulated world.
@main
enum Main {
  private static let options = [
    ExtraOption(name: "world", placeholder: "SOCKET", help: "socket of bench-world"),
    ExtraOption(name: "boot-id", placeholder: "ID", help: "stands in for the system's boot id"),
    ExtraOption(name: "boot-status", placeholder: "WHY", help: "watchdog: it has reset the system; else none"),
    ExtraOption(name: "wall-offset", placeholder: "S", help: "seconds that civil time is ahead"),
  ]

  static func main() {
    let program = DaemonProgram(name: "chargerd-bench", extraOptions: options) { arguments in
      try surroundings(arguments)
    }
    exit(ChargerDaemon.run(program, arguments: Array(CommandLine.arguments.dropFirst())))
  }

  private static func surroundings(_ arguments: DaemonArguments) throws -> DaemonSurroundings {
    var offset = Duration.zero
    if let text = arguments.extra("wall-offset") {
      guard let seconds = Int64(text), (-4_000_000_000...4_000_000_000).contains(seconds) else {
        throw UsageError(message: "--wall-offset \(text): must be a whole number of seconds")
      }
      offset = .seconds(seconds)
    }
    let bootStatus = arguments.extra("boot-status") ?? "none"
    guard ["none", "watchdog"].contains(bootStatus) else {
      throw UsageError(message: "--boot-status \(bootStatus): must be none or watchdog")
    }
    guard let socket = arguments.extra("world") else {
      guard arguments.checkOnly else { throw UsageError(message: "--world SOCKET is missing: start bench-world first") }
      return DaemonSurroundings(catalogue: SimulatedCatalogue.make(nil))
    }
    let world = SocketWorld(socketPath: socket)
    return DaemonSurroundings(
      catalogue: SimulatedCatalogue.make(world), networkIsUp: { world.isNetworkUp },
      bootID: arguments.extra("boot-id"), resetByWatchdog: bootStatus == "watchdog", wallOffset: offset)
  }
}

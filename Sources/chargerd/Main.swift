import ChargerRuntime
import Glibc
import LinuxCatalogue

/// The station on real hardware. It knows no simulated driver.
@main
enum Main {
  static func main() {
    let program = DaemonProgram(name: "chargerd") { _ in DaemonSurroundings(catalogue: LinuxCatalogue.make()) }
    exit(ChargerDaemon.run(program, arguments: Array(CommandLine.arguments.dropFirst())))
  }
}

import ChargerRuntime
import HALLinux

/// The station on real hardware. It knows no simulated driver.
@main
enum Main {
  static func main() {
    exit(
      ChargerDaemon.run(
        DaemonProgram(name: "chargerd") { _ in DaemonSurroundings(catalogue: LinuxDrivers.catalogue) },
        arguments: Array(CommandLine.arguments.dropFirst())))
  }
}

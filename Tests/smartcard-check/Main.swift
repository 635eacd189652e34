import ChargerBase
import Glibc

/// Runs the card reader's driver against the real pcscd with vpcd's virtual cards. It starts and kills the daemon itself
/// and so needs a machine, or a namespace, where no other runs: Tests/Hardware/run_smartcard.py makes one.
@main
enum Main {
  private static let port: UInt16 = 0x4C7B

  static func main() throws {
    signal(SIGPIPE, SIG_IGN)
    let folder = "/tmp/smartcard-check-\(getpid())"
    let daemon = try CardDaemon(program: "/usr/sbin/pcscd", port: port, folder: folder)
    defer {
      unlink(folder + "/vpcd")
      rmdir(folder)
    }
    try daemon.start()
    let wanted = CommandLine.arguments.dropFirst().first
    var failed = 0
    var passed = 0
    for check in Check.all where wanted.map({ check.title.contains($0) }) ?? true {
      let begin = now()
      do {
        try check.run(CardBench(daemon))
        passed += 1
        say("ok      \(check.title) (\(begin.duration(to: now()).wholeMilliseconds) ms)")
      } catch {
        failed += 1
        say("FAILED  \(check.title): \(error)")
        // The next check begins on a daemon that works.
        daemon.stop(SIGKILL)
        try daemon.start()
      }
    }
    daemon.stop()
    say("\(passed) passed, \(failed) failed")
    exit(failed == 0 ? 0 : 1)
  }

  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }
}

import CLinux
import Glibc
import NIOConcurrencyHelpers

/// Told by the network lane, asked by the main thread: a reset was ordered, not a stop.
final class ResetRequest: Sendable {
  private let requested = NIOLockedValueBox(false)

  func request() { requested.withLockedValue { $0 = true } }
  var isRequested: Bool { requested.withLockedValue { $0 } }
}

/// Starting anew: the same program under the same process id, or the whole system.
enum SelfRestart {
  /// Returns only when it failed.
  static func execute(_ arguments: [String]) {
    // The new program must be able to receive the signals that this one has blocked.
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    var argv: [UnsafeMutablePointer<CChar>?] = ([CommandLine.arguments.first ?? "chargerd"] + arguments).map {
      strdup($0)
    }
    argv.append(nil)
    execv("/proc/self/exe", argv)
    for pointer in argv { free(pointer) }
  }

  /// Asks the service manager to restart the system. False when it could not be asked.
  static func rebootSystem() -> Bool {
    var child: pid_t = 0
    var argv: [UnsafeMutablePointer<CChar>?] = ["systemctl", "reboot"].map { (word: String) in strdup(word) }
    argv.append(nil)
    defer { for pointer in argv { free(pointer) } }
    guard posix_spawnp(&child, "systemctl", nil, nil, argv, linux_environment()) == 0 else { return false }
    var status: Int32 = 0
    return waitpid(child, &status, 0) == child && status == 0
  }
}

import CLinux
import Glibc

/// A hardware watchdog as the kernel shows it. An open device counts down, and resets the system when it is not fed.
protocol WatchdogDevice: AnyObject {
  /// Opens it, which starts it.
  func open() throws(WatchdogFailure)
  /// Closes it; with `stopsIt` after the word that stops it ("magic close"), where the hardware lets itself be stopped.
  func close(stopsIt: Bool)
  /// What it can do: the bits WDIOF_….
  func support() throws(WatchdogFailure) -> UInt32
  /// Sets the time in which it must be fed, and answers the one that it has taken.
  func setTimeout(seconds: Int32) throws(WatchdogFailure) -> Int32
  func timeout() throws(WatchdogFailure) -> Int32
  /// Why the system was started: the bits WDIOF_….
  func bootStatus() throws(WatchdogFailure) -> UInt32
  /// False when it was not taken.
  func feed() -> Bool
}

/// The bits of <linux/watchdog.h> that are looked at.
enum WatchdogBits {
  static let cardReset: UInt32 = 0x0020
  static let setTimeout: UInt32 = 0x0080
  static let magicClose: UInt32 = 0x0100
  static let alarmOnly: UInt32 = 0x0400
}

/// A call that the kernel refused.
struct WatchdogFailure: Error, Sendable, Equatable {
  var call: String
  var errorNumber: Int32

  var reason: String { strerror(errorNumber).map { String(cString: $0) } ?? "error \(errorNumber)" }
}

/// `/dev/watchdog…`.
final class LinuxWatchdogDevice: WatchdogDevice {
  private let path: String
  private var descriptor: Int32 = -1

  init(path: String) { self.path = path }

  deinit { close(stopsIt: false) }

  func open() throws(WatchdogFailure) {
    guard descriptor < 0 else { return }
    let opened = linux_open(path, O_WRONLY | O_CLOEXEC, 0)
    guard opened >= 0 else { throw WatchdogFailure(call: "open", errorNumber: linux_errno()) }
    descriptor = opened
  }

  func close(stopsIt: Bool) {
    guard descriptor >= 0 else { return }
    if stopsIt {
      var word = UInt8(ascii: "V")
      _ = write(descriptor, &word, 1)
    }
    Glibc.close(descriptor)
    descriptor = -1
  }

  func support() throws(WatchdogFailure) -> UInt32 {
    var options: UInt32 = 0
    try check("WDIOC_GETSUPPORT", linux_watchdog_support(descriptor, &options))
    return options
  }

  func setTimeout(seconds: Int32) throws(WatchdogFailure) -> Int32 {
    var taken = seconds
    try check("WDIOC_SETTIMEOUT", linux_watchdog_set_timeout(descriptor, &taken))
    return taken
  }

  func timeout() throws(WatchdogFailure) -> Int32 {
    var seconds: Int32 = 0
    try check("WDIOC_GETTIMEOUT", linux_watchdog_timeout(descriptor, &seconds))
    return seconds
  }

  func bootStatus() throws(WatchdogFailure) -> UInt32 {
    var status: Int32 = 0
    try check("WDIOC_GETBOOTSTATUS", linux_watchdog_boot_status(descriptor, &status))
    return UInt32(bitPattern: status)
  }

  func feed() -> Bool { linux_watchdog_feed(descriptor) == 0 }

  private func check(_ call: String, _ result: Int32) throws(WatchdogFailure) {
    guard result == 0 else { throw WatchdogFailure(call: call, errorNumber: linux_errno()) }
  }
}

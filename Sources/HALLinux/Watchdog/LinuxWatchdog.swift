import ChargerBase
import HAL

/// The hardware watchdog behind `/dev/watchdog`: it resets the system, and so opens the contactors, when the control lane
/// stops proving that it lives.
///
/// At its making the device is opened for as long as it takes to set its time-out, to read back the one that it really
/// has, and to ask why the system was started; then it is stopped again. The first feed starts it. A device that cannot
/// be stopped (no magic close, or the kernel's `nowayout`) counts down from the start of the program on, and resets a
/// system whose station does not come up. The kernel knows whole seconds only.
public final class LinuxWatchdog: SystemWatchdog {
  public struct Configuration: Sendable, Equatable {
    /// As `/dev/watchdog0`.
    public var device: String
    public var timeoutSeconds: Int32

    public init(device: String = "/dev/watchdog", timeoutSeconds: Int32 = 10) {
      self.device = device
      self.timeoutSeconds = timeoutSeconds
    }
  }

  /// What the hardware has made of the time-out that was asked for.
  public let timeout: Duration
  public let wakeDescriptor: Int32? = nil
  public private(set) var health = DriverHealth.alive
  public let hasResetSystem: Bool?

  private let device: any WatchdogDevice
  private let seconds: Int32
  private let takesTimeout: Bool
  private var isOpen: Bool
  /// It runs with the time-out that was asked for.
  private var isTimed: Bool
  private var wasFed = false
  /// When the control lane last called.
  private var now = MonotonicInstant.zero
  private var lastGood: MonotonicInstant?

  /// - Throws: `WatchdogError` that names the device and the reason.
  public convenience init(_ configuration: Configuration) throws(WatchdogError) {
    try self.init(configuration, device: LinuxWatchdogDevice(path: configuration.device))
  }

  init(_ configuration: Configuration, device: any WatchdogDevice) throws(WatchdogError) {
    func refused(_ reason: WatchdogError.Reason, _ text: String) -> WatchdogError {
      device.close(stopsIt: true)
      return WatchdogError(device: configuration.device, reason: reason, text: text)
    }
    let support: UInt32
    do throws(WatchdogFailure) {
      try device.open()
      support = try device.support()
    } catch {
      throw refused(
        error.call == "open" ? .unavailable : .unfit, "\(error.call): \(error.reason)\(Self.hint(error))")
    }
    guard support & WatchdogBits.alarmOnly == 0 else {
      throw refused(.unfit, "it only raises an alarm and does not reset the system")
    }
    takesTimeout = support & WatchdogBits.setTimeout != 0
    seconds = configuration.timeoutSeconds
    var actual: Int32 = 0
    if takesTimeout {
      do throws(WatchdogFailure) {
        actual = try device.setTimeout(seconds: seconds)
      } catch {
        throw refused(.timeout, "it takes no time-out of \(seconds) s: \(error.reason)")
      }
    }
    // Some drivers round without telling.
    if let told = try? device.timeout() { actual = told }
    guard actual > 0 else { throw refused(.timeout, "it does not tell its time-out") }
    timeout = .seconds(Int64(actual))
    hasResetSystem = (try? device.bootStatus()).map { $0 & WatchdogBits.cardReset != 0 }
    self.device = device
    isOpen = support & WatchdogBits.magicClose == 0
    isTimed = isOpen
    if !isOpen { device.close(stopsIt: true) }
  }

  private static func hint(_ failure: WatchdogFailure) -> String {
    // EBUSY and EACCES
    switch failure.errorNumber {
    case 16: " (another program holds it: systemd's RuntimeWatchdogSec, or a watchdog daemon)"
    case 13: " (the station's user must be allowed to write it)"
    default: ""
    }
  }

  /// A station that ends without `disarm` leaves the device running: the system is reset. One that was never fed has
  /// energized nothing.
  deinit { device.close(stopsIt: !wasFed) }

  public func service(at now: MonotonicInstant) {
    self.now = now
    if lastGood == nil { lastGood = now }
  }

  public func feed() {
    let isRunning = open() && device.feed()
    if isRunning { wasFed = true }
    // One that has another time-out now holds longer than it was declared to: fed, so that it resets nothing by that, but
    // not believed.
    if isRunning, isTimed || setTimeout() {
      lastGood = now
      health = .alive
    } else if health == .alive {
      health = .silent(since: lastGood ?? now)
    }
  }

  public func disarm() {
    guard isOpen else { return }
    device.close(stopsIt: true)
    isOpen = false
    isTimed = false
    wasFed = false
  }

  private func open() -> Bool {
    if isOpen { return true }
    isOpen = (try? device.open()) != nil
    isTimed = !takesTimeout
    return isOpen
  }

  private func setTimeout() -> Bool {
    guard var taken = try? device.setTimeout(seconds: seconds) else { return false }
    // Some drivers round without telling.
    if let told = try? device.timeout() { taken = told }
    isTimed = .seconds(Int64(taken)) <= timeout
    return isTimed
  }
}

/// Why a watchdog cannot be used. Two errors are equal when device and reason are.
public struct WatchdogError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: UInt8, Sendable {
    /// It cannot be opened.
    case unavailable
    /// It refuses the time-out, or does not tell the one that it has.
    case timeout
    /// It is no watchdog, or none that resets the system.
    case unfit
  }

  public let device: String
  public let reason: Reason
  let text: String

  public static func == (left: WatchdogError, right: WatchdogError) -> Bool {
    left.device == right.device && left.reason == right.reason
  }

  public var description: String { "\(device): \(text)" }
}

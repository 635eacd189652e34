import ChargerBase
import HAL
import HALConformance
import Testing

@testable import HALLinux

/// A watchdog's hardware without the hardware: it counts down in whole seconds and resets its system.
private final class FakeWatchdog: WatchdogDevice {
  var bits: UInt32 = WatchdogBits.setTimeout | WatchdogBits.magicClose
  /// Time-outs that the hardware can have.
  var possible: ClosedRange<Int32> = 1...60
  var refusesTimeout = false
  var bootBits: UInt32 = 0
  var openError: Int32?
  var takesFeeds = true
  private(set) var isOpen = false
  private(set) var isRunning = false
  private(set) var opened = 0
  private(set) var seconds: Int32 = 30
  private(set) var fedAt: MonotonicInstant?
  var now = MonotonicInstant.zero

  func open() throws(WatchdogFailure) {
    if let openError { throw WatchdogFailure(call: "open", errorNumber: openError) }
    isOpen = true
    isRunning = true
    opened += 1
  }

  func close(stopsIt: Bool) {
    if isOpen, stopsIt, bits & WatchdogBits.magicClose != 0 {
      isRunning = false
      fedAt = nil
    }
    isOpen = false
  }

  func support() throws(WatchdogFailure) -> UInt32 { bits }

  func setTimeout(seconds: Int32) throws(WatchdogFailure) -> Int32 {
    if refusesTimeout { throw WatchdogFailure(call: "WDIOC_SETTIMEOUT", errorNumber: 22) }
    self.seconds = min(max(seconds, possible.lowerBound), possible.upperBound)
    return seconds  // some drivers answer with what was asked
  }

  func timeout() throws(WatchdogFailure) -> Int32 { seconds }
  func bootStatus() throws(WatchdogFailure) -> UInt32 { bootBits }

  func feed() -> Bool {
    guard isOpen, takesFeeds else { return false }
    fedAt = now
    return true
  }

  /// The system was fed for, and has not been reset.
  var holds: Bool {
    guard isRunning, let fedAt else { return false }
    return now - fedAt < .seconds(Int64(seconds))
  }
}

private final class WatchdogRig: SystemWatchdogRig {
  let hardware = FakeWatchdog()
  var now: MonotonicInstant { hardware.now }
  func wait(_ duration: Duration) { hardware.now = hardware.now + duration }
  var slack: Duration { .zero }
  /// The kernel knows whole seconds.
  var watchdogTimeout: Duration { .seconds(2) }

  func makeWatchdog(timeout: Duration) throws -> any SystemWatchdog {
    try LinuxWatchdog(
      LinuxWatchdog.Configuration(timeoutSeconds: Int32(clamping: timeout.wholeSeconds)), device: hardware)
  }

  func holds() throws -> Bool { hardware.holds }
}

@Suite("Hardware watchdog")
struct LinuxWatchdogTests {
  private let hardware = FakeWatchdog()

  private func make(timeoutSeconds: Int32 = 10) throws(WatchdogError) -> LinuxWatchdog {
    try LinuxWatchdog(LinuxWatchdog.Configuration(timeoutSeconds: timeoutSeconds), device: hardware)
  }

  @Test("The obligations of SystemWatchdog", arguments: SystemWatchdogSuite.checks)
  func conformance(check: ConformanceCheck<any SystemWatchdogRig>) throws { try check.run(WatchdogRig()) }

  @Test("The time-out is the one that the hardware really has, whatever it answered when it was set")
  func realTimeout() throws {
    hardware.possible = 16...128
    #expect(try make(timeoutSeconds: 10).timeout == .seconds(16))
  }

  @Test("A hardware that takes no time-out is used with its own")
  func fixedTimeout() throws {
    hardware.bits = WatchdogBits.magicClose
    #expect(try make(timeoutSeconds: 10).timeout == .seconds(30))
  }

  @Test("Making it leaves it stopped; the first feed starts it with the time-out that was asked for")
  func startsAtFirstFeed() throws {
    let watchdog = try make(timeoutSeconds: 7)
    #expect(!hardware.isRunning)
    watchdog.service(at: MonotonicInstant(nanoseconds: 1))
    watchdog.feed()
    #expect(hardware.isRunning)
    #expect(hardware.seconds == 7)
    #expect(watchdog.health == .alive)
  }

  @Test("One that takes its time-out no more when it is started is fed, and silent until it has taken it")
  func refusedAtStart() throws {
    let watchdog = try make(timeoutSeconds: 7)
    hardware.refusesTimeout = true
    for second in Int64(1)...3 {
      watchdog.service(at: MonotonicInstant(nanoseconds: second * 1_000_000_000))
      watchdog.feed()
      #expect(hardware.fedAt != nil)
      #expect(watchdog.health == .silent(since: MonotonicInstant(nanoseconds: 1_000_000_000)))
    }
    hardware.refusesTimeout = false
    hardware.possible = 20...60
    watchdog.feed()
    #expect(watchdog.health != .alive, "it would hold for longer than it was declared to")
    hardware.possible = 1...60
    watchdog.feed()
    #expect(hardware.seconds == 7)
    #expect(watchdog.health == .alive)
  }

  @Test("An orderly end stops it; a driver that is just given up leaves it running, so that the system is reset")
  func ends() throws {
    var watchdog: LinuxWatchdog? = try make()
    watchdog?.feed()
    watchdog?.disarm()
    #expect(!hardware.isRunning)
    watchdog?.feed()
    #expect(hardware.isRunning)
    watchdog = nil
    #expect(hardware.isRunning)
    #expect(!hardware.isOpen)
  }

  @Test("One that cannot be stopped stays open, and is fed as it is")
  func noMagicClose() throws {
    hardware.bits = WatchdogBits.setTimeout
    let watchdog = try make()
    #expect(hardware.isOpen)
    watchdog.feed()
    #expect(hardware.opened == 1)
    #expect(hardware.fedAt != nil)
  }

  @Test("A feed that the hardware does not take is told as silence, and its return as life")
  func silence() throws {
    let watchdog = try make()
    let start = MonotonicInstant(nanoseconds: 5_000_000_000)
    watchdog.service(at: start)
    watchdog.feed()
    hardware.takesFeeds = false
    watchdog.service(at: start + .seconds(2))
    watchdog.feed()
    #expect(watchdog.health == .silent(since: start))
    hardware.takesFeeds = true
    watchdog.feed()
    #expect(watchdog.health == .alive)
  }

  @Test("The hardware's boot status tells whether it has reset the system", arguments: [UInt32(0x20), 0x21, 0, 0x01])
  func bootStatus(bits: UInt32) throws {
    hardware.bootBits = bits
    #expect(try make().hasResetSystem == (bits & 0x20 != 0))
  }

  @Test("A device that is held, missing or refuses the time-out is told with its path and the system's reason")
  func errors() {
    hardware.openError = 16
    #expect(
      throws: WatchdogError(device: "/dev/watchdog", reason: .unavailable, text: "")
    ) { _ = try make() }
    hardware.openError = nil
    hardware.refusesTimeout = true
    #expect {
      _ = try make(timeoutSeconds: 300)
    } throws: {
      "\($0)" == "/dev/watchdog: it takes no time-out of 300 s: Invalid argument"
    }
    #expect(!hardware.isRunning)
    #expect {
      _ = try LinuxWatchdog(LinuxWatchdog.Configuration(device: "/dev/no-such-watchdog"))
    } throws: {
      "\($0)" == "/dev/no-such-watchdog: open: No such file or directory"
    }
  }

  @Test("A watchdog that only raises an alarm is refused, and so is a device that is none")
  func unfit() {
    hardware.bits |= WatchdogBits.alarmOnly
    #expect { _ = try make() } throws: { ($0 as? WatchdogError)?.reason == .unfit }
    #expect {
      _ = try LinuxWatchdog(LinuxWatchdog.Configuration(device: "/dev/null"))
    } throws: {
      ($0 as? WatchdogError)?.reason == .unfit
    }
  }
}

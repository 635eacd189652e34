import ChargerBase
import Glibc
import NIOConcurrencyHelpers
import NIOPosix
import OCPPCore
import Testing

@testable import ChargerRuntime

@Suite("The service manager is told what the program does")
struct ServiceManagerTests {
  @Test("Every state is one assignment of systemd's protocol, in one datagram on a real socket")
  func states() throws {
    let listener = try DatagramListener()
    let manager = try #require(ServiceManager(path: listener.path))
    manager.tell(.ready, .status("serving"))
    #expect(listener.next() == "READY=1\nSTATUS=serving")
    manager.tell(.alive)
    #expect(listener.next() == "WATCHDOG=1")
    manager.tell(.stopping)
    #expect(listener.next() == "STOPPING=1")
  }

  @Test("A socket in the abstract name space is found by its @")
  func abstractSocket() throws {
    let listener = try DatagramListener(abstractName: "charger-notify-\(getpid())")
    try #require(ServiceManager(path: listener.path)).tell(.ready)
    #expect(listener.next() == "READY=1")
  }

  @Test("A text of the CSMS cannot begin an assignment of its own, and is bounded")
  func hostileStatus() throws {
    let listener = try DatagramListener()
    let manager = try #require(ServiceManager(path: listener.path))
    manager.tell(.status("closed\nSTOPPING=1\u{0}" + String(repeating: "x", count: 10_000)))
    let told = try #require(listener.next())
    #expect(told.hasPrefix("STATUS=closed STOPPING=1 xxx"))
    #expect(told.split(separator: "\n").count == 1)
    #expect(told.utf8.count < 1_000)
  }

  @Test("Without a service manager, with a bad address, or with one that is gone, the station goes on")
  func nobodyListens() throws {
    #expect(ServiceManager(environment: { _ in nil }) == nil)
    for path in ["", "relative", "@", "/", "/" + String(repeating: "x", count: 200)] {
      #expect(ServiceManager(environment: { $0 == "NOTIFY_SOCKET" ? path : nil }) == nil, "\(path)")
    }
    let path: String
    do {
      let listener = try DatagramListener()
      path = listener.path
    }
    let manager = try #require(ServiceManager(path: path))
    #expect(!manager.tell(.ready))
  }

  @Test("A service manager that does not read never holds up the station")
  func fullQueue() throws {
    let listener = try DatagramListener(receiveBuffer: 4_096)
    let manager = try #require(ServiceManager(path: listener.path))
    var sent = 0
    while sent < 100_000, manager.tell(.status("again")) { sent += 1 }
    #expect(sent < 100_000)
    #expect(listener.next() == "STATUS=again")
  }

  @Test("The time-out comes from the environment, unless it is meant for another process")
  func watchdogTimeout() throws {
    func manager(_ variables: [String: String]) -> ServiceManager? {
      ServiceManager(environment: { variables[$0] }, processID: 42)
    }
    let socket = ["NOTIFY_SOCKET": "/run/x"]
    #expect(manager(socket)?.watchdogTimeout == nil)
    func timeout(_ more: [String: String]) -> Duration? { manager(socket.merging(more) { $1 })?.watchdogTimeout }
    #expect(timeout(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
    #expect(timeout(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42"]) == .seconds(30))
    #expect(timeout(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "43"]) == nil)
    for bad in ["", "0", "-1", "abc", "99999999999999999999"] { #expect(timeout(["WATCHDOG_USEC": bad]) == nil) }
  }

  // MARK: Proof of life

  /// A control lane whose cycles a test turns or stops.
  private final class Lane: Sendable {
    private let value = NIOLockedValueBox((cycles: UInt64(0), isRunning: true))
    func hang() { value.withLockedValue { $0.isRunning = false } }
    func resume() { value.withLockedValue { $0.isRunning = true } }
    func status() -> ControlLaneStatus {
      value.withLockedValue { value in
        if value.isRunning { value.cycles += 1 }
        var status = ControlLaneStatus()
        status.cycles = value.cycles
        status.lastCycleAt = MonotonicInstant(nanoseconds: 1_000)
        return status
      }
    }
  }

  @Test(
    "The loop proves its life and the control lane's; when the lane hangs the proof stays away, and comes back with it")
  func proofOfLife() throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    let listener = try DatagramListener()
    let manager = try #require(ServiceManager(path: listener.path, watchdogTimeout: .milliseconds(60)))
    let lane = Lane()
    let loop = group.next()
    let place = HeartbeatPlace()
    try loop.submit {
      let beat = ServiceHeartbeat(
        manager, controlStatus: { lane.status() }, now: { MonotonicInstant(nanoseconds: 1_000) })
      place.heartbeat = beat
      beat.start(on: loop)
    }.wait()
    for _ in 0..<5 { #expect(listener.next() == "WATCHDOG=1") }
    lane.hang()
    // What was on its way, then silence for several time-outs.
    try loop.submit {}.wait()
    while listener.next(within: 0) != nil {}
    #expect(listener.next(within: 300) == nil)
    lane.resume()
    #expect(listener.next() == "WATCHDOG=1")
    // The loop itself hangs: nobody is left to send the proof.
    let release = NIOLockedValueBox(false)
    let hangs = NIOLockedValueBox(false)
    loop.execute {
      hangs.withLockedValue { $0 = true }
      while !release.withLockedValue({ $0 }) { usleep(1_000) }
    }
    #expect(eventually { hangs.withLockedValue { $0 } })
    while listener.next(within: 0) != nil {}
    #expect(listener.next(within: 300) == nil)
    release.withLockedValue { $0 = true }
    #expect(listener.next() == "WATCHDOG=1")
    try loop.submit { place.heartbeat?.stop() }.wait()
  }

  private final class HeartbeatPlace: @unchecked Sendable {  // touched on the loop only
    var heartbeat: ServiceHeartbeat?
  }

  @Test("A lane that turned long ago, or not since it was asked, is not alive")
  func laneJudge() {
    var judge = LaneJudge()
    let now = MonotonicInstant(nanoseconds: 60_000_000_000)
    func isAlive(cycles: UInt64, since last: Duration) -> Bool {
      var status = ControlLaneStatus()
      status.cycles = cycles
      status.lastCycleAt = now
      return judge.isAlive(status, at: now + last)
    }
    let answers = [
      isAlive(cycles: 0, since: .zero), isAlive(cycles: 7, since: .zero), isAlive(cycles: 7, since: .milliseconds(10)),
      isAlive(cycles: 8, since: LaneJudge.longestSilence),
      isAlive(cycles: 9, since: LaneJudge.longestSilence + .milliseconds(1)),
    ]
    #expect(answers == [false, true, false, true, false])
  }

  @Test("The status line tells how the station stands with its CSMS, and no address")
  func statusLine() {
    #expect(LinkSentence.text(LinkStatus()) == "serving, connecting to the CSMS")
    #expect(LinkSentence.text(LinkStatus(lastFailure: "timeout: no answer")) == "serving, no CSMS: timeout: no answer")
    #expect(LinkSentence.text(LinkStatus(isConnected: true)) == "serving, registering with the CSMS")
    #expect(
      LinkSentence.text(LinkStatus(isConnected: true, registration: .pending)) == "serving, the CSMS says Pending")
    #expect(
      LinkSentence.text(LinkStatus(isConnected: true, isAccepted: true, registration: .accepted))
        == "serving, registered with the CSMS")
  }
}

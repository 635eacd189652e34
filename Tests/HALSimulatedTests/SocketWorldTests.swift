import ChargerBase
import Glibc
import HAL
import HALSimulated
import JSONRPC
import NIOPosix
import OCPPJSON
import SimulatedWorld
import Synchronization
import Testing
import WorldServer

private let connector = ConnectorID(evse: EVSEID(1), number: 1)

/// A world behind a socket that can be stopped and started again.
private final class RestartableWorld {
  let path = "/tmp/world-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private var running: WorldServer?
  private let hasWatchdog: Bool

  init(hasWatchdog: Bool = false) { self.hasWatchdog = hasWatchdog }

  var server: WorldServer {
    get throws {
      guard let running else { throw SocketError(.closed, "the world is not running") }
      return running
    }
  }

  func start() throws {
    var configuration = WorldConfiguration.simple(evses: 2)
    configuration.deadManTime = .milliseconds(300)
    configuration.evses[0].connectors[0].lock = WorldLock()
    configuration.evses[0].residualCurrentMonitor = WorldResidualCurrentMonitor()
    configuration.hasWatchdog = hasWatchdog
    let server = WorldServer(
      configuration: configuration, socket: path, state: path + ".state", eventLoop: group.next())
    try server.start()
    running = server
  }

  func stop() throws {
    try running?.stop()
    running = nil
  }

  deinit {
    try? stop()
    try? group.syncShutdownGracefully()
    unlink(path + ".state")
  }
}

private func now() -> MonotonicInstant {
  var time = timespec()
  clock_gettime(CLOCK_BOOTTIME, &time)
  return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
}

/// Serves drivers until a condition holds, at most 60 s.
private func serve(_ drivers: [any ControlLaneDriver] = [], until condition: () throws -> Bool) rethrows -> Bool {
  let end = now() + .seconds(60)
  while now() < end {
    for driver in drivers { driver.service(at: now()) }
    if try condition() { return true }
    usleep(5_000)
  }
  return false
}

@Suite("Drivers over the world socket", .serialized)
struct SocketWorldTests {
  @Test("Without a world drivers fall silent; when it comes they live, and wishes reach it that close nothing")
  func worldComesLater() throws {
    let place = RestartableWorld()
    let world = SocketWorld(socketPath: place.path)
    defer { world.stop() }
    let pilot = world.pilot(for: connector)
    let contactor = world.contactor(for: connector)
    let lock = world.lock(for: connector)
    pilot.apply(.steadyPositive)
    lock.command(.locked)
    contactor.command(.closed)
    #expect(contactor.health != .alive, "a closing that cannot be done is told at once")
    #expect(serve([pilot, contactor, lock]) { pilot.health != .alive && lock.health != .alive })
    #expect(pilot.measurement == nil && contactor.feedback == nil)
    try place.start()
    #expect(serve([pilot]) { pilot.measurement?.positivePeak == Voltage(volts: 12) && pilot.health == .alive })
    #expect(serve([lock]) { lock.feedback?.position == .locked && lock.health == .alive })
    #expect(serve([contactor]) { contactor.feedback != nil })
    #expect(try !closes(contactor, at: place, within: .milliseconds(300)))
    #expect(contactor.health != .alive, "silent until the lane has commanded anew")
    contactor.command(.open)
    contactor.command(.closed)
    #expect(serve([contactor]) { contactor.feedback?.position == .closed && contactor.health == .alive })
  }

  /// Whether the contactor is closed at any time of the next while.
  private func closes(_ contactor: any Contactor, at place: RestartableWorld, within limit: Duration) throws -> Bool {
    let end = now() + limit
    while now() < end {
      contactor.service(at: now())
      if try place.server.look({ $0.isContactorClosed(of: connector) }) == true { return true }
      usleep(5_000)
    }
    return false
  }

  @Test("After the shortest outage a contactor stays open until it is commanded anew, and its driver says so")
  func outage() throws {
    let place = RestartableWorld()
    try place.start()
    let world = SocketWorld(socketPath: place.path)
    defer { world.stop() }
    let contactor = world.contactor(for: connector)
    let monitor = world.residualCurrentMonitor(for: EVSEID(1))
    #expect(serve([contactor]) { contactor.feedback?.position == .open })
    contactor.command(.closed)
    monitor.setTestCurrent(true)
    #expect(
      serve([contactor, monitor]) { contactor.feedback?.position == .closed && monitor.reading?.isTripped == true })
    try place.stop()
    try place.start()
    #expect(serve([contactor]) { world.isConnected && contactor.health != .alive })
    #expect(try !closes(contactor, at: place, within: .milliseconds(400)))
    #expect(contactor.health != .alive, "told until the lane has taken notice, although the world is back")
    monitor.reset()
    #expect(serve([monitor]) { monitor.reading?.isTripped == false }, "a test current is not switched on again either")
    contactor.command(.open)
    #expect(serve([contactor]) { contactor.health == .alive })
    contactor.command(.closed)
    #expect(serve([contactor]) { contactor.feedback?.position == .closed })
  }

  @Test("A closing decided before an outage that was not noticed yet does not pass")
  func closingFromBefore() throws {
    let place = RestartableWorld()
    try place.start()
    let world = SocketWorld(socketPath: place.path)
    defer { world.stop() }
    let contactor = world.contactor(for: connector)
    #expect(serve([contactor]) { contactor.feedback?.position == .open })
    try place.stop()
    #expect(serve { !world.isConnected })
    try place.start()
    #expect(serve { world.isConnected })
    // The driver was not served since: whoever commands does not know of the outage.
    contactor.command(.closed)
    #expect(contactor.health != .alive)
    #expect(try !closes(contactor, at: place, within: .milliseconds(200)))
  }

  @Test("A watchdog that is fed lets contactors close; without a connection its driver falls silent, and it runs out")
  func watchdog() throws {
    let place = RestartableWorld(hasWatchdog: true)
    try place.start()
    let world = SocketWorld(socketPath: place.path)
    let watchdog = world.watchdog(timeout: .seconds(2))
    let contactor = world.contactor(for: connector)
    #expect(serve([contactor, watchdog]) { contactor.feedback?.position == .open && watchdog.health == .alive })
    contactor.command(.closed)
    #expect(try !closes(contactor, at: place, within: .milliseconds(200)), "before the first feed it holds nothing")
    contactor.command(.open)
    watchdog.feed()
    contactor.command(.closed)
    #expect(
      serve([contactor]) {
        watchdog.feed()
        contactor.command(.closed)
        return contactor.feedback?.position == .closed
      })
    #expect(serve([contactor]) { contactor.feedback?.position == .open }, "not fed any more")
    try place.stop()
    #expect(serve([watchdog]) { watchdog.health != .alive })
    world.stop()
  }

  @Test("The world's restart is survived: cars and registers are where they were, drivers come back")
  func worldRestarts() throws {
    let place = RestartableWorld()
    try place.start()
    let world = SocketWorld(socketPath: place.path)
    defer { world.stop() }
    let pilot = world.pilot(for: connector)
    let meter = world.meter(for: EVSEID(1))
    let reader = world.reader(named: "reader")
    let notified = Atomic<Int>(0)
    reader.start { notified.add(1, ordering: .relaxed) }
    pilot.apply(.steadyPositive)
    try place.server.perform(.plugIn(connector, CarSpecification()))
    try place.server.perform(.setMeter(EVSEID(1), [.importRegister(Energy(wattHours: 4_711))]))
    #expect(serve([pilot, meter]) { pilot.measurement?.positivePeak == Voltage(volts: 9) })
    try place.stop()
    #expect(serve([pilot]) { pilot.health != .alive && reader.health != .alive })
    #expect(notified.load(ordering: .relaxed) > 0)
    try place.start()
    #expect(
      serve([pilot, meter]) {
        pilot.health == .alive && pilot.measurement?.positivePeak == Voltage(volts: 9) && reader.health == .alive
          && meter.latest?.importRegister == Energy(wattHours: 4_711)
      })
  }

  @Test("When the station's process ends, the world's dead-man opens the contactor and puts the pilot to −12 V")
  func deadMan() throws {
    let place = RestartableWorld()
    try place.start()
    let client = try JSONRPCClient(path: place.path)
    _ = try client.call("driver.connect", ["protocol": 1]).get()
    try client.send(
      .notification(method: "driver.pilot", params: ["evse": 1, "connector": 1, "output": "steadyPositive"]))
    try client.send(.notification(method: "driver.contactor", params: ["evse": 1, "connector": 1, "closed": true]))
    #expect(try serve { try place.server.look { $0.isContactorClosed(of: connector) } == true })
    let end = now()
    client.close()
    #expect(try serve { try place.server.look { $0.isContactorClosed(of: connector) } == false })
    #expect(end.duration(to: now()) > .milliseconds(250), "the dead-man has its time")
    #expect(try place.server.look { $0.pilotPeaks(of: connector)?.positive } == Voltage(volts: -12))
  }

  @Test("The network's state is told, at the start and on every change")
  func network() throws {
    let place = RestartableWorld()
    try place.start()
    try place.server.perform(.network(up: false))
    let world = SocketWorld(socketPath: place.path)
    defer { world.stop() }
    let told = Mutex<[Bool]>([])
    world.onNetworkChanged { up in told.withLock { $0.append(up) } }
    #expect(serve { !world.isNetworkUp })
    try place.server.perform(.network(up: true))
    #expect(serve { world.isNetworkUp })
    try place.server.perform(.network(up: false))
    #expect(serve { told.withLock { $0.suffix(2) } == [true, false] })
  }

  @Test("A second station is refused while the first lives, and only the first may drive")
  func oneStation() throws {
    let place = RestartableWorld()
    try place.start()
    let first = try JSONRPCClient(path: place.path)
    let second = try JSONRPCClient(path: place.path)
    _ = try first.call("driver.connect", ["protocol": 1]).get()
    #expect(try second.call("driver.connect", ["protocol": 1]).failure?.code == -32000)
    #expect(try second.call("driver.contactor", ["evse": 1, "closed": true]).failure?.code == -32000)
    #expect(try first.call("driver.connect", ["protocol": 2]).failure?.code == -32602)
    first.close()
    #expect(try serve { try second.call("driver.connect", ["protocol": 1]).failure == nil })
  }

  @Test("A subscriber is told in plain words what happens")
  func subscription() throws {
    let place = RestartableWorld()
    try place.start()
    let client = try JSONRPCClient(path: place.path)
    _ = try client.call("bench.subscribe").get()
    _ = try client.call("bench.plugIn", ["evse": 2, "connector": 1]).get()
    let event = try #require(try client.receiveNotification(timeout: .seconds(60)))
    #expect(event.method == "bench.event")
    #expect(event.params["text"]?.string == "A car is plugged in at EVSE 2 connector 1")
    #expect(event.params["evse"] == 2 && event.params["connector"] == 1)
  }

  @Test("A card held before the reader while no station runs is lost, not handed out later")
  func tokenWithoutStation() throws {
    let place = RestartableWorld()
    try place.start()
    try place.server.perform(.presentToken(WorldToken(value: "OLD"), .evses(nil)))
    let world = SocketWorld(socketPath: place.path)
    defer { world.stop() }
    let reader = world.reader(named: "reader")
    #expect(serve { world.isConnected })
    try place.server.perform(.presentToken(WorldToken(value: "NEW"), .evses(nil)))
    var seen: [String] = []
    _ = serve {
      seen += reader.takePresentedTokens().map(\.value)
      return !seen.isEmpty
    }
    #expect(seen == ["NEW"])
  }

  @Test("Driver wake descriptors become readable with news and unreadable when served")
  func wakeDescriptors() throws {
    let place = RestartableWorld()
    try place.start()
    let world = SocketWorld(socketPath: place.path)
    defer { world.stop() }
    let pilot = world.pilot(for: connector)
    let descriptor = try #require(pilot.wakeDescriptor)
    func isReadable(_ milliseconds: Int32) -> Bool {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      return poll(&entry, 1, milliseconds) > 0
    }
    #expect(isReadable(60_000))
    #expect(serve([pilot]) { pilot.measurement != nil })
    pilot.apply(.steadyPositive)
    #expect(serve([pilot]) { pilot.measurement?.positivePeak == Voltage(volts: 12) })
    // The world repeats itself, and the driver lives by that; who is woken is woken by news alone.
    #expect(serve([pilot]) { !isReadable(250) })
    #expect(serve([pilot]) { pilot.health == .alive })
    try place.server.perform(.plugIn(connector, CarSpecification()))
    #expect(isReadable(60_000))
    #expect(serve([pilot]) { pilot.measurement?.positivePeak != Voltage(volts: 12) })
  }
}

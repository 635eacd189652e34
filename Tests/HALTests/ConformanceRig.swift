import ChargerBase
import Glibc
import HAL
import HALSimulated
import NIOPosix
import SimulatedWorld
import Testing
import WorldServer

/// A place where drivers can be tried: the drivers, and hands on the hardware behind them. A new implementation of the
/// HAL joins the conformance suites by implementing this.
protocol ConformanceRig: AnyObject {
  var drivers: any SimulatedDriverSource { get }
  /// Station's time.
  var now: MonotonicInstant { get }
  /// Lets time pass; rigs in real time wait.
  func wait(_ duration: Duration)
  func act(_ action: WorldAction) throws
  /// What the hardware itself shows, past every driver.
  func look<Value: Sendable>(_ body: @escaping @Sendable (SimulatedWorld) -> Value) throws -> Value
}

extension ConformanceRig {
  /// Serves a control-lane driver as the lane does, until a condition holds or time is up.
  @discardableResult
  func serve(
    _ drivers: [any ControlLaneDriver], for limit: Duration, until condition: () throws -> Bool
  ) rethrows -> Bool {
    let end = now + limit
    while true {
      for driver in drivers { driver.service(at: now) }
      if try condition() { return true }
      if now >= end { return false }
      wait(.milliseconds(5))
    }
  }

  func serve(_ drivers: [any ControlLaneDriver], for duration: Duration) {
    serve(drivers, for: duration) { false }
  }
}

/// Drivers and world in this process, on a simulated clock.
final class InProcessRig: ConformanceRig {
  let world: InProcessWorld

  init() {
    world = InProcessWorld(configuration: .conformance)
  }

  var drivers: any SimulatedDriverSource { world }
  var now: MonotonicInstant { world.now }
  func wait(_ duration: Duration) { world.advance(to: world.now + duration) }
  func act(_ action: WorldAction) throws { try world.perform(action) }
  func look<Value: Sendable>(_ body: @escaping @Sendable (SimulatedWorld) -> Value) throws -> Value {
    body(world.world)
  }
}

/// Drivers that speak to a world behind a socket, in real time.
final class SocketRig: ConformanceRig {
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let server: WorldServer
  private let world: SocketWorld

  init() throws {
    let path = "/tmp/world-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"
    server = WorldServer(configuration: .conformance, socket: path, eventLoop: group.next())
    try server.start()
    world = SocketWorld(socketPath: path)
    for _ in 0..<2_000 where !world.isConnected { usleep(1_000) }
  }

  deinit {
    world.stop()
    try? server.stop()
    try? group.syncShutdownGracefully()
  }

  var drivers: any SimulatedDriverSource { world }

  var now: MonotonicInstant {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  func wait(_ duration: Duration) { usleep(UInt32(duration.wholeMilliseconds) * 1_000) }

  func act(_ action: WorldAction) throws { try server.perform(action) }

  func look<Value: Sendable>(_ body: @escaping @Sendable (SimulatedWorld) -> Value) throws -> Value {
    try server.look(body)
  }
}

extension WorldConfiguration {
  static var conformance: WorldConfiguration {
    var configuration = WorldConfiguration.simple(evses: 2)
    configuration.readers = [
      WorldReader(name: "left", evses: [EVSEID(1)]), WorldReader(name: "middle", evses: nil),
    ]
    return configuration
  }
}

/// The rigs that every suite runs against.
enum RigKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case inProcess, socket

  var testDescription: String { rawValue }

  func make() throws -> any ConformanceRig {
    switch self {
    case .inProcess: InProcessRig()
    case .socket: try SocketRig()
    }
  }

  /// Rigs on a simulated clock must keep a limit exactly; in real time a loaded machine gets room.
  func tolerance(_ limit: Duration) -> Duration {
    switch self {
    case .inProcess: limit
    case .socket: limit + .milliseconds(150)
    }
  }
}

import ChargerBase
import Glibc
import HAL
import HALConformance
import HALSimulated
import NIOPosix
import SimulatedWorld
import Testing
import WorldServer

let connector = ConnectorID(evse: EVSEID(1), number: 1)

/// The simulated world as a rig: drivers on one side, hands on the world on the other.
class SimulatedRig: ConformanceRig {
  let drivers: any SimulatedDriverSource

  init(_ drivers: any SimulatedDriverSource) { self.drivers = drivers }

  var now: MonotonicInstant { .zero }
  var slack: Duration { .zero }
  func wait(_ duration: Duration) {}
  func act(_ action: WorldAction) throws {}
  /// What the hardware itself shows, past every driver.
  func look<Value: Sendable>(_ body: @escaping @Sendable (SimulatedWorld) -> Value) throws -> Value {
    throw ConformanceViolation("this rig sees nothing")
  }

  final func fault(_ fault: SimulatedFault, _ isActive: Bool) throws {
    let place =
      switch fault.scope {
      case .connector: FaultPlace(connector)
      case .evse: FaultPlace(evse: connector.evse)
      case .station: FaultPlace()
      }
    try act(.fault(place, fault, active: isActive))
  }

  /// Long enough between two readings for drivers that are told every 500 ms.
  static var silence: SimulatedSilence {
    var silence = SimulatedSilence()
    silence.meter = .seconds(2)
    silence.temperature = .seconds(2)
    return silence
  }
}

/// Drivers and world in this process, on a simulated clock.
final class InProcessRig: SimulatedRig {
  let world: InProcessWorld

  init(_ configuration: WorldConfiguration) {
    world = InProcessWorld(configuration: configuration)
    world.silence = Self.silence
    world.meterInterval = .milliseconds(200)
    super.init(world)
  }

  override var now: MonotonicInstant { world.now }
  override func wait(_ duration: Duration) { world.advance(to: world.now + duration) }
  override func act(_ action: WorldAction) throws { try world.perform(action) }
  override func look<Value: Sendable>(_ body: @escaping @Sendable (SimulatedWorld) -> Value) throws -> Value {
    body(world.world)
  }
}

/// Drivers that speak to a world behind a socket, in real time.
final class SocketRig: SimulatedRig {
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let server: WorldServer
  private let world: SocketWorld

  init(_ configuration: WorldConfiguration) throws {
    let path = "/tmp/world-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"
    server = WorldServer(configuration: configuration, socket: path, eventLoop: group.next())
    try server.start()
    world = SocketWorld(socketPath: path, silence: Self.silence)
    for _ in 0..<60_000 where !world.isConnected { usleep(1_000) }
    super.init(world)
  }

  deinit {
    world.stop()
    try? server.stop()
    try? group.syncShutdownGracefully()
  }

  override var now: MonotonicInstant {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// A loaded test machine gets room.
  override var slack: Duration { .seconds(2) }
  override func wait(_ duration: Duration) { usleep(UInt32(duration.wholeMilliseconds) * 1_000) }
  override func act(_ action: WorldAction) throws { try server.perform(action) }
  override func look<Value: Sendable>(_ body: @escaping @Sendable (SimulatedWorld) -> Value) throws -> Value {
    try server.look(body)
  }
}

/// The rigs that every suite runs on.
enum RigKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case inProcess, socket

  var testDescription: String { rawValue }

  func make(hasWatchdog: Bool = false) throws -> SimulatedRig {
    var configuration = WorldConfiguration.simple(evses: 2)
    configuration.evses[0].connectors[0] = WorldConnector(
      id: connector, hasFixedCable: false, lock: WorldLock(), hasProximity: true)
    configuration.evses[0].residualCurrentMonitor = WorldResidualCurrentMonitor()
    configuration.evses[0].temperatureSensors = [WorldTemperatureSensor(timeConstant: .milliseconds(1))]
    configuration.evses[0].hasPhaseSwitch = true
    configuration.evses[0].signingMeter = WorldSigningMeter(delay: .milliseconds(300))
    configuration.safetyContacts = [WorldSafetyContact(.emergencyStop)]
    configuration.readers = [
      WorldReader(name: "left", evses: [EVSEID(1)]), WorldReader(name: "middle", evses: nil),
    ]
    configuration.keypads = [WorldKeypad(name: "pad")]
    configuration.startButtons = [WorldStartButton(evse: connector.evse)]
    configuration.evses[0].hasParkingBaySensor = true
    configuration.displayHasChoice = true
    configuration.hasWatchdog = hasWatchdog
    switch self {
    case .inProcess: return InProcessRig(configuration)
    case .socket: return try SocketRig(configuration)
    }
  }
}

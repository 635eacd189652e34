import CLinux
import ChargerBase
import Glibc
import HAL
import JSONRPC
import OCPPJSON
import SimulatedWorld
import Synchronization

/// A simulated world behind a Unix socket. All traffic belongs to one driver thread; drivers only touch slots under a
/// lock that is held for a few instructions.
///
/// When the world cannot be reached, drivers fall silent after their declared times, and the thread tries again every
/// `retryInterval`. The thread keeps the world alive until `stop`. After a connection was made, wishes (pilot, lock, phases,
/// light, text) are said again; contactors stay open until they are commanded anew.
public final class SocketWorld: SimulatedDriverSource, Sendable {
  static let retryInterval = Duration.milliseconds(250)

  private let path: String
  let silence: SimulatedSilence
  private let slots = Mutex(WorldSlots())
  private let commands = WakeBell()
  private let isStopping = Atomic<Bool>(false)
  private let thread = Mutex<pthread_t?>(nil)
  private let networkListener = Mutex<(@Sendable (Bool) -> Void)?>(nil)

  /// Begins to connect on a thread of its own at once; it never fails, drivers tell how it goes.
  public init(socketPath: String, silence: SimulatedSilence = SimulatedSilence()) {
    path = socketPath
    self.silence = silence
    start()
  }

  /// Ends the driver thread and the connection; the world's dead-man then acts.
  public func stop() {
    isStopping.store(true, ordering: .releasing)
    commands.ring()
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    if let running { pthread_join(running, nil) }
  }

  /// Whether the world lets the network through; true until the world has said otherwise.
  public var isNetworkUp: Bool { slots.withLock(\.networkUp) }

  public var isConnected: Bool { slots.withLock(\.isConnected) }

  /// Told on the driver thread when the world takes the network away or gives it back.
  public func onNetworkChanged(_ body: @escaping @Sendable (Bool) -> Void) { networkListener.withLock { $0 = body } }

  // MARK: Drivers

  public func pilot(for connector: ConnectorID) -> any ControlPilot { SocketPilot(connector, in: self) }
  public func contactor(for connector: ConnectorID) -> any Contactor { SocketContactor(connector, in: self) }
  public func meter(for evse: EVSEID, signingTimeout: Duration?) -> any EnergyMeter {
    SocketMeter(evse, signingTimeout: signingTimeout, in: self)
  }
  public func lock(for connector: ConnectorID) -> any ConnectorLock { SimulatedConnectorLock(part(.lock(connector))) }
  public func proximity(for connector: ConnectorID) -> any ProximityPilot {
    SimulatedProximityPilot(part(.proximity(connector)))
  }
  public func residualCurrentMonitor(for evse: EVSEID) -> any ResidualCurrentMonitor {
    SimulatedResidualCurrentDetection(part(.residualCurrent(evse)))
  }
  public func temperatureSensor(_ number: Int, of evse: EVSEID) -> any TemperatureSensor {
    SimulatedTemperatureSensor(part(.temperature(evse, sensor: number)))
  }
  public func phaseSwitch(for evse: EVSEID) -> any PhaseSwitch { SimulatedPhaseSelector(part(.phaseSwitch(evse))) }
  public func safetyInput(_ kind: SafetyInputKind, of evse: EVSEID?) -> any SafetyInput {
    SimulatedSafetyInput(part(.safetyInput(kind, evse)))
  }
  public func watchdog(timeout: Duration) -> any SystemWatchdog { SocketWatchdog(timeout: timeout, in: self) }
  public func reader(named name: String) -> any TokenReader { SocketReader(name, in: self) }
  public func light(for evse: EVSEID) -> any IndicatorLight { SocketLight(evse, in: self) }
  public func display() -> any DriverDisplay { SocketDisplay(in: self) }
  public func choiceDisplay() -> any ChoiceDisplay { SocketDisplay(in: self) }
  public func keypad(named name: String) -> any Keypad { SocketKeypad(name, in: self) }
  public func startButton(for evse: EVSEID?) -> any StartButton { SocketStartButton(evse, in: self) }
  public func parkingBaySensor(for evse: EVSEID) -> any ParkingBaySensor { SocketParkingBaySensor(evse, in: self) }

  private func part(_ part: WorldPart) -> SocketPart { SocketPart(part, in: self) }

  var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

  func withSlots<Value>(_ body: (inout sending WorldSlots) -> sending Value) -> sending Value { slots.withLock(body) }

  /// There is something new to tell the world.
  func wake() { commands.ring() }

  // MARK: The driver thread

  private func start() {
    let context = Unmanaged.passRetained(self)
    var made = pthread_t()
    let answer = pthread_create(
      &made, nil,
      { context in
        if let context { Unmanaged<SocketWorld>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, context.toOpaque())
    if answer == 0 {
      let created = made
      thread.withLock { $0 = created }
    } else {
      context.release()
    }
  }

  private func run() {
    linux_name_thread("world-drivers")
    while !isStopping.load(ordering: .acquiring) {
      if let client = try? JSONRPCClient(path: path) {
        do throws(SocketError) { try serve(client) } catch { client.close() }
        disconnected()
      }
      guard !isStopping.load(ordering: .acquiring) else { return }
      _ = waitForCommands(and: -1, timeout: Self.retryInterval)
    }
  }

  /// Talks with the world until the connection ends.
  private func serve(_ client: JSONRPCClient) throws(SocketError) {
    let answer = try client.callForMessage(
      "driver.connect", ["protocol": JSONValue(WorldDialect.version)], timeout: .seconds(2))
    guard case .result(_, let greeting) = answer else { return }
    slots.withLock {
      $0.isConnected = true
      $0.markAllDirty()
    }
    setNetwork(greeting["network"]?.bool ?? true)
    while !isStopping.load(ordering: .acquiring) {
      for message in takeWishes() { try client.send(message, timeout: .seconds(1)) }
      while let message = try client.receive() {
        if case .notification(let method, let params) = message { take(method, params) }
      }
      // The world repeats itself every 100 ms: a second of quiet means that it hangs.
      guard waitForCommands(and: client.pollDescriptor, timeout: .seconds(1)) else { return }
    }
    // Wishes made just before the end, such as an opened contactor, still go out.
    for message in takeWishes() { try client.send(message, timeout: .seconds(1)) }
  }

  /// False when nothing has come in time.
  private func waitForCommands(and descriptor: Int32, timeout: Duration) -> Bool {
    var entries = [
      pollfd(fd: commands.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
    ]
    let count = poll(&entries, 2, Int32(clamping: timeout.wholeMilliseconds))
    if entries[0].revents != 0 { commands.silence() }
    return count > 0
  }

  private func takeWishes() -> [JSONRPCMessage] { slots.withLock { $0.takeWishes() } }

  private func take(_ method: String, _ params: JSONValue) {
    let now = now
    let (notifications, bells) = slots.withLock { slots -> ([@Sendable () -> Void], [WakeBell]) in
      var notifications: [@Sendable () -> Void] = []
      switch method {
      case "driver.readings":
        guard !slots.takeRepeated(params, at: now) else { break }
        slots.takeParts(params, at: now)
        notifications = slots.takeReadings(params, at: now) + slots.takePostReadings(params, at: now)
      case "driver.meters":
        slots.takeTemperatures(params, at: now)
        slots.takeMeters(params, at: now)
      case "driver.signedReading": slots.takeSignedReading(params, at: now)
      case "driver.token": notifications = slots.takeToken(params)
      case "driver.keys", "driver.startPressed", "driver.chosen": notifications = slots.takePost(method, params)
      default: break
      }
      return (notifications, slots.takeBells())
    }
    // The control thread comes at the first ring, and would wait for the slots behind this thread.
    for bell in bells { bell.ring() }
    for notify in notifications { notify() }
    if method == "driver.readings", let up = params["network"]?.bool { setNetwork(up) }
  }

  private func setNetwork(_ up: Bool) {
    let hasChanged = slots.withLock { slots in
      defer { slots.networkUp = up }
      return slots.networkUp != up
    }
    guard hasChanged, let listener = networkListener.withLock({ $0 }) else { return }
    listener(up)
  }

  private func disconnected() {
    let now = now
    let notifications = slots.withLock { slots in
      if slots.isConnected { slots.forgetPower() }
      slots.isConnected = false
      return slots.silenceReaders(since: now) + slots.silencePost(since: now)
    }
    for notify in notifications { notify() }
  }
}

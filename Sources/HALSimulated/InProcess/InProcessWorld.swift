import ChargerBase
import HAL
import SimulatedWorld

/// A simulated world in this process, shared by its drivers and whoever plays the person at the post: for tests and
/// simulations on a simulated clock. Everything in it happens on one thread.
public final class InProcessWorld: SimulatedDriverSource {
  /// The model. Change it through `perform` and `advance`, so that drivers learn of it.
  public internal(set) var world: SimulatedWorld
  /// How often a meter driver takes a reading, as a bus would be polled.
  public var meterInterval = Duration.seconds(1)
  public var silence = SimulatedSilence()
  /// Called when `network(up:)` changes the network.
  public var onNetworkChanged: ((Bool) -> Void)?
  private var listeners: [(number: UInt64, tell: () -> Void)] = []
  private var lastListener: UInt64 = 0

  /// The station's program is taken to be running.
  public init(
    configuration: WorldConfiguration, startingAt start: MonotonicInstant = .zero,
    signer: any MeterSigner = DeterministicMeterSigner()
  ) {
    world = SimulatedWorld(configuration: configuration, startingAt: start, signer: signer)
    world.stationConnected()
  }

  public var now: MonotonicInstant { world.now }
  public var nextChange: MonotonicInstant? { world.nextChange }
  public var isNetworkUp: Bool { world.networkUp }

  public func advance(to instant: MonotonicInstant) { world.advance(to: instant) }

  /// Does something now; drivers with something new have notified before this returns.
  public func perform(_ action: WorldAction) throws(WorldError) {
    let wasUp = world.networkUp
    try world.perform(action)
    for listener in listeners { listener.tell() }
    if world.networkUp != wasUp { onNetworkChanged?(world.networkUp) }
  }

  public func perform(_ action: WorldAction, at instant: MonotonicInstant) throws(WorldError) {
    advance(to: instant)
    try perform(action)
  }

  /// What has happened since the last call, oldest first, each with its own instant.
  public func takeEvents() -> [WorldEvent] { world.takeEvents() }

  /// The station's program dies; the dead-man acts after its time.
  public func stationDies() { world.stationDisconnected() }

  /// A new run of the station's program takes the hardware over.
  public func stationStarts() { world.stationConnected() }

  func listen(_ tell: @escaping () -> Void) -> UInt64 {
    lastListener += 1
    listeners.append((lastListener, tell))
    return lastListener
  }

  func stopListening(_ number: UInt64) { listeners.removeAll { $0.number == number } }

  public func pilot(for connector: ConnectorID) -> any ControlPilot { InProcessPilot(connector, in: self) }
  public func contactor(for connector: ConnectorID) -> any Contactor { InProcessContactor(connector, in: self) }
  public func meter(for evse: EVSEID, signingTimeout: Duration?) -> any EnergyMeter {
    InProcessMeter(evse, signingTimeout: signingTimeout, in: self)
  }
  public func watchdog(timeout: Duration) -> any SystemWatchdog { InProcessWatchdog(timeout: timeout, in: self) }
  public func reader(named name: String) -> any TokenReader { InProcessReader(name, in: self) }
  public func light(for evse: EVSEID) -> any IndicatorLight { InProcessLight(evse, in: self) }
  public func display() -> any DriverDisplay { InProcessDisplay(in: self) }
  public func choiceDisplay() -> any ChoiceDisplay { InProcessDisplay(in: self) }
  public func keypad(named name: String) -> any Keypad { InProcessKeypad(name, in: self) }
  public func startButton(for evse: EVSEID?) -> any StartButton { InProcessStartButton(evse, in: self) }
  public func parkingBaySensor(for evse: EVSEID) -> any ParkingBaySensor { InProcessParkingBaySensor(evse, in: self) }

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

  private func part(_ part: WorldPart) -> InProcessPart { InProcessPart(part, in: self) }

  /// All drivers that the world's configuration calls for.
  public func makeStationHardware() -> StationHardware {
    makeStationHardware(SimulatedDrivers.Layout(world.configuration))
  }

  /// Drivers by another layout, as with longer codes.
  public func makeStationHardware(_ layout: SimulatedDrivers.Layout) -> StationHardware {
    SimulatedDrivers.makeStationHardware(layout, in: self)
  }
}

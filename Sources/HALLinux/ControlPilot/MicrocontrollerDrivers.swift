import ChargerBase
import HAL

/// What the drivers of one link have in common.
public class MicrocontrollerDriver: ControlLaneDriver {
  let link: MicrocontrollerLink
  /// The connector's place in the link.
  let index: Int

  init(on link: MicrocontrollerLink, connector: Int) {
    self.link = link
    index = min(max(connector, 1), MicrocontrollerLink.capacity) - 1
  }

  var connector: MicrocontrollerConnector {
    link.connectors[index]
  }

  /// When the driver's newest reading came.
  var heardAt: MonotonicInstant? { nil }

  public final var wakeDescriptor: Int32? { link.wakeDescriptor }
  public final func service(at now: MonotonicInstant) { link.service(at: now) }
  public final var health: DriverHealth { link.health(heardAt) }
}

/// The pilot of one of the MCU's connectors. Before the first output it is at −12 V, and so it is after the driver was
/// given up.
public final class MicrocontrollerPilot: MicrocontrollerDriver, ControlPilot {
  /// - Parameter connector: the MCU's number for it, 1…8.
  public init(_ link: MicrocontrollerLink, connector: Int) {
    super.init(on: link, connector: connector)
    link.use(connector)
  }

  deinit { link.command(index) { $0.pilot = .steadyNegative } }

  override var heardAt: MonotonicInstant? { connector.pilot.heardAt }

  public var measurement: PilotMeasurement? {
    guard let peaks = connector.pilot.value else { return nil }
    return PilotMeasurement(
      positivePeak: Voltage(millivolts: Int64(peaks.positive)),
      negativePeak: peaks.negative.map { Voltage(millivolts: Int64($0)) }, takenAt: connector.pilot.takenAt)
  }

  public func apply(_ output: PilotOutput) { link.command(index) { $0.pilot = output } }
}

/// A contactor that the MCU drives, and opens by itself when the station is dead.
public final class MicrocontrollerContactor: MicrocontrollerDriver, Contactor {
  /// - Parameter deadMan: the longest time from the program's death to the open contactor; an MCU that needs longer gets
  ///   no commands. Nil where nobody relies on it.
  public init(_ link: MicrocontrollerLink, connector: Int, deadMan: Duration? = nil) {
    super.init(on: link, connector: connector)
    link.use(connector, parts: .auxiliaryContact)
    if let deadMan { link.need(deadMan: deadMan) }
  }

  deinit { link.command(index) { $0.contactor = .open } }

  override var heardAt: MonotonicInstant? { connector.auxiliary.heardAt }

  public var feedback: ContactorFeedback? {
    connector.auxiliary.value.map { ContactorFeedback(position: $0, takenAt: connector.auxiliary.takenAt) }
  }

  public func command(_ position: ContactorPosition) {
    let allowed = position == .closed && !link.takesClosing ? ContactorPosition.open : position
    link.command(index) { $0.contactor = allowed }
  }
}

public final class MicrocontrollerLock: MicrocontrollerDriver, ConnectorLock {
  private var orders: UInt8 = 0

  public init(_ link: MicrocontrollerLink, connector: Int) {
    super.init(on: link, connector: connector)
    link.use(connector, parts: .lock)
  }

  override var heardAt: MonotonicInstant? { connector.lock.heardAt }

  public var feedback: LockFeedback? {
    connector.lock.value.map { LockFeedback(position: $0, takenAt: connector.lock.takenAt) }
  }

  public func command(_ position: LockPosition) {
    orders = orders == .max ? 1 : orders + 1
    let order = orders
    link.command(index) {
      $0.lock = position
      $0.lockOrder = order
    }
  }
}

public final class MicrocontrollerProximity: MicrocontrollerDriver, ProximityPilot {
  public init(_ link: MicrocontrollerLink, connector: Int) {
    super.init(on: link, connector: connector)
    link.use(connector, parts: .proximity)
  }

  override var heardAt: MonotonicInstant? { connector.proximity.heardAt }

  public var measurement: ProximityMeasurement? {
    switch connector.proximity.value {
    case nil: nil
    case .open: ProximityMeasurement(resistance: nil, takenAt: connector.proximity.takenAt)
    case .ohms(let ohms):
      ProximityMeasurement(resistance: Resistance(ohms: Int64(ohms)), takenAt: connector.proximity.takenAt)
    }
  }
}

public final class MicrocontrollerResidualCurrentMonitor: MicrocontrollerDriver, ResidualCurrentMonitor {
  public init(_ link: MicrocontrollerLink, connector: Int) {
    super.init(on: link, connector: connector)
    link.use(connector, parts: .residualCurrent)
  }

  deinit { setTestCurrent(false) }

  override var heardAt: MonotonicInstant? { connector.isTripped.heardAt }

  public var reading: ResidualCurrentReading? {
    connector.isTripped.value.map { ResidualCurrentReading(isTripped: $0, takenAt: connector.isTripped.takenAt) }
  }

  public func setTestCurrent(_ isOn: Bool) { link.command(index) { $0.isTestCurrentOn = isOn } }
  public func reset() { link.command(index) { $0.resets &+= 1 } }
}

public final class MicrocontrollerTemperature: MicrocontrollerDriver, TemperatureSensor {
  private let sensor: Int

  /// - Parameter sensor: the MCU's number for it, 1…8.
  public init(_ link: MicrocontrollerLink, connector: Int, sensor: Int) {
    self.sensor = min(max(sensor, 1), MicrocontrollerConnector.temperatureSensors) - 1
    super.init(on: link, connector: connector)
    link.use(connector, temperatureSensors: sensor)
  }

  override var heardAt: MonotonicInstant? { connector.temperatures[sensor].heardAt }

  public var reading: TemperatureReading? {
    connector.temperatures[sensor].value.map {
      TemperatureReading(
        temperature: Temperature(thousandths: Int64($0) * 100), takenAt: connector.temperatures[sensor].takenAt)
    }
  }
}

public final class MicrocontrollerSafetyInput: MicrocontrollerDriver, SafetyInput {
  private let input: Int

  public init(_ link: MicrocontrollerLink, connector: Int, kind: SafetyInputKind) {
    input = SafetyInputKind.allCases.firstIndex(of: kind) ?? 0
    super.init(on: link, connector: connector)
    link.use(connector, parts: MicrocontrollerIdentity.Parts(kind))
  }

  override var heardAt: MonotonicInstant? { connector.inputs[input].heardAt }

  public var state: SafetyInputState? {
    connector.inputs[input].value.map {
      SafetyInputState(isActive: $0, takenAt: connector.inputs[input].takenAt)
    }
  }
}

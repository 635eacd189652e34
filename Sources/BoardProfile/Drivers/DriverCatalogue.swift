import HAL

/// The drivers that a program knows, by the names that profiles use.
///
/// A factory works in two steps, so that `--check` can judge a profile on a machine without the hardware: it reads its
/// options (every problem is collected), and answers a function that opens the hardware. That function is called once,
/// in `BoardProfile.buildHardware(catalogue:)`, and only when the whole profile is good.
///
///     catalogue.addContactor("gpio") { options in
///       let line = options.string("line")
///       options.claim("GPIO line \(line)")
///       return { try GPIOContactor(line: line) }
///     }
public struct DriverCatalogue {
  /// Reads options, and answers what makes the driver. An error that is thrown there becomes a problem with the
  /// driver's path.
  public typealias Factory<Driver> = (DriverOptions) -> () throws -> Driver

  /// The drivers of one kind, in the order in which they were added.
  struct Drivers<Driver> {
    let kind: String
    var factories: [(name: String, factory: Factory<Driver>)] = []

    mutating func add(_ name: String, _ factory: @escaping Factory<Driver>) {
      factories.removeAll { $0.name == name }
      factories.append((name, factory))
    }
  }

  var pilots = Drivers<any ControlPilot>(kind: "control pilot")
  var contactors = Drivers<any Contactor>(kind: "contactor")
  var locks = Drivers<any ConnectorLock>(kind: "lock")
  var proximities = Drivers<any ProximityPilot>(kind: "proximity")
  var residualCurrents = Drivers<any ResidualCurrentMonitor>(kind: "residual current")
  var temperatureSensors = Drivers<any TemperatureSensor>(kind: "temperature sensor")
  var phaseSwitches = Drivers<any PhaseSwitch>(kind: "phase switch")
  var safetyInputs = Drivers<any SafetyInput>(kind: "safety input")
  var watchdogs = Drivers<any SystemWatchdog>(kind: "watchdog")
  var meters = Drivers<any EnergyMeter>(kind: "meter")
  var readers = Drivers<any TokenReader>(kind: "reader")
  var keypads = Drivers<any Keypad>(kind: "keypad")
  var startButtons = Drivers<any StartButton>(kind: "start button")
  var parkingBaySensors = Drivers<any ParkingBaySensor>(kind: "parking bay sensor")
  var lights = Drivers<any IndicatorLight>(kind: "light")
  var displays = Drivers<any DriverDisplay>(kind: "display")

  public init() {}

  /// Each `add…` replaces an earlier driver of the same kind and name.
  public mutating func addPilot(_ name: String, _ factory: @escaping Factory<any ControlPilot>) {
    pilots.add(name, factory)
  }

  public mutating func addContactor(_ name: String, _ factory: @escaping Factory<any Contactor>) {
    contactors.add(name, factory)
  }

  public mutating func addLock(_ name: String, _ factory: @escaping Factory<any ConnectorLock>) {
    locks.add(name, factory)
  }

  public mutating func addProximity(_ name: String, _ factory: @escaping Factory<any ProximityPilot>) {
    proximities.add(name, factory)
  }

  public mutating func addResidualCurrent(_ name: String, _ factory: @escaping Factory<any ResidualCurrentMonitor>) {
    residualCurrents.add(name, factory)
  }

  public mutating func addTemperatureSensor(_ name: String, _ factory: @escaping Factory<any TemperatureSensor>) {
    temperatureSensors.add(name, factory)
  }

  public mutating func addPhaseSwitch(_ name: String, _ factory: @escaping Factory<any PhaseSwitch>) {
    phaseSwitches.add(name, factory)
  }

  public mutating func addSafetyInput(_ name: String, _ factory: @escaping Factory<any SafetyInput>) {
    safetyInputs.add(name, factory)
  }

  public mutating func addWatchdog(_ name: String, _ factory: @escaping Factory<any SystemWatchdog>) {
    watchdogs.add(name, factory)
  }

  public mutating func addMeter(_ name: String, _ factory: @escaping Factory<any EnergyMeter>) {
    meters.add(name, factory)
  }

  public mutating func addReader(_ name: String, _ factory: @escaping Factory<any TokenReader>) {
    readers.add(name, factory)
  }

  public mutating func addKeypad(_ name: String, _ factory: @escaping Factory<any Keypad>) {
    keypads.add(name, factory)
  }

  public mutating func addStartButton(_ name: String, _ factory: @escaping Factory<any StartButton>) {
    startButtons.add(name, factory)
  }

  public mutating func addParkingBaySensor(_ name: String, _ factory: @escaping Factory<any ParkingBaySensor>) {
    parkingBaySensors.add(name, factory)
  }

  public mutating func addLight(_ name: String, _ factory: @escaping Factory<any IndicatorLight>) {
    lights.add(name, factory)
  }

  /// A display on which people can choose is a `ChoiceDisplay`.
  public mutating func addDisplay(_ name: String, _ factory: @escaping Factory<any DriverDisplay>) {
    displays.add(name, factory)
  }
}

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
  var meters = Drivers<any EnergyMeter>(kind: "meter")
  var readers = Drivers<any TokenReader>(kind: "reader")
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

  public mutating func addMeter(_ name: String, _ factory: @escaping Factory<any EnergyMeter>) {
    meters.add(name, factory)
  }

  public mutating func addReader(_ name: String, _ factory: @escaping Factory<any TokenReader>) {
    readers.add(name, factory)
  }

  public mutating func addLight(_ name: String, _ factory: @escaping Factory<any IndicatorLight>) {
    lights.add(name, factory)
  }

  public mutating func addDisplay(_ name: String, _ factory: @escaping Factory<any DriverDisplay>) {
    displays.add(name, factory)
  }
}

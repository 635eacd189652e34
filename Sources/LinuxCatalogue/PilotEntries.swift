import BoardProfile
import ChargerBase
import HAL
import HALLinux

extension LinuxCatalogue {
  /// What a companion MCU drives and measures. All drivers of one serial port share its link.
  static func addControlPilot(to catalogue: inout DriverCatalogue) {
    catalogue.addPilot(LinuxDrivers.mcuPilot.name) { options in
      let place = MicrocontrollerPlace(options, use: "pilot")
      return { MicrocontrollerPilot(try place.bus.open(), connector: place.connector) }
    }
    catalogue.addContactor(LinuxDrivers.mcuContactor.name) { options in
      let place = MicrocontrollerPlace(options, use: "contactor")
      options.vouchForDeadMan()
      let deadMan = options.deadMan.flatMap { $0.means == .companionController ? $0.within : nil }
      if let deadMan { place.bus.need(deadMan: deadMan) }
      return { MicrocontrollerContactor(try place.bus.open(), connector: place.connector, deadMan: deadMan) }
    }
    catalogue.addLock(LinuxDrivers.mcuLock.name) { options in
      let place = MicrocontrollerPlace(options, use: "lock")
      place.bus.need(.lock, of: place.connector)
      return { MicrocontrollerLock(try place.bus.open(), connector: place.connector) }
    }
    catalogue.addProximity(LinuxDrivers.mcuProximity.name) { options in
      let place = MicrocontrollerPlace(options, use: "proximity contact")
      place.bus.need(.proximity, of: place.connector)
      return { MicrocontrollerProximity(try place.bus.open(), connector: place.connector) }
    }
    catalogue.addResidualCurrent(LinuxDrivers.mcuResidualCurrent.name) { options in
      let place = MicrocontrollerPlace(options, use: "residual current monitor")
      place.bus.need(.residualCurrent, of: place.connector)
      return { MicrocontrollerResidualCurrentMonitor(try place.bus.open(), connector: place.connector) }
    }
    catalogue.addTemperatureSensor(LinuxDrivers.mcuTemperature.name) { options in
      let sensor = Int(options.integer("sensor", in: 1...8, default: 1))
      let place = MicrocontrollerPlace(options, use: "temperature sensor \(sensor)")
      place.bus.need(temperatureSensors: sensor)
      return { MicrocontrollerTemperature(try place.bus.open(), connector: place.connector, sensor: sensor) }
    }
    catalogue.addSafetyInput(LinuxDrivers.mcuSafetyInput.name) { options in
      let kind: SafetyInputKind = if case .safetyInput(let kind, _) = options.place { kind } else { .emergencyStop }
      let place = MicrocontrollerPlace(options, use: kind.rawValue)
      place.bus.need(MicrocontrollerIdentity.Parts(kind), of: place.connector)
      return { MicrocontrollerSafetyInput(try place.bus.open(), connector: place.connector, kind: kind) }
    }
  }
}

/// One connector of one MCU, as a driver's options name it.
private struct MicrocontrollerPlace {
  let bus: MicrocontrollerBus
  let connector: Int

  init(_ options: DriverOptions, use: String) {
    let port = options.string("port")
    let rates = MicrocontrollerLink.Configuration.rates
    let rate = options.integer("baud", in: (rates.first ?? 0)...(rates.last ?? 0), default: 115_200)
    if !rates.contains(rate) {
      options.report(
        "baud", "is \(rate), and no serial port runs at that",
        allowed: rates.map { "\($0)" }.joined(separator: ", "))
    }
    connector = Int(options.integer("connector", in: 1...8, default: 1))
    let silence = options.integer("silenceMilliseconds", in: 100...1_000, default: 250)
    let heartbeat = options.integer("heartbeatMilliseconds", in: 10...200, default: 50)
    if heartbeat * 2 > silence {
      options.report(
        "heartbeatMilliseconds", "is \(heartbeat), and silence is told after \(silence) ms",
        allowed: "at most half of silenceMilliseconds")
    }
    options.claim("\(use) of connector \(connector) of the MCU on \(port)", named: port)
    bus = options.shared(
      "the MCU on \(port)",
      settings: [
        "baud": "\(rate)", "silenceMilliseconds": "\(silence)", "heartbeatMilliseconds": "\(heartbeat)",
      ]
    ) {
      options.claimSerialPort(port)
      return MicrocontrollerBus(
        MicrocontrollerLink.Configuration(
          port: port, rate: rate, silentAfter: .milliseconds(silence), heartbeat: .milliseconds(heartbeat)))
    }
    bus.need(.auxiliaryContact, of: connector, isNeeded: use == "contactor")
  }
}

/// A serial port with an MCU: opened, and the MCU greeted, by the first driver that needs it, when all needs are known.
private final class MicrocontrollerBus {
  private let configuration: MicrocontrollerLink.Configuration
  private var needs = MicrocontrollerLink.Needs()
  private var outcome: Result<MicrocontrollerLink, any Error>?

  init(_ configuration: MicrocontrollerLink.Configuration) { self.configuration = configuration }

  func need(_ parts: MicrocontrollerIdentity.Parts, of connector: Int, isNeeded: Bool = true) {
    needs.connectors = max(needs.connectors, connector)
    if isNeeded { needs.parts.formUnion(parts) }
  }

  func need(temperatureSensors: Int) { needs.temperatureSensors = max(needs.temperatureSensors, temperatureSensors) }

  func need(deadMan: Duration) { needs.deadMan = min(needs.deadMan ?? deadMan, deadMan) }

  /// - Throws: why the port cannot be opened, or its MCU must not have commands; the same for every driver on it.
  func open() throws -> MicrocontrollerLink {
    if let outcome { return try outcome.get() }
    let made = Result {
      let link = try MicrocontrollerLink(configuration, needs: needs)
      try link.greet()
      return link
    }
    outcome = made
    return try made.get()
  }
}

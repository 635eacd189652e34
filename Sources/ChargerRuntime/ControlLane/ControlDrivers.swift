import ChargerBase
import EVSEControl
import HAL

/// The drivers of the control lane in the order of the configuration, with what was last read from each.
struct ControlDrivers {
  struct Connector {
    let id: ConnectorID
    let pilot: any ControlPilot
    let contactor: any Contactor
    var measurement: PilotMeasurement?
    var feedback: ContactorFeedback?
    var pilotHealth = DriverHealth.alive
    var contactorHealth = DriverHealth.alive
  }

  struct EVSE {
    let id: EVSEID
    let meter: (any EnergyMeter)?
    var readingAt: MonotonicInstant?
    var meterHealth = DriverHealth.alive
  }

  var connectors: [Connector] = []
  var evses: [EVSE] = []
  /// Every driver once; a driver may serve several connectors.
  private(set) var all: [any ControlLaneDriver] = []

  init(configuration: ControlConfiguration, hardware: StationHardware) throws(ControlLaneError) {
    for evse in configuration.evses {
      guard let evseHardware = hardware.evses.first(where: { $0.id == evse.id }) else {
        throw .missingHardware("\(evse.id)")
      }
      if evse.meterNeeded && evseHardware.meter == nil { throw .missingHardware("\(evse.id) meter") }
      for connector in evse.connectors {
        guard let found = evseHardware.connectors.first(where: { $0.id == connector.id }) else {
          throw .missingHardware("\(connector.id)")
        }
        connectors.append(Connector(id: found.id, pilot: found.pilot, contactor: found.contactor))
        add(found.pilot)
        add(found.contactor)
      }
      evses.append(EVSE(id: evse.id, meter: evseHardware.meter))
      if let meter = evseHardware.meter { add(meter) }
    }
  }

  private mutating func add(_ driver: any ControlLaneDriver) {
    if !all.contains(where: { $0 === driver }) { all.append(driver) }
  }
}

/// Why a control lane could not be made.
package enum ControlLaneError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The configuration names something that the hardware does not have.
  case missingHardware(String)
  /// A system call failed.
  case system(call: String, code: Int32)

  package var description: String {
    switch self {
    case .missingHardware(let what): "no driver for \(what)"
    case .system(let call, let code): "\(call) failed with error \(code)"
    }
  }
}

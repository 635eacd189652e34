import BoardProfile
import ChargerBase
import HAL
import HALSimulated

/// A driver that the profile put where it cannot be, or a world that is not there.
struct SimulatedDriverError: Error, CustomStringConvertible {
  var description: String
}

/// The bench's drivers by the name that profiles give them: `simulated`.
enum SimulatedCatalogue {
  /// - Parameter world: nil when profiles are only checked.
  static func make(_ world: (any SimulatedDriverSource)?) -> DriverCatalogue {
    var catalogue = DriverCatalogue()
    catalogue.addPilot("simulated") { options in
      let place = options.place
      return { try source(world).pilot(for: try connector(place)) }
    }
    catalogue.addContactor("simulated") { options in
      let place = options.place
      return { try source(world).contactor(for: try connector(place)) }
    }
    catalogue.addLock("simulated") { options in
      let place = options.place
      return { try source(world).lock(for: try connector(place)) }
    }
    catalogue.addProximity("simulated") { options in
      let place = options.place
      return { try source(world).proximity(for: try connector(place)) }
    }
    catalogue.addMeter("simulated") { options in
      let place = options.place
      let timeout = options.boolean("signs", default: false) ? SimulatedDrivers.signingTimeout : nil
      // The station is EVSE 0.
      return {
        try source(world).meter(for: place == .mainMeter ? EVSEID(0) : try evse(place), signingTimeout: timeout)
      }
    }
    catalogue.addResidualCurrent("simulated") { options in
      let place = options.place
      return { try source(world).residualCurrentMonitor(for: try evse(place)) }
    }
    catalogue.addTemperatureSensor("simulated") { options in
      let place = options.place
      return {
        guard case .temperatureSensor(let evse, let index) = place else {
          throw SimulatedDriverError(description: "is no temperature sensor's place")
        }
        return try source(world).temperatureSensor(index, of: evse)
      }
    }
    catalogue.addPhaseSwitch("simulated") { options in
      let place = options.place
      return { try source(world).phaseSwitch(for: try evse(place)) }
    }
    catalogue.addSafetyInput("simulated") { options in
      let place = options.place
      // The world has one contact of each kind for the station and for each EVSE.
      if case .safetyInput(let kind, let evse) = place {
        options.claim("the \(kind.rawValue) contact of \(evse.map { "EVSE \($0.number)" } ?? "the station")")
      }
      return {
        guard case .safetyInput(let kind, let evse) = place else {
          throw SimulatedDriverError(description: "is no safety input's place")
        }
        return try source(world).safetyInput(kind, of: evse)
      }
    }
    catalogue.addWatchdog("simulated") { options in
      let standard = SimulatedDrivers.watchdogTimeout.wholeMilliseconds
      let timeout = options.integer("timeoutMilliseconds", in: 50...60_000, default: standard)
      return { try source(world).watchdog(timeout: .milliseconds(timeout)) }
    }
    catalogue.addLight("simulated") { options in
      let place = options.place
      return { try source(world).light(for: try evse(place)) }
    }
    catalogue.addReader("simulated") { options in
      let place = options.place
      return {
        guard case .reader(let name) = place else { throw SimulatedDriverError(description: "is no reader's place") }
        return try source(world).reader(named: name)
      }
    }
    catalogue.addKeypad("simulated") { options in
      let place = options.place
      return {
        guard case .keypad(let name) = place else { throw SimulatedDriverError(description: "is no keypad's place") }
        return try source(world).keypad(named: name)
      }
    }
    catalogue.addStartButton("simulated") { options in
      let place = options.place
      return {
        guard case .startButton(let evse) = place else {
          throw SimulatedDriverError(description: "is no start button's place")
        }
        return try source(world).startButton(for: evse)
      }
    }
    catalogue.addParkingBaySensor("simulated") { options in
      let place = options.place
      return { try source(world).parkingBaySensor(for: try evse(place)) }
    }
    catalogue.addDisplay("simulated") { options in
      let hasChoice = options.boolean("choice", default: false)
      return {
        let source = try source(world)
        return hasChoice ? source.choiceDisplay() : source.display()
      }
    }
    return catalogue
  }

  private static func source(_ world: (any SimulatedDriverSource)?) throws -> any SimulatedDriverSource {
    guard let world else { throw SimulatedDriverError(description: "there is no simulated world") }
    return world
  }

  private static func connector(_ place: DriverOptions.Place) throws -> ConnectorID {
    guard case .connector(let connector) = place else {
      throw SimulatedDriverError(description: "is no connector's place")
    }
    return connector
  }

  private static func evse(_ place: DriverOptions.Place) throws -> EVSEID {
    guard case .evse(let evse) = place else { throw SimulatedDriverError(description: "is no EVSE's place") }
    return evse
  }
}

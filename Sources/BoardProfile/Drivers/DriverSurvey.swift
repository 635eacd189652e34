import ChargerBase
import HAL

/// One option as a driver's factory has read it.
package struct OptionUse: Sendable, Equatable {
  package enum Standard: Sendable, Equatable {
    /// It must be given.
    case needed
    /// Without it, what it is about is not there.
    case none
    /// What counts without it, as it would stand in a profile.
    case value(String)
  }

  package let name: String
  package let standard: Standard
}

extension DriverCatalogue {
  /// A driver and the options that its factory reads.
  package struct SurveyedDriver: Sendable {
    package let kind: String
    package let name: String
    package let options: [OptionUse]
    /// What its factory found wrong with the options that it was given.
    package let problems: [ProfileProblem]
  }

  /// Has every factory read its options, without opening anything, to see what each of them knows: so that what is
  /// written about drivers can be held against them.
  ///
  /// - Parameters:
  ///   - profile: a profile in whose stead the options are read; what is wrong with them is told with each driver.
  ///   - options: for the kind and name of a driver an object of options, as JSON, for factories that read other options
  ///     according to what some say; without it they read an empty object.
  package func survey(
    in profile: BoardProfile, options: @escaping (_ kind: String, _ name: String) -> String? = { _, _ in nil }
  ) -> [SurveyedDriver] {
    let evse = EVSEID(1)
    let connector = DriverOptions.Place.connector(ConnectorID(evse: evse, number: 1))
    let station = DriverSurvey(profile: profile, options: options)
    var drivers: [SurveyedDriver] = []
    drivers += station.survey(pilots, connector)
    drivers += station.survey(contactors, connector)
    drivers += station.survey(locks, connector)
    drivers += station.survey(proximities, connector)
    drivers += station.survey(residualCurrents, .evse(evse))
    drivers += station.survey(temperatureSensors, .temperatureSensor(evse, index: 0))
    drivers += station.survey(phaseSwitches, .evse(evse))
    drivers += station.survey(safetyInputs, .safetyInput(.emergencyStop, nil))
    drivers += station.survey(watchdogs, .watchdog)
    drivers += station.survey(meters, .evse(evse))
    drivers += station.survey(readers, .reader("reader"))
    drivers += station.survey(keypads, .keypad("keypad"))
    drivers += station.survey(startButtons, .startButton(evse))
    drivers += station.survey(parkingBaySensors, .evse(evse))
    drivers += station.survey(lights, .evse(evse))
    drivers += station.survey(displays, .display)
    return drivers
  }
}

private struct DriverSurvey {
  let profile: BoardProfile
  let options: (String, String) -> String?

  func survey<Driver>(
    _ drivers: DriverCatalogue.Drivers<Driver>, _ place: DriverOptions.Place
  ) -> [DriverCatalogue.SurveyedDriver] {
    drivers.factories.map { name, factory in
      var node = ProfileNode(offset: 0, .object([]))
      if let text = options(drivers.kind, name), let given = try? ProfileNode(parsing: Array(text.utf8)) {
        node = given
      }
      let reference = DriverReference(driver: name, path: "$", node: node, nameOffset: 0, reserved: [])
      let options = DriverOptions(
        place: place, evse: profile.evses.first, profile: profile, reference: reference,
        collector: ProblemCollector(source: profile.source), claims: DriverClaims())
      _ = factory(options)
      return DriverCatalogue.SurveyedDriver(
        kind: drivers.kind, name: name, options: options.uses, problems: options.collector.result.problems)
    }
  }
}

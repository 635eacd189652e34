import ChargerBase
import HAL

extension BoardProfile {
  /// Judges every driver's name and options without opening any hardware, for `--check`.
  ///
  /// - Throws: all problems at once.
  public func checkDrivers(catalogue: DriverCatalogue) throws(ProfileProblems) {
    let builder = HardwareBuilder(profile: self, catalogue: catalogue)
    _ = builder.plan()
    guard builder.collector.isEmpty else { throw builder.collector.result }
  }

  /// Builds all drivers of the board. Called once per start: the drivers take their hardware.
  ///
  /// - Throws: all problems at once: names that the catalogue does not have, bad options, hardware that cannot be opened.
  public func buildHardware(catalogue: DriverCatalogue) throws(ProfileProblems) -> StationHardware {
    let builder = HardwareBuilder(profile: self, catalogue: catalogue)
    let plan = builder.plan()
    guard builder.collector.isEmpty else { throw builder.collector.result }
    guard let hardware = plan() else { throw builder.collector.result }
    return hardware
  }
}

/// Turns a profile into drivers in two passes: first all options are read, then all hardware is opened.
private struct HardwareBuilder {
  let profile: BoardProfile
  let catalogue: DriverCatalogue
  let collector: ProblemCollector
  let claims = DriverClaims()

  init(profile: BoardProfile, catalogue: DriverCatalogue) {
    self.profile = profile
    self.catalogue = catalogue
    collector = ProblemCollector(source: profile.source)
  }

  /// Reads all options; what it answers opens the hardware, and gives nil when any of it cannot be opened.
  func plan() -> () -> StationHardware? {
    let evses = profile.evses.map { plan($0) }
    let safetyInputs = profile.safetyInputs.map { input in
      let evse = input.evse.flatMap { profile.evse($0) }
      return (
        input, plan(input.driver, in: catalogue.safetyInputs, place: .safetyInput(input.kind, input.evse), evse: evse)
      )
    }
    let readers = profile.readers.map { reader in
      (reader, plan(reader.driver, in: catalogue.readers, place: .reader(reader.name), evse: nil))
    }
    let keypads = profile.keypads.map { keypad in
      (keypad, plan(keypad.driver, in: catalogue.keypads, place: .keypad(keypad.name), evse: nil))
    }
    let startButtons = profile.startButtons.map { button in
      let evse = button.evse.flatMap { profile.evse($0) }
      return (button, plan(button.driver, in: catalogue.startButtons, place: .startButton(button.evse), evse: evse))
    }
    let display = plan(profile.display, in: catalogue.displays, place: .display)
    let mainMeter = plan(profile.mainMeter, in: catalogue.meters, place: .mainMeter)
    let watchdog = plan(profile.watchdog, in: catalogue.watchdogs, place: .watchdog)
    return {
      // All is opened before anything is judged: every problem is told at once. What could not be opened has been
      // reported, so that hardware with a gap never leaves `buildHardware`.
      var hardware = StationHardware(
        evses: evses.compactMap { $0() },
        readers: readers.compactMap { reader, open in open().map { ReaderHardware(reader: $0, evses: reader.evses) } },
        display: display(),
        safetyInputs: safetyInputs.compactMap { input, open in
          open().map { SafetyInputHardware(kind: input.kind, evse: input.evse, input: $0) }
        },
        watchdog: watchdog())
      hardware.keypads = keypads.compactMap { keypad, open in
        open().map { KeypadHardware(keypad: $0, evses: keypad.evses, rules: keypad.rules) }
      }
      hardware.startButtons = startButtons.compactMap { button, open in
        open().map { StartButtonHardware(button: $0, evse: button.evse) }
      }
      hardware.mainMeter = mainMeter()
      if let watchdog = hardware.watchdog { check(watchdog) }
      return collector.isEmpty ? hardware : nil
    }
  }

  /// A relay that holds longer than the dead-man rule says breaks the rule.
  private func check(_ watchdog: any SystemWatchdog) {
    guard let rule = profile.deadMan, rule.means == .watchdogRelay, watchdog.timeout > rule.within,
      let reference = profile.watchdog
    else { return }
    collector.report(
      at: reference.nameOffset, path: reference.path,
      "holds for \(watchdog.timeout.wholeMilliseconds) ms, longer than the dead-man rule's withinMilliseconds",
      allowed: "at most \(rule.within.wholeMilliseconds) ms")
  }

  /// A companion controller opens only the contactors that it drives.
  private func checkDeadMan(of contactor: DriverReference) {
    guard profile.deadMan?.means == .companionController, !claims.vouchers.contains(contactor.path),
      catalogue.contactors.factories.contains(where: { $0.name == contactor.driver })
    else { return }
    collector.report(
      at: contactor.nameOffset, path: contactor.path,
      "is not opened by a companion controller, and the dead-man rule says that one opens it",
      allowed: "a contactor on the companion controller, or a dead-man rule with means \"watchdogRelay\"")
  }

  private func plan(_ evse: EVSEProfile) -> () -> EVSEHardware? {
    let connectors = evse.connectors.map { plan($0, of: evse) }
    let place = DriverOptions.Place.evse(evse.id)
    let meter = plan(evse.meter, in: catalogue.meters, place: place, evse: evse)
    let residualCurrent = plan(evse.residualCurrent, in: catalogue.residualCurrents, place: place, evse: evse)
    let temperatures = evse.temperatureSensors.enumerated().map { index, reference in
      plan(
        reference, in: catalogue.temperatureSensors, place: .temperatureSensor(evse.id, index: index), evse: evse)
    }
    let phaseSwitch = plan(evse.phaseSwitch, in: catalogue.phaseSwitches, place: place, evse: evse)
    let light = plan(evse.light, in: catalogue.lights, place: place, evse: evse)
    let parkingBay = plan(evse.parkingBay?.driver, in: catalogue.parkingBaySensors, place: place, evse: evse)
    return {
      var hardware = EVSEHardware(
        id: evse.id, connectors: connectors.compactMap { $0() }, meter: meter(), light: light(),
        residualCurrent: residualCurrent(), temperatures: temperatures.compactMap { $0() }, phaseSwitch: phaseSwitch())
      if let profile = evse.parkingBay {
        hardware.parkingBay = parkingBay().map { ParkingBayHardware(sensor: $0, settling: profile.settling) }
      }
      return hardware
    }
  }

  private func plan(_ connector: ConnectorProfile, of evse: EVSEProfile) -> () -> ConnectorHardware? {
    let place = DriverOptions.Place.connector(connector.id)
    let pilot = plan(connector.pilot, in: catalogue.pilots, place: place, evse: evse)
    let contactor = plan(connector.contactor, in: catalogue.contactors, place: place, evse: evse)
    checkDeadMan(of: connector.contactor)
    let lock = plan(connector.lock, in: catalogue.locks, place: place, evse: evse)
    let proximity = plan(connector.proximity, in: catalogue.proximities, place: place, evse: evse)
    return {
      let (pilot, contactor, lock, proximity) = (pilot(), contactor(), lock(), proximity())
      guard let pilot, let contactor else { return nil }
      return ConnectorHardware(
        id: connector.id, pilot: pilot, contactor: contactor, lock: lock, proximity: proximity)
    }
  }

  /// A driver that the profile may leave out.
  private func plan<Driver>(
    _ reference: DriverReference?, in drivers: DriverCatalogue.Drivers<Driver>, place: DriverOptions.Place,
    evse: EVSEProfile? = nil
  ) -> () -> Driver? {
    guard let reference else { return { nil } }
    return plan(reference, in: drivers, place: place, evse: evse)
  }

  private func plan<Driver>(
    _ reference: DriverReference, in drivers: DriverCatalogue.Drivers<Driver>, place: DriverOptions.Place,
    evse: EVSEProfile?
  ) -> () -> Driver? {
    let names = drivers.factories.map(\.name)
    guard let factory = drivers.factories.first(where: { $0.name == reference.driver })?.factory else {
      collector.report(
        at: reference.nameOffset, path: reference.path + ".driver",
        "is \"\(ProfileField.shortened(reference.driver))\", and this program has no such \(drivers.kind) driver",
        allowed: names.isEmpty ? "none: this program has no \(drivers.kind) drivers" : names.joined(separator: ", "),
        suggestion: NearName.find(reference.driver, in: names))
      return { nil }
    }
    let options = DriverOptions(
      place: place, evse: evse, profile: profile, reference: reference, collector: collector, claims: claims)
    let open = factory(options)
    options.reportUnknownKeys()
    let collector = collector
    return {
      do {
        return try open()
      } catch {
        collector.report(at: reference.nameOffset, path: reference.path, "cannot be opened: \(error)")
        return nil
      }
    }
  }
}

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
    let hardware = plan()
    guard let hardware, builder.collector.isEmpty else { throw builder.collector.result }
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
    let readers = profile.readers.map { reader in
      (reader, plan(reader.driver, in: catalogue.readers, place: .reader(reader.name), evse: nil))
    }
    let display = profile.display.map { plan($0, in: catalogue.displays, place: .display, evse: nil) }
    return {
      // All is opened before anything is judged: every problem is told at once.
      let evses = evses.map { $0() }
      let readers = readers.map { reader, open in open().map { ReaderHardware(reader: $0, evses: reader.evses) } }
      let openedDisplay = display.map { $0() }
      guard !evses.contains(where: { $0 == nil }), !readers.contains(where: { $0 == nil }) else { return nil }
      return StationHardware(
        evses: evses.compactMap { $0 }, readers: readers.compactMap { $0 }, display: openedDisplay ?? nil)
    }
  }

  private func plan(_ evse: EVSEProfile) -> () -> EVSEHardware? {
    let connectors = evse.connectors.map { connector in
      (
        connector.id,
        plan(connector.pilot, in: catalogue.pilots, place: .connector(connector.id), evse: evse),
        plan(connector.contactor, in: catalogue.contactors, place: .connector(connector.id), evse: evse)
      )
    }
    let meter = evse.meter.map { plan($0, in: catalogue.meters, place: .evse(evse.id), evse: evse) }
    let light = evse.light.map { plan($0, in: catalogue.lights, place: .evse(evse.id), evse: evse) }
    return {
      var opened: [ConnectorHardware] = []
      for (id, pilot, contactor) in connectors {
        let drivers = (pilot(), contactor())
        if let pilot = drivers.0, let contactor = drivers.1 {
          opened.append(ConnectorHardware(id: id, pilot: pilot, contactor: contactor))
        }
      }
      let openedMeter = meter.map { $0() } ?? nil
      let openedLight = light.map { $0() } ?? nil
      guard opened.count == connectors.count else { return nil }
      return EVSEHardware(id: evse.id, connectors: opened, meter: openedMeter, light: openedLight)
    }
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
      place: place, evse: evse, reference: reference, collector: collector, claims: claims)
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

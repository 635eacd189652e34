import ChargerBase
import EVSEControl
import HAL
import OCPPJSON
import OCPPTypes

extension BoardProfile {
  /// Reads and checks a board profile.
  ///
  /// Pure: reading the file is the caller's work, `fileName` is only told in problems.
  ///
  /// - Throws: everything that is wrong with the file at once. Only a text that is no JSON ends the search early.
  public static func load(bytes: [UInt8], fileName: String) throws(ProfileProblems) -> BoardProfile {
    let collector = ProblemCollector(source: ProfileSource(fileName: fileName, bytes: bytes))
    var profile: BoardProfile?
    if let root = ProfileField(parsing: bytes, collector: collector) { profile = BoardLoader(root).load() }
    guard let profile, collector.isEmpty else { throw collector.result }
    return profile
  }
}

extension ProfileField {
  /// The whole file as one value; nil when it is no JSON.
  package init?(parsing bytes: [UInt8], collector: ProblemCollector) {
    guard !bytes.allSatisfy(Self.isSpace) else {
      collector.report(at: 0, path: "$", "is empty", allowed: "one JSON object")
      return nil
    }
    // Editors of other systems begin files so.
    guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else {
      collector.report(at: 0, path: "$", "begins with a byte order mark", allowed: "UTF-8 without one")
      return nil
    }
    do throws(JSONError) {
      let node = try ProfileNode(parsing: bytes)
      self.init(node: node, path: "$", parentOffset: 0, collector: collector)
    } catch {
      collector.report(error)
      return nil
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// Reads the top of a board profile. What is bad is reported and replaced by something harmless, so that the rest can be
/// checked; a profile with problems never leaves `load`.
struct BoardLoader {
  let root: ProfileField

  init(_ root: ProfileField) { self.root = root }

  func load() -> BoardProfile? {
    guard let object = ProfileObject<BoardKey>(root, isRequired: true) else { return nil }
    let purpose = object[.purpose].choice(isRequired: true, as: BoardProfile.Purpose.self)
    let evses = EVSELoader(purpose: purpose).load(object[.evses])
    let places = StationPlaces(evses)
    let readers = ReaderLoader.load(object[.readers], places: places)
    let keypads = PostLoader.keypads(object[.keypads], places: places, readers: readers)
    let startButtons = PostLoader.startButtons(object[.startButtons], places: places)
    let display = DriverLoader.load(object[.display])
    let mainMeter = mainMeter(object[.mainMeter])
    let safetyInputs = SafetyInputLoader.load(object[.safetyInputs], places: places)
    checkSharedDrivers(
      evses: evses, mainMeter: mainMeter,
      readers: readers.map(\.driver) + keypads.map(\.driver) + startButtons.map(\.driver),
      safetyInputs: safetyInputs)
    let deadMan = deadMan(object[.deadMan], purpose: purpose)
    return BoardProfile(
      name: object[.name].text(
        isRequired: true, length: 1...50, characters: "letters, digits, - and _", isAllowed: Characters.isWord) ?? "",
      purpose: purpose ?? .bench,
      vendorName: object[.vendorName].text(isRequired: true, length: 1...50) ?? "",
      model: object[.model].text(isRequired: true, length: 1...20) ?? "",
      evses: evses,
      sharedSupply: object[.sharedSupplyA].current(in: 6...1_000),
      safetyInputs: safetyInputs,
      readers: readers,
      keypads: keypads,
      startButtons: startButtons,
      display: display,
      mainMeter: mainMeter,
      deadMan: deadMan,
      watchdog: watchdog(object[.watchdog], deadMan: deadMan),
      leaseExpiry: object[.leaseExpiry].choice(as: LeaseExpiryPolicy.self) ?? .finishSession,
      lease: .seconds(object[.leaseSeconds].integer(in: 5...3_600, unit: "s") ?? 60),
      randomStartDelay: .seconds(object[.randomStartDelaySeconds].integer(in: 0...1_800, unit: "s") ?? 0),
      resetAction: object[.resetAction].choice(as: BoardProfile.ResetAction.self)
        ?? (purpose == .product ? .reboot : .restart),
      outboxCapacity: Int(
        object[.outboxCapacity].integer(in: BoardProfile.outboxCapacityRange, unit: "messages") ?? 200_000),
      timing: TimingLoader.timing(object[.timing]),
      thresholds: TimingLoader.thresholds(object[.pilotThresholds]),
      proximityBands: ProximityBandsLoader.load(object[.proximityBands]),
      lights: lights(object[.lights]),
      texts: TextLoader.load(object[.texts]),
      deviceModel: DeviceModelLoader(places: places).load(object[.deviceModel]),
      csms: csms(object[.csms], purpose: purpose),
      source: root.collector.source)
  }

  /// DESIGN §5: a dead program cannot open a contactor, so each product says what does.
  private func deadMan(_ field: ProfileField, purpose: BoardProfile.Purpose?) -> DeadManRule? {
    guard field.isPresent || purpose == .product else { return nil }
    guard let object = ProfileObject<DeadManKey>(field, isRequired: true) else { return nil }
    let means = object[.means].choice(isRequired: true, as: DeadManRule.Means.self)
    if means == .simulatedWorld, purpose == .product {
      object[.means].report(
        "is \"simulatedWorld\", which protects nobody", allowed: "companionController, watchdogRelay")
    }
    let within = object[.withinMilliseconds].milliseconds(in: 10...30_000, isRequired: true)
    guard let means, let within else { return nil }
    return DeadManRule(means: means, within: within)
  }

  /// Transactions have the signed readings of their EVSE's meter.
  private func mainMeter(_ field: ProfileField) -> DriverReference? {
    let meter = DriverLoader.load(field)
    if meter?.boolean("signs") == true {
      field.report(
        "signs, and no transaction is billed by the main meter", allowed: "a main meter without \"signs\"")
    }
    return meter
  }

  /// A relay that must be fed needs somebody to feed it.
  private func watchdog(_ field: ProfileField, deadMan: DeadManRule?) -> DriverReference? {
    let watchdog = DriverLoader.load(field)
    if deadMan?.means == .watchdogRelay, !field.isPresent {
      field.report(
        "is missing, and the dead-man rule's watchdogRelay must be fed", allowed: "the driver of the watchdog")
    }
    return watchdog
  }

  private func csms(_ field: ProfileField, purpose: BoardProfile.Purpose?) -> CSMSDefaults {
    var defaults = CSMSDefaults()
    guard let object = ProfileObject<CSMSKey>(field) else { return defaults }
    defaults.url = object[.url].webSocketURL()
    defaults.securityProfile = object[.securityProfile].securityProfile(
      purpose: purpose, url: defaults.url, urlKey: CSMSKey.url.rawValue)
    if let versions = object[.versions].list(count: 1...OCPPVersion.allCases.count, of: "versions") {
      defaults.versions = versions.compactMap { field in
        field.choice(isRequired: true, of: OCPPVersion.allCases.map(\.subprotocol)).flatMap {
          OCPPVersion(subprotocol: $0)
        }
      }
      for (index, version) in versions.enumerated()
      where versions.prefix(index).contains(where: { $0.node?.content == version.node?.content }) {
        version.report("is there twice", allowed: "each version once")
      }
    }
    return defaults
  }

  private func lights(_ field: ProfileField) -> LightTable {
    var table = LightTable()
    guard let object = ProfileObject<FeedbackKind>(field) else { return table }
    for feedback in FeedbackKind.allCases where object[feedback].isPresent {
      guard let pattern = ProfileObject<LightPatternKey>(object[feedback]) else { continue }
      let colour = pattern[.colour].choice(isRequired: true, as: LightPattern.Colour.self)
      let rhythm = pattern[.rhythm].choice(as: LightPattern.Rhythm.self)
      table[feedback] = LightPattern(colour ?? .off, rhythm ?? .steady)
    }
    return table
  }

  /// Two drivers of one kind with the very same options would fight over one piece of hardware.
  private func checkSharedDrivers(
    evses: [EVSEProfile], mainMeter: DriverReference?, readers: [DriverReference], safetyInputs: [SafetyInputProfile]
  ) {
    let connectors = evses.flatMap(\.connectors)
    // One controller has a contact of each kind: of inputs the kind tells them apart, and where it does not, the driver.
    let inputs = SafetyInputKind.allCases.map { kind in safetyInputs.filter { $0.kind == kind }.map(\.driver) }
    let kinds: [[DriverReference]] =
      [
        connectors.map(\.pilot), connectors.map(\.contactor),
        evses.compactMap(\.meter) + (mainMeter.map { [$0] } ?? []), evses.compactMap(\.light),
        readers, evses.compactMap(\.parkingBay?.driver), connectors.compactMap(\.lock),
        connectors.compactMap(\.proximity),
        evses.compactMap(\.residualCurrent), evses.flatMap(\.temperatureSensors), evses.compactMap(\.phaseSwitch),
      ] + inputs
    for references in kinds {
      for (index, reference) in references.enumerated() where reference.hasOptions {
        guard
          let other = references.prefix(index).first(where: {
            $0.driver == reference.driver && $0.node.hasSameContent(as: reference.node)
          })
        else { continue }
        root.collector.report(
          at: reference.node.offset, path: reference.path, "drives the same hardware as \(other.path)",
          allowed: "one driver for each thing: other options, or one of the two left out")
      }
    }
  }
}

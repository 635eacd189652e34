import ChargerBase
import HAL

/// Reads what a person uses at the post beside cards: keypads, start buttons, the detector of the parking bay.
enum PostLoader {
  /// Names are unlike every reader's too: a key code is told with the name of its keypad.
  static func keypads(_ field: ProfileField, places: StationPlaces, readers: [ReaderProfile]) -> [KeypadProfile] {
    guard let fields = field.list(count: 0...BoardProfile.maximumKeypads, of: "keypads") else { return [] }
    var names = readers.map { (name: $0.name, path: $0.driver.path + ".name") }
    return fields.compactMap { field in
      guard let object = ProfileObject<KeypadFileKey>(field, isRequired: true, allowsOthers: true) else { return nil }
      let name = object[.name].text(
        isRequired: true, length: 1...50, characters: "letters, digits, - and _", isAllowed: Characters.isWord)
      if let name {
        if let other = names.first(where: { $0.name == name }) {
          object[.name].report(
            "is \"\(name)\", and so is \(other.path)", allowed: "a name of its own for each reader and keypad")
        }
        names.append((name, object[.name].path))
      }
      let evses = ReaderLoader.evses(object[.evses], places: places)
      let rules = rules(object)
      let driver = DriverLoader.reference(
        field, driver: object[.driver], reserved: KeypadFileKey.allCases.map(\.rawValue))
      guard let name, let driver else { return nil }
      return KeypadProfile(name: name, evses: evses, rules: rules, driver: driver)
    }
  }

  private static func rules(_ object: ProfileObject<KeypadFileKey>) -> KeyCodeRules {
    let standard = KeyCodeRules()
    let least = object[.minimumLength].integer(in: 1...36).map(Int.init) ?? standard.length.lowerBound
    let most = object[.maximumLength].integer(in: 1...36, reason: "OCPP's longest token").map(Int.init)
    if let most, most < least {
      object[.maximumLength].report("is \(most), less than the least length \(least)", allowed: "\(least)…36")
    }
    let timeout = object[.timeoutSeconds].integer(in: 3...120, unit: "s").map { Duration.seconds($0) }
    return KeyCodeRules(
      length: least...max(least, most ?? standard.length.upperBound), timeout: timeout ?? standard.timeout)
  }

  static func startButtons(_ field: ProfileField, places: StationPlaces) -> [StartButtonProfile] {
    guard let fields = field.list(count: 0...BoardProfile.maximumEVSEs + 1, of: "start buttons") else { return [] }
    var taken: [(evse: Int32?, path: String)] = []
    return fields.compactMap { field in
      guard let object = ProfileObject<StartButtonKey>(field, isRequired: true, allowsOthers: true) else { return nil }
      let evse = places.evse(object[.evse], isRequired: false)
      if let other = taken.first(where: { $0.evse == evse }) {
        let owner = evse.map { "EVSE \($0)" } ?? "the whole station"
        field.report(
          "is a button of \(owner), and so is \(other.path)", allowed: "one start button for each EVSE, one for all")
      }
      taken.append((evse, field.path))
      return DriverLoader.reference(
        field, driver: object[.driver], reserved: StartButtonKey.allCases.map(\.rawValue)
      ).map { StartButtonProfile(evse: evse.map { EVSEID($0) }, driver: $0) }
    }
  }

  static func parkingBay(_ field: ProfileField) -> ParkingBayProfile? {
    guard let object = ProfileObject<ParkingBayKey>(field, allowsOthers: true) else { return nil }
    let settling = object[.settlingMilliseconds].milliseconds(in: 0...60_000)
    return DriverLoader.reference(
      field, driver: object[.driver], reserved: ParkingBayKey.allCases.map(\.rawValue)
    ).map { ParkingBayProfile(driver: $0, settling: settling ?? .seconds(2)) }
  }
}

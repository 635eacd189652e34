import ChargerBase
import HAL

/// Reads the station's emergency stop, door, tilt and mains contacts.
enum SafetyInputLoader {
  static func load(_ field: ProfileField, places: StationPlaces) -> [SafetyInputProfile] {
    guard let fields = field.list(count: 0...BoardProfile.maximumSafetyInputs, of: "safety inputs") else { return [] }
    return fields.compactMap { field in
      guard let object = ProfileObject<SafetyInputKey>(field, isRequired: true, allowsOthers: true) else { return nil }
      let kind = object[.kind].choice(isRequired: true, as: SafetyInputKind.self)
      let evse = places.evse(object[.evse], isRequired: false)
      let driver = DriverLoader.reference(
        field, driver: object[.driver], reserved: SafetyInputKey.allCases.map(\.rawValue))
      guard let kind, let driver else { return nil }
      return SafetyInputProfile(kind: kind, evse: evse.map { EVSEID($0) }, driver: driver)
    }
  }
}

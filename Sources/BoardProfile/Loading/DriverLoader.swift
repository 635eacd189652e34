import ChargerBase

enum DriverLoader {
  /// The driver named in an object; what else the object holds is the driver's own and is read when it is built.
  static func load(_ field: ProfileField, isRequired: Bool = false) -> DriverReference? {
    guard let object = ProfileObject<DriverKey>(field, isRequired: isRequired, allowsOthers: true) else { return nil }
    return reference(field, driver: object[.driver], reserved: DriverKey.allCases.map(\.rawValue))
  }

  static func reference(_ field: ProfileField, driver: ProfileField, reserved: [String]) -> DriverReference? {
    guard
      let name = driver.text(
        isRequired: true, length: 1...50, characters: "letters, digits, - and _", isAllowed: Characters.isWord),
      let node = field.node, case .object(let members) = node.content
    else { return nil }
    let options = members.filter { !reserved.contains($0.name) }
    return DriverReference(
      driver: name, path: field.path, node: ProfileNode(offset: node.offset, .object(options)),
      nameOffset: driver.offset, reserved: reserved)
  }
}

enum ReaderLoader {
  static func load(_ field: ProfileField, places: StationPlaces) -> [ReaderProfile] {
    guard let fields = field.list(count: 0...BoardProfile.maximumReaders, of: "readers") else { return [] }
    var names: [(name: String, path: String)] = []
    return fields.compactMap { field in
      guard let object = ProfileObject<ReaderKey>(field, isRequired: true, allowsOthers: true) else { return nil }
      let name = object[.name].text(
        isRequired: true, length: 1...50, characters: "letters, digits, - and _", isAllowed: Characters.isWord)
      if let name {
        if let other = names.first(where: { $0.name == name }) {
          object[.name].report("is \"\(name)\", and so is \(other.path)", allowed: "a name of its own for each reader")
        }
        names.append((name, object[.name].path))
      }
      let evses = evses(object[.evses], places: places)
      let driver = DriverLoader.reference(
        field, driver: object[.driver], reserved: ReaderKey.allCases.map(\.rawValue))
      guard let name, let driver else { return nil }
      return ReaderProfile(name: name, evses: evses, driver: driver)
    }
  }

  static func evses(_ field: ProfileField, places: StationPlaces) -> [EVSEID]? {
    if case .null? = field.node?.content { return nil }
    guard let fields = field.list(count: 1...BoardProfile.maximumEVSEs, of: "EVSE numbers") else { return nil }
    var numbers: [Int32] = []
    for field in fields {
      guard let number = places.evse(field) else { continue }
      if numbers.contains(number) {
        field.report("is \(number) once more", allowed: "each EVSE once")
      } else {
        numbers.append(number)
      }
    }
    return numbers.map { EVSEID($0) }
  }
}

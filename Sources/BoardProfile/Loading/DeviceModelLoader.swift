import ChargerBase
import OCPPTypes

/// Reads `deviceModel`, in a board profile and in a unit file alike.
struct DeviceModelLoader {
  let places: StationPlaces

  func load(_ field: ProfileField) -> [DeviceModelEntry] {
    guard let fields = field.list(count: 0...BoardProfile.maximumDeviceModelEntries, of: "entries") else { return [] }
    var entries: [DeviceModelEntry] = []
    // Few; a table of texts would cost more at each start.
    var seen: [(key: String, path: String)] = []
    for field in fields {
      guard let entry = entry(field) else { continue }
      let key = Self.key(of: entry)
      if let first = seen.first(where: { $0.key == key }) {
        field.report(
          "gives the same attribute as \(first.path)", allowed: "each attribute once; names count without case")
      } else {
        seen.append((key, field.path))
      }
      entries.append(entry)
    }
    return entries
  }

  private static func key(of entry: DeviceModelEntry) -> String {
    let evse = entry.component.evse
    let place = "\(evse?.id ?? 0)/\(evse?.connectorId ?? 0)/\(entry.attribute.rawName)"
    let names = [
      entry.component.name, entry.component.instance ?? "", entry.variable.name, entry.variable.instance ?? "",
    ]
    return place + "/" + names.map { $0.lowercased() }.joinedText("/")
  }

  private func entry(_ field: ProfileField) -> DeviceModelEntry? {
    guard let object = ProfileObject<DeviceModelKey>(field, isRequired: true) else { return nil }
    let component = ProfileObject<ComponentKey>(object[.component], isRequired: true)
    let variable = ProfileObject<VariableNameKey>(object[.variable], isRequired: true)
    let place = component.flatMap { ProfileObject<ComponentEVSEKey>($0[.evse]) }
    let evse = place.flatMap { places.evse($0[.id]) }
    let connector = place.flatMap { places.connector($0[.connectorId], of: evse) }
    let attribute = object[.attribute].choice(of: AttributeKind.allCases.map(\.rawName)).flatMap {
      AttributeKind(wireName: $0)
    }
    let value = object[.value].text(isRequired: true, length: 0...2_500)
    let mutability = object[.mutability].choice(of: Mutability.allCases.map(\.rawName)).flatMap {
      Mutability(wireName: $0)
    }
    let characteristics = characteristics(object[.variableCharacteristics])
    if let characteristics, let value { check(value, against: characteristics, at: object[.value]) }
    let names = (component.flatMap { name($0[.name]) }, variable.flatMap { name($0[.name]) })
    let instances = (
      component.flatMap { name($0[.instance], isRequired: false) },
      variable.flatMap { name($0[.instance], isRequired: false) }
    )
    guard let componentName = names.0, let variableName = names.1, let value else { return nil }
    return DeviceModelEntry(
      component: Component(
        name: componentName, evse: evse.map { EVSE(id: $0, connectorId: connector) }, instance: instances.0),
      variable: Variable(name: variableName, instance: instances.1), attribute: attribute ?? .actual, value: value,
      mutability: mutability, characteristics: characteristics)
  }

  private func name(_ field: ProfileField, isRequired: Bool = true) -> String? {
    field.text(
      isRequired: isRequired, length: 1...50, characters: Characters.identifierWords, isAllowed: Characters.isIdentifier
    )
  }

  private func characteristics(_ field: ProfileField) -> VariableCharacteristics? {
    guard let object = ProfileObject<CharacteristicsKey>(field) else { return nil }
    let dataType = object[.dataType].choice(isRequired: true, of: DataKind.allCases.map(\.rawName)).flatMap {
      DataKind(wireName: $0)
    }
    let limits: ClosedRange<Decimal> = -999_999_999_999...999_999_999_999
    var minimum = object[.minLimit].decimal(in: limits)
    let maximum = object[.maxLimit].decimal(in: limits)
    if let least = minimum, let maximum, least > maximum {
      object[.minLimit].report("is \(least), more than maxLimit", allowed: "at most \(maximum)")
      minimum = nil  // Told once; a value is not measured against it.
    }
    let values = object[.valuesList].text(length: 1...1_000)
    if let dataType {
      if dataType.isList, values == nil, !object[.valuesList].isPresent {
        object[.valuesList].report(
          "is missing", allowed: "the allowed values with commas between, as \(dataType.rawName) needs them")
      } else if !dataType.isList, object[.valuesList].isPresent {
        object[.valuesList].report(
          "is given for \(dataType.rawName)", allowed: "for OptionList, SequenceList and MemberList only")
      }
    }
    let unit = object[.unit].text(length: 1...16)
    let supportsMonitoring = object[.supportsMonitoring].boolean() ?? false
    guard let dataType else { return nil }
    return VariableCharacteristics(
      dataType: dataType, supportsMonitoring: supportsMonitoring, unit: unit, minLimit: minimum, maxLimit: maximum,
      valuesList: values)
  }

  private func check(
    _ value: String, against characteristics: VariableCharacteristics, at field: ProfileField
  ) {
    switch characteristics.dataType {
    case .integer, .decimal:
      let isInteger = characteristics.dataType == .integer
      guard let number = Decimal(value), !isInteger || (number.integer != nil && !value.contains(".")) else {
        field.report(
          "is \"\(ProfileField.shortened(value))\"",
          allowed: isInteger ? "a whole number as a text" : "a number as a text")
        return
      }
      if let minimum = characteristics.minLimit, number < minimum {
        field.report("is \(number), less than minLimit", allowed: "at least \(minimum)")
      }
      if let maximum = characteristics.maxLimit, number > maximum {
        field.report("is \(number), more than maxLimit", allowed: "at most \(maximum)")
      }
    case .boolean:
      if value != "true", value != "false" {
        field.report("is \"\(ProfileField.shortened(value))\"", allowed: "\"true\" or \"false\"")
      }
    case .dateTime:
      if WallTime(rfc3339: value) == nil {
        field.report("is no date and time", allowed: "RFC 3339, as in 2026-01-31T12:00:00Z")
      }
    case .optionList, .sequenceList, .memberList:
      let known = (characteristics.valuesList ?? "").split(separator: ",").map(String.init)
      let isOne = characteristics.dataType == .optionList
      let given = isOne ? [value] : value.split(separator: ",").map(String.init)
      for item in given where !known.contains(item) && !known.isEmpty {
        field.report(
          "has \"\(ProfileField.shortened(item))\"", allowed: known.joined(separator: ", "),
          suggestion: NearName.find(item, in: known))
      }
    case .string: break
    }
  }
}

extension DataKind {
  /// Whether values come from a list of allowed ones.
  fileprivate var isList: Bool { self == .optionList || self == .sequenceList || self == .memberList }
}

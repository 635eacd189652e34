import ChargerBase
import OCPPPorts
import OCPPTypes

/// The station's variables: typed and in memory, so that a read costs no storage access. What the CSMS writes is checked
/// here (`change(to:)`), stored by the caller, and then applied.
package final class DeviceModel {
  struct AttributeState {
    var kind: AttributeKind
    var mutability: Mutability
    var isPersistent: Bool
    /// Nil while it has no value.
    var value: String?
  }

  struct Entry {
    var key: VariableKey
    var character: VariableCharacter
    /// Actual first, if there is one; at most one of each kind.
    var attributes: [AttributeState]

    var actual: String { attributes.first { $0.kind == .actual }?.value ?? "" }
  }

  /// The most entries that a configuration can bring in; what lies beyond is refused with a note.
  static let maximumEntries = 4_096

  /// In a fixed order: station variables in the order of their cases, then EVSEs and connectors, then the board's own.
  private(set) var entries: [Entry] = []
  private var places: [VariableKey: Int] = [:]  // allowed: looked up, never iterated
  private var components: Set<ComponentKey> = []  // allowed: looked up, never iterated
  private var typed: [TypedValue] = []
  private var evsePlaces: [EVSEID: Int] = [:]  // allowed: looked up, never iterated
  private var connectorPlaces: [ConnectorID: Int] = [:]  // allowed: looked up, never iterated
  /// Told at construction: entries that could not be taken, for the log.
  private(set) var refusals: [String] = []
  /// The civil time for ClockCtrlr.DateTime; set by the engine.
  var dateTime: () -> WallTime? = { nil }

  enum TypedValue {
    case integer(Int32)
    case bool(Bool)
    case members([String])
    case other
  }

  /// Builds the model of a station; `documents` are stored values, which win over the configuration's.
  init(_ configuration: ChargePointConfiguration, documents: [StoreSnapshot.Document]) {
    for variable in StationVariable.allCases {
      let definition = variable.definition
      add(definition.key, definition.character, [.init(definition)])
      typed.append(.other)
    }
    addPlaces(of: configuration)
    applyFixedValues(of: configuration)
    for entry in configuration.deviceModel { take(entry) }
    for document in documents where document.kind == .variable { take(document) }
    for variable in StationVariable.allCases { refreshTyped(variable.rawValue) }
  }

  // MARK: Typed reads

  package func integer(_ variable: StationVariable) -> Int32 {
    if case .integer(let value) = typed[variable.rawValue] { value } else { 0 }
  }

  package func bool(_ variable: StationVariable) -> Bool {
    if case .bool(let value) = typed[variable.rawValue] { value } else { false }
  }

  /// The members of a list in their order.
  package func members(_ variable: StationVariable) -> [String] {
    if case .members(let value) = typed[variable.rawValue] { value } else { [] }
  }

  /// The members that a list may have.
  func allowedMembers(of variable: StationVariable) -> [String] { entries[variable.rawValue].character.members }

  package func seconds(_ variable: StationVariable) -> Duration {
    Duration(clampingSeconds: Int64(integer(variable)))
  }

  package func text(_ variable: StationVariable) -> String { entries[variable.rawValue].actual }

  /// The value of any variable's attribute, WriteOnly ones included; nil when there is no such attribute.
  package func text(_ key: VariableKey, _ kind: AttributeKind = .actual) -> String? {
    guard let place = places[key], let attribute = entries[place].attributes.first(where: { $0.kind == kind })
    else { return nil }
    return value(of: attribute, at: place)
  }

  // MARK: What the station itself changes

  /// Sets a value that the station reports; nothing is stored. The value is not checked.
  package func set(_ variable: StationVariable, _ value: String) {
    write(value, at: variable.rawValue, kind: .actual)
  }

  func setAvailability(_ status: ConnectorStatus, of connector: ConnectorID) {
    guard let place = connectorPlaces[connector] else { return }
    write(status.rawName, at: place, kind: .actual)
  }

  func setAvailability(_ status: ConnectorStatus, of evse: EVSEID) {
    guard let place = evsePlaces[evse] else { return }
    write(status.rawName, at: place, kind: .actual)
  }

  // MARK: What the CSMS asks

  /// Where a variable is, or why there is none.
  enum Lookup {
    case found(Int)
    case unknownComponent, unknownVariable
  }

  func lookup(_ key: VariableKey) -> Lookup {
    if let place = places[key] { return .found(place) }
    return components.contains(ComponentKey(key)) ? .unknownVariable : .unknownComponent
  }

  func value(of attribute: AttributeState, at place: Int) -> String? {
    if place == StationVariable.dateTime.rawValue { return dateTime()?.rfc3339 }
    return attribute.value
  }

  /// A checked change: to be stored, then applied.
  struct Change {
    let place: Int
    let kind: AttributeKind
    let value: String
    let needsReboot: Bool
    /// Nil for a read-only variable, which the firmware sets anew at every start.
    let document: StoreMutation?
  }

  enum ChangeAnswer {
    case change(Change)
    case refused(SetVariableStatus, ValueObjection?)
  }

  /// Checks a value against B05.FR.04 to FR.09.
  func change(_ key: VariableKey, _ kind: AttributeKind, to value: String, locally: Bool = false) -> ChangeAnswer {
    switch lookup(key) {
    case .unknownComponent: return .refused(.unknownComponent, nil)
    case .unknownVariable: return .refused(.unknownVariable, nil)
    case .found(let place):
      let entry = entries[place]
      guard let attribute = entry.attributes.first(where: { $0.kind == kind }) else {
        return .refused(.notSupportedAttributeType, nil)
      }
      guard attribute.mutability != .readOnly || locally else {
        return .refused(.rejected, ValueObjection("ReadOnly", "the variable is read-only"))
      }
      guard value.utf8.count <= 4_000, value.count <= 1_000 else {
        return .refused(.rejected, ValueObjection("ValueTooLong", "at most 1000 characters"))
      }
      if let objection = entry.character.objection(to: value) { return .refused(.rejected, objection) }
      return .change(
        Change(
          place: place, kind: kind, value: value, needsReboot: entry.character.needsReboot,
          document: attribute.mutability == .readOnly
            ? nil : StoredVariable(key: entry.key, kind: kind, value: value).mutation))
    }
  }

  func apply(_ change: Change) -> VariableKey {
    write(change.value, at: change.place, kind: change.kind)
    return entries[change.place].key
  }

  // MARK: Construction

  private func add(_ key: VariableKey, _ character: VariableCharacter, _ attributes: [AttributeState]) {
    guard entries.count < Self.maximumEntries else { return refusals.append("\(key): too many variables") }
    guard places[key] == nil else { return refusals.append("\(key): defined twice") }
    places[key] = entries.count
    components.insert(ComponentKey(key))
    entries.append(Entry(key: key, character: character, attributes: attributes))
  }

  private func addReadOnly(_ key: VariableKey, _ character: VariableCharacter, _ value: String?) {
    add(key, character, [AttributeState(kind: .actual, mutability: .readOnly, isPersistent: false, value: value)])
  }

  private func addPlaces(of configuration: ChargePointConfiguration) {
    let phases = VariableCharacter(.integer, minimum: 0, maximum: 3)
    for evse in configuration.evses {
      func key(_ variable: String) -> VariableKey { VariableKey("EVSE", variable, evse: evse.id) }
      evsePlaces[EVSEID(evse.id)] = entries.count
      addReadOnly(key("AvailabilityState"), .availabilityState, "Available")
      addReadOnly(key("Available"), .init(.boolean), "true")
      addReadOnly(
        key("Power"), .init(.decimal, unit: "W", minimum: 0, maximum: Decimal(Int64(evse.maximumPowerW))), nil)
      addReadOnly(key("SupplyPhases"), phases, String(evse.supplyPhases))
      addReadOnly(key("AllowReset"), .init(.boolean), evse.allowsReset ? "true" : "false")
      for connector in evse.connectors {
        func key(_ variable: String) -> VariableKey {
          VariableKey("Connector", variable, evse: evse.id, connector: connector.number)
        }
        connectorPlaces[ConnectorID(evse: EVSEID(evse.id), number: connector.number)] = entries.count
        addReadOnly(key("AvailabilityState"), .availabilityState, "Available")
        addReadOnly(key("Available"), .init(.boolean), "true")
        addReadOnly(key("ConnectorType"), .init(.string, maximum: 50), connector.type)
        addReadOnly(key("SupplyPhases"), phases, String(connector.supplyPhases))
      }
    }
  }

  private func applyFixedValues(of configuration: ChargePointConfiguration) {
    set(.messageTimeout, String(configuration.messageTimeout.wholeSeconds))
    set(.stationSupplyPhases, String(configuration.supplyPhases))
    set(.stationVendorName, configuration.identity.vendorName)
    set(.stationModel, configuration.identity.model)
    set(.organizationName, configuration.identity.vendorName)
    if let first = configuration.networkProfiles.first {
      set(.identity, first.identity)
      set(.securityProfile, String(first.securityProfile))
      set(.activeNetworkProfile, String(first.slot))
    }
    let slots = configuration.networkProfiles.map { String($0.slot) }
    let place = StationVariable.networkConfigurationPriority.rawValue
    let usual = NetworkProfileTable.slots.map { String($0) }
    entries[place].character.members = usual + slots.filter { !usual.contains($0) }
    guard !slots.isEmpty else { return }
    set(.networkConfigurationPriority, slots.joined(separator: ","))
    let frame = String(configuration.maximumFrameBytes)
    for variable in [StationVariable.bytesPerGetVariables, .bytesPerSetVariables, .bytesPerGetReport] {
      if configuration.maximumFrameBytes < integerValue(of: variable) { set(variable, frame) }
    }
  }

  private func integerValue(of variable: StationVariable) -> Int { Int(entries[variable.rawValue].actual) ?? 0 }

  /// A first-start value from the board or unit file.
  private func take(_ given: ChargePointConfiguration.DeviceModelEntry) {
    guard let place = places[given.key] else {
      let key = given.key
      let mutability = given.mutability ?? .readOnly
      // Nobody in this engine enforces a variable it does not know: it can be shown, not set.
      guard mutability == .readOnly else { return refusals.append("\(key): unknown, and not ReadOnly") }
      let state = AttributeState(kind: given.attribute, mutability: .readOnly, isPersistent: false, value: given.value)
      return add(key, VariableCharacter(.string, maximum: 1_000), [state])
    }
    if let objection = entries[place].character.objection(to: given.value) {
      return refusals.append("\(given.key): \(objection.detail)")
    }
    write(given.value, at: place, kind: given.attribute, adding: true)
    // A board may forbid what would be writable; it cannot open what nobody enforces.
    guard given.mutability == .readOnly,
      let index = entries[place].attributes.firstIndex(where: { $0.kind == given.attribute })
    else { return }
    entries[place].attributes[index].mutability = .readOnly
  }

  /// A value that was written earlier; it is dropped when it no longer fits.
  private func take(_ document: StoreSnapshot.Document) {
    guard let stored = StoredVariable(document.body), let place = places[stored.key],
      entries[place].attributes.contains(where: { $0.kind == stored.kind && $0.mutability != .readOnly })
    else { return refusals.append("\(document.key): stored, but not writable any more") }
    if let objection = entries[place].character.objection(to: stored.value) {
      return refusals.append("\(document.key): \(objection.detail)")
    }
    write(stored.value, at: place, kind: stored.kind)
  }

  private func write(_ value: String, at place: Int, kind: AttributeKind, adding: Bool = false) {
    if let index = entries[place].attributes.firstIndex(where: { $0.kind == kind }) {
      entries[place].attributes[index].value = value
    } else if adding {
      entries[place].attributes.append(
        AttributeState(kind: kind, mutability: .readOnly, isPersistent: false, value: value))
    }
    if kind == .actual, place < typed.count { refreshTyped(place) }
  }

  private func refreshTyped(_ place: Int) {
    let value = entries[place].actual
    typed[place] =
      switch entries[place].character.kind {
      case .integer: VariableCharacter.integer(value).map { .integer($0) } ?? .other
      case .boolean: .bool(value == "true")
      case .memberList, .sequenceList: .members(VariableCharacter.list(value))
      default: .other
      }
  }
}

extension DeviceModel.AttributeState {
  fileprivate init(_ definition: VariableDefinition) {
    kind = .actual
    mutability = definition.mutability
    isPersistent = definition.mutability != .readOnly
    value = definition.initial
  }
}

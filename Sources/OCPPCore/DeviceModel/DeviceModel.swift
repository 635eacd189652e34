import ChargerBase
import OCPPPorts
import OCPPTypes

/// The station's variables: typed and in memory, so that a read costs no storage access. What the CSMS writes is checked
/// here (`change(to:)`), stored by the caller, and then applied.
///
/// Entries are in a fixed order: station variables in the order of their cases, then EVSEs and connectors, then the
/// controllers' presence, then what board and blocks add. They are never removed while the engine runs.
package final class DeviceModel {
  struct AttributeState {
    var kind: AttributeKind
    var mutability: Mutability
    /// Nil while it has no value.
    var value: String?

    /// Every value that can be written survives a restart (Part 2, Referenced Components and Variables).
    var isPersistent: Bool { mutability != .readOnly }
  }

  struct Entry {
    var key: VariableKey
    var character: VariableCharacter
    /// Actual first, if there is one; at most one of each kind.
    var attributes: [AttributeState]
    /// From the board or unit file alone: shown, obeyed by nobody. A block that knows the variable takes it over.
    var isOfBoardOnly = false

    var actual: String { attributes.first { $0.kind == .actual }?.value ?? "" }
  }

  enum TypedValue {
    case integer(Int32)
    case bool(Bool)
    case members([String])
    case other
  }

  /// The most entries that a station can have; what lies beyond is refused with a note.
  static let maximumEntries = 4_096

  private(set) var entries: [Entry] = []
  private var index = VariableIndex()
  /// One for each entry.
  private var typed: [TypedValue] = []
  /// Where the variables of an EVSE and of a connector begin; one for each.
  private var evsePlaces: [(evse: EVSEID, place: Int)] = []
  private var connectorPlaces: [(connector: ConnectorID, place: Int)] = []
  /// Entries and stored values that could not be taken, for the log.
  private(set) var refusals: [String] = []
  /// Stored values of variables that nobody has brought yet; at most as many as there may be entries.
  var unclaimed: [StoredVariable] = []
  /// The civil time for ClockCtrlr.DateTime; set by the engine.
  var dateTime: () -> WallTime? = { nil }

  /// Builds the model of a station; `documents` are stored values, which win over the configuration's.
  init(_ configuration: ChargePointConfiguration, documents: [StoreSnapshot.Document]) {
    build(configuration, documents: documents)
  }

  // MARK: Typed reads

  package func integer(_ variable: StationVariable) -> Int32 { integer(at: variable.rawValue) }
  package func bool(_ variable: StationVariable) -> Bool { bool(at: variable.rawValue) }
  /// The members of a list in their order.
  package func members(_ variable: StationVariable) -> [String] { members(at: variable.rawValue) }
  /// The members that a list may have.
  func allowedMembers(of variable: StationVariable) -> [String] { entries[variable.rawValue].character.members }
  package func seconds(_ variable: StationVariable) -> Duration {
    Duration(clampingSeconds: Int64(integer(variable)))
  }
  package func text(_ variable: StationVariable) -> String { entries[variable.rawValue].actual }

  package func integer(_ variable: EVSEVariable, of evse: EVSEID) -> Int32 { integer(at: place(variable, of: evse)) }
  package func bool(_ variable: EVSEVariable, of evse: EVSEID) -> Bool { bool(at: place(variable, of: evse)) }
  package func members(_ variable: EVSEVariable, of evse: EVSEID) -> [String] {
    members(at: place(variable, of: evse))
  }
  package func seconds(_ variable: EVSEVariable, of evse: EVSEID) -> Duration {
    Duration(clampingSeconds: Int64(integer(variable, of: evse)))
  }
  package func text(_ variable: EVSEVariable, of evse: EVSEID) -> String {
    place(variable, of: evse).map { entries[$0].actual } ?? ""
  }

  package func integer(_ variable: ConnectorVariable, of connector: ConnectorID) -> Int32 {
    integer(at: place(variable, of: connector))
  }
  package func bool(_ variable: ConnectorVariable, of connector: ConnectorID) -> Bool {
    bool(at: place(variable, of: connector))
  }
  package func text(_ variable: ConnectorVariable, of connector: ConnectorID) -> String {
    place(variable, of: connector).map { entries[$0].actual } ?? ""
  }

  /// The value of any variable's attribute, WriteOnly ones included; nil when there is no such attribute.
  package func text(_ key: VariableKey, _ kind: AttributeKind = .actual) -> String? {
    guard let place = place(of: key), let attribute = entries[place].attributes.first(where: { $0.kind == kind })
    else { return nil }
    return value(of: attribute, at: place)
  }

  func text(at place: Int) -> String { entries[place].actual }

  private func integer(at place: Int?) -> Int32 {
    if let place, case .integer(let value) = typed[place] { value } else { 0 }
  }
  private func bool(at place: Int?) -> Bool {
    if let place, case .bool(let value) = typed[place] { value } else { false }
  }
  private func members(at place: Int?) -> [String] {
    if let place, case .members(let value) = typed[place] { value } else { [] }
  }

  // MARK: What the station itself changes

  /// Sets a value that the station reports; nothing is stored. The value is not checked.
  package func set(_ variable: StationVariable, _ value: String) { write(value, at: variable.rawValue) }

  /// The same for a variable of an EVSE.
  package func set(_ variable: EVSEVariable, of evse: EVSEID, _ value: String) {
    if let place = place(variable, of: evse) { write(value, at: place) }
  }

  /// The same for a variable of a connector.
  package func set(_ variable: ConnectorVariable, of connector: ConnectorID, _ value: String) {
    if let place = place(variable, of: connector) { write(value, at: place) }
  }

  /// The same for a variable that was registered.
  package func set(_ place: VariablePlace, _ value: String) { write(value, at: place.index) }

  /// The same for any variable; false when there is no such attribute.
  @discardableResult
  package func set(_ key: VariableKey, _ value: String, _ kind: AttributeKind = .actual) -> Bool {
    guard let place = place(of: key), entries[place].attributes.contains(where: { $0.kind == kind }) else {
      return false
    }
    write(value, at: place, kind: kind)
    return true
  }

  // MARK: Places

  /// Where a variable is, or why there is none.
  enum Lookup {
    case found(Int)
    case unknownComponent, unknownVariable
  }

  func lookup(_ key: VariableKey) -> Lookup {
    if let place = place(of: key) { return .found(place) }
    return entries.contains { $0.key.isOfSameComponent(as: key) } ? .unknownVariable : .unknownComponent
  }

  func place(of key: VariableKey) -> Int? { index.place(of: key.digest) { entries[$0].key == key } }

  func place(_ variable: EVSEVariable, of evse: EVSEID) -> Int? {
    for known in evsePlaces where known.evse == evse { return known.place + variable.rawValue }
    return nil
  }

  func place(_ variable: ConnectorVariable, of connector: ConnectorID) -> Int? {
    for known in connectorPlaces where known.connector == connector { return known.place + variable.rawValue }
    return nil
  }

  func attribute(_ kind: AttributeKind, at place: Int) -> AttributeState? {
    entries[place].attributes.first { $0.kind == kind }
  }

  func value(of attribute: AttributeState, at place: Int) -> String? {
    if place == StationVariable.dateTime.rawValue { return dateTime()?.rfc3339 }
    return attribute.value
  }

  // MARK: Entries

  func reserve(_ count: Int) {
    entries.reserveCapacity(count)
    index.reserve(count)
    typed.reserveCapacity(count)
  }

  /// Adds an entry; its place, or nil when it cannot be taken.
  @discardableResult
  func add(_ definition: VariableDefinition, isOfBoardOnly: Bool = false) -> Int? {
    let key = definition.key
    guard entries.count < Self.maximumEntries else {
      refuse("\(key): too many variables")
      return nil
    }
    guard index.insert(entries.count, of: key.digest, isSame: { entries[$0].key == key }) else {
      refuse("\(key): defined twice")
      return nil
    }
    entries.append(
      Entry(
        key: key, character: definition.character,
        attributes: definition.kinds.map {
          AttributeState(
            kind: $0, mutability: definition.mutability, value: $0 == .actual ? definition.initial : nil)
        },
        isOfBoardOnly: isOfBoardOnly))
    typed.append(.other)
    refreshTyped(entries.count - 1)
    return entries.count - 1
  }

  /// A block takes over what the board has brought: its own definition holds, with the board's values where they fit.
  func adopt(_ definition: VariableDefinition, at place: Int) {
    let given = entries[place].attributes
    entries[place].character = definition.character
    entries[place].isOfBoardOnly = false
    entries[place].attributes = definition.kinds.map {
      AttributeState(kind: $0, mutability: definition.mutability, value: $0 == .actual ? definition.initial : nil)
    }
    for attribute in given {
      guard let value = attribute.value else { continue }
      if let objection = definition.character.objection(to: value) {
        refuse("\(definition.key): \(objection.detail)")
      } else {
        write(value, at: place, kind: attribute.kind, adding: true)
      }
    }
    refreshTyped(place)
  }

  func noteEVSE(_ evse: EVSEID) { evsePlaces.append((evse, entries.count)) }
  func noteConnector(_ connector: ConnectorID) { connectorPlaces.append((connector, entries.count)) }

  func refuse(_ reason: String) { refusals.append(reason) }

  /// The members that a list of the station's may have.
  func setMembers(_ members: [String], of variable: StationVariable) {
    entries[variable.rawValue].character.members = members
  }

  /// The largest value that a variable of the station's may have.
  func setMaximum(_ maximum: Decimal, of variable: StationVariable) {
    entries[variable.rawValue].character.maximum = maximum
  }

  /// The station of this build or board does not do what the variable asks for, or does nothing else.
  func makeReadOnly(_ kind: AttributeKind = .actual, at place: Int) {
    guard let index = entries[place].attributes.firstIndex(where: { $0.kind == kind }) else { return }
    entries[place].attributes[index].mutability = .readOnly
  }

  func write(_ value: String, at place: Int, kind: AttributeKind = .actual, adding: Bool = false) {
    if let index = entries[place].attributes.firstIndex(where: { $0.kind == kind }) {
      entries[place].attributes[index].value = value
    } else if adding {
      entries[place].attributes.append(AttributeState(kind: kind, mutability: .readOnly, value: value))
    }
    if kind == .actual { refreshTyped(place) }
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

/// Where a registered variable is: good for as long as the engine runs.
package struct VariablePlace: Sendable, Hashable {
  let index: Int
}

import ChargerBase
import OCPPPorts
import OCPPTypes

// How the model of a station comes about: what the firmware defines, then what board and unit file say, then what was
// written in earlier runs.

extension DeviceModel {
  /// What blocks register on a station of common size; more is taken too.
  private static let roomForBlocks = 64

  func build(_ configuration: ChargePointConfiguration, documents: [StoreSnapshot.Document]) {
    let connectors = configuration.evses.reduce(0) { $0 + $1.connectors.count }
    reserve(
      StationVariable.allCases.count + configuration.evses.count * EVSEVariable.allCases.count
        + connectors * ConnectorVariable.allCases.count + ControllerPresence.definitions.count
        + configuration.deviceModel.count + Self.roomForBlocks)
    for variable in StationVariable.allCases { add(variable.definition) }
    for evse in configuration.evses {
      let id = EVSEID(evse.id)
      noteEVSE(id)
      for variable in EVSEVariable.allCases { add(variable.definition(of: evse)) }
      for connector in evse.connectors {
        noteConnector(ConnectorID(evse: id, number: connector.number))
        for variable in ConnectorVariable.allCases { add(variable.definition(of: connector, at: evse)) }
      }
    }
    for definition in ControllerPresence.definitions { add(definition) }
    addIdentity(configuration.identity)
    applyFixedValues(of: configuration)
    for entry in configuration.deviceModel { take(entry) }
    for document in documents where document.kind == .variable { take(document) }
  }

  private func addIdentity(_ identity: ChargePointConfiguration.Identity) {
    func add(_ variable: String, _ value: String?, _ maximum: Decimal) {
      guard let value else { return }
      self.add(VariableDefinition("ChargingStation", variable, .init(.string, maximum: maximum), .readOnly, value))
    }
    add("SerialNumber", identity.serialNumber, 25)
    add("FirmwareVersion", identity.firmwareVersion, 50)
    add("ICCID", identity.iccid, 20)
    add("IMSI", identity.imsi, 20)
  }

  private func applyFixedValues(of configuration: ChargePointConfiguration) {
    set(.messageTimeout, String(configuration.messageTimeout.wholeSeconds))
    set(.stationSupplyPhases, String(configuration.supplyPhases))
    set(.stationVendorName, configuration.identity.vendorName)
    set(.stationModel, configuration.identity.model)
    set(.organizationName, configuration.identity.vendorName)
    let frame = configuration.maximumFrameBytes
    for variable in [StationVariable.bytesPerGetVariables, .bytesPerSetVariables, .bytesPerGetReport]
    where frame < Int(integer(variable)) {
      set(variable, String(frame))
    }
    set(.localListBytesPerMessage, String(frame))
    // A station without a socket has no cable of the driver's to let go (OCPPCommCtrlr.UnlockOnEVSideDisconnect).
    if configuration.evses.allSatisfy({ $0.connectors.allSatisfy(\.hasFixedCable) }) {
      set(.unlockOnEVSideDisconnect, "false")
      makeReadOnly(at: StationVariable.unlockOnEVSideDisconnect.rawValue)
    }
    let measurands = configuration.measurands.filter { $0.isDefined(in: .v201) }.map { $0.rawName }
    for variable in StationVariable.measurandLists { setMembers(measurands, of: variable) }
    if configuration.evses.contains(where: \.meterSigns) {
      setMembers(StationVariable.startPoints + ["DataSigned"], of: .txStartPoint)
    }
    if let first = configuration.networkProfiles.first {
      set(.identity, first.identity)
      set(.securityProfile, String(first.securityProfile))
      set(.activeNetworkProfile, String(first.slot))
    }
    let slots = configuration.networkProfiles.map { String($0.slot) }
    let usual = NetworkProfileTable.slots.map { String($0) }
    setMembers(usual + slots.filter { !usual.contains($0) }, of: .networkConfigurationPriority)
    guard !slots.isEmpty else { return }
    set(.networkConfigurationPriority, slots.joinedText(","))
  }

  // MARK: Board and unit file

  /// A first-start value from the board or unit file.
  private func take(_ given: ChargePointConfiguration.DeviceModelEntry) {
    guard let place = place(of: given.key) else { return addOfBoard(given) }
    let entry = entries[place]
    if let objection = entry.character.objection(to: given.value) {
      return refuse("\(given.key): \(objection.detail)")
    }
    write(given.value, at: place, kind: given.attribute, adding: true)
    // A board may forbid what would be writable; it cannot open what nobody enforces.
    if given.mutability == .readOnly { makeReadOnly(given.attribute, at: place) }
  }

  /// Nobody in this engine obeys a variable that it does not know: it is shown, and cannot be set.
  private func addOfBoard(_ given: ChargePointConfiguration.DeviceModelEntry) {
    let character = given.characteristics.map { VariableCharacter($0) } ?? StandardVariables.character(of: given.key)
    if let objection = character.objection(to: given.value) { return refuse("\(given.key): \(objection.detail)") }
    var definition = VariableDefinition(given.key, character, .readOnly, given.value)
    definition.kinds = [given.attribute]
    guard let place = add(definition, isOfBoardOnly: true) else { return }
    write(given.value, at: place, kind: given.attribute)
    if let mutability = given.mutability, mutability != .readOnly {
      refuse("\(given.key): nothing in the station obeys it, so it is ReadOnly")
    }
  }

  // MARK: Stored values

  /// A value that was written earlier. One that does not fit any more is told, and stays stored: another profile or
  /// program may bring its variable back.
  private func take(_ document: StoreSnapshot.Document) {
    guard let stored = StoredVariable(document.body) else {
      return refuse("\(document.key): the stored value cannot be read")
    }
    if let place = place(of: stored.key), !entries[place].isOfBoardOnly {
      take(stored, at: place)
    } else if unclaimed.count < Self.maximumEntries {
      unclaimed.append(stored)
    }
  }

  private func take(_ stored: StoredVariable, at place: Int) {
    guard entries[place].attributes.contains(where: { $0.kind == stored.kind && $0.mutability != .readOnly }) else {
      return refuse("\(stored.key) \(stored.kind.rawName): stored, but not writable any more")
    }
    if let objection = entries[place].character.objection(to: stored.value) {
      return refuse(
        "\(stored.key) \(stored.kind.rawName): the stored value is not allowed any more: \(objection.detail)")
    }
    write(stored.value, at: place, kind: stored.kind)
  }

  // MARK: What blocks bring

  /// Adds a variable that belongs to a component of this station's hardware, or to a block: call it before the engine
  /// starts. What board, unit file and CSMS have set for it earlier is taken where it fits. A variable that is not
  /// ReadOnly must be obeyed by somebody. Nil when there is no room or another one has the name.
  @discardableResult
  package func register(_ definition: VariableDefinition) -> VariablePlace? {
    let place: Int
    if let existing = self.place(of: definition.key), entries[existing].isOfBoardOnly {
      adopt(definition, at: existing)
      place = existing
    } else if let added = add(definition) {
      place = added
    } else {
      return nil
    }
    for stored in unclaimed where stored.key == definition.key { take(stored, at: place) }
    unclaimed.removeAll { $0.key == definition.key }
    return VariablePlace(index: place)
  }

  /// Adds a ReadOnly variable of the standard's: its type and unit are those of Part 2, appendix 3.
  @discardableResult
  package func register(_ key: VariableKey, initial: String?) -> VariablePlace? {
    register(VariableDefinition(key, StandardVariables.character(of: key), .readOnly, initial))
  }

  /// What has to be told when the engine starts: entries and values that could not be taken.
  func refusalsAtStart() -> [String] {
    refusals + unclaimed.map { "\($0.key) \($0.kind.rawName): stored, but the station has no such variable any more" }
  }
}

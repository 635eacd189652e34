import ChargerBase
import OCPPPorts
import OCPPTypes

// What the CSMS writes: checked, stored by the caller, then applied.

extension DeviceModel {
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

  /// Checks a value against B05.FR.04 to FR.09; `locally` lets the firmware set ReadOnly variables (member 38).
  func change(_ key: VariableKey, _ kind: AttributeKind, to value: String, locally: Bool = false) -> ChangeAnswer {
    switch lookup(key) {
    case .unknownComponent: return .refused(.unknownComponent, nil)
    case .unknownVariable: return .refused(.unknownVariable, nil)
    case .found(let place):
      guard let attribute = attribute(kind, at: place) else {
        return .refused(.notSupportedAttributeType, nil)
      }
      guard attribute.mutability != .readOnly || locally else {
        return .refused(.rejected, ValueObjection("ReadOnly", "the variable is read-only"))
      }
      let limit = Int(integer(.configurationValueSize))
      guard value.utf8.count <= limit || value.unicodeScalars.count <= limit else {
        return .refused(.rejected, ValueObjection("ValueTooLong", "at most \(limit) characters"))
      }
      let character = entries[place].character
      if let objection = character.objection(to: value) { return .refused(.rejected, objection) }
      return .change(
        Change(
          place: place, kind: kind, value: value, needsReboot: character.needsReboot,
          document: attribute.isPersistent
            ? StoredVariable(key: entries[place].key, kind: kind, value: value).mutation : nil))
    }
  }

  func apply(_ change: Change) -> VariableKey {
    write(change.value, at: change.place, kind: change.kind)
    return entries[change.place].key
  }
}

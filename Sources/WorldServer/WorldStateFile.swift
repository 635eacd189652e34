import CLinux
import ChargerBase
import Glibc
import JSONRPC
import OCPPJSON
import SimulatedWorld

/// The world's state as a JSON file, replaced in one step.
struct WorldStateFile {
  /// A file beyond this size is not ours.
  static let maximumBytes = 1 << 20
  let path: String

  /// Nil when there is no file yet.
  func load() throws(SocketError) -> WorldState? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      guard linux_errno() == ENOENT else { throw error("cannot be read") }
      return nil
    }
    defer { close(descriptor) }
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.maximumBytes) { buffer, count in
      count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
    }
    guard let value = try? JSONValue(parsing: bytes, limits: JSONRPCMessage.limits), let state = WorldState(value)
    else {
      throw SocketError(.protocolViolation, "\(path) is no state of a world; remove it to begin anew")
    }
    return state
  }

  func save(_ state: WorldState) throws(SocketError) {
    let bytes = JSONValue(state).bytes + [UInt8(ascii: "\n")]
    let new = path + ".new"
    let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw error("cannot be written") }
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    guard written == bytes.count, rename(new, path) == 0 else { throw error("cannot be written") }
  }

  private func error(_ what: String) -> SocketError {
    SocketError(.cannotConnect, "\(path) \(what): \(String(cString: strerror(linux_errno())))", number: linux_errno())
  }
}

extension JSONValue {
  init(_ state: WorldState) {
    func names(_ faults: [SimulatedFault]) -> JSONValue { JSONValue(texts: faults.map(\.rawValue)) }
    self = [
      "mains": .bool(state.mainsUp), "network": .bool(state.networkUp), "powerLost": .bool(state.powerLost),
      "silentReaders": JSONValue(texts: state.silentReaders),
      "occupiedBays": .array(state.occupiedBays.map { JSONValue($0.number) }),
      "safetyContacts": .array(state.safetyContacts.map { JSONValue($0) }),
      "evses": .array(
        state.evses.map { evse in
          [
            "evse": JSONValue(evse.id.number), "importWh": JSONValue(evse.importRegister),
            "exportWh": JSONValue(evse.exportRegister), "ambientC": JSONValue(evse.ambient),
            "residualCurrentTripped": .bool(evse.residualCurrentTripped), "signedSets": JSONValue(evse.signedSets),
            "faults": names(evse.faults),
            "connectors": .array(
              evse.connectors.map {
                [
                  "connector": JSONValue($0.number), "car": $0.car.map { JSONValue($0) } ?? .null,
                  "cable": $0.cable.map { ["proximityOhm": JSONValue($0.proximity)] } ?? .null,
                  "lockEngaged": .bool($0.lockEngaged), "openings": JSONValue($0.openings),
                  "openingsUnderLoad": JSONValue($0.openingsUnderLoad),
                  "heldState": $0.held.map { .string($0.rawValue) } ?? .null, "faults": names($0.faults),
                ]
              }),
          ]
        }),
    ]
  }
}

extension JSONValue {
  fileprivate init(_ contact: WorldState.SafetyContactState) {
    self = [
      "kind": .string(contact.contact.kind.rawValue),
      "evse": contact.contact.evse.map { JSONValue($0.number) } ?? .null, "activated": .bool(contact.isActivated),
      "silent": .bool(contact.isSilent),
    ]
  }
}

extension WorldState {
  /// Nil when it is no state at all; single parts that are missing take their defaults.
  init?(_ value: JSONValue) {
    guard let evses = value["evses"]?.array else { return nil }
    self.init()
    mainsUp = value["mains"]?.bool ?? true
    networkUp = value["network"]?.bool ?? true
    powerLost = value["powerLost"]?.bool ?? false
    silentReaders = value["silentReaders"]?.array?.compactMap(\.string) ?? []
    occupiedBays = (value["occupiedBays"]?.array ?? []).compactMap { $0.int32.map { EVSEID($0) } }
    safetyContacts = (value["safetyContacts"]?.array ?? []).compactMap(Self.safetyContact)
    for evse in evses {
      guard let number = evse["evse"]?.int32 else { return nil }
      self.evses.append(
        EVSE(
          id: EVSEID(number), importRegister: evse["importWh"]?.decimal.flatMap { Energy($0) } ?? .zero,
          exportRegister: evse["exportWh"]?.decimal.flatMap { Energy($0) } ?? .zero,
          ambient: evse["ambientC"]?.decimal.flatMap { Temperature($0) } ?? Temperature(celsius: 20),
          residualCurrentTripped: evse["residualCurrentTripped"]?.bool ?? false,
          signedSets: UInt64(clamping: evse["signedSets"]?.int64 ?? 0), faults: Self.faults(evse["faults"]),
          connectors: (evse["connectors"]?.array ?? []).compactMap(Self.connector)))
    }
  }

  private static func connector(_ value: JSONValue) -> Connector? {
    guard let number = value["connector"]?.int32 else { return nil }
    var car: CarSpecification?
    if let description = value["car"], !description.isNull {
      car = try? JSONRPCParameters(["car": description]).car()
    }
    var cable: CableSpecification?
    if let description = value["cable"], !description.isNull {
      cable = try? JSONRPCParameters(["cable": description]).cable()
    }
    return Connector(
      number: number, car: car, cable: cable, held: value["heldState"]?.string.flatMap { CarState(rawValue: $0) },
      lockEngaged: value["lockEngaged"]?.bool ?? false, openings: value["openings"]?.int ?? 0,
      openingsUnderLoad: value["openingsUnderLoad"]?.int ?? 0, faults: faults(value["faults"]))
  }

  private static func safetyContact(_ value: JSONValue) -> SafetyContactState? {
    guard let kind = value["kind"]?.string.flatMap({ SafetyContact(rawValue: $0) }) else { return nil }
    return SafetyContactState(
      WorldSafetyContact(kind, evse: value["evse"]?.int32.map { EVSEID($0) }),
      isActivated: value["activated"]?.bool ?? false, isSilent: value["silent"]?.bool ?? false)
  }

  private static func faults(_ value: JSONValue?) -> [SimulatedFault] {
    (value?.array ?? []).compactMap { $0.string.flatMap { SimulatedFault(rawValue: $0) } }
  }
}

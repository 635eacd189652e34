import BoardProfile
import ChargerBase
import Glibc
import HALSimulated
import OCPPCore
import SimulatedWorld

/// The repository's own board profiles, and what the simulated station and its world take from them.
package enum BoardFile {
  package static func load(_ name: String) throws -> BoardProfile {
    let path = repository + "/boards/\(name).json"
    return try BoardProfile.load(bytes: read(path), fileName: path)
  }

  /// Two folders above this file's.
  private static var repository: String {
    #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
  }

  private static func read(_ path: String) -> [UInt8] {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return [] }
    defer { close(file) }
    // A profile is a few KiB; 1 MiB is the most that a program reads.
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = Glibc.read(file, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }
}

extension SimulatedDrivers.Layout {
  /// Everything that the world has, under the profile's rules.
  package init(_ profile: BoardProfile, _ world: WorldConfiguration) {
    self.init(world)
    keypads = profile.keypads.map { Pad(name: $0.name, evses: $0.evses, rules: $0.rules) }
    for index in evses.indices {
      evses[index].parkingBay = profile.evse(evses[index].id)?.parkingBay.map { Bay(settling: $0.settling) }
    }
  }
}

extension WorldConfiguration {
  /// What stands at the place, by a board profile.
  package init(_ profile: BoardProfile) {
    self.init(
      evses: profile.evses.map { WorldEVSE($0) },
      readers: profile.readers.map { WorldReader(name: $0.name, evses: $0.evses) },
      hasDisplay: profile.display != nil, deadManTime: profile.deadMan?.within ?? .seconds(1),
      safetyContacts: profile.safetyInputs.compactMap { input in
        SafetyContact(rawValue: input.kind.rawValue).map { WorldSafetyContact($0, evse: input.evse) }
      },
      hasWatchdog: profile.watchdog != nil, supplyFuse: profile.sharedSupply)
    keypads = profile.keypads.map { WorldKeypad(name: $0.name) }
    startButtons = profile.startButtons.map { WorldStartButton(evse: $0.evse) }
    displayHasChoice = profile.display?.boolean("choice") == true
    hasMainMeter = profile.mainMeter != nil
  }
}

extension WorldEVSE {
  fileprivate init(_ evse: EVSEProfile) {
    self.init(
      id: evse.id,
      connectors: evse.connectors.map { connector in
        WorldConnector(
          id: connector.id, hasFixedCable: connector.cable == .fixed, lock: connector.lock.map { _ in WorldLock() },
          hasProximity: connector.proximity != nil)
      },
      phases: evse.phases,
      residualCurrentMonitor: evse.residualCurrent.map { _ in WorldResidualCurrentMonitor() },
      temperatureSensors: evse.temperatureSensors.map { _ in WorldTemperatureSensor() },
      hasPhaseSwitch: evse.phaseSwitch != nil,
      signingMeter: evse.meter?.boolean("signs") == true ? WorldSigningMeter() : nil)
    hasParkingBaySensor = evse.parkingBay != nil
  }
}

extension ChargePointConfiguration {
  /// The engine's configuration by a board profile; `settings` win over the profile's first-start values.
  package init(_ profile: BoardProfile, boot: BootNumber, settings: [DeviceModelEntry]) {
    self.init(
      identity: Identity(
        vendorName: profile.vendorName, model: profile.model, serialNumber: "SN-1", firmwareVersion: "1.0"),
      evses: profile.evses.map { evse in
        EVSE(
          id: evse.id.number,
          connectors: evse.connectors.map {
            Connector(
              number: $0.id.number, type: $0.type.rawValue, hasFixedCable: $0.cable == .fixed,
              supplyPhases: Int32(evse.phases), hasLock: $0.lock != nil)
          }, supplyPhases: Int32(evse.phases), allowsReset: evse.allowsReset,
          meterSigns: evse.meter?.boolean("signs") == true)
      },
      networkProfiles: [NetworkProfile(url: "ws://csms.example/ocpp", identity: "CS-1")],
      deviceModel: profile.deviceModel.map(entry) + settings, versions: profile.csms.versions,
      boot: boot)
    hasMainMeter = profile.mainMeter != nil
    hasDisplayChoice = profile.display?.boolean("choice") == true
  }
}

private func entry(_ entry: DeviceModelEntry) -> ChargePointConfiguration.DeviceModelEntry {
  ChargePointConfiguration.DeviceModelEntry(
    key: VariableKey(
      entry.component.name, entry.variable.name, instance: entry.variable.instance,
      componentInstance: entry.component.instance, evse: entry.component.evse?.id,
      connector: entry.component.evse?.connectorId),
    attribute: entry.attribute, value: entry.value, mutability: entry.mutability)
}

import BoardProfile
import ChargerBase
import OCPPCore

/// The engine's configuration out of profile, unit file and command line.
struct EngineSetup {
  var configuration: ChargePointConfiguration
  /// PEM file with the CSMS's roots; nil for the system's.
  var rootFile: String?

  /// - Parameter signing: the EVSEs whose meter's driver signs readings.
  static func make(
    profile: BoardProfile, files: LoadedFiles, arguments: DaemonArguments, boot: BootNumber, program: DaemonProgram,
    signing: [EVSEID]
  ) throws -> EngineSetup {
    let unit = files.files.unit
    guard let identity = unit?.identity else {
      throw StartError(
        description:
          "no unit file: the station has no identity. Name one with --unit, or put unit.json into the state directory.")
    }
    guard let url = unit?.csmsURL ?? profile.csms.url ?? arguments.csms else {
      throw StartError(
        description:
          "no CSMS: neither --csms, nor the unit file's csmsUrl, nor the profile's csms.url says where to dial.")
    }
    if let csms = arguments.csms, !csms.hasPrefix("ws://"), !csms.hasPrefix("wss://") {
      throw UsageError(message: "--csms \(csms): must begin with ws:// or wss://")
    }
    let rootFile = unit?.rootCertificatesFile.map { file in
      file.hasPrefix("/") ? file : (files.unitDirectory ?? ".") + "/" + file
    }
    var configuration = ChargePointConfiguration(
      identity: ChargePointConfiguration.Identity(
        vendorName: profile.vendorName, model: profile.model, serialNumber: unit?.serialNumber,
        firmwareVersion: program.version),
      evses: profile.evses.map { evse in
        ChargePointConfiguration.EVSE(
          id: evse.id.number,
          connectors: evse.connectors.map {
            ChargePointConfiguration.Connector(
              number: $0.id.number, type: $0.type.rawValue, hasFixedCable: $0.cable == .fixed,
              supplyPhases: Int32(evse.phases), hasLock: $0.lock != nil)
          },
          maximumPowerW: maximumPower(evse), supplyPhases: Int32(evse.phases), allowsReset: evse.allowsReset,
          meterSigns: signing.contains(evse.id))
      },
      networkProfiles: [
        ChargePointConfiguration.NetworkProfile(
          url: url, identity: identity, basicAuthPassword: unit?.basicAuthPassword.map { Array($0.revealed.utf8) },
          securityProfile: unit?.securityProfile ?? profile.csms.securityProfile ?? 0)
      ],
      // The unit's own entries come after the board's, so that they win.
      deviceModel: (profile.deviceModel + (unit?.deviceModel ?? [])).map(entry),
      versions: profile.csms.versions, boot: boot,
      supplyPhases: Int32(profile.evses.map(\.phases).max() ?? 3), outboxCapacity: profile.outboxCapacity,
      urlOverride: arguments.csms.map { .init(url: $0, slot: arguments.csmsSlot) },
      certificates: .init(hasCSMSRoot: rootFile != nil))
    configuration.hasMainMeter = profile.mainMeter != nil
    configuration.hasDisplayChoice = profile.display?.boolean("choice") == true
    if let problem = configuration.problems.first {
      throw StartError(description: "the board profile and the unit file give no station: \(problem)")
    }
    return EngineSetup(configuration: configuration, rootFile: rootFile)
  }

  /// At the nominal 230 V between phase and neutral.
  private static func maximumPower(_ evse: EVSEProfile) -> Int32 {
    let watts = evse.maximumCurrent.milliamperes * 230 * Int64(evse.phases) / 1_000
    return Int32(watts.clamped(to: 0...Int64(Int32.max)))
  }

  private static func entry(_ entry: DeviceModelEntry) -> ChargePointConfiguration.DeviceModelEntry {
    ChargePointConfiguration.DeviceModelEntry(
      key: VariableKey(
        entry.component.name, entry.variable.name, instance: entry.variable.instance,
        componentInstance: entry.component.instance, evse: entry.component.evse?.id,
        connector: entry.component.evse?.connectorId),
      attribute: entry.attribute, value: entry.value, mutability: entry.mutability,
      characteristics: entry.characteristics)
  }
}

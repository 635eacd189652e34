import ChargerBase

/// What belongs to one station alone: who it is, whom it calls, its secrets, and what the installer has set.
public struct UnitFile: Sendable, Equatable {
  /// The name by which the CSMS knows the station, at most 48 characters, no colon.
  public var identity: String
  /// Without the identity; nil when the profile's default counts.
  public var csmsURL: String?
  /// 0…3 (A00); nil when the profile's default counts.
  public var securityProfile: Int32?
  public var basicAuthPassword: Secret?
  /// At most 25 characters, as in BootNotification.
  public var serialNumber: String?
  /// The current per phase that the building gives, set by the installer, 6…1,000 A.
  public var ratedSupply: Current?
  /// Most current per phase that each EVSE may give, set by the installer (a smaller circuit breaker, thinner wires),
  /// 6…80 A; nil for none.
  public var installerLimit: Current?
  /// A PEM file with the CSMS's root certificates; relative to the unit file.
  public var rootCertificatesFile: String?
  public var deviceModel: [DeviceModelEntry]

  /// Reads and checks a unit file; `board` gives the EVSEs that it may refer to, nil leaves references unchecked.
  ///
  /// Pure: reading the file and checking its mode (0600) is the caller's work.
  ///
  /// - Throws: everything that is wrong with the file at once.
  public static func load(
    bytes: [UInt8], fileName: String, board: BoardProfile?
  ) throws(ProfileProblems) -> UnitFile {
    let collector = ProblemCollector(source: ProfileSource(fileName: fileName, bytes: bytes))
    var unit: UnitFile?
    if let root = ProfileField(parsing: bytes, collector: collector) { unit = load(root, board: board) }
    guard let unit, collector.isEmpty else { throw collector.result }
    return unit
  }

  private static func load(_ root: ProfileField, board: BoardProfile?) -> UnitFile? {
    guard let object = ProfileObject<UnitKey>(root, isRequired: true) else { return nil }
    let url = object[.csmsUrl].webSocketURL()
    let securityProfile = object[.securityProfile].securityProfile(
      purpose: board?.purpose, url: url ?? board?.csms.url,
      urlKey: url == nil ? "the board profile's csms.url" : UnitKey.csmsUrl.rawValue)
    let password = object[.basicAuthPassword].text(
      length: 16...64, characters: Characters.identifierWords, isAllowed: Characters.isIdentifier, isSecret: true)
    let inForce = object[.securityProfile].isPresent ? securityProfile : board?.csms.securityProfile
    if let inForce, inForce == 1 || inForce == 2, !object[.basicAuthPassword].isPresent {
      object[.basicAuthPassword].report(
        "is missing, and security profile \(inForce) needs it", allowed: "a text of 16…64 characters")
    }
    return UnitFile(
      identity: object[.identity].text(
        isRequired: true, length: 1...48, characters: Characters.identityWords, isAllowed: Characters.isIdentity)
        ?? "",
      csmsURL: url,
      securityProfile: securityProfile,
      basicAuthPassword: password.map { Secret($0) },
      serialNumber: object[.serialNumber].text(
        length: 1...25, characters: Characters.identifierWords, isAllowed: Characters.isIdentifier),
      ratedSupply: object[.ratedSupplyA].current(in: 6...1_000),
      installerLimit: object[.installerLimitA].current(in: 6...80),
      rootCertificatesFile: object[.rootCertificatesFile].text(length: 1...1_024),
      deviceModel: DeviceModelLoader(places: board.map { StationPlaces($0.evses) } ?? .unknown).load(
        object[.deviceModel]))
  }
}

/// A text that must not come into logs: printing one shows no letter of it.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The text itself, for the one place that needs it.
  public let revealed: String

  public init(_ text: String) { revealed = text }

  public var description: String { "(not shown)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

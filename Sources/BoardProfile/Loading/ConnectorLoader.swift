import ChargerBase
import EVSEControl

/// Reads the connectors of one EVSE.
struct ConnectorLoader {
  let evse: EVSEID
  let phases: UInt8?
  let maximum: Current?

  func load(_ field: ProfileField) -> [ConnectorProfile] {
    let limit = BoardProfile.maximumConnectorsPerEVSE
    guard let fields = field.list(isRequired: true, count: 1...limit, of: "connectors") else { return [] }
    var numbering = Numbering(what: "connector", limit: limit)
    return fields.compactMap { field in
      guard let object = ProfileObject<ConnectorKey>(field, isRequired: true) else { return nil }
      return connector(object, id: numbering.next(object[.id]))
    }
  }

  private func connector(_ object: ProfileObject<ConnectorKey>, id: Int32?) -> ConnectorProfile {
    let cable = object[.cable].choice(isRequired: true, as: CableKind.self)
    let type = object[.connectorType].choice(isRequired: true, as: ConnectorType.self)
    if let type { check(type, object, cable: cable) }
    if let cable { check(cable, object) }
    let pilot = DriverLoader.load(object[.pilot], isRequired: true)
    let contactor = DriverLoader.load(object[.contactor], isRequired: true)
    return ConnectorProfile(
      id: ConnectorID(evse: evse, number: id ?? 0), cable: cable ?? .fixed, type: type ?? .unknown,
      pilot: pilot ?? .missing(object[.pilot]), contactor: contactor ?? .missing(object[.contactor]),
      lock: DriverLoader.load(object[.lock]), proximity: DriverLoader.load(object[.proximity]),
      cableRating: object[.cableRatingA].current(in: 6...80),
      hasVentilation: object[.hasVentilation].boolean() ?? false,
      hasDigitalCommunication: object[.hasDigitalCommunication].boolean() ?? false,
      simplifiedVehicleLimit: simplifiedVehicleLimit(object[.simplifiedVehicleA]), wakeUp: wakeUp(object[.wakeUp]),
      contactorService: ContactorOperations(
        withoutLoad: count(object[.contactorServiceAfterOpenings]) ?? 100_000,
        underLoad: count(object[.contactorServiceAfterLoadOpenings]) ?? 1_000))
  }

  private func count(_ field: ProfileField) -> UInt32? {
    field.integer(in: 1...100_000_000).map { UInt32(clamping: $0) }
  }

  /// A connector must be able to carry what its EVSE offers.
  private func check(_ type: ConnectorType, _ object: ProfileObject<ConnectorKey>, cable: CableKind?) {
    if let cable, let meant = type.cable, meant != cable {
      object[.connectorType].report(
        meant == .fixed
          ? "is \(type.rawValue), which has a fixed cable, but \"cable\" is \"socket\""
          : "is \(type.rawValue), which is a socket, but \"cable\" is \"fixed\"",
        allowed: "a type of the same kind as \"cable\"")
    }
    if phases == 3, !type.hasThreePhases {
      object[.connectorType].report(
        "is \(type.rawValue), which has one phase, but the EVSE has 3", allowed: "a type with three phases")
    }
    if let rated = type.ratedCurrent, let maximum, maximum > rated {
      object[.connectorType].report(
        "is \(type.rawValue), rated for \(rated), but the EVSE's maximumCurrentA is \(maximum.decimal)",
        allowed: "maximumCurrentA of at most \(rated.decimal), or another type")
    }
  }

  /// What carries the current must be known: the station's own cable is the EVSE's, a driver's cable tells its rating
  /// through the proximity contact (IEC 61851-1 Annex B), and a socket that cannot read it has one rating for all.
  private func check(_ cable: CableKind, _ object: ProfileObject<ConnectorKey>) {
    switch cable {
    case .fixed:
      for key in [ConnectorKey.lock, .proximity] where object[key].isPresent {
        object[key].report("is there, but the cable is fixed", allowed: "only where \"cable\" is \"socket\"")
      }
    case .socket:
      if !object[.proximity].isPresent, !object[.cableRatingA].isPresent {
        object[.proximity].report(
          "is missing, and nothing else tells what current the driver's cable carries",
          allowed: "the driver of the proximity contact, or \"cableRatingA\"")
      }
    }
  }

  private static let simplifiedLimit: ClosedRange<Decimal> = 6...10

  private func simplifiedVehicleLimit(_ field: ProfileField) -> Current? {
    if field.isText("refused") { return nil }
    if case .string(let text)? = field.node?.content {
      field.report(
        "is \"\(ProfileField.shortened(text))\"",
        allowed: "\(Self.simplifiedLimit.lowerBound)…\(Self.simplifiedLimit.upperBound) A, or \"refused\"",
        suggestion: NearName.find(text, in: ["refused"]))
      return nil
    }
    return field.current(
      in: Self.simplifiedLimit, reason: "a vehicle with the simplified pilot takes no more (IEC 61851-1 Annex A)")
      ?? ConnectorControlConfiguration(id: ConnectorID(evse: evse, number: 0), cable: .fixed).simplifiedVehicleLimit
  }

  private func wakeUp(_ field: ProfileField) -> WakeUp? {
    if field.isText("never") { return nil }
    var wakeUp = WakeUp()
    guard let object = ProfileObject<WakeUpKey>(field, orText: "never") else { return wakeUp }
    if let after = object[.afterSeconds].integer(in: 5...3_600, unit: "s") { wakeUp.after = .seconds(after) }
    if let steady = object[.steadySeconds].integer(in: 3...60, unit: "s") { wakeUp.steadyFor = .seconds(steady) }
    if let attempts = object[.attempts].integer(in: 1...10) { wakeUp.attempts = UInt8(clamping: attempts) }
    return wakeUp
  }
}

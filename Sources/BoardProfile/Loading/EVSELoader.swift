import ChargerBase
import EVSEControl

/// The EVSEs and connectors that exist, for whatever refers to them. Nil where they could not be read: then nothing is
/// said of references, since the numbering is wrong already.
struct StationPlaces {
  private let connectors: [(evse: Int32, count: Int)]?

  init(_ evses: [EVSEProfile]) {
    let numbered = evses.enumerated().allSatisfy { $1.id.number == Int32($0 + 1) }
    connectors = evses.isEmpty || !numbered ? nil : evses.map { ($0.id.number, $0.connectors.count) }
  }

  /// Places of a station whose board profile is not at hand.
  static let unknown = StationPlaces([])

  /// An EVSE's number, reported when there is no such EVSE.
  func evse(_ field: ProfileField, isRequired: Bool = true) -> Int32? {
    guard let number = field.integer(isRequired: isRequired, in: 1...Int64(BoardProfile.maximumEVSEs)) else {
      return nil
    }
    if let connectors, number > connectors.count {
      field.report(
        "refers to EVSE \(number), which this board does not have",
        allowed: connectors.count == 1 ? "1" : "1…\(connectors.count)")
      return nil
    }
    return Int32(number)
  }

  func connector(_ field: ProfileField, of evse: Int32?) -> Int32? {
    guard let number = field.integer(in: 1...Int64(BoardProfile.maximumConnectorsPerEVSE)) else { return nil }
    if let evse, let place = connectors?.first(where: { $0.evse == evse }), number > place.count {
      field.report(
        "refers to connector \(number) of EVSE \(evse), which this board does not have",
        allowed: place.count == 1 ? "1" : "1…\(place.count)")
      return nil
    }
    return Int32(number)
  }
}

enum EVSELoader {
  static func load(_ field: ProfileField) -> [EVSEProfile] {
    guard let fields = field.list(isRequired: true, count: 1...BoardProfile.maximumEVSEs, of: "EVSEs") else {
      return []
    }
    var numbering = Numbering(what: "EVSE", limit: BoardProfile.maximumEVSEs)
    return fields.compactMap { field in
      guard let object = ProfileObject<EVSEKey>(field, isRequired: true) else { return nil }
      return evse(object, id: numbering.next(object[.id]))
    }
  }

  private static func evse(_ object: ProfileObject<EVSEKey>, id: Int32?) -> EVSEProfile {
    let evse = EVSEID(id ?? 0)
    let phases = phases(object[.phases])
    let maximum = object[.maximumCurrentA].current(isRequired: true, in: 6...80)
    let connectors = connectors(object[.connectors], evse: evse, phases: phases, maximum: maximum)
    let meter = DriverLoader.load(object[.meter])
    let needsMeter = object[.meterNeeded].boolean()
    if needsMeter == true, !object[.meter].isPresent {
      object[.meterNeeded].report("is true, but this EVSE has no meter", allowed: "false, or a \"meter\"")
    }
    return EVSEProfile(
      id: evse, maximumCurrent: maximum ?? Current(amperes: 6), phases: phases ?? 3, meter: meter,
      meterNeeded: needsMeter ?? object[.meter].isPresent, light: DriverLoader.load(object[.light]),
      connectors: connectors)
  }

  private static func phases(_ field: ProfileField) -> UInt8? {
    guard let number = field.integer(isRequired: true, in: 1...3) else { return nil }
    guard number != 2 else {
      field.report("is 2", allowed: "1 or 3")
      return nil
    }
    return UInt8(number)
  }

  private static func connectors(
    _ field: ProfileField, evse: EVSEID, phases: UInt8?, maximum: Current?
  ) -> [ConnectorProfile] {
    let limit = BoardProfile.maximumConnectorsPerEVSE
    guard let fields = field.list(isRequired: true, count: 1...limit, of: "connectors") else { return [] }
    var numbering = Numbering(what: "connector", limit: limit)
    return fields.compactMap { field in
      guard let object = ProfileObject<ConnectorKey>(field, isRequired: true) else { return nil }
      let id = numbering.next(object[.id])
      let cable = object[.cable].choice(isRequired: true, as: CableKind.self)
      let type = object[.connectorType].choice(isRequired: true, as: ConnectorType.self)
      if let type { check(type, object, cable: cable, phases: phases, maximum: maximum) }
      let pilot = DriverLoader.load(object[.pilot], isRequired: true)
      let contactor = DriverLoader.load(object[.contactor], isRequired: true)
      let hasVentilation = object[.hasVentilation].boolean() ?? false
      return ConnectorProfile(
        id: ConnectorID(evse: evse, number: id ?? 0), cable: cable ?? .fixed, type: type ?? .unknown,
        pilot: pilot ?? .missing(object[.pilot]), contactor: contactor ?? .missing(object[.contactor]),
        hasVentilation: hasVentilation)
    }
  }

  /// A connector must be able to carry what its EVSE offers.
  private static func check(
    _ type: ConnectorType, _ object: ProfileObject<ConnectorKey>, cable: CableKind?, phases: UInt8?, maximum: Current?
  ) {
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
}

/// Checks that things are numbered 1, 2, 3 … in the order in which they are listed.
struct Numbering {
  let what: String
  let limit: Int
  private var seen: [(number: Int64, path: String)] = []

  init(what: String, limit: Int) {
    self.what = what
    self.limit = limit
  }

  mutating func next(_ field: ProfileField) -> Int32? {
    guard let number = field.integer(isRequired: true, in: 1...Int64(limit)) else {
      // The bad one takes its place in the count, so that the next is not blamed for it.
      seen.append(((seen.last?.number ?? 0) + 1, field.path))
      return nil
    }
    let expected = (seen.last?.number ?? 0) + 1
    if let first = seen.first(where: { $0.number == number }) {
      field.report(
        "is \(number), and so is \(first.path)", allowed: "\(what)s numbered 1, 2, 3 … in order: here \(expected)")
    } else if number != expected {
      field.report(
        "is \(number), which leaves a gap", allowed: "\(what)s numbered 1, 2, 3 … in order: here \(expected)")
      seen.append((number, field.path))
      return Int32(number)
    }
    seen.append((max(number, expected), field.path))
    return Int32(number)
  }
}

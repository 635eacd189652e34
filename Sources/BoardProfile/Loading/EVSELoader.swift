import ChargerBase
import EVSEControl

struct EVSELoader {
  let purpose: BoardProfile.Purpose?

  func load(_ field: ProfileField) -> [EVSEProfile] {
    guard let fields = field.list(isRequired: true, count: 1...BoardProfile.maximumEVSEs, of: "EVSEs") else {
      return []
    }
    var numbering = Numbering(what: "EVSE", limit: BoardProfile.maximumEVSEs)
    return fields.compactMap { field in
      guard let object = ProfileObject<EVSEKey>(field, isRequired: true) else { return nil }
      return evse(object, id: numbering.next(object[.id]))
    }
  }

  private func evse(_ object: ProfileObject<EVSEKey>, id: Int32?) -> EVSEProfile {
    let evse = EVSEID(id ?? 0)
    let phases = phases(object[.phases])
    let maximum = object[.maximumCurrentA].current(isRequired: true, in: 6...80)
    let connectors = ConnectorLoader(evse: evse, phases: phases, maximum: maximum).load(object[.connectors])
    let meter = DriverLoader.load(object[.meter])
    let residualCurrent = SupervisionLoader.residualCurrent(object[.residualCurrent], purpose: purpose)
    return EVSEProfile(
      id: evse, maximumCurrent: maximum ?? Current(amperes: 6), phases: phases ?? 3, meter: meter,
      meterNeeded: SupervisionLoader.needsMeter(object[.meterNeeded], meter: object[.meter]),
      watchesOverCurrent: SupervisionLoader.needsMeter(object[.overCurrent], meter: object[.meter]),
      voltageBand: SupervisionLoader.voltageBand(object[.voltageBand], meter: object[.meter]),
      residualCurrent: residualCurrent.driver, testsResidualCurrent: residualCurrent.isTested,
      temperatureSensors: SupervisionLoader.temperatureSensors(object[.temperatureSensors]),
      temperatureCurve: SupervisionLoader.temperatureCurve(
        object[.temperatureCurve], sensors: object[.temperatureSensors], maximum: maximum),
      phaseSwitch: phaseSwitch(object[.phaseSwitch], phases: phases), light: DriverLoader.load(object[.light]),
      parkingBay: PostLoader.parkingBay(object[.parkingBay]),
      allowsReset: object[.allowReset].boolean() ?? true,
      connectors: connectors)
  }

  private func phases(_ field: ProfileField) -> UInt8? {
    guard let number = field.integer(isRequired: true, in: 1...3) else { return nil }
    guard number != 2 else {
      field.report("is 2", allowed: "1 or 3")
      return nil
    }
    return UInt8(number)
  }

  private func phaseSwitch(_ field: ProfileField, phases: UInt8?) -> DriverReference? {
    if field.isPresent, phases == 1 {
      field.report("is there, but the EVSE has one phase", allowed: "a phase switch where \"phases\" is 3")
    }
    return DriverLoader.load(field)
  }
}

import ChargerBase
import EVSEControl
import JSONRPC
import OCPPJSON
import Station

/// What an installer or a service technician can tell the control lane through the station socket. Each command is an
/// event that everybody watching sees.
enum ServiceMethods {
  static let names = ["station.clearFaults", "station.limit", "station.pause", "station.startNow"]

  /// Carries out `method`, which is one of `names`.
  static func run(_ method: String, _ params: JSONRPCParameters, _ lane: NetworkLane) throws(JSONRPCError) {
    switch method {
    case "station.limit": try limit(params, lane)
    case "station.pause":
      try params.allow(["evse", "connector", "paused"])
      let place = try connector(params, lane)
      let isPaused = try params.bool("paused")
      perform(.pause(place, isPaused), at: place, isPaused ? "Paused at the station." : "Resumed at the station.", lane)
    case "station.clearFaults":
      try params.allow(["evse", "connector"])
      let place = try connector(params, lane)
      perform(.clearLatchedFaults(place), at: place, "Latched faults are cleared at the station.", lane)
    default:
      try params.allow(["evse", "connector"])
      let place = try connector(params, lane)
      perform(.startNotBefore(place, nil), at: place, "The start delay is lifted at the station.", lane)
    }
  }

  private static func connector(_ params: JSONRPCParameters, _ lane: NetworkLane) throws(JSONRPCError) -> ConnectorID {
    let evse = EVSEID(try params.integer("evse", in: 1...Int32.max))
    guard let profile = lane.profile.evse(evse) else { throw params.wrong("evse", "no such EVSE") }
    let number = try params.optionalInteger("connector", in: 1...Int32.max) ?? 1
    guard let found = profile.connectors.first(where: { $0.id.number == number }) else {
      throw params.wrong("connector", "no such connector")
    }
    return found.id
  }

  /// Sets, or without a value lifts, the limit of one owner; without an EVSE it is one of the whole station.
  private static func limit(_ params: JSONRPCParameters, _ lane: NetworkLane) throws(JSONRPCError) {
    try params.allow(["evse", "owner", "amps", "watts", "phases", "seconds"])
    let number = try params.optionalInteger("evse", in: 1...Int32.max)
    let evse = number.map { EVSEID($0) } ?? .station
    guard number == nil || lane.profile.evse(evse) != nil else { throw params.wrong("evse", "no such EVSE") }
    let owner = try params.string("owner", maximum: 15)
    let amperes = try params.optionalDecimal("amps", in: 0...1_000).flatMap { Current($0) }
    let watts = try params.optionalDecimal("watts", in: 0...1_000_000).flatMap { Power($0) }
    let phases = try params.optionalInteger("phases", in: 1...3)
    let seconds = try params.optionalInteger("seconds", in: 1...31_622_400)
    guard phases != 2 else { throw params.wrong("phases", "must be 1 or 3") }
    let value: CurrentLimit.Value
    switch (amperes, watts) {
    case (let amperes?, nil): value = .perPhase(amperes)
    case (nil, let watts?): value = .total(watts)
    case (nil, nil):
      guard phases == nil, seconds == nil else { throw params.wrong("amps", "missing; so is \"watts\"") }
      return perform(
        .liftLimit(evse, .external, owner: owner), at: nil, "The limit of \"\(owner)\" for \(evse) is lifted.", lane)
    default: throw params.wrong("watts", "must not be there together with \"amps\"")
    }
    let limit = CurrentLimit(
      .external, owner: owner, value, phases: phases.map { UInt8(clamping: $0) },
      expiry: seconds.map { lane.time.now + .seconds(Int64($0)) })
    let amount = amperes.map { "\($0)" } ?? watts.map { "\($0)" } ?? ""
    perform(.setLimit(evse, limit), at: nil, "\"\(owner)\" limits \(evse) to \(amount).", lane)
  }

  private static func perform(_ command: ControlCommand, at place: ConnectorID?, _ text: String, _ lane: NetworkLane) {
    lane.turn { lane.station?.command(command) }
    lane.noted(StationEvent(kind: "connector", evse: place?.evse, connector: place?.number, text: text))
  }
}

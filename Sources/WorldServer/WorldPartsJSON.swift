import ChargerBase
import OCPPJSON
import SimulatedWorld

// The parts that not every station has, for `bench.state`.

extension JSONValue {
  /// Lock and proximity of a socket; null where there is none.
  static func plug(of view: ConnectorView) -> [JSONMember] {
    var lock = JSONValue.null
    if let engaged = view.isLockEngaged, let commanded = view.isLockCommanded {
      lock = ["commandedLocked": .bool(commanded), "engaged": .bool(engaged)]
    }
    return [
      JSONMember("lock", lock),
      JSONMember("proximity", view.proximity.map { ["ohm": JSONValue($0)] } ?? .null),
    ]
  }

  static func parts(of view: EVSEView) -> [JSONMember] {
    var residualCurrent = JSONValue.null
    if let tripped = view.isResidualCurrentTripped {
      residualCurrent = [
        "tripped": .bool(tripped), "testing": .bool(view.isTestCurrentOn),
        "leakageMA": JSONValue(view.residualCurrent.milliamperes),
      ]
    }
    return [
      JSONMember("deliveredWh", JSONValue(view.delivered)),
      JSONMember("ambientC", JSONValue(view.ambient)),
      JSONMember("temperaturesC", .array(view.temperatures.map { JSONValue($0) })),
      JSONMember("residualCurrent", residualCurrent),
      JSONMember("parkingBayOccupied", view.isParkingBayOccupied.map { .bool($0) } ?? .null),
      JSONMember("connectedPhases", view.connectedPhases.map { JSONValue($0) } ?? .null),
      JSONMember("phaseSwitchingsUnderLoad", JSONValue(view.phaseSwitchingsUnderLoad)),
      JSONMember("signedSets", view.signedSets.map { JSONValue($0) } ?? .null),
    ]
  }

  /// What belongs to the whole station.
  static func parts(of world: SimulatedWorld) -> [JSONMember] {
    let watchdog = world.watchdogView
    return [
      JSONMember("powerLost", .bool(world.isPowerLost)),
      JSONMember(
        "safetyContacts",
        .array(
          world.safetyContactViews.map {
            [
              "kind": .string($0.kind.rawValue), "evse": $0.evse.map { JSONValue($0.number) } ?? .null,
              "active": .bool($0.isActive), "silent": .bool($0.isSilent),
            ]
          })),
      JSONMember(
        "watchdog",
        [
          "installed": .bool(watchdog.isInstalled), "holds": .bool(watchdog.holds),
          "expiries": JSONValue(watchdog.expiries),
        ]),
      JSONMember(
        "supply",
        [
          "currentA": JSONValue(world.supplyCurrent),
          "fuseA": world.configuration.supplyFuse.map { JSONValue($0) } ?? .null,
          "overloadS": JSONValue(seconds: world.supplyOverload),
        ]),
    ]
  }
}

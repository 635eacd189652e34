import ChargerBase
import SimulatedWorld
import SimulationSupport

/// A day at a charging station, told before it is played: nothing in it looks at what the station does.
package struct Story: Sendable {
  package var seed: UInt64
  package var rules: StoryRules
  package var steps: [StoryStep]
}

/// What a story is told of besides two cables, cards and a link.
package struct StoryParts: Sendable, Equatable {
  /// One socket with a lock and a meter that signs, instead of the station with two cables.
  package var atSocket = false
  /// Parts of the station fail and are repaired.
  package var faults = false

  package init(atSocket: Bool = false, faults: Bool = false) {
    self.atSocket = atSocket
    self.faults = faults
  }
}

/// The settings under which a story is played.
package struct StoryRules: Sendable, Equatable {
  package enum Point: String, Sendable, CaseIterable {
    case evConnected = "EVConnected"
    case authorized = "Authorized"
    case powerPathClosed = "PowerPathClosed"
    case energyTransfer = "EnergyTransfer"
  }

  /// One socket with a lock, and a meter that signs.
  package static let socketBoard = "bench-ac-socket"

  package var board = "bench-ac-dual"
  package var start: [Point] = [.powerPathClosed]
  package var stop: [Point] = [.evConnected, .authorized]
  package var stopsOnInvalidId = true
  /// Wh; nil: the variable is not set.
  package var energyOnInvalidId: Int64?
  package var stopsOnEVSideDisconnect = true
  package var connectionTimeout: Int64 = 60
  package var unknownIdsOffline = false
  package var preAuthorizes = true
  package var authorizesOffline = true
  package var hasCache = true
  package var authorizesRemoteStart = true
  package var updatedInterval: Int64 = 120
  /// The local list that the CSMS sends in the morning; nil: none.
  package var list: [ListEntry]?

  package struct ListEntry: Sendable, Equatable {
    package var card: StoryCard
    package var isAccepted: Bool
  }

  package init() {}

  /// As first-start values of the device model.
  package var settings: [(String, String, String)] {
    func text(_ value: Bool) -> String { value ? "true" : "false" }
    var settings = [
      ("TxCtrlr", "TxStartPoint", start.map(\.rawValue).joined(separator: ",")),
      ("TxCtrlr", "TxStopPoint", stop.map(\.rawValue).joined(separator: ",")),
      ("TxCtrlr", "StopTxOnInvalidId", text(stopsOnInvalidId)),
      ("TxCtrlr", "StopTxOnEVSideDisconnect", text(stopsOnEVSideDisconnect)),
      ("TxCtrlr", "EVConnectionTimeOut", "\(connectionTimeout)"),
      ("AuthCtrlr", "OfflineTxForUnknownIdEnabled", text(unknownIdsOffline)),
      ("AuthCtrlr", "LocalPreAuthorize", text(preAuthorizes)),
      ("AuthCtrlr", "LocalAuthorizeOffline", text(authorizesOffline)),
      ("AuthCtrlr", "AuthorizeRemoteStart", text(authorizesRemoteStart)),
      ("AuthCacheCtrlr", "Enabled", text(hasCache)),
      ("LocalAuthListCtrlr", "Enabled", text(list != nil)),
      ("AuthCtrlr", "MasterPassGroupId", CardOffice.masters),
      ("SampledDataCtrlr", "TxUpdatedInterval", "\(updatedInterval)"),
    ]
    if let energyOnInvalidId { settings.append(("TxCtrlr", "MaxEnergyOnInvalidId", "\(energyOnInvalidId)")) }
    return settings
  }
}

package struct StoryStep: Sendable {
  package var action: StoryAction
  /// What passes before the next step.
  package var pause: Duration
}

/// Cards and names that people have. What the CSMS says of them is in `CardOffice`.
package enum StoryCard: String, Sendable, CaseIterable {
  case anna = "ANNA"
  case bert = "BERT"
  /// Of one group with Anna.
  case mate = "MATE"
  case blocked = "BLOCKED"
  /// The CSMS does not know it.
  case stranger = "STRANGER"
  /// A remote start names it.
  case app = "APP"
  /// Ends what others began (C16).
  case master = "MASTER"
}

package enum StoryAction: Sendable {
  case plugIn(Int32, CarSpecification)
  case plugOut(Int32)
  /// At the car's side: nil, it does as it wants; `.connected`, it pauses; `.unplugged`, the plug is out of the car.
  case car(Int32, CarState?)
  /// At a reader for one EVSE, or for the whole station.
  case tap(StoryCard, Int32?)
  case remoteStart(StoryCard, Int32?)
  /// What runs at an EVSE; without one a transaction that never was.
  case remoteStop(Int32?)
  case reset(isImmediate: Bool, Int32?)
  case availability(Int32, isOperative: Bool)
  case unlock(Int32)
  case network(isUp: Bool)
  case linkBreaks
  case csms(CSMSMood, Duration)
  /// From now on the CSMS answers so for a card.
  case verdict(StoryCard, isAccepted: Bool)
  case end(WholeStation.End, away: Duration, Meanwhile)
  /// A part of an EVSE fails, or is repaired, and service says so.
  case fault(SimulatedFault, Int32, isActive: Bool)
  case nothing
}

/// How the CSMS answers for a while.
package enum CSMSMood: String, Sendable, CaseIterable {
  case slow, silent
  case errs = "answers with errors"
}

/// What happens while the program is away.
package enum Meanwhile: Sendable {
  case nothing
  case carLeaves(Int32)
  case carComes(Int32)
  /// Another meter, with this register.
  case meterExchanged(Int32, Energy)
}

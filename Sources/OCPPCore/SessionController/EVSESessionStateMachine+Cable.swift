import ChargerBase
import OCPPTypes

/// A cable that stays locked after its session, until its owner has shown himself.
package struct HeldCable: Sendable, Equatable {
  package var connector: ConnectorID
  var owner: SessionAuthorization
  /// The CSMS has refused the owner's token (E05.FR.11); else the cable was pulled at the vehicle (E09.FR.03).
  package var wasRefused: Bool

  func isOwned(by token: IdToken, group: IdToken?) -> Bool {
    if owner.token.isSameToken(as: token) { return true }
    guard let group, let own = owner.groupToken else { return false }
    return own.isSameToken(as: group)
  }
}

// Who may have the cable, and when.

extension EVSESessionStateMachine {
  /// The cable that stays locked although no energy may flow.
  func keptCable(_ settings: SessionSettings) -> ConnectorID? {
    if let heldCable { return heldCable.connector }
    guard let place = lockedPlace, let transaction else { return nil }
    if mayOnlyOwnerUnlock(after: transaction.stopReason, settings) { return place }
    // The vehicle may be unplugged at its own side at any moment, and then it is too late to say this (E09.FR.03,
    // E10.FR.01).
    let letsGo = settings.unlocksOnVehicleSideDisconnect && settings.stopsOnVehicleSideDisconnect
    return authorization != nil && !letsGo ? place : nil
  }

  private var lockedPlace: ConnectorID? {
    guard let number = transaction?.connector else { return nil }
    let place = ConnectorID(evse: evse, number: number)
    return hasLock(place) && !openLocks.contains(place) ? place : nil
  }

  private func mayOnlyOwnerUnlock(after reason: StopReason?, _ settings: SessionSettings) -> Bool {
    guard !isStoppedByOwner else { return false }
    return reason == .deAuthorized || reason == .evDisconnected && !settings.unlocksOnVehicleSideDisconnect
  }

  /// The transaction is over: its cable is let go (E06.FR.10, E09.FR.02), or held for its owner (E05.FR.11, E09.FR.03).
  mutating func releaseCable(after reason: StopReason, _ context: Context) {
    guard let number = transaction?.connector else { return }
    let place = ConnectorID(evse: evse, number: number)
    guard hasLock(place) else { return }
    guard mayOnlyOwnerUnlock(after: reason, context.settings), let owner = transaction?.authorization else {
      cableToUnlock = place
      return
    }
    guard !openLocks.contains(place) else { return }
    heldCable = HeldCable(connector: place, owner: owner, wasRefused: reason == .deAuthorized)
  }

  /// What the lock's own contact shows: a cable that is free is held for nobody.
  package mutating func lock(isLocked: Bool, _ place: ConnectorID) -> [Effect] {
    openLocks.removeAll { $0 == place }
    guard !isLocked else { return [] }
    openLocks.append(place)
    if heldCable?.connector == place { heldCable = nil }
    return []
  }
}

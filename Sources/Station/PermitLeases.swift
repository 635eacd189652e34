import ChargerBase
import EVSEControl
import OCPPCore

/// Turns the engine's grants into leases for the control lane and renews them for as long as this lane lives: when it
/// dies, the leases run out by themselves (DESIGN §1.3).
package struct PermitLeases: Sendable {
  private struct Lease: Sendable {
    var connector: ConnectorID
    var permit: EnergyPermit
  }

  /// How long a lease lasts; it is renewed when a third has passed.
  package let length: Duration
  // One lease a connector: bounded by the board profile.
  private var leases: [Lease] = []
  package private(set) var nextRenewal: MonotonicInstant = .distantFuture

  package init(length: Duration) { self.length = length }

  package mutating func grant(_ grant: EnergyGrant, to connector: ConnectorID, at now: MonotonicInstant) -> EnergyPermit
  {
    let permit = EnergyPermit(
      number: grant.number, reason: Self.reason(grant.reason), energyBudget: grant.energyBudget.flatMap { Energy($0) },
      expiry: now + length)
    leases.removeAll { $0.connector == connector }
    leases.append(Lease(connector: connector, permit: permit))
    nextRenewal = min(nextRenewal, now + length / 3)
    return permit
  }

  package mutating func end(at connector: ConnectorID) {
    leases.removeAll { $0.connector == connector }
    if leases.isEmpty { nextRenewal = .distantFuture }
  }

  /// The renewals that are due; the next are due a third of a lease later.
  package mutating func renew(at now: MonotonicInstant) -> [(ConnectorID, EnergyPermit)] {
    guard now >= nextRenewal else { return [] }
    for index in leases.indices { leases[index].permit.expiry = now + length }
    nextRenewal = leases.isEmpty ? .distantFuture : now + length / 3
    return leases.map { ($0.connector, $0.permit) }
  }

  private static func reason(_ reason: EnergyGrant.Reason) -> EnergyPermit.Reason {
    switch reason {
    case .authorized: .authorized
    case .remoteStart: .remoteStart
    case .resumedTransaction: .resumedTransaction
    case .chargeWithoutAuthorization: .chargeWithoutAuthorization
    }
  }
}

import ChargerBase

/// The lease under which energy may flow at one connector (DESIGN §1.3): the upper side grants and renews it, the
/// control lane lets it run out by itself.
public struct EnergyPermit: Sendable, Hashable {
  /// Which grant this is; a renewal keeps the number, a new session gets a new one.
  public var number: UInt32
  public var reason: Reason
  /// Energy that may still flow, counted from the meter when the permit was first granted; nil for no budget.
  public var energyBudget: Energy?
  /// When the lease ends unless it is renewed.
  public var expiry: MonotonicInstant

  public enum Reason: UInt8, Sendable {
    case authorized, remoteStart, resumedTransaction, chargeWithoutAuthorization
  }

  public init(number: UInt32, reason: Reason, energyBudget: Energy?, expiry: MonotonicInstant) {
    self.number = number
    self.reason = reason
    self.energyBudget = energyBudget
    self.expiry = expiry
  }
}

/// What happens to a running session when its permit has run out unrenewed. It never lets a new one begin, never goes
/// past the energy budget and never outlives a revocation.
public enum LeaseExpiryPolicy: String, Sendable, CaseIterable {
  /// Energy goes on until the vehicle ends or leaves.
  case finishSession
  /// The contactor opens.
  case stop
}

import ChargerBase

/// The permit of one connector as the control lane holds it: it runs out by itself, whatever the upper side does.
package struct PermitLease: Hashable, Sendable {
  package enum Status: UInt8, Sendable {
    case none
    /// Unexpired and within its energy budget: the only one under which a contactor may close.
    case valid
    /// Expired while energy flowed, and the profile lets this session go on; any opening ends it.
    case finishing
    case expired
    case budgetUsed
    /// The vehicle for which it was used has left; a renewal brings it back.
    case departed
  }

  package private(set) var status = Status.none
  /// The newest grant, whatever has become of it; nil before the first and after a revocation.
  package private(set) var permit: EnergyPermit?
  /// Energy that has flowed under it.
  package private(set) var used = Energy.zero
  /// The end that the upper side has not been told of yet.
  private var untoldEnd: PermitEnd?
  private var lastRegister: Energy?
  private var revokedNumber: UInt32?

  package init() {}

  package var isInForce: Bool { status == .valid || status == .finishing }

  /// A budget can only be kept with a register to count by.
  package var needsRegister: Bool { permit?.energyBudget != nil }

  /// Grants anew or, with the same number, renews; answers false for a number that was revoked.
  package mutating func grant(_ new: EnergyPermit) -> Bool {
    guard new.number != revokedNumber else { return false }
    if permit?.number != new.number { used = .zero }
    let isStillUsed = status == .budgetUsed && permit?.number == new.number && isUsed(new.energyBudget)
    permit = new
    if isStillUsed { return true }
    status = .valid
    untoldEnd = nil
    return true
  }

  package mutating func revoke() {
    if let permit { revokedNumber = permit.number }
    permit = nil
    status = .none
    untoldEnd = nil
  }

  /// Counts energy by the growth of the register; a register that was set back counts from its new value.
  package mutating func take(register: Energy) {
    if let lastRegister, register > lastRegister, permit != nil { used = used + (register - lastRegister) }
    lastRegister = register
  }

  package mutating func vehicleLeft() {
    if isInForce { status = .departed }
  }

  /// The contactor was commanded open: a session that only went on past its expiry is over.
  package mutating func energyEnded() {
    if status == .finishing { end(.leaseExpired, as: .expired) }
  }

  package mutating func evaluate(at now: MonotonicInstant, energyFlows: Bool, policy: LeaseExpiryPolicy) {
    guard let permit, isInForce else { return }
    if isUsed(permit.energyBudget) {
      end(.energyBudgetUsed, as: .budgetUsed)
    } else if now >= permit.expiry {
      switch policy {
      case .finishSession where energyFlows: status = .finishing
      default: end(.leaseExpired, as: .expired)
      }
    }
  }

  private func isUsed(_ budget: Energy?) -> Bool {
    guard let budget else { return false }
    return used >= budget
  }

  private mutating func end(_ reason: PermitEnd, as ended: Status) {
    status = ended
    untoldEnd = reason
  }

  /// The end to tell the upper side of, once.
  package mutating func takeUntoldEnd() -> PermitEnd? {
    defer { untoldEnd = nil }
    return untoldEnd
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    // The expiry counts while the lease runs alone.
    if status != .valid { permit?.expiry = .longAgo }
    // Of the numbers it matters only which one was revoked: 1 stands for it, and 2 for the present one.
    if revokedNumber != nil { revokedNumber = 1 }
    permit?.number = 2
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    guard var held = permit else { return }
    visit(&held.expiry)
    permit = held
  }

  package func deadlines(_ soonest: inout Deadline) {
    if status == .valid, let permit { soonest.add(permit.expiry) }
  }
}

import ChargerBase
import OCPPTypes

/// Faults after which a session does not go on by itself (E06.FR.16). All others only suspend it: energy stops below,
/// the charging state says so, and the session goes on when the fault is gone.
package enum EndingFaults {
  private static let reasons: [(code: String, reason: StopReason)] = [
    ("emergencystop", .emergencyStop),
    ("groundfault", .groundFault),
    ("residualcurrent", .groundFault),
    ("overcurrent", .overcurrentFault),
    ("contactorwelded", .other),
  ]

  /// By the fault's code, without regard to case and punctuation; nil for a fault that only suspends.
  package static func stopReason(for fault: StationFault) -> StopReason? {
    let code = String(fault.code.lowercased().filter { $0.isLetter })
    return reasons.first { code.contains($0.code) }?.reason
  }
}

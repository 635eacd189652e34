import ChargerBase
import OCPPTypes

/// Faults after which a session does not go on by itself (E06.FR.16). All others only suspend it: energy stops below,
/// the charging state says so, and the session goes on when the fault is gone.
package enum EndingFaults {
  /// Words within a code, and the codes of the public MREC list.
  private static let words: [(word: String, reason: StopReason)] = [
    ("emergencystop", .emergencyStop), ("groundfa", .groundFault), ("residualcurrent", .groundFault),
    ("overcurrent", .overcurrentFault), ("contactorwelded", .other),
  ]
  private static let codes: [(code: String, reason: StopReason)] = [
    ("cx002", .groundFault), ("cx004", .overcurrentFault), ("cx008", .emergencyStop),
  ]

  /// By the fault's code, without regard to case and punctuation; nil for a fault that only suspends.
  package static func stopReason(for fault: StationFault) -> StopReason? {
    let code = String(fault.code.lowercased().filter { $0.isLetter || $0.isNumber })
    return codes.first { $0.code == code }?.reason ?? words.first { code.contains($0.word) }?.reason
  }
}

import ChargerBase
import OCPPTypes

/// Faults after which a session does not go on by itself (E06.FR.16). All others only suspend it: energy stops below,
/// the charging state says so, and the session goes on when the fault is gone.
package enum EndingFaults {
  /// Words within a code, and the codes of the public MREC list.
  private static let words: [(word: String, reason: StopReason)] = [
    ("emergencystop", .emergencyStop), ("groundfa", .groundFault), ("overcurrent", .overcurrentFault),
    ("contactorwelded", .other),
  ]
  private static let codes: [(code: String, reason: StopReason)] = [
    // A monitor that is silent or fails its test has found no residual current.
    ("residualcurrent", .groundFault), ("cx002", .groundFault), ("cx004", .overcurrentFault), ("cx008", .emergencyStop),
  ]

  /// By the fault's code, without regard to case and punctuation; nil for a fault that only suspends.
  package static func stopReason(for fault: StationFault) -> StopReason? {
    let code = String(fault.code.lowercased().filter { $0.isLetter || $0.isNumber })
    return codes.first { $0.code == code }?.reason ?? words.first { isIn(code, $0.word) }?.reason
  }

  /// By hand: the library's `contains(_: some Collection)` brings the whole regular expression engine into the program,
  /// and every search for a conformance at the start reads through its 445.
  private static func isIn(_ code: String, _ word: String) -> Bool {
    var rest = code.utf8[...]
    while rest.count >= word.utf8.count {
      if rest.starts(with: word.utf8) { return true }
      rest.removeFirst()
    }
    return false
  }
}

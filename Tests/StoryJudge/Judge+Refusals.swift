import ChargerBase
import OCPPTypes
import SimulationSupport

// What the CSMS takes back: E05, C15.FR.03 to C15.FR.07, E06.FR.04.

extension Judge {
  /// How far a budget may be passed: a reading's age and the car's way down, in mWh.
  private static let overshoot: Int64 = 40_000

  mutating func judgeRefusals() {
    for transaction in evidence.transactions {
      guard let evse = transaction.evse, !transaction.isUndated else { continue }
      for opinion in evidence.opinions where opinion.transaction == transaction.id && !opinion.isAccepted {
        // Only who pays is taken back; a card that is shown to stop is not.
        guard transaction.events.contains(where: { $0.card == opinion.card && $0.trigger != .stopAuthorized }),
          opinion.at > transaction.start, opinion.at < transaction.end,
          let span = authorizations(transaction).first(where: { $0.from <= opinion.at && opinion.at < $0.to })
        else { continue }
        judge(opinion, span, transaction, evse)
        break
      }
    }
  }

  private mutating func judge(
    _ opinion: Evidence.Opinion, _ span: Authorization, _ transaction: Evidence.Transaction, _ evse: Int32
  ) {
    let name = "\(transaction.id.suffix(6))"
    let end = min(span.to + Self.opening, transaction.end)
    let before = chronicle.reading(evse, at: opinion.at).delivered
    let after = chronicle.reading(evse, at: end).delivered - before
    if !rules.stopsOnInvalidId, let budget = rules.energyOnInvalidId {
      if after > budget * 1_000 + Self.overshoot {
        find("\(name): \(after) mWh after \(opinion.card) was refused, \(budget) Wh are allowed (E05.FR.03)")
      }
      return
    }
    let soon = chronicle.reading(evse, at: opinion.at + Self.opening).delivered - before
    if after > soon + 100 {
      find("\(name): energy goes on after \(opinion.card) was refused (E05.FR.02, E05.FR.10)")
    }
    guard rules.stopsOnInvalidId, isSameLife(opinion.at, opinion.at + .seconds(15)),
      transaction.end > opinion.at + .milliseconds(300)
    else { return }
    let told = transaction.events.first { $0.trigger == .deauthorized }
    guard let told else {
      // The authorization had ended by itself in the same moment.
      if span.to > opinion.at + .seconds(15) {
        find("\(name): nobody says that \(opinion.card) was refused (E05.FR.09)")
      }
      return
    }
    let mustEnd = rules.stop.contains { $0 != .evConnected }
    if mustEnd != (told.request.eventType == .ended) {
      find("\(told.request.name): wrong by TxStopPoint (E05.FR.09, E05.FR.10)")
    }
  }
}

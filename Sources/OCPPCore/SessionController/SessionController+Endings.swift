import ChargerBase

// B12: transactions that end for a reset.

extension SessionController {
  package func endTransactions(in scope: ResetScope, whenDurable: @escaping () -> Void) {
    let affected = slots.indices.filter { covers(scope, slots[$0].machine.evse) }
    if scope == .station {
      undecided = []
      remoteStarts = []
      storeDrivers()
    }
    endings.removeAll { $0.scope == scope }
    endings.append((scope, whenDurable))
    for place in affected { run(slots[place].machine.evse) { machine, context in machine.endForReset(context) } }
    tellEndings()
  }

  /// Tells the resets whose transactions have ended, with their last events on disk.
  func tellEndings() {
    guard !endings.isEmpty else { return }
    let over = endings.filter { ending in
      !slots.contains {
        covers(ending.scope, $0.machine.evse) && ($0.machine.transaction != nil || $0.commitsUnderWay > 0)
      }
    }
    endings.removeAll { ending in over.contains { $0.scope == ending.scope } }
    for ending in over { ending.whenDurable() }
  }
}

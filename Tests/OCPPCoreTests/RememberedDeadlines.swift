import ChargerBase

@testable import OCPPCore

extension ChargePoint {
  /// What engine and blocks remember of their deadlines is what they would find if they looked again, and every block
  /// that has deadlines is asked for them.
  var remembersItsDeadlines: Bool {
    let remembered = nextDeadline
    let machine = session
    session = machine  // looked at anew
    guard nextDeadline == remembered, let availability else { return false }
    let reports = availability.connectors.map(\.reportDueAt).min() ?? .distantFuture
    guard availability.nextDeadline == (isOnline ? reports : .distantFuture) else { return false }
    return blocks.allSatisfy { block in
      !(block is any TimedBlock) || timedBlocks.contains { $0 === block }
    }
  }
}

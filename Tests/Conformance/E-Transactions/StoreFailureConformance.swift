import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("Sessions while the station's memory is full or broken")
struct StoreFailureConformance {
  @Test(
    "A session whose memory fails goes on, ends on the driver's card, and gives the cable back; nothing new begins",
    arguments: [StoreFailure.Kind.full, .readOnly, .corrupt, .inputOutput])
  func endsSafely(kind: StoreFailure.Kind) {
    let station = ChargingStation()
    station.plugIn()
    station.tap("CARD")
    station.wait(5)
    #expect(station.places[0].isClosed)
    station.harness.store.failure = StoreFailure(kind, detail: "broken")
    station.wait(30)
    #expect(station.places[0].isClosed, "what runs goes on")
    let unlocked = station.harness.delegate.unlocked.count
    station.tap("CARD")
    station.wait(20)
    #expect(!station.places[0].isClosed, "energy is off")
    #expect(station.harness.delegate.unlocked.count == unlocked + 1, "the driver has the cable back")
    station.plugOut()
    #expect(!station.chargePoint.acceptsNewTransactions)
    let grants = station.harness.delegate.grants.count
    station.plugIn()
    station.tap("CARD")
    station.wait(10)
    #expect(station.harness.delegate.grants.count == grants, "nothing new begins")
    #expect(!station.events.contains { $0.eventType == .ended }, "not told before it is durable")
    station.plugOut()

    // What was held is written and told as soon as it can be.
    station.harness.store.failure = nil
    station.wait(120)
    #expect(station.books.count == 1)
    #expect(station.books.first?.ended?.stoppedReasonIsLocal == true)
    #expect(station.energy(of: station.books[0]) == station.delivered)
    #expect(station.harness.store.unwritten == 0)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }
}

extension TransactionEventRequest {
  fileprivate var stoppedReasonIsLocal: Bool {
    transactionInfo.stoppedReason == nil || transactionInfo.stoppedReason == .local
  }
}

import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// Days of people, networks and power cuts in any order. What the CSMS has in its books at the end is compared with what
/// the meters counted; the comparison knows nothing of the engine.
@Suite("Random days of a whole station")
struct RandomDays {
  @Test(
    "Plugging, cards, remote starts and stops, link flaps, CSMS errors, kills and power cuts",
    arguments: Array(1...20) + [1060])
  func day(_ seed: UInt64) {
    var random = SeededRandom(seed: seed &* 7_919)
    func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }
    func pick<Item>(_ items: [Item]) -> Item { items[Int(random.next() % UInt64(items.count))] }
    let startPoint = pick(["PowerPathClosed", "EVConnected", "Authorized", "EVConnected,Authorized", "EnergyTransfer"])
    let stopPoint = pick(["EVConnected,Authorized", "PowerPathClosed", "EVConnected", "Authorized"])
    let station = ChargingStation(
      [
        ("TxCtrlr", "TxStartPoint", startPoint), ("TxCtrlr", "TxStopPoint", stopPoint),
        ("AuthCtrlr", "OfflineTxForUnknownIdEnabled", chance(50) ? "true" : "false"),
        ("SampledDataCtrlr", "TxUpdatedInterval", "20"), ("TxCtrlr", "EVConnectionTimeOut", "30"),
      ], evses: 2, seed: seed)
    for _ in 0..<60 {
      let evse = pick([Int32(1), 2])
      let isConnected = station.places[Int(evse) - 1].isConnected
      switch random.next() % 12 {
      case 0, 1: if !isConnected { station.plugIn(evse) }
      case 2: if isConnected { station.plugOut(evse) }
      case 3, 4, 5: station.tap(pick(["CARD", "OTHER", "BLOCKED"]), evses: chance(60) ? [evse] : nil)
      case 6: station.vehicle(evse, wantsEnergy: chance(60))
      case 7: station.harness.link.isUp = chance(50)
      case 8:
        let isFailing = chance(40)
        station.harness.csms.script = { call in
          isFailing && call.action == .transactionEvent ? .delayed(.seconds(20)) : .standard
        }
      case 9:
        guard station.harness.csms.isConnected else { break }
        if chance(50), let id = station.chargePoint.transactionID(at: EVSEID(evse)) {
          _ = station.csms(
            .requestStopTransaction, RequestStopTransactionRequest(transactionId: id).encode(version: .v201))
        } else {
          _ = station.csms(
            .requestStartTransaction,
            RequestStartTransactionRequest(
              idToken: IdToken(idToken: "APP", type: .iso14443), remoteStartId: Int32(random.next() % 999), evseId: evse
            ).encode(version: .v201))
        }
      default:
        guard chance(40) else { break }
        station.harness.run(for: .milliseconds(Int64(random.next() % 40)))
        if chance(30) { station.places[Int(evse) - 1].isConnected.toggle() }
        let end = pick([EngineHarness.End.kill, .powerCut, .clean])
        station.restart(end, reason: end == .powerCut ? .powerUp : .unknown)
      }
      station.wait(Int(random.next() % 12))
    }
    settle(station)
    judge(station, "seed \(seed): start \(startPoint), stop \(stopPoint)")
  }

  /// Everybody leaves, and the CSMS hears of everything.
  private func settle(_ station: ChargingStation) {
    station.harness.csms.script = { _ in .standard }
    station.harness.link.isUp = true
    for evse: Int32 in [1, 2] where station.places[Int(evse) - 1].isConnected { station.plugOut(evse) }
    station.wait(240)
    for evse: Int32 in [1, 2] {
      guard let id = station.chargePoint.transactionID(at: EVSEID(evse)) else { continue }
      _ = station.csms(.requestStopTransaction, RequestStopTransactionRequest(transactionId: id).encode(version: .v201))
    }
    station.wait(240)
  }

  private func judge(_ station: ChargingStation, _ label: String) {
    #expect(station.harness.violations.isEmpty, "\(label): \(station.harness.violations)")
    var told: Int64 = 0
    for book in station.books {
      #expect(book.isGapless && book.isEnded, "\(label): \(book.id)")
      #expect(book.entries.first?.request.eventType == .started, "\(label)")
      let starters = book.entries.filter { $0.request.triggerReason != .stopAuthorized }
        .compactMap { $0.request.idToken?.idToken }
      #expect(Set(starters).count <= 1, "\(label): \(starters)")
      told += station.energy(of: book)?.thousandths ?? 0
    }
    #expect(Decimal(thousandths: told) == station.delivered, "\(label)")
    #expect(station.chargePoint.waitingRecords == 0, "\(label)")
    SessionHistoryConformance.expectAgreement(station, label)
  }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport
import Testing

/// Members 15 to 17 of the ChargePoint contract: the engine itself starts and ends transactions by the facts that it is
/// told, and tells the firmware around of each event by `ChargePointDelegate`.
@Suite("Transactions as the firmware around sees them")
struct MemberConformance {
  private func told(_ station: ChargingStation) -> [TransactionEventRequest] {
    station.harness.delegate.transactionEvents
  }

  @Test(
    """
    M-15: a transaction that starts is told with an id of its own, its place, token, reading and state, offline or not; \
    a power cut does not lose it
    """, arguments: [true, false])
  func started(_ isOnline: Bool) throws {
    let station = ChargingStation([("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")])
    if !isOnline {
      station.harness.link.drop()
      station.harness.link.isUp = false
      station.wait(2)
    }
    station.plugIn()
    #expect(told(station).isEmpty)
    station.tap("CARD")
    station.wait(2)
    let started = try #require(told(station).first)
    #expect(started.eventType == .started && started.seqNo == 0)
    #expect(started.transactionInfo.transactionId.utf8.count == 36)
    #expect(started.evse == EVSE(id: 1, connectorId: 1) && started.idToken?.idToken == "CARD")
    #expect(started.transactionInfo.chargingState == .evConnected)
    let begin = started.meterValue?.flatMap { $0.sampledValue } ?? []
    #expect(begin.map { $0.context } == [.transactionBegin])
    #expect(begin.map { $0.measurand } == [.energyActiveImportRegister], "TxStartedMeasurands")
    #expect((started.offline ?? false) == !isOnline)

    let id = started.transactionInfo.transactionId
    station.restart(.powerCut)
    station.harness.link.isUp = true
    station.wait(30)
    #expect(station.chargePoint.transactionID(at: EVSEID(1)) == id, "resumed without being asked for")
    station.tap("CARD")
    station.wait(200)
    let book = try #require(station.books.first)
    #expect(station.books.count == 1 && book.id == id && book.isGapless && book.isEnded)
    #expect(station.energy(of: book) == station.delivered)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("M-15: a place that the station does not have begins nothing, and nothing traps")
  func unknownPlace() {
    let station = ChargingStation()
    for place in [ConnectorID(evse: EVSEID(9), number: 1), ConnectorID(evse: EVSEID(0), number: 0)] {
      station.chargePoint.handle(StationFact.connected(place, true, at: station.now))
      station.chargePoint.handle(StationFact.charging(place, .charging, at: station.now))
      station.chargePoint.handle(StationFact.startPressed(place.evse, station.now))
    }
    station.tap("CARD", evses: [9])
    station.wait(3)
    #expect(told(station).isEmpty && station.events.isEmpty)
  }

  @Test(
    """
    M-15, F02.FR.21, C01.FR.26: a remote start that nobody followed is forgotten after EVConnectionTimeOut; the driver \
    who comes later with the same token is no remote start
    """)
  func remoteStartExpires() throws {
    let station = ChargingStation([("TxCtrlr", "EVConnectionTimeOut", "20")])
    let start = RequestStartTransactionRequest(
      idToken: IdToken(idToken: "APP", type: .iso14443), remoteStartId: 7, evseId: 1)
    #expect(station.csms(.requestStartTransaction, start.encode(version: .v201))?["status"] == "Accepted")
    station.wait(22)
    station.plugIn()
    station.wait(2)
    #expect(told(station).isEmpty)
    station.tap("APP")
    station.wait(2)
    #expect(told(station).first?.triggerReason == .authorized)
    #expect(told(station).allSatisfy { $0.transactionInfo.remoteStartId == nil })
  }

  @Test("M-16: the end is told with begin and end reading, reason and time; what stops names its token, the CSMS none")
  func finished() throws {
    let station = ChargingStation()
    station.plugIn()
    station.tap("CARD")
    station.wait(20)
    station.tap("CARD")
    station.wait(3)
    let ended = try #require(told(station).last)
    #expect(ended.eventType == .ended && ended.triggerReason == .stopAuthorized)
    #expect(ended.transactionInfo.stoppedReason == .local && ended.idToken?.idToken == "CARD")
    #expect((ended.transactionInfo.timeSpentCharging ?? 0) >= 18)
    let contexts = ended.meterValue?.flatMap { $0.sampledValue }.map { $0.context }
    #expect(contexts == [.transactionBegin, .transactionEnd])
    station.tap("CARD")
    station.wait(5)
    let id = try #require(station.chargePoint.transactionID(at: EVSEID(1)))
    let stop = RequestStopTransactionRequest(transactionId: id)
    #expect(station.csms(.requestStopTransaction, stop.encode(version: .v201))?["status"] == "Accepted")
    station.wait(3)
    #expect(told(station).last?.transactionInfo.stoppedReason == .remote && told(station).last?.idToken == nil)
    let count = told(station).count
    #expect(station.csms(.requestStopTransaction, stop.encode(version: .v201))?["status"] == "Rejected")
    #expect(told(station).count == count, "what has ended does not end again")
    #expect(station.harness.violations.isEmpty)
  }

  @Test("M-16, G03.FR.05: what waits for the end of the transaction survives a power cut, and is done with it")
  func scheduledChange() throws {
    let station = ChargingStation()
    station.plugIn()
    station.tap("CARD")
    station.wait(5)
    let change = station.harness.csms.call(.changeAvailability, ["operationalStatus": "Inoperative"])
    station.wait(1)
    #expect(station.harness.csms.result(change)?["status"] == "Scheduled")
    station.restart(.powerCut)
    station.wait(30)
    #expect(station.chargePoint.transactionID(at: EVSEID(1)) != nil)
    #expect(station.harness.delegate.operative[station.connector(1)] == true)
    station.tap("CARD")
    station.wait(5)
    #expect(told(station).last?.eventType == .ended)
    #expect(station.harness.delegate.operative[station.connector(1)] == false)
  }

  @Test("M-17, E02.FR.01: the driver of a running transaction is told once, by Updated and Authorized, restart or not")
  func authorized() throws {
    let station = ChargingStation([("TxCtrlr", "TxStartPoint", "EVConnected")])
    station.tap("BLOCKED")
    #expect(told(station).isEmpty, "without a transaction, and without a good token, there is nothing to tell")
    station.plugIn()
    #expect(told(station).map { $0.eventType } == [.started] && told(station).first?.idToken == nil)
    station.tap("CARD")
    station.wait(2)
    let authorized = told(station).filter { $0.idToken != nil }
    #expect(authorized.map { $0.eventType } == [.updated] && authorized.map { $0.triggerReason } == [.authorized])
    #expect(authorized.first?.idToken?.idToken == "CARD")
    station.tap("OTHER")
    station.wait(2)
    station.restart(.kill)
    station.wait(30)
    #expect(station.events.filter { $0.idToken != nil }.count == 1, "persisted as told, and nobody else's either")
    #expect(station.harness.violations.isEmpty)
  }

  @Test(
    "E14.FR.01–FR.08, T-28: when the link returns, no transaction is said to be told before all of it is, nor after")
  func statusWhileTheQueueDrains() throws {
    let station = ChargingStation(
      [("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true"), ("SampledDataCtrlr", "TxUpdatedInterval", "5")], evses: 2)
    station.harness.link.drop()
    station.harness.link.isUp = false
    station.wait(2)
    for evse: Int32 in [1, 2] {
      station.plugIn(evse)
      station.tap("CARD\(evse)", evses: [evse])
    }
    station.wait(30)
    let first = try #require(station.chargePoint.transactionID(at: EVSEID(1)))
    let second = try #require(station.chargePoint.transactionID(at: EVSEID(2)))
    station.tap("CARD1", evses: [1])
    station.wait(3)
    #expect(station.chargePoint.transactionID(at: EVSEID(1)) == nil)
    station.harness.link.isUp = true
    func ask(_ id: String?) -> String {
      station.harness.csms.call(
        .getTransactionStatus, GetTransactionStatusRequest(transactionId: id).encode(version: .v201))
    }
    var answersWhileWaiting = 0
    var isFirstTold = false
    for _ in 0..<10_000 {
      guard station.harness.csms.isConnected else {
        station.harness.run(for: .milliseconds(100))
        continue
      }
      let (one, two, all) = (ask(first), ask(second), ask(nil))
      station.harness.run(for: .milliseconds(13))
      guard let one = station.harness.csms.result(one), let two = station.harness.csms.result(two),
        let all = station.harness.csms.result(all)
      else { continue }
      #expect(one["ongoingIndicator"] == false && two["ongoingIndicator"] == true && all["ongoingIndicator"] == nil)
      let book = station.harness.csms.transactions.book(first)
      if one["messagesInQueue"] == false {
        isFirstTold = true
        #expect(book?.isEnded == true && book?.isGapless == true, "E14.FR.04")
      } else {
        #expect(!isFirstTold, "E14.FR.05: told once and for all")
        #expect(all["messagesInQueue"] == true, "E14.FR.07")
        answersWhileWaiting += 1
      }
      if isFirstTold, all["messagesInQueue"] == false { break }
    }
    #expect(isFirstTold && answersWhileWaiting > 3)
    let end = ask("nobody")
    station.wait(1)
    #expect(
      station.harness.csms.result(end) == ["messagesInQueue": false, "ongoingIndicator": false], "E14.FR.01")
    #expect(station.harness.violations.isEmpty)
  }

  @Test("E14.FR.02–FR.05, T-28: after a restart the status of a transaction counts what only the store holds of it")
  func statusOfWhatIsOnDisk() throws {
    let station = ChargingStation(
      [("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true"), ("SampledDataCtrlr", "TxUpdatedInterval", "5")], evses: 2)
    station.harness.link.drop()
    station.harness.link.isUp = false
    // A long transaction first: the start of the queue is nothing but its events.
    station.plugIn(1)
    station.tap("CARD1", evses: [1])
    station.wait(400)
    let first = try #require(station.chargePoint.transactionID(at: EVSEID(1)))
    station.tap("CARD1", evses: [1])
    station.plugOut(1)
    station.plugIn(2)
    station.tap("CARD2", evses: [2])
    station.wait(20)
    let second = try #require(station.chargePoint.transactionID(at: EVSEID(2)))
    station.tap("CARD2", evses: [2])
    station.plugOut(2)
    station.wait(5)
    // No commit is under way that would have it in memory.
    station.harness.csms.script = { $0.action == .transactionEvent ? .delayed(.seconds(1)) : .standard }
    station.restart(.kill)
    station.harness.link.isUp = true
    func ask(_ id: String) -> Bool? {
      let call = station.harness.csms.call(
        .getTransactionStatus, GetTransactionStatusRequest(transactionId: id).encode(version: .v201))
      station.harness.run(for: .milliseconds(50))
      return station.harness.csms.result(call)?["messagesInQueue"]?.bool
    }
    func isTold(_ id: String) -> Bool { station.harness.csms.transactions.book(id)?.isEnded == true }
    #expect(station.harness.run(upTo: .seconds(600)) { station.harness.csms.calls(.transactionEvent).count >= 3 })
    #expect(!isTold(first) && ask(first) == true)
    #expect(ask(second) == true, "none of its events has been read from the disk yet")
    #expect(ask("nobody") == false)
    #expect(station.harness.run(upTo: .seconds(1_200)) { isTold(first) })
    station.harness.run(for: .seconds(2))
    #expect(ask(first) == false && !isTold(second) && ask(second) == true)
    #expect(station.harness.run(upTo: .seconds(1_200)) { isTold(second) })
    station.harness.run(for: .seconds(2))
    #expect(ask(second) == false)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("E Transactions against a strict CSMS")
struct TransactionConformance {
  private func finish(_ station: ChargingStation, _ comment: Comment = "") {
    #expect(station.harness.violations.isEmpty, comment)
    #expect(station.books.allSatisfy { $0.isGapless }, comment)
  }

  @Test("TC_E_03_CS TC_E_06_CS TC_E_15_CS Plug in, card, charge, card, unplug")
  func oneSession() throws {
    let station = ChargingStation()
    station.plugIn()
    station.tap("CARD")
    station.wait(60)
    station.tap("CARD")
    station.wait(3)
    station.plugOut()
    #expect(station.harness.csms.calls(.authorize).count == 1)
    let book = try #require(station.books.first)
    #expect(station.books.count == 1)
    #expect(station.story.first == "Started/Authorized" && station.story.last == "Ended/StopAuthorized")
    #expect(book.ended?.transactionInfo.stoppedReason == .local)
    #expect(book.started?.evse == EVSE(id: 1, connectorId: 1))
    #expect(station.energy(of: book) == station.delivered)
    #expect(station.delivered > 100)
    finish(station)
  }

  @Test("TC_E_04_CS Card first")
  func cardFirst() {
    let station = ChargingStation()
    station.tap("CARD", evses: [1])
    station.plugIn()
    station.wait(5)
    #expect(station.story == ["Started/CablePluggedIn", "Updated/ChargingStateChanged"])
    #expect(station.events[0].idToken?.idToken == "CARD")
    finish(station)
  }

  @Test("TC_E_05_CS TC_E_39_CS The cable is not plugged in in time, and the EVSE serves the next driver")
  func timeout() {
    let station = ChargingStation([("TxCtrlr", "TxStartPoint", "Authorized"), ("TxCtrlr", "EVConnectionTimeOut", "20")])
    station.tap("CARD", evses: [1])
    station.wait(22)
    #expect(station.story == ["Started/Authorized", "Ended/EVConnectTimeout"])
    #expect(station.events[1].transactionInfo.stoppedReason == .timeout)
    station.tap("CARD", evses: [1])
    station.plugIn()
    station.wait(3)
    #expect(station.events.last?.transactionInfo.chargingState == .charging)
    finish(station)
  }

  @Test("TC_E_38_CS E01.FR.19 A vehicle that is not ready: suspended by the vehicle, and then charging")
  func vehicleNotReady() {
    let station = ChargingStation()
    station.plugIn()
    station.places[0].wantsEnergy = false
    station.tap("CARD")
    station.wait(3)
    #expect(station.events.last?.transactionInfo.chargingState == .suspendedEV)
    station.vehicle(wantsEnergy: true)
    #expect(station.events.last?.transactionInfo.chargingState == .charging)
    finish(station)
  }

  @Test("TC_E_16_CS A token that the CSMS refuses in its answer to the event")
  func refusedAfterwards() throws {
    let station = ChargingStation([("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")])
    station.harness.link.isUp = false
    station.wait(90)
    station.plugIn()
    station.tap("BLOCKED")
    station.wait(10)
    #expect(station.places[0].isClosed)
    station.harness.link.isUp = true
    station.wait(180)
    #expect(!station.places[0].isClosed)
    let book = try #require(station.books.first)
    #expect(book.started?.offline == true)
    #expect(book.ended?.triggerReason == .deauthorized)
    #expect(book.ended?.transactionInfo.stoppedReason == .deAuthorized)
    #expect(station.energy(of: book) == station.delivered)
    finish(station)
  }

  @Test("E01.FR.08 E02.FR.08 T-15 No transaction id comes twice: not after restarts, nor with another memory")
  func identifiers() {
    var ids: [String] = []
    for seed: UInt64 in 1...3 {
      // Another board with an empty memory in the same station.
      let station = ChargingStation(seed: seed)
      for (number, end) in [EngineHarness.End.clean, .kill, .powerCut, .clean].enumerated() {
        station.plugIn()
        station.tap("CARD")
        station.wait(2)
        station.tap("CARD")
        station.wait(2)
        station.plugOut()
        station.restart(end, reason: number == 0 ? .firmwareUpdate : .powerUp)
        station.wait(5)
      }
      ids += station.books.map { $0.id }
      finish(station)
    }
    #expect(ids.count == 12)
    #expect(Set(ids).count == ids.count)
    #expect(ids.allSatisfy { $0.utf8.count == 36 }, "random, no counter that could begin anew")
  }

  @Test("M-34 The open transaction of an EVSE is told, after a power cut too; none where none is, nor at no EVSE")
  func openTransaction() throws {
    let station = ChargingStation(evses: 2)
    #expect(station.chargePoint.transactionID(at: EVSEID(1)) == nil)
    station.plugIn()
    station.tap("CARD", evses: [1])
    station.wait(3)
    let id = try #require(station.chargePoint.transactionID(at: EVSEID(1)))
    #expect(id == station.transactionID)
    for other in [EVSEID(2), EVSEID(0), EVSEID(9), EVSEID(-1)] {
      #expect(station.chargePoint.transactionID(at: other) == nil)
    }
    station.restart(.powerCut)
    station.wait(5)
    #expect(station.chargePoint.transactionID(at: EVSEID(1)) == id)
    station.tap("CARD", evses: [1])
    station.wait(3)
    station.plugOut()
    station.wait(3)
    #expect(station.chargePoint.transactionID(at: EVSEID(1)) == nil)
    finish(station)
  }

  @Test("TxStopPoint that the CSMS writes takes effect at once, on the running transaction")
  func writtenStopPoint() {
    let station = ChargingStation()
    station.plugIn()
    station.tap("CARD")
    station.wait(3)
    let id = station.harness.csms.call(
      .setVariables,
      [
        "setVariableData": [
          ["component": ["name": "TxCtrlr"], "variable": ["name": "TxStopPoint"], "attributeValue": "EVConnected"]
        ]
      ])
    station.wait(1)
    #expect(station.harness.csms.result(id)?["setVariableResult"]?[0]?["attributeStatus"]?.string == "Accepted")
    station.tap("CARD")
    station.wait(3)
    #expect(station.story.suffix(2) == ["Updated/StopAuthorized", "Updated/ChargingStateChanged"])
    station.plugOut()
    station.wait(3)
    #expect(station.story.last == "Ended/EVCommunicationLost")
    finish(station)
  }

  @Test(
    "TC_E_40_CS E11.FR.01 E11.FR.02 The link breaks: nothing is lost, what happened meanwhile is offline"
  )
  func connectionLoss() throws {
    let station = ChargingStation([("SampledDataCtrlr", "TxUpdatedInterval", "20")])
    station.plugIn()
    station.tap("CARD")
    station.wait(30)
    station.harness.link.isUp = false
    station.wait(300)
    station.harness.link.isUp = true
    station.wait(180)
    station.tap("CARD")
    station.wait(5)
    let book = try #require(station.books.first)
    #expect(book.entries.filter { $0.request.offline == true }.count >= 10)
    #expect(book.started?.offline == nil)
    #expect(book.ended?.offline == nil)
    #expect(station.energy(of: book) == station.delivered)
    finish(station)
  }

  @Test(
    "TC_E_43, 44_CS E04.FR.01–FR.03 E08.FR.01, FR.04–FR.07 E12.FR.01, FR.02 A transaction without a link"
  )
  func wholeOffline() throws {
    let station = ChargingStation([("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")])
    station.harness.link.isUp = false
    station.wait(90)
    station.plugIn()
    station.tap("CARD")
    station.wait(60)
    station.tap("CARD")
    station.wait(5)
    station.plugOut()
    #expect(station.books.isEmpty)
    station.harness.link.isUp = true
    station.wait(180)
    let book = try #require(station.books.first)
    #expect(book.isEnded)
    #expect(book.entries.allSatisfy { $0.request.offline == true })
    #expect(station.energy(of: book) == station.delivered)
    let times = book.entries.map { $0.request.timestamp }
    #expect(times == times.sorted() && (times.last ?? times[0]) - times[0] > .seconds(60), "the times of then")
    finish(station)
  }

  @Test(
    "TC_E_29_CS TC_E_30_CS TC_E_31_CS TC_E_32_CS TC_E_33_CS E14 The status of a transaction, with and without a queue")
  func transactionStatus() throws {
    let station = ChargingStation()
    station.plugIn()
    station.tap("CARD")
    station.wait(10)
    let id = try #require(station.transactionID)
    let ask = GetTransactionStatusRequest(transactionId: id).encode(version: .v201)
    #expect(station.csms(.getTransactionStatus, ask) == ["messagesInQueue": false, "ongoingIndicator": true])
    station.harness.csms.script = { $0.action == .transactionEvent ? .silent : .standard }
    station.vehicle(wantsEnergy: false)
    #expect(station.csms(.getTransactionStatus, ask) == ["messagesInQueue": true, "ongoingIndicator": true])
    let all = GetTransactionStatusRequest().encode(version: .v201)
    #expect(station.csms(.getTransactionStatus, all) == ["messagesInQueue": true])
    finish(station)
  }

  @Test(
    "Death at any instant of a session: every number once, the energy right",
    arguments: [EngineHarness.End.kill, .powerCut, .clean], 0..<24)
  func death(_ end: EngineHarness.End, _ moment: Int) throws {
    let station = ChargingStation([("SampledDataCtrlr", "TxUpdatedInterval", "5")], seed: UInt64(moment) + 1)
    // The moments lie close together around each event, where commits and answers are under way.
    let offsets: [Duration] = [
      .zero, .milliseconds(1), .milliseconds(3), .milliseconds(12), .milliseconds(30), .seconds(4),
    ]
    let phase = moment / offsets.count
    let offset = offsets[moment % offsets.count]
    func dieIn(_ number: Int) {
      guard phase == number else { return }
      station.harness.run(for: offset)
      station.restart(end, reason: end == .powerCut ? .powerUp : .unknown)
    }
    station.chargePoint.handle(StationFact.connected(station.connector(1), true, at: station.now))
    station.places[0].isConnected = true
    dieIn(0)
    station.wait(1)
    station.chargePoint.handle(
      StationFact.tokenPresented(PresentedIdToken(idToken: IdToken(idToken: "CARD", type: .iso14443)), evses: nil))
    dieIn(1)
    station.wait(3)
    if station.places[0].grant == nil { station.tap("CARD") }
    station.wait(11)
    dieIn(2)
    station.wait(11)
    station.chargePoint.handle(
      StationFact.tokenPresented(PresentedIdToken(idToken: IdToken(idToken: "CARD", type: .iso14443)), evses: nil))
    dieIn(3)
    station.wait(5)
    if station.places[0].grant != nil { station.tap("CARD") }
    station.wait(5)
    station.plugOut()
    station.wait(120)
    #expect(station.books.count == 1, "\(station.story)")
    let book = try #require(station.books.first)
    #expect(book.isGapless && book.isEnded, "\(station.story)")
    #expect(station.energy(of: book) == station.delivered)
    finish(station, "\(end) at \(moment)")
  }
}

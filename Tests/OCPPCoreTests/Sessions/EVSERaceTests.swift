import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

/// The rows of README's table "Which EVSE a card means".
@Suite("Two drivers, two plugs, one reader")
struct EVSERaceTests {
  /// At the reader, while nothing that is under way has been answered yet.
  private func present(_ bench: SessionBench, _ token: String, evses: [Int32]? = nil) {
    bench.sessions.handle(
      .tokenPresented(
        PresentedIdToken(idToken: IdToken(idToken: token, type: .iso14443)), evses: evses?.map { EVSEID($0) }))
  }

  private func payer(_ bench: SessionBench, _ evse: Int32) -> String? {
    bench.sessions.openTransaction(at: EVSEID(evse))?.authorization?.token.idToken
  }

  @Test("Two vehicles wait: the first card is for the one that has waited longest, the second for the other")
  func vehiclesFirst() {
    for order: [Int32] in [[1, 2], [2, 1]] {
      let bench = SessionBench(evseCount: 2)
      for evse in order {
        bench.plugIn(evse)
        bench.wait(1)
      }
      bench.tap("ONE")
      bench.tap("TWO")
      #expect(payer(bench, order[0]) == "ONE" && payer(bench, order[1]) == "TWO")
    }
  }

  @Test("Two cards, then two plugs: the first card is for the first plug")
  func cardsFirst() {
    for order: [Int32] in [[1, 2], [2, 1]] {
      let bench = SessionBench(evseCount: 2)
      bench.tap("ONE")
      bench.wait(5)
      bench.tap("TWO")
      for evse in order { bench.plugIn(evse) }
      #expect(payer(bench, order[0]) == "ONE" && payer(bench, order[1]) == "TWO")
      bench.tap("THREE")
      #expect(bench.engine.actions.contains(.show(.rejected(.notAtThisTime), nil)), "every EVSE is taken")
    }
  }

  @Test("Card, plug, card, plug: each driver has his own EVSE")
  func oneAfterTheOther() {
    let bench = SessionBench(evseCount: 2)
    bench.tap("ONE")
    bench.plugIn(2)
    bench.tap("TWO")
    #expect(bench.engine.lastShown(at: 1) == .plugIn, "the only one that is left")
    bench.plugIn(1)
    #expect(payer(bench, 2) == "ONE" && payer(bench, 1) == "TWO")
  }

  @Test("Two cards are asked about at once: both are decided, in the order in which they are accepted")
  func twoQuestions() {
    let bench = SessionBench(evseCount: 2)
    bench.plugIn(1)
    bench.wait(1)
    bench.plugIn(2)
    present(bench, "ONE")
    present(bench, "TWO")
    bench.settle()
    #expect(payer(bench, 1) == "ONE" && payer(bench, 2) == "TWO")
    let refused = SessionBench(evseCount: 2)
    refused.engine.verdict = { $0.idToken == "ONE" ? .refused(.blocked) : .accepted(group: nil) }
    refused.plugIn(1)
    refused.wait(1)
    refused.plugIn(2)
    present(refused, "ONE")
    present(refused, "TWO")
    refused.settle()
    #expect(payer(refused, 1) == "TWO" && payer(refused, 2) == nil, "who is refused takes no place")
  }

  @Test("The same card again while it is asked about: asked about once, and neither stopped nor started twice")
  func sameCardWhileAsking() {
    let bench = SessionBench(evseCount: 2)
    bench.plugIn(1)
    bench.plugIn(2)
    for _ in 0..<3 { present(bench, "ONE") }
    bench.settle()
    #expect(bench.engine.asked == ["ONE"])
    #expect(bench.events.filter { $0.kind == .started }.count == 1 && payer(bench, 2) == nil)
  }

  @Test("The plug is pulled while the card is asked about: the driver has his time to plug in, here or elsewhere")
  func pulledWhileAsking() {
    let bench = SessionBench(evseCount: 2)
    bench.plugIn(1)
    present(bench, "ONE")
    bench.sessions.handle(.connected(bench.connector(1), false, at: bench.engine.now))
    bench.places[0].isConnected = false
    bench.settle()
    #expect(bench.events.isEmpty)
    bench.plugIn(2)
    #expect(payer(bench, 2) == "ONE")
    let late = SessionBench()
    late.plugIn()
    present(late, "ONE")
    late.sessions.handle(.connected(late.connector(1), false, at: late.engine.now))
    late.places[0].isConnected = false
    late.settle()
    late.wait(61)
    late.plugIn()
    #expect(late.events.isEmpty && !late.isGranted(), "C01.FR.26")
  }

  @Test("F01.FR.24: remote start and card at the same EVSE: who was first has it, and the other is told")
  func remoteAgainstCard() throws {
    let remote = SessionBench(evseCount: 2)
    remote.plugIn(1)
    let start = RequestStartTransactionRequest(
      idToken: IdToken(idToken: "APP", type: .iso14443), remoteStartId: 1, evseId: 1)
    let sink = ReplySink()
    try remote.sessions.handle(
      IncomingCall(
        action: .requestStartTransaction, version: .v201, payload: start.encode(version: .v201)[...], number: 1,
        sink: sink))
    present(remote, "CARD", evses: [1])
    remote.settle()
    #expect(payer(remote, 1) == "APP")
    #expect(remote.engine.actions.contains(.show(.rejected(.notAtThisTime), EVSEID(1))))

    let card = SessionBench(evseCount: 2)
    card.plugIn(1)
    present(card, "CARD", evses: [1])
    #expect(card.remoteStart("APP", id: 1, evse: 1)?.status == .rejected)
    #expect(payer(card, 1) == "CARD")
    #expect(card.remoteStart("APP", id: 2, evse: 1)?.status == .rejected, "taken")
    #expect(card.remoteStart("APP", id: 3, evse: 2)?.status == .accepted)
  }

  @Test("A reader means its own EVSEs: one, some or all; readers of several EVSEs do not disturb each other")
  func readers() {
    let bench = SessionBench(evseCount: 3)
    for evse: Int32 in 1...3 { bench.plugIn(evse) }
    present(bench, "THREE", evses: [3])
    present(bench, "TWO", evses: [2, 3])
    present(bench, "ONE")
    bench.settle()
    #expect(payer(bench, 3) == "THREE" && payer(bench, 2) == "TWO" && payer(bench, 1) == "ONE")
    bench.tap("ONE", evses: [2])
    #expect(payer(bench, 1) == "ONE" && payer(bench, 2) == "TWO", "no business of that reader's")
    bench.wait(2)
    bench.tap("THREE", evses: [2, 3])
    bench.wait(3)
    #expect(payer(bench, 3) == nil && payer(bench, 2) == "TWO")
  }

  @Test("A driver without an EVSE who shows his card at a reader of one EVSE has named it")
  func namesHisEVSE() {
    let bench = SessionBench(evseCount: 2)
    bench.tap("ONE")
    bench.tap("ONE", evses: [2])
    #expect(bench.engine.lastShown(at: 2) == .plugIn && bench.engine.asked == ["ONE"])
    bench.plugIn(1)
    #expect(payer(bench, 1) == nil, "that vehicle is another's")
    bench.plugIn(2)
    #expect(payer(bench, 2) == "ONE")
  }

  @Test("C09.FR.03, T-20: a group member's card stops the group's session, unless a vehicle waits for its driver")
  func groupMember() {
    let bench = SessionBench(evseCount: 2)
    bench.engine.verdict = { _ in .accepted(group: "FLEET") }
    bench.plugIn(1)
    bench.tap("ONE")
    bench.plugIn(2)
    bench.tap("TWO")
    #expect(payer(bench, 1) == "ONE" && payer(bench, 2) == "TWO", "it had come to start")
    bench.tap("THREE")
    bench.wait(3)
    #expect(payer(bench, 1) == nil && payer(bench, 2) == "TWO", "of several the one authorized longest ago")
  }

  @Test("The same card again: before the plug it renews the time, then it stops, and stops once")
  func again() {
    let bench = SessionBench([(.evConnectionTimeOut, "20")])
    bench.tap("ONE", evses: [1])
    bench.wait(15)
    bench.tap("ONE", evses: [1])
    bench.wait(15)
    bench.plugIn()
    #expect(payer(bench, 1) == "ONE")
    bench.wait(3)
    bench.metersAreSilent = true
    bench.wait(1)
    bench.tap("ONE")
    bench.tap("ONE")
    bench.wait(3)
    bench.metersAreSilent = false
    #expect(bench.events.filter { $0.kind == .started }.count == 1, "a double tap does not start again")
    #expect(bench.last?.kind == .ended && !bench.isGranted())
    bench.tap("ONE")
    #expect(bench.isGranted(), "once it is over, the same vehicle may go on")
    #expect(bench.events.filter { $0.kind == .started }.count == 2)
  }

  @Test("The card stops a session that the vehicle, the station or the pulled plug has suspended")
  func suspended() throws {
    let vehicle = SessionBench()
    vehicle.plugIn()
    vehicle.tap("ONE")
    vehicle.wait(3)
    vehicle.vehicle(wantsEnergy: false)
    vehicle.wait(3)
    #expect(vehicle.last?.chargingState == .suspendedEV)
    vehicle.tap("ONE")
    vehicle.wait(3)
    #expect(vehicle.story.last == "Ended/StopAuthorized")

    let station = SessionBench([(.stopTxOnInvalidId, "false")])
    station.plugIn()
    station.tap("ONE")
    station.wait(3)
    station.csmsAnswers(try #require(station.events.first), IdTokenInfo(status: .invalid))
    station.wait(3)
    #expect(station.last?.chargingState == .suspendedEVSE)
    station.tap("ONE")
    station.wait(3)
    #expect(station.story.last == "Ended/StopAuthorized")

    let pulled = SessionBench([(.stopTxOnEVSideDisconnect, "false"), (.txStopPoint, "Authorized")])
    pulled.plugIn()
    pulled.tap("ONE")
    pulled.wait(3)
    pulled.plugOut()
    pulled.wait(3)
    #expect(pulled.last?.kind == .updated)
    pulled.tap("ONE")
    pulled.wait(3)
    #expect(pulled.story.last == "Ended/StopAuthorized", "E10.FR.01")
  }
}

import ChargerBase
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("Who may charge, and where")
struct SessionAuthorizationTests {
  @Test(
    "TC_C_02, 06, 07, 56_CS C01.FR.01 C01.FR.02 A refused token starts nothing, and the driver sees why",
    arguments: [AuthorizationStatus.invalid, .blocked, .expired, .unknown, .noCredit])
  func refused(_ status: AuthorizationStatus) {
    let bench = SessionBench()
    bench.engine.verdict = { _ in .refused(status) }
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.engine.asked == ["CARD"])
    #expect(bench.engine.lastShown(at: 1) == .rejected(status))
    bench.wait(6)
    #expect(bench.engine.lastShown(at: 1) == .presentToken, "and then what he can do")
    #expect(bench.events.isEmpty && !bench.isGranted())
  }

  @Test("TC_C_04_CS C01.FR.03 Another token does not stop a transaction")
  func otherTokenDoesNotStop() {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("ONE")
    bench.wait(3)
    bench.tap("TWO")
    bench.wait(2)
    #expect(bench.isGranted())
    #expect(bench.last?.kind == .updated)
    #expect(bench.engine.lastShown(at: 1) == .rejected(.notAtThisTime))
  }

  @Test("TC_C_39_CS TC_C_42_CS C09.FR.03 C09.FR.05 A token of the same group stops, and is named in the event")
  func group() {
    let bench = SessionBench()
    bench.engine.verdict = { .accepted(group: $0.idToken == "STRANGER" ? "OTHERS" : "FLEET") }
    bench.plugIn()
    bench.tap("ONE")
    bench.wait(3)
    bench.tap("STRANGER")
    bench.wait(1)
    #expect(bench.isGranted())
    bench.tap("TWO")
    #expect(bench.engine.asked == ["ONE", "STRANGER", "TWO"], "the CSMS says whose they are")
    bench.wait(3)
    #expect(bench.story.last == "Ended/StopAuthorized")
    #expect(bench.last?.token?.idToken == "TWO")
  }

  @Test("C01.FR.25 errata The same token is known without regard to case")
  func caseInsensitive() {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("abCD")
    bench.wait(2)
    bench.tap("ABcd")
    bench.wait(3)
    #expect(bench.story.last == "Ended/StopAuthorized")
    #expect(bench.engine.asked.count == 1)
  }

  @Test(
    "C15.FR.08 E08.FR.01 E08.FR.03 Offline: unknown tokens are refused unless OfflineTxForUnknownIdEnabled says otherwise"
  )
  func offline() {
    let bench = SessionBench()
    bench.engine.isOnline = false
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.events.isEmpty)
    #expect(bench.engine.lastShown(at: 1) == .rejected(.notAtThisTime))
    bench.set(.offlineTxForUnknownIdEnabled, "true")
    bench.tap("CARD")
    #expect(bench.story.first == "Started/Authorized")
    #expect(bench.engine.asked.isEmpty)
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.story.last == "Ended/StopAuthorized", "E08.FR.01 stopping needs no link")
    #expect(bench.engine.actions.contains(.unlock(bench.connector(1))), "and the driver has his cable")
  }

  @Test("A link that breaks during the question counts as offline; an error of the CSMS as a refusal")
  func questionFails() {
    let bench = SessionBench([(.offlineTxForUnknownIdEnabled, "true")])
    bench.plugIn()
    bench.engine.verdict = { _ in .error }
    bench.tap("CARD")
    #expect(bench.events.isEmpty)
    bench.engine.verdict = { _ in .offline }
    bench.tap("CARD")
    #expect(bench.story.first == "Started/Authorized")
  }

  @Test("C01.FR.21 A token that is allowed at some EVSEs only is refused at the others")
  func onlyAt() {
    let bench = SessionBench(evseCount: 2)
    bench.engine.verdict = { _ in .onlyAt([2]) }
    bench.plugIn(1)
    bench.tap("CARD", evses: [1])
    #expect(bench.events.isEmpty)
    #expect(bench.engine.lastShown(at: 1) == .rejected(.notAtThisLocation))
    bench.plugIn(2)
    bench.tap("CARD")
    #expect(bench.events.first?.evse == 2)
  }

  @Test(
    "TC_E_16_CS E05.FR.10 E06.FR.04 C15.FR.04 T-22 The CSMS refuses the token afterwards: Ended, Deauthorized",
    arguments: ["Authorized", "PowerPathClosed", "EnergyTransfer", "EVConnected,Authorized"])
  func refusedAfterwards(_ stopPoint: String) throws {
    let bench = SessionBench([(.txStopPoint, stopPoint)])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.csmsAnswers(try #require(bench.events.first), IdTokenInfo(status: .invalid))
    #expect(!bench.isGranted())
    bench.wait(3)
    #expect(bench.story.last == "Ended/Deauthorized")
    #expect(bench.last?.stoppedReason == .deAuthorized)
  }

  @Test("E05.FR.09 C01.FR.23 C15.FR.03 T-22 Where no stop point has lapsed, the transaction stands without its driver")
  func refusedAfterwardsStands() throws {
    let bench = SessionBench([(.txStopPoint, "EVConnected")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.csmsAnswers(try #require(bench.events.first), IdTokenInfo(status: .blocked))
    bench.wait(2)
    #expect(bench.story.suffix(2) == ["Updated/Deauthorized", "Updated/ChargingStateChanged"])
    #expect(bench.last?.chargingState == .evConnected)
    #expect(!bench.isGranted())
    bench.tap("OTHER")
    #expect(!bench.isGranted(), "C01.FR.23 not with another token")
    bench.plugOut()
    #expect(bench.last?.stoppedReason == .deAuthorized)
  }

  @Test("TC_C_17_CS E05.FR.02 C15.FR.06 T-22 T-23 StopTxOnInvalidId false, no budget: energy stops, SuspendedEVSE")
  func suspended() throws {
    let bench = SessionBench([(.stopTxOnInvalidId, "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.csmsAnswers(try #require(bench.events.first), IdTokenInfo(status: .invalid))
    bench.wait(3)
    #expect(bench.story.last == "Updated/ChargingStateChanged")
    #expect(bench.last?.chargingState == .suspendedEVSE)
    #expect(!bench.isGranted())
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.story.last == "Ended/StopAuthorized", "its owner can end it")
  }

  @Test("TC_C_15_CS E05.FR.03 C15.FR.07 T-22 T-23 MaxEnergyOnInvalidId: so much more, and then SuspendedEVSE")
  func energyBudget() throws {
    let bench = SessionBench([(.stopTxOnInvalidId, "false"), (.maxEnergyOnInvalidId, "40")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(10)
    let register = bench.register()
    bench.csmsAnswers(try #require(bench.events.first), IdTokenInfo(status: .invalid))
    bench.wait(10)
    #expect(bench.isGranted(), "20 of 40 Wh")
    #expect(bench.engine.actions.contains(.grant(bench.connector(1), .authorized, 40)))
    bench.wait(20)
    #expect(!bench.isGranted())
    #expect(bench.register() == register.adding(40))
    #expect(bench.last?.chargingState == .suspendedEVSE)
  }

  @Test("A token at a reader for all finds the vehicle that has waited longest")
  func longestWaiting() {
    let bench = SessionBench(evseCount: 3)
    bench.plugIn(3)
    bench.wait(2)
    bench.plugIn(1)
    bench.tap("ONE")
    #expect(bench.sessions.transactionID(at: EVSEID(3)) != nil)
    bench.tap("TWO")
    #expect(bench.sessions.transactionID(at: EVSEID(1)) != nil)
    bench.tap("THREE")
    #expect(bench.engine.lastShown(at: 2) == .plugIn, "the only free one")
    bench.tap("TWO")
    bench.wait(3)
    #expect(bench.sessions.transactionID(at: EVSEID(1)) == nil, "its own token stops it")
    #expect(bench.sessions.transactionID(at: EVSEID(3)) != nil)
  }

  @Test("A token at a reader for several free EVSEs goes to the one that is plugged in next, within the timeout")
  func nextPlugIn() {
    let bench = SessionBench(evseCount: 2)
    bench.tap("CARD")
    #expect(bench.engine.actions.contains(.show(.plugIn, nil)))
    bench.wait(30)
    bench.plugIn(2)
    #expect(bench.sessions.transactionID(at: EVSEID(2)) != nil)
    bench.plugIn(1)
    #expect(bench.sessions.transactionID(at: EVSEID(1)) == nil)

    let late = SessionBench(evseCount: 2)
    late.tap("CARD")
    late.wait(61)
    late.plugIn(2)
    #expect(late.events.isEmpty)
  }

  @Test("C06.FR.01 C06.FR.02 An id that is given at the station is asked about like a card")
  func localToken() {
    let bench = SessionBench()
    bench.plugIn()
    bench.engine.verdict = { $0.type == .local ? .refused(.invalid) : .accepted(group: nil) }
    bench.tell(.tokenPresented(PresentedIdToken(idToken: IdToken(idToken: "TICKET-7", type: .local)), evses: nil))
    bench.settle()
    #expect(bench.engine.asked == ["TICKET-7"])
    #expect(bench.events.isEmpty && !bench.isGranted())
    bench.wait(6)
    bench.engine.verdict = { _ in .accepted(group: nil) }
    bench.tell(.tokenPresented(PresentedIdToken(idToken: IdToken(idToken: "TICKET-7", type: .local)), evses: nil))
    bench.settle()
    #expect(bench.isGranted())
    #expect(bench.events.first?.token?.type == .local)
  }

  @Test("A token that is held at the reader is asked about once")
  func heldCard() {
    let bench = SessionBench()
    bench.plugIn()
    for _ in 0..<3 {
      bench.sessions.handle(
        .tokenPresented(PresentedIdToken(idToken: IdToken(idToken: "CARD", type: .iso14443)), evses: nil))
    }
    bench.settle()
    #expect(bench.engine.asked == ["CARD"])
    #expect(bench.story == ["Started/Authorized", "Updated/ChargingStateChanged"])
  }

  @Test("AuthCtrlr.Enabled false: plugging in is enough, and the event says that nobody was asked")
  func withoutAuthorization() {
    let bench = SessionBench([(.authorizationEnabled, "false")])
    bench.plugIn()
    #expect(bench.isGranted())
    #expect(bench.events.first?.token?.type == .noAuthorization)

    let faulty = SessionBench([(.authorizationEnabled, "false")])
    faulty.fault("meterSilent")
    faulty.plugIn()
    #expect(!faulty.isGranted())
    faulty.fault("meterSilent", active: false)
    #expect(faulty.isGranted(), "the vehicle need not be plugged in again")
  }
}

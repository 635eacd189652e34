import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

/// Certification cases of blocks C and E as they are played at the station.
@Suite("Certification cases of authorization and transactions")
struct CertificationCaseTests {
  @Test("TC_E_13_CS: TxStartPoint Authorized, started from afar: Accepted, Authorize, then Started by RemoteStart")
  func startedFromAfar() throws {
    let bench = SessionBench([(.txStartPoint, "Authorized")])
    #expect(bench.remoteStart("APP", id: 9, evse: 1)?.status == .accepted)
    #expect(bench.engine.asked == ["APP"])
    let started = try #require(bench.events.first)
    #expect(bench.story == ["Started/RemoteStart"])
    #expect(started.token?.idToken == "APP" && started.remoteStartID == 9)
  }

  @Test("TC_E_11_CS: TxStartPoint DataSigned: the driver is authorized, the vehicle comes, the meter signs")
  func dataSigned() throws {
    let bench = SessionBench(meterSigns: true, [(.txStartPoint, "DataSigned")])
    bench.tap("CARD", evses: [1])
    bench.plugIn()
    #expect(bench.events.isEmpty)
    bench.wait(2)
    bench.sign()
    let started = try #require(bench.events.first)
    #expect(started.kind == .started && started.trigger == .signedDataReceived)
    #expect(started.token?.idToken == "CARD" && started.evse == 1 && started.connector == 1)
    #expect(started.readings.first?.signed != nil && started.readings.first?.context == .transactionBegin)
    bench.wait(2)
    #expect(bench.last?.chargingState == .charging)
  }

  @Test("TC_E_07_CS: TxStopPoint PowerPathClosed: the card ends the transaction")
  func powerPathClosed() {
    let bench = SessionBench([(.txStopPoint, "PowerPathClosed")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.story.last == "Ended/StopAuthorized" && bench.last?.stoppedReason == .local)
    #expect(bench.last?.token?.idToken == "CARD")
  }

  @Test("TC_E_20_CS: TxStopPoint EVConnected, StopTxOnEVSideDisconnect false: pulled at a suspended vehicle, it ends")
  func pulledAtTheVehicle() {
    let bench = SessionBench([(.txStopPoint, "EVConnected"), (.stopTxOnEVSideDisconnect, "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    bench.vehicle(wantsEnergy: false)
    bench.wait(3)
    bench.plugOut()
    bench.wait(3)
    #expect(bench.story.last == "Ended/EVCommunicationLost")
    #expect(bench.last?.chargingState == .idle && bench.last?.stoppedReason == .evDisconnected)
  }

  @Test("TC_E_45_CS, E08.FR.02, FR.04: without a link a card of the same group that is known here ends the transaction")
  func groupOffline() throws {
    let bench = SessionBench([(.localAuthorizeOffline, "true")])
    bench.engine.verdict = { _ in .accepted(group: "FLEET") }
    bench.plugIn()
    bench.tap("TWO")
    bench.wait(3)
    bench.tap("TWO")
    bench.wait(3)
    bench.tap("ONE")
    bench.wait(5)
    bench.engine.isOnline = false
    bench.tap("TWO")
    bench.wait(3)
    #expect(bench.story.last == "Ended/StopAuthorized" && bench.last?.token?.idToken == "TWO")
    #expect(bench.engine.asked == ["TWO", "ONE"])
  }

  @Test("TC_C_16_CS: good in the cache, Invalid for the CSMS, StopTxOnInvalidId: started at once, ended by its answer")
  func cachedAndInvalid() throws {
    let bench = SessionBench([(.localPreAuthorize, "true"), (.stopTxOnInvalidId, "true")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.tap("CARD")
    bench.wait(3)
    bench.engine.asked = []
    bench.tap("CARD")
    #expect(bench.engine.asked.isEmpty && bench.isGranted(), "the cache is enough")
    bench.wait(3)
    let started = try #require(bench.events.last { $0.kind == .started })
    bench.csmsAnswers(started, IdTokenInfo(status: .invalid))
    bench.wait(3)
    #expect(bench.story.last == "Ended/Deauthorized" && bench.last?.stoppedReason == .deAuthorized)
  }

  @Test("TC_C_13_CS, C12.FR.02: good in the cache, and the cable comes later: nobody is asked, and energy flows")
  func cachedAndNotPlugged() {
    let bench = SessionBench([(.localPreAuthorize, "true")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.plugOut()
    bench.wait(3)
    bench.engine.asked = []
    bench.tap("CARD", evses: [1])
    bench.wait(5)
    bench.plugIn()
    bench.wait(2)
    #expect(bench.engine.asked.isEmpty && bench.isGranted())
    #expect(bench.last?.chargingState == .charging)
  }

  @Test("TC_C_44_CS, C09.FR.11: a card of the same group that the cache knows as refused does not end the transaction")
  func groupMemberRefused() {
    let bench = SessionBench([(.localPreAuthorize, "true")])
    bench.engine.verdict = { $0.idToken == "BAD" ? .refused(.invalid) : .accepted(group: "FLEET") }
    bench.plugIn()
    bench.tap("BAD")
    bench.wait(6)
    bench.tap("GOOD")
    bench.wait(5)
    bench.tap("BAD")
    bench.wait(3)
    #expect(bench.isGranted() && bench.last?.kind == .updated)
    #expect(bench.engine.asked == ["BAD", "GOOD", "BAD"], "C10.FR.03")
  }

  @Test(
    "TC_C_10_CS, TC_C_11_CS, C12.FR.05: refused in the cache: asked about again, and refused if it still is",
    arguments: [AuthorizationStatus.blocked, .expired, .invalid])
  func refusedInTheCache(_ status: AuthorizationStatus) {
    let bench = SessionBench([(.localPreAuthorize, "true")])
    bench.engine.verdict = { _ in .refused(status) }
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(6)
    bench.tap("CARD")
    #expect(bench.engine.asked == ["CARD", "CARD"] && bench.events.isEmpty)
    #expect(bench.engine.lastShown(at: 1) == .rejected(status))
  }
}

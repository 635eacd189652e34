import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("C Authorization against a strict CSMS")
struct AuthorizationConformance {
  @Test(
    "TC_C_02_CS TC_C_06_CS TC_C_07_CS TC_C_56_CS A token that is not accepted does not start",
    arguments: [AuthorizationStatus.invalid, .blocked, .expired, .unknown])
  func refused(_ status: AuthorizationStatus) {
    let station = ChargingStation()
    station.harness.csms.tokens["BAD"] = status
    station.plugIn()
    station.tap("BAD")
    #expect(station.harness.csms.calls(.authorize).count == 1)
    #expect(station.events.isEmpty)
    #expect(station.harness.delegate.grants.isEmpty)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_C_04_CS Another token does not stop")
  func otherToken() {
    let station = ChargingStation()
    station.plugIn()
    station.tap("CARD")
    station.wait(3)
    station.tap("OTHER")
    station.wait(3)
    #expect(station.places[0].isClosed)
    #expect(!station.story.contains("Ended/StopAuthorized"))
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_C_39_CS TC_C_42_CS C09.FR.11 A token of the same group stops, one of another group does not")
  func group() {
    let station = ChargingStation()
    station.harness.csms.groups = ["CARD": "FLEET", "OTHER": "FLEET", "APP": "ELSE"]
    station.plugIn()
    station.tap("CARD")
    station.wait(3)
    station.tap("APP")
    station.wait(2)
    #expect(station.places[0].isClosed)
    station.tap("OTHER")
    station.wait(3)
    #expect(station.story.last == "Ended/StopAuthorized")
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_E_52_CS With DisableRemoteAuthorization an unknown token is refused, and nobody asked")
  func neverAsked() {
    let station = ChargingStation([("AuthCtrlr", "DisableRemoteAuthorization", "true")])
    station.tap("CARD")
    station.plugIn()
    station.wait(30)
    #expect(station.harness.csms.calls(.authorize).isEmpty && station.events.isEmpty)
    #expect(station.harness.delegate.grants.isEmpty && !station.places[0].isClosed)
    #expect(station.harness.delegate.feedback.contains { $0.0 == .rejected(.unknown) })
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_C_26_CS C15.FR.08 An unknown token without a link, when OfflineTxForUnknownIdEnabled is true")
  func offlineUnknown() {
    let station = ChargingStation([("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")])
    station.harness.link.isUp = false
    station.wait(90)
    station.plugIn()
    station.tap("CARD")
    station.wait(5)
    #expect(station.places[0].isClosed)
    #expect(station.harness.csms.calls(.authorize).isEmpty)
    station.harness.link.isUp = true
    station.wait(180)
    #expect(station.events.first?.offline == true)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("The driver sees an answer at once, however slow the CSMS is")
  func slowCSMS() {
    let station = ChargingStation()
    station.harness.csms.answerDelay = .seconds(8)
    station.plugIn()
    station.wait(60)
    let before = station.harness.delegate.feedback.count
    station.chargePoint.handle(
      StationFact.tokenPresented(PresentedIdToken(idToken: IdToken(idToken: "CARD", type: .iso14443)), evses: nil))
    station.harness.run(for: .milliseconds(1))
    let shown = station.harness.delegate.feedback.dropFirst(before).map { $0.0 }
    #expect(shown.contains(.authorizing))
  }
}

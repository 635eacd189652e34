import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("Member 27: the firmware asks whether a token may charge")
struct TokenValidationConformance {
  private typealias Station = ChargingStation

  private func ask(_ station: ChargingStation, _ token: IdToken, within seconds: Int = 2) -> [IdTokenInfo] {
    var answers: [IdTokenInfo] = []
    station.chargePoint.validateToken(token) { answers.append($0) }
    station.wait(seconds)
    return answers
  }

  @Test("M-27 The list, then the cache, then the CSMS say whether a token is good; one answer each, and nothing begins")
  func order() {
    let station = ChargingStation([("AuthCtrlr", "LocalPreAuthorize", "true")])
    station.harness.csms.groups = ["CARD": "FLEET"]
    let listed = AuthorizationData(
      idToken: Station.card("LISTED"),
      idTokenInfo: IdTokenInfo(
        status: .accepted, language1: "de", evseId: [1], groupIdToken: IdToken(idToken: "CLUB", type: .central)))
    station.sendList(.full, version: 1, [listed])
    station.plugIn()
    let answer = ask(station, Station.card("LISTED"))
    #expect(answer == [listed.idTokenInfo])
    #expect(station.asked == 0)
    #expect(ask(station, Station.card("CARD")).map { $0.groupIdToken?.idToken } == ["FLEET"])
    #expect(station.asked == 1)
    // From the cache.
    #expect(ask(station, Station.card("CARD")).map { $0.status } == [.accepted])
    #expect(station.asked == 1)
    #expect(ask(station, Station.card("BLOCKED")).map { $0.status } == [.blocked])
    #expect(station.asked == 2)
    #expect(station.events.isEmpty && station.harness.delegate.grants.isEmpty)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("M-27 Central tokens and anonymous use need no question, and none does without authorization")
  func vouched() {
    let station = ChargingStation()
    #expect(ask(station, IdToken(idToken: "X", type: .central)).map { $0.status } == [.accepted])
    #expect(ask(station, IdToken(idToken: "", type: .noAuthorization)).map { $0.status } == [.accepted])
    station.set("AuthCtrlr", "Enabled", "false")
    #expect(ask(station, Station.card("BLOCKED")).map { $0.status } == [.accepted])
    #expect(station.asked == 0)
  }

  @Test("M-27 A CSMS that says nothing leaves a good entry of the cache as it was")
  func silence() {
    let station = ChargingStation()
    #expect(ask(station, Station.card("CARD")).map { $0.status } == [.accepted])
    station.harness.csms.script = { $0.action == .authorize ? .silent : .standard }
    // After its time, as without a link: the cache knows it as good.
    #expect(ask(station, Station.card("CARD"), within: 32).map { $0.status } == [.accepted])
    #expect(ask(station, Station.card("NOBODY"), within: 32).map { $0.status } == [.notAtThisTime])
    station.harness.csms.script = { _ in .standard }
    station.goOffline()
    #expect(ask(station, Station.card("CARD")).map { $0.status } == [.accepted])
  }

  @Test("M-27 Without DisableRemoteAuthorization's false nobody asks the CSMS: list and cache alone decide")
  func disabledRemote() {
    let station = ChargingStation([("AuthCtrlr", "DisableRemoteAuthorization", "true")])
    station.sendList(.full, version: 1, [Station.entry("LISTED"), Station.entry("BAD", .blocked)])
    #expect(ask(station, Station.card("LISTED")).map { $0.status } == [.accepted])
    #expect(ask(station, Station.card("BAD")).map { $0.status } == [.blocked])
    #expect(ask(station, Station.card("CARD")).map { $0.status } == [.unknown])
    #expect(station.asked == 0)
  }

  @Test("M-27 More questions at once than the station can keep are refused, the others are answered")
  func bound() {
    let station = ChargingStation()
    var answers: [AuthorizationStatus] = []
    for _ in 0..<12 { station.chargePoint.validateToken(Station.card("CARD")) { answers.append($0.status) } }
    station.wait(3)
    #expect(answers.count { $0 == .notAtThisTime } == 4)
    #expect(answers.count { $0 == .accepted } == 8)
  }
}

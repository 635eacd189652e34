import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("C10–C12 Authorization through the cache, against a strict CSMS")
struct CachedTokenConformance {
  private static let preAuthorizing = [("AuthCtrlr", "LocalPreAuthorize", "true")]

  /// A session by which the cache learns.
  private func learn(_ station: ChargingStation, _ token: String) {
    station.plugIn()
    station.tap(token)
    station.wait(2)
    if station.places[0].isClosed { station.tap(token) }
    station.plugOut()
    station.wait(5)
  }

  @Test(
    "TC_C_10_CS TC_C_11_CS C10.FR.03 C12.FR.05 T-30 A cached token that is not accepted is asked about again",
    arguments: [AuthorizationStatus.blocked, .expired, .invalid])
  func refused(_ status: AuthorizationStatus) {
    let station = ChargingStation(Self.preAuthorizing)
    station.harness.csms.tokens["CARD"] = status
    learn(station, "CARD")
    learn(station, "CARD")
    #expect(station.asked == 2)
    #expect(station.events.isEmpty)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_C_57_CS T-30 With AuthCacheCtrlr.DisablePostAuthorize the cache's refusal stands, and nobody is asked")
  func disablePostAuthorize() {
    let station = ChargingStation(Self.preAuthorizing)
    station.harness.csms.tokens["CARD"] = .invalid
    learn(station, "CARD")
    station.set("AuthCacheCtrlr", "DisablePostAuthorize", "true")
    station.plugIn()
    let shown = station.harness.delegate.feedback.count
    station.tap("CARD")
    station.wait(2)
    #expect(station.asked == 1)
    #expect(station.harness.delegate.feedback.dropFirst(shown).contains { $0.0 == .rejected(.invalid) })
    #expect(station.events.isEmpty)
  }

  @Test("TC_C_13_CS C12.FR.02 C12.FR.04 A cached token is told at once, and energy waits for the cable")
  func beforeTheCable() {
    let station = ChargingStation(Self.preAuthorizing + [("TxCtrlr", "TxStartPoint", "Authorized")])
    learn(station, "CARD")
    let asked = station.asked
    station.tap("CARD")
    station.wait(2)
    #expect(station.asked == asked)
    let started = station.events.last
    #expect(started?.eventType == .started && started?.triggerReason == .authorized)
    #expect(started?.idToken?.idToken == "CARD")
    #expect(!station.places[0].isClosed)
    station.plugIn()
    station.wait(2)
    #expect(station.places[0].isClosed)
    #expect(station.harness.violations.isEmpty)
  }

  /// A transaction that began offline with a cached token, which the CSMS refuses when the link is back.
  private func refusedAfterOffline(_ settings: [(String, String, String)]) -> ChargingStation {
    let station = ChargingStation(Self.preAuthorizing + settings)
    learn(station, "CARD")
    station.goOffline()
    station.plugIn()
    station.tap("CARD")
    station.wait(5)
    #expect(station.places[0].isClosed)
    station.harness.csms.tokens["CARD"] = .invalid
    station.harness.link.isUp = true
    _ = station.harness.run(upTo: .seconds(240)) { station.isOnline }
    station.wait(5)
    return station
  }

  @Test(
    "TC_C_16_CS C12.FR.06 C15.FR.04 StopTxOnInvalidId: a cached token that is refused afterwards ends its transaction")
  func stopped() {
    let station = refusedAfterOffline([])
    #expect(station.story.last == "Ended/Deauthorized")
    #expect(station.events.last?.transactionInfo.stoppedReason == .deAuthorized)
    #expect(station.events.contains { $0.offline == true && $0.idToken?.idToken == "CARD" })
    #expect(!station.places[0].isClosed)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_C_17_CS C15.FR.06 Without StopTxOnInvalidId and a budget the transaction stays, without energy")
  func suspended() {
    let station = refusedAfterOffline([("TxCtrlr", "StopTxOnInvalidId", "false")])
    #expect(!station.places[0].isClosed)
    #expect(station.events.last?.transactionInfo.chargingState == .suspendedEVSE)
    #expect(!station.story.contains("Ended/Deauthorized"))
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_C_15_CS C15.FR.07 Without StopTxOnInvalidId MaxEnergyOnInvalidId is delivered, then no more")
  func budget() {
    let station = refusedAfterOffline([
      ("TxCtrlr", "StopTxOnInvalidId", "false"), ("TxCtrlr", "MaxEnergyOnInvalidId", "100"),
    ])
    #expect(station.places[0].isClosed)
    station.wait(120)
    #expect(!station.places[0].isClosed)
    #expect(station.events.last?.transactionInfo.chargingState == .suspendedEVSE)
  }

  @Test("TC_C_18_CS C15.FR.04 MaxEnergyOnInvalidId does not count while StopTxOnInvalidId is true")
  func stoppedInSpiteOfBudget() {
    let station = refusedAfterOffline([("TxCtrlr", "MaxEnergyOnInvalidId", "500")])
    #expect(station.story.last == "Ended/Deauthorized")
    #expect(!station.places[0].isClosed)
  }

  @Test("TC_C_44_CS C09.FR.11 A cached token of the group that is not accepted is asked about, and does not stop")
  func groupRefused() {
    let station = ChargingStation(Self.preAuthorizing)
    station.harness.csms.groups = ["CARD": "FLEET", "BLOCKED": "FLEET"]
    learn(station, "BLOCKED")
    station.plugIn()
    station.tap("CARD")
    station.wait(2)
    let asked = station.asked
    station.tap("BLOCKED")
    station.wait(3)
    #expect(station.asked == asked + 1)
    #expect(station.places[0].isClosed)
    #expect(station.harness.violations.isEmpty)
  }

  @Test(
    "C11.FR.01 C11.FR.02 C11.FR.03 C11.FR.05 A cache that cannot be cleared says Rejected, and what it knows counts on")
  func clearing() {
    let station = ChargingStation(Self.preAuthorizing)
    learn(station, "CARD")
    let asked = station.asked
    let clear = ClearCacheRequest().encode(version: .v201)
    station.harness.store.failure = StoreFailure(.inputOutput, detail: "as the test has it")
    #expect(station.csms(.clearCache, clear)?["status"] == "Rejected")
    station.harness.store.failure = nil
    station.wait(70)
    learn(station, "CARD")
    #expect(station.asked == asked, "still known")
    #expect(station.csms(.clearCache, clear)?["status"] == "Accepted")
    #expect(station.value("AuthCacheCtrlr", "Storage") == "0")
    learn(station, "CARD")
    #expect(station.asked == asked + 1)
    #expect(station.value("AuthCacheCtrlr", "Storage") != "0")
  }

  @Test("C01.FR.04 The CSMS is asked to authorize when somebody wants to charge or stop, and never else")
  func onlyForAuthorization() {
    let station = ChargingStation(evses: 2)
    station.sendList(.full, version: 1, [ChargingStation.entry("LISTED")])
    station.plugIn(1)
    station.wait(30)
    #expect(station.asked == 0)
    station.tap("CARD", evses: [1])
    #expect(station.asked == 1)
    station.wait(200)
    station.harness.link.isUp = false
    station.wait(90)
    station.harness.link.isUp = true
    station.wait(200)
    station.tap("CARD", evses: [1])
    station.plugOut(1)
    station.wait(60)
    station.harness.restart(.kill)
    station.announce()
    station.wait(120)
    #expect(station.asked == 1)
    for call in station.harness.csms.calls(.authorize) { #expect(call.json["idToken"]?["idToken"] == "CARD") }
  }

  @Test("C10.FR.09 C10.FR.12 The cache keeps no personal message, which may be a price, and no token as it was read")
  func keepsLittle() {
    let station = ChargingStation()
    station.harness.csms.script = { call in
      guard call.action == .authorize else { return .standard }
      return .result([
        "idTokenInfo": [
          "status": "Accepted", "language1": "de",
          "personalMessage": ["format": "UTF8", "content": "0.59 EUR per kWh"],
        ]
      ])
    }
    learn(station, "CARD")
    let bodies = station.harness.store.content.tokens.cache.map { $0.token.body }
    #expect(bodies.count == 1)
    for body in bodies {
      let text = String(decoding: body, as: UTF8.self)
      #expect(!text.contains("EUR") && !text.contains("CARD"))
    }
  }
}

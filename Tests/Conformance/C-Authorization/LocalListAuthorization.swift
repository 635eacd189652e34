import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("C13, C14 Authorization through the local list")
struct LocalListAuthorization {
  private typealias Station = ChargingStation
  private static let preAuthorizing = [("AuthCtrlr", "LocalPreAuthorize", "true")]

  private func tap(_ station: ChargingStation, _ token: String) -> Bool {
    station.plugIn()
    station.tap(token)
    station.wait(2)
    return station.places[0].isClosed
  }

  // MARK: With a link

  @Test("TC_C_27_CS C14.FR.02 C14.FR.04 An accepted token of the list charges without a question, and is told")
  func onlineAccepted() {
    let station = ChargingStation(Self.preAuthorizing)
    let wall = station.harness.clock.wall + .seconds(3_600)
    station.sendList(.full, version: 1, [Station.entry("CARD", expiry: wall), Station.entry("OTHER")])
    #expect(tap(station, "CARD"))
    #expect(station.asked == 0)
    #expect(station.events.contains { $0.idToken?.idToken == "CARD" })
    station.tap("CARD")
    station.plugOut()
    station.wait(5)
    #expect(tap(station, "OTHER"))
    #expect(station.asked == 0)
    #expect(station.harness.violations.isEmpty)
  }

  @Test(
    "TC_C_28_CS TC_C_29_CS TC_C_30_CS TC_C_31_CS C14.FR.03 T-30 A token that the list refuses is asked about",
    arguments: [AuthorizationStatus.invalid, .blocked, .expired, .unknown, .noCredit])
  func onlineRefused(_ status: AuthorizationStatus) {
    let station = ChargingStation(Self.preAuthorizing)
    station.sendList(.full, version: 1, [Station.entry("CARD", status), Station.entry("BLOCKED", status)])
    #expect(tap(station, "CARD"), "the CSMS accepts it")
    #expect(station.asked == 1)
    station.tap("CARD")
    station.plugOut()
    station.wait(5)
    #expect(!tap(station, "BLOCKED"), "the CSMS refuses it too")
    #expect(station.asked == 2)
  }

  @Test("TC_C_58_CS T-30 With LocalAuthListCtrlr.DisablePostAuthorize the list's refusal stands, and nobody is asked")
  func disablePostAuthorize() {
    let station = ChargingStation(Self.preAuthorizing + [("LocalAuthListCtrlr", "DisablePostAuthorize", "true")])
    station.sendList(.full, version: 1, [Station.entry("CARD", .invalid)])
    #expect(!tap(station, "CARD"))
    #expect(station.asked == 0)
    #expect(station.harness.delegate.feedback.contains { $0.0 == .rejected(.invalid) })
    station.set("LocalAuthListCtrlr", "DisablePostAuthorize", "false")
    station.tap("CARD")
    #expect(station.asked == 1)
  }

  @Test("C14.FR.05 An entry whose cacheExpiryDateTime has passed is as good as none: the CSMS is asked")
  func onlineExpired() {
    let station = ChargingStation(Self.preAuthorizing)
    let soon = station.harness.clock.wall + .seconds(30)
    station.sendList(.full, version: 1, [Station.entry("CARD", expiry: soon), Station.entry("BLOCKED", expiry: soon)])
    station.wait(40)
    #expect(tap(station, "CARD"))
    #expect(station.asked == 1)
    station.tap("CARD")
    station.plugOut()
    station.wait(5)
    #expect(!tap(station, "BLOCKED"))
    #expect(station.asked == 2)
    #expect(station.value("LocalAuthListCtrlr", "SupportsExpiryDateTime") == "true")
  }

  @Test("T-35 Without LocalPreAuthorize the list does not replace the question")
  func withoutPreAuthorize() {
    let station = ChargingStation()
    station.sendList(.full, version: 1, [Station.entry("CARD")])
    #expect(tap(station, "CARD"))
    #expect(station.asked == 1)
  }

  // MARK: Without a link

  @Test(
    "TC_C_21_CS TC_C_22_CS TC_C_23_CS TC_C_24_CS C13.FR.02 C13.FR.04 Without a link the list decides on its tokens",
    arguments: [false, true])
  func offline(acceptsUnknown: Bool) {
    let station = ChargingStation([("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "\(acceptsUnknown)")])
    station.sendList(
      .full, version: 1,
      [
        Station.entry("GOOD"), Station.entry("BAD", .invalid), Station.entry("STOPPED", .blocked),
        Station.entry("OLD", .expired),
      ])
    station.goOffline()
    for (name, expected) in [
      ("BAD", false), ("STOPPED", false), ("OLD", false), ("NOBODY", acceptsUnknown), ("GOOD", true),
    ] {
      #expect(tap(station, name) == expected, "\(name)")
      if expected { station.tap(name) }
      station.plugOut()
      station.wait(6)
    }
    #expect(station.asked == 0)
  }

  @Test("C13.FR.05 C13.FR.06 Without a link an expired entry refuses, and is not unknown", arguments: [false, true])
  func offlineExpired(acceptsUnknown: Bool) {
    let station = ChargingStation([("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "\(acceptsUnknown)")])
    let now = station.harness.clock.wall
    station.sendList(
      .full, version: 1,
      [
        Station.entry("PAST", expiry: now + .seconds(10)), Station.entry("VALID", expiry: now + .seconds(9_999)),
        Station.entry("ALWAYS"),
      ])
    station.goOffline()
    for (name, expected) in [("PAST", false), ("NOBODY", acceptsUnknown), ("VALID", true), ("ALWAYS", true)] {
      #expect(tap(station, name) == expected, "\(name)")
      if expected { station.tap(name) }
      station.plugOut()
      station.wait(6)
    }
  }

  @Test("T-35 With LocalAuthorizeOffline false the list starts nobody without a link")
  func offlineNotAllowed() {
    let station = ChargingStation([("AuthCtrlr", "LocalAuthorizeOffline", "false")])
    station.sendList(.full, version: 1, [Station.entry("CARD")])
    station.goOffline()
    #expect(!tap(station, "CARD"))
  }

  // MARK: List and cache

  @Test("TC_C_25_CS T-29 C13.FR.01 C14.FR.01 What the list says of a token counts, whatever the cache says")
  func listBeforeCache() {
    let station = ChargingStation(Self.preAuthorizing)
    // Into the cache: one accepted, one refused.
    #expect(tap(station, "CARD"))
    station.tap("CARD")
    station.plugOut()
    station.wait(5)
    #expect(!tap(station, "BLOCKED"))
    station.plugOut()
    station.wait(5)
    let asked = station.asked
    station.harness.csms.tokens["BLOCKED"] = .accepted
    station.sendList(.full, version: 1, [Station.entry("CARD", .blocked), Station.entry("BLOCKED")])
    // C14.FR.01: the accepted one of the cache is asked about, the refused one charges.
    #expect(tap(station, "BLOCKED"))
    #expect(station.asked == asked)
    station.tap("BLOCKED")
    station.plugOut()
    station.wait(5)
    station.harness.csms.tokens["CARD"] = .blocked
    #expect(!tap(station, "CARD"))
    #expect(station.asked == asked + 1)
    station.plugOut()
    station.goOffline()
    // C13.FR.01
    #expect(!tap(station, "CARD"))
    station.plugOut()
    station.wait(5)
    #expect(tap(station, "BLOCKED"))
  }

  @Test("TC_C_40_CS TC_C_43_CS C09.FR.07 A listed token of the group stops without a question, a refused one does not")
  func groups() {
    let station = ChargingStation()
    station.harness.csms.groups = ["CARD": "FLEET"]
    station.sendList(
      .full, version: 1,
      [Station.entry("COLLEAGUE", group: "FLEET"), Station.entry("FORMER", .invalid, group: "FLEET")])
    #expect(tap(station, "CARD"))
    station.harness.csms.tokens["FORMER"] = .invalid
    station.harness.csms.groups["FORMER"] = "FLEET"
    station.tap("FORMER")
    station.wait(3)
    #expect(station.places[0].isClosed)
    let asked = station.asked
    station.tap("COLLEAGUE")
    station.wait(3)
    #expect(station.story.last == "Ended/StopAuthorized")
    #expect(station.asked == asked)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("C01.FR.25 T-36 Additional info and case do not matter: the same token stops what it has started")
  func sameToken() {
    let station = ChargingStation(Self.preAuthorizing)
    for text in ["04a2ff", "04A2FF", "04a2Ff"] { station.harness.csms.tokens[text] = .accepted }
    let listed = AuthorizationData(
      idToken: IdToken(
        idToken: "04a2ff", type: .iso14443, additionalInfo: [AdditionalInfo(additionalIdToken: "7", type: "number")]),
      idTokenInfo: IdTokenInfo(status: .accepted))
    station.sendList(.full, version: 1, [listed])
    #expect(tap(station, "04A2FF"))
    #expect(station.asked == 0)
    station.tap("04a2Ff")
    station.wait(3)
    #expect(station.story.last == "Ended/StopAuthorized")
  }

  // MARK: The store

  @Test(
    "A store that says nothing holds nobody up: the driver sees at once that he is asked about, then the CSMS decides")
  func silentStore() {
    let station = ChargingStation(Self.preAuthorizing)
    station.sendList(.full, version: 1, [Station.entry("CARD")])
    station.plugIn()
    station.wait(2)
    station.harness.store.latency = .seconds(60)
    let before = station.harness.delegate.feedback.count
    let presented = PresentedIdToken(idToken: Station.card("CARD"))
    station.chargePoint.handle(StationFact.tokenPresented(presented, evses: nil))
    #expect(station.harness.delegate.feedback.dropFirst(before).contains { $0.0 == .authorizing })
    station.wait(3)
    #expect(station.asked == 1)
  }

  @Test("Without a link, a token that the store cannot tell of is refused: it may be blocked")
  func unreadable() {
    let station = ChargingStation([("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")])
    station.goOffline()
    station.harness.store.failure = StoreFailure(.inputOutput, detail: "as the test has it")
    #expect(!tap(station, "CARD"))
  }
}

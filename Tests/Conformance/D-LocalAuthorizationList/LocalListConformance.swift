import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("D01, D02 The local authorization list against a strict CSMS")
struct LocalListConformance {
  private typealias Station = ChargingStation

  /// Which of some tokens may charge without a link.
  private func usable(_ names: [String], _ station: ChargingStation) -> [String] {
    station.goOffline()
    return names.filter { name in
      station.plugIn()
      station.tap(name)
      let isUsable = station.places[0].isClosed
      if isUsable { station.tap(name) }
      station.plugOut()
      station.wait(6)
      return isUsable
    }
  }

  @Test("TC_D_01_CS TC_D_08_CS D01.FR.01 D01.FR.02 D01.FR.15 D02.FR.01 D02.FR.02 A full list replaces the one before")
  func full() {
    let station = ChargingStation()
    #expect(station.listVersion == 0)
    #expect(station.sendList(.full, version: 5, [Station.entry("A"), Station.entry("B")]) == "Accepted")
    #expect(station.listVersion == 5)
    // A full list may go back.
    #expect(station.sendList(.full, version: 3, [Station.entry("B"), Station.entry("C")]) == "Accepted")
    #expect(station.listVersion == 3)
    #expect(usable(["A", "B", "C"], station) == ["B", "C"])
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_D_02_CS TC_D_03_CS D01.FR.16 D01.FR.17 D01.FR.12 A differential update adds, changes and takes out")
  func differential() {
    let station = ChargingStation()
    station.sendList(.full, version: 1, [Station.entry("A"), Station.entry("B"), Station.entry("C", .blocked)])
    let update = [
      Station.entry("A", nil), Station.entry("c"), Station.entry("B", .blocked), Station.entry("D"),
      Station.entry("NEVER-THERE", nil),
    ]
    #expect(station.sendList(.differential, version: 2, update) == "Accepted")
    #expect(station.listVersion == 2)
    #expect(station.value("LocalAuthListCtrlr", "Entries") == "3")
    #expect(usable(["A", "B", "C", "D"], station) == ["C", "D"])
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_D_04_CS D01.FR.04 D02.FR.01 A full list without entries empties it, and its version counts")
  func empty() {
    let station = ChargingStation()
    station.sendList(.full, version: 1, [Station.entry("A")])
    #expect(station.sendList(.full, version: 2) == "Accepted")
    #expect(station.listVersion == 2)
    #expect(station.value("LocalAuthListCtrlr", "Entries") == "0")
    #expect(usable(["A"], station) == [])
  }

  @Test(
    "TC_D_05_CS TC_D_06_CS T-38 D01.FR.05 D01.FR.19 Only a higher version updates; without entries it alone changes")
  func versions() {
    let station = ChargingStation()
    station.sendList(.full, version: 5, [Station.entry("A")])
    for version: Int32 in [5, 4] {
      #expect(station.sendList(.differential, version: version, [Station.entry("B")]) == "VersionMismatch")
      #expect(station.sendList(.differential, version: version) == "VersionMismatch")
    }
    #expect(station.listVersion == 5)
    #expect(station.sendList(.differential, version: 9) == "Accepted")
    #expect(station.listVersion == 9)
    #expect(station.value("LocalAuthListCtrlr", "Entries") == "1")
    #expect(usable(["A", "B"], station) == ["A"])
  }

  @Test("D01.FR.18 D01.FR.16 Version 0 is no version; a first differential update begins a list")
  func zero() {
    let station = ChargingStation()
    for version: Int32 in [0, -1] {
      #expect(station.sendList(.full, version: version, [Station.entry("A")]) == "Failed")
      #expect(station.sendList(.differential, version: version, [Station.entry("A")]) == "Failed")
    }
    #expect(station.listVersion == 0)
    #expect(station.sendList(.differential, version: 1, [Station.entry("A")]) == "Accepted")
    #expect(usable(["A"], station) == ["A"])
  }

  @Test("D01.FR.06 C01.FR.25 T-36 A token that comes twice, whatever its case, fails the whole update")
  func duplicates() {
    let station = ChargingStation()
    station.sendList(.full, version: 1, [Station.entry("A")])
    for kind in [UpdateKind.full, .differential] {
      #expect(
        station.sendList(kind, version: 2, [Station.entry("bb"), Station.entry("C"), Station.entry("BB", .blocked)])
          == "Failed")
    }
    #expect(station.listVersion == 1)
    #expect(usable(["A", "BB", "C"], station) == ["A"])
  }

  @Test("A full list that says nothing of one of its tokens fails as a whole")
  func incomplete() {
    let station = ChargingStation()
    #expect(station.sendList(.full, version: 2, [Station.entry("A"), Station.entry("B", nil)]) == "Failed")
    #expect(station.listVersion == 0)
  }

  @Test(
    "TC_D_07_CS D01.FR.10 The list survives restarts and power cuts", arguments: [EngineHarness.End.kill, .powerCut])
  func persistent(_ end: EngineHarness.End) {
    let station = ChargingStation()
    station.sendList(.full, version: 7, [Station.entry("A")])
    station.harness.restart(end)
    station.announce()
    station.wait(60)
    #expect(station.listVersion == 7)
    #expect(station.value("LocalAuthListCtrlr", "Entries") == "1")
    #expect(usable(["A", "B"], station) == ["A"])
  }

  @Test("TC_D_10_CS D02.FR.03 D01.FR.13 Turned off there is no list; turned on again it is the one that was there")
  func disabled() {
    let station = ChargingStation([("LocalAuthListCtrlr", "Enabled", "false")])
    #expect(station.listVersion == 0)
    #expect(station.sendList(.full, version: 1, [Station.entry("A")]) == "Failed")
    station.set("LocalAuthListCtrlr", "Enabled", "true")
    #expect(station.sendList(.full, version: 1, [Station.entry("A")]) == "Accepted")
    station.set("LocalAuthListCtrlr", "Enabled", "false")
    #expect(station.listVersion == 0)
    #expect(usable(["A"], station) == [])
    station.harness.link.isUp = true
    station.wait(180)
    station.set("LocalAuthListCtrlr", "Enabled", "true")
    #expect(station.listVersion == 1)
    #expect(usable(["A"], station) == ["A"])
  }

  @Test("D01.FR.09 What happens to tokens otherwise, and ClearCache, leaves the list alone")
  func untouched() {
    let station = ChargingStation([("AuthCtrlr", "LocalPreAuthorize", "true")])
    station.sendList(.full, version: 1, [Station.entry("CARD")])
    // The CSMS says something else of it in the answer to the event: that is the cache's.
    station.harness.csms.tokens["CARD"] = .blocked
    station.plugIn()
    station.tap("CARD")
    station.wait(5)
    _ = station.csms(.clearCache, ClearCacheRequest().encode(version: .v201))
    #expect(station.value("LocalAuthListCtrlr", "Entries") == "1")
    #expect(station.harness.store.content.tokens.record(of: TokenDigest(Station.card("CARD"))).listed != nil)
  }

  @Test("D01.FR.11 D01.FR.12 As many entries as ItemsPerMessage are taken, more are refused, and the bounds are stated")
  func bounds() throws {
    let station = ChargingStation()
    let most = try #require(Int(station.value("LocalAuthListCtrlr", "ItemsPerMessage") ?? ""))
    #expect(station.value("LocalAuthListCtrlr", "BytesPerMessage") == "1048576")
    let list = (0..<most).map { Station.entry("\($0)") }
    #expect(station.sendList(.full, version: 1, list) == "Accepted")
    #expect(station.value("LocalAuthListCtrlr", "Entries") == "\(most)")
    let tooMany = SendLocalListRequest(
      versionNumber: 2, updateType: .full, localAuthorizationList: list + [Station.entry("X")])
    let id = station.harness.csms.call(.sendLocalList, tooMany.encode(version: .v201))
    station.wait(1)
    #expect(station.harness.csms.errorCode(id) == "OccurrenceConstraintViolation")
    #expect(station.listVersion == 1)
    #expect(
      StationVariable.localListEntries.definition.character.maximum == Decimal(Int64(TokenLimits.maximumListEntries)))
  }

  @Test("A store that cannot be written answers Failed, and the list stays as it was")
  func storeFailure() {
    let station = ChargingStation()
    station.sendList(.full, version: 1, [Station.entry("A")])
    for kind in [StoreFailure.Kind.inputOutput, .full, .limit] {
      station.harness.store.failure = StoreFailure(kind, detail: "as the test has it")
      #expect(station.sendList(.full, version: 2, [Station.entry("B")]) == "Failed")
      station.harness.store.failure = nil
      #expect(station.listVersion == 1)
    }
    #expect(station.sendList(.full, version: 2, [Station.entry("B")]) == "Accepted")
  }
}

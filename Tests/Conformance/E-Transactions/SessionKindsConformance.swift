import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// Whatever way a transaction begins and ends, it is numbered without a gap, each event says what caused it, and the
/// configured readings are in the events for which they are configured.
@Suite("E Numbers, causes and readings in every kind of session")
struct SessionKindsConformance {
  private func station(_ settings: [(String, String, String)] = []) -> ChargingStation {
    ChargingStation(
      [
        ("SampledDataCtrlr", "TxUpdatedInterval", "10"),
        ("SampledDataCtrlr", "TxUpdatedMeasurands", "Power.Active.Import"),
        ("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true"),
      ] + settings)
  }

  /// One transaction, whose events other than the periodic ones tell this story.
  private func expect(_ station: ChargingStation, _ story: [String]) throws {
    let book = try #require(station.books.first)
    #expect(station.books.count == 1)
    #expect(book.entries.map { $0.seqNo } == (0..<Int32(book.entries.count)).map { $0 })
    #expect(station.story.filter { $0 != "Updated/MeterValuePeriodic" } == story)
    let begin = try #require(station.events.first { $0.meterValue != nil })
    #expect(begin.meterValue?.first?.sampledValue.map { $0.context } == [.transactionBegin])
    #expect(begin.meterValue?.first?.sampledValue.map { $0.measurand } == [.energyActiveImportRegister])
    let periodic = station.events.filter { $0.triggerReason == .meterValuePeriodic }
    #expect(periodic.count >= 2)
    for event in periodic {
      #expect(event.meterValue?.first?.sampledValue.map { $0.measurand } == [.powerActiveImport])
      #expect(event.meterValue?.first?.sampledValue.first?.context == .samplePeriodic)
    }
    let end = try #require(book.ended?.meterValue)
    #expect(end.first?.sampledValue.first?.context == .transactionBegin)
    #expect(end.last?.sampledValue.first?.context == .transactionEnd)
    #expect(station.energy(of: book) == station.delivered)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test(
    """
    E01.FR.15 E02.FR.05–FR.07, FR.09, FR.10, FR.15, FR.17 E06.FR.03, FR.11, FR.14, FR.15 E07.FR.08, FR.11 \
    Plugged in first, stopped by card
    """)
  func plugFirst() throws {
    let station = station([("TxCtrlr", "TxStartPoint", "EVConnected")])
    station.harness.csms.forgetCalls()
    station.plugIn()
    #expect(station.harness.csms.calls(.statusNotification).map { $0.json["connectorStatus"] } == ["Occupied"])
    #expect(station.story == ["Started/CablePluggedIn"])
    station.tap("CARD")
    station.wait(30)
    station.tap("CARD")
    station.wait(3)
    station.plugOut()
    try expect(
      station,
      ["Started/CablePluggedIn", "Updated/Authorized", "Updated/ChargingStateChanged", "Ended/StopAuthorized"])
  }

  @Test("E03.FR.01, FR.06–FR.08, FR.12 The card first")
  func cardFirst() throws {
    let station = station([("TxCtrlr", "TxStartPoint", "Authorized")])
    station.tap("CARD", evses: [1])
    #expect(station.events.first?.idToken?.idToken == "CARD")
    station.plugIn()
    station.wait(30)
    station.tap("CARD")
    station.wait(3)
    try expect(
      station,
      ["Started/Authorized", "Updated/CablePluggedIn", "Updated/ChargingStateChanged", "Ended/StopAuthorized"])
  }

  @Test("E04.FR.04–FR.06 E08.FR.08, FR.09 E12.FR.03, FR.07 The whole session without a link")
  func offline() throws {
    let station = station()
    station.harness.link.isUp = false
    station.wait(90)
    station.plugIn()
    station.tap("CARD")
    station.wait(35)
    station.tap("CARD")
    station.wait(3)
    station.plugOut()
    #expect(station.books.isEmpty)
    station.harness.link.isUp = true
    station.wait(180)
    try expect(station, ["Started/Authorized", "Updated/ChargingStateChanged", "Ended/StopAuthorized"])
  }

  @Test("E11.FR.03 The link is away for a while: what was sampled meanwhile arrives")
  func linkLost() throws {
    let station = station()
    station.plugIn()
    station.tap("CARD")
    station.wait(15)
    station.harness.link.isUp = false
    station.wait(100)
    station.harness.link.isUp = true
    station.wait(180)
    station.tap("CARD")
    station.wait(3)
    try expect(station, ["Started/Authorized", "Updated/ChargingStateChanged", "Ended/StopAuthorized"])
    let offline = station.events.filter { $0.offline == true }
    #expect(offline.count >= 9)
    #expect(offline.allSatisfy { $0.triggerReason == .meterValuePeriodic && $0.meterValue != nil })
  }

  @Test("E05.FR.04, FR.05 C15.FR.02 Accepted offline, refused by the CSMS when it hears of it")
  func refusedAfterwards() throws {
    let station = station()
    station.harness.link.isUp = false
    station.wait(90)
    station.plugIn()
    station.tap("BLOCKED")
    station.wait(35)
    station.harness.link.isUp = true
    station.wait(180)
    try expect(station, ["Started/Authorized", "Updated/ChargingStateChanged", "Ended/Deauthorized"])
  }

  @Test("E09.FR.04, FR.05 The plug is pulled at the vehicle")
  func unplugged() throws {
    let station = station()
    station.plugIn()
    station.tap("CARD")
    station.wait(30)
    station.plugOut()
    station.wait(3)
    try expect(station, ["Started/Authorized", "Updated/ChargingStateChanged", "Ended/EVCommunicationLost"])
  }

  @Test("E10.FR.03, FR.04 The plug is pulled, the transaction waits, and goes on until the card")
  func suspended() throws {
    let station = station([("TxCtrlr", "TxStopPoint", "Authorized"), ("TxCtrlr", "StopTxOnEVSideDisconnect", "false")])
    station.plugIn()
    station.tap("CARD")
    station.wait(30)
    station.plugOut()
    station.wait(10)
    station.plugIn()
    station.wait(30)
    station.tap("CARD")
    station.wait(3)
    try expect(
      station,
      [
        "Started/Authorized", "Updated/ChargingStateChanged", "Updated/EVCommunicationLost", "Updated/CablePluggedIn",
        "Updated/ChargingStateChanged", "Ended/StopAuthorized",
      ])
  }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// What the events of a remote start and a remote stop carry.
@Suite("F Readings, tokens and profiles of remotely started transactions")
struct RemoteReadingsConformance {
  private static let settings = [
    ("SampledDataCtrlr", "TxUpdatedInterval", "10"),
    ("SampledDataCtrlr", "TxUpdatedMeasurands", "Power.Active.Import,Voltage"),
  ]

  private func start(_ station: ChargingStation, profile: JSONValue? = nil) -> JSONValue? {
    var members = [
      JSONMember("idToken", ["idToken": "APP", "type": "ISO14443"]), JSONMember("remoteStartId", 42),
      JSONMember("evseId", 1),
    ]
    if let profile { members.append(JSONMember("chargingProfile", profile)) }
    let id = station.harness.csms.call(.requestStartTransaction, .object(members))
    station.wait(1)
    return station.harness.csms.result(id)?["status"]
  }

  private func measurands(_ event: TransactionEventRequest) -> [[Measurand?]] {
    (event.meterValue ?? []).map { $0.sampledValue.map { $0.measurand } }
  }

  private func expectReadings(_ station: ChargingStation) throws {
    let started = try #require(station.events.first { $0.meterValue != nil })
    #expect(measurands(started) == [[.energyActiveImportRegister]])
    #expect(started.meterValue?.first?.sampledValue.first?.context == .transactionBegin)
    let periodic = station.events.filter { $0.triggerReason == .meterValuePeriodic }
    #expect(periodic.count >= 3)
    #expect(periodic.allSatisfy { measurands($0) == [[.powerActiveImport, .voltage]] })
  }

  @Test("F01.FR.05, FR.14, FR.15, F03.FR.04 Plugged in first: each event carries what is configured for it")
  func plugFirst() throws {
    let station = ChargingStation(Self.settings)
    station.plugIn()
    #expect(start(station) == "Accepted")
    station.wait(35)
    #expect(station.story.prefix(2) == ["Started/RemoteStart", "Updated/ChargingStateChanged"])
    try expectReadings(station)
    let id = try #require(station.transactionID)
    _ = station.csms(
      .requestStopTransaction, RequestStopTransactionRequest(transactionId: id).encode(version: .v201))
    station.wait(3)
    let ended = try #require(station.books.first?.ended)
    let contexts = (ended.meterValue ?? []).flatMap { $0.sampledValue.map { $0.context } }
    #expect(contexts == [.transactionBegin, .transactionEnd])
    #expect(station.energy(of: try #require(station.books.first)) == station.delivered)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test(
    "F02.FR.01–FR.03, FR.05, FR.12 Remote start first: the first event has the token and the id, and readings follow")
  func remoteFirst() throws {
    let station = ChargingStation(Self.settings)
    #expect(start(station) == "Accepted")
    station.wait(5)
    station.plugIn()
    station.wait(35)
    let first = try #require(station.events.first)
    #expect(first.triggerReason == .remoteStart)
    #expect(first.idToken?.idToken == "APP")
    #expect(first.transactionInfo.remoteStartId == 42)
    #expect(station.events.dropFirst().allSatisfy { $0.idToken == nil }, "told once")
    try expectReadings(station)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test(
    "F01.FR.12, F02.FR.20 Without smart charging a profile is ignored, valid or not, and the transaction starts",
    arguments: [true, false], ["TxProfile", "TxDefaultProfile"])
  func ignoresProfile(plugsFirst: Bool, purpose: String) throws {
    let station = ChargingStation()
    let available = station.chargePoint.requestValue(VariableKey("SmartChargingCtrlr", "Available"))
    #expect(available == nil || available == "false")
    if plugsFirst { station.plugIn() }
    let schedule: JSONValue = [
      "id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [["startPeriod": 0, "limit": 6]],
    ]
    let profile: JSONValue = [
      "id": 1, "stackLevel": 0, "chargingProfilePurpose": .string(purpose), "chargingProfileKind": "Relative",
      "chargingSchedule": [schedule],
    ]
    #expect(start(station, profile: profile) == "Accepted")
    if !plugsFirst { station.plugIn() }
    station.wait(3)
    #expect(station.places[0].isClosed)
    #expect(station.events.first?.transactionInfo.remoteStartId == 42)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }
}

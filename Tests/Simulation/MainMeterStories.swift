import ChargerBase
import OCPPJSON
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

@Suite("The whole station: the main meter")
struct MainMeterStories {
  private func station(_ board: String = "bench-ac-main-meter") throws -> WholeStation {
    try WholeStation(
      board: board,
      settings: [
        ("AlignedDataCtrlr", "Interval", "30"),
        ("AlignedDataCtrlr", "Measurands", "Energy.Active.Import.Register,Power.Active.Import"),
      ]
    ).start()
  }

  private func told(_ station: WholeStation, evse: Int32 = 0) throws -> [MeterValue] {
    try station.csms.calls(.meterValues).map { try MeterValuesRequest.decode($0.payload, version: .v201) }
      .filter { $0.evseId == evse }.flatMap(\.meterValue)
  }

  /// In thousandths of its unit.
  private func total(_ measurand: Measurand, _ value: MeterValue) -> Int64? {
    value.sampledValue.first { $0.measurand == measurand && $0.phase == nil }?.value.thousandths
  }

  @Test(
    "J01.FR.02, J01.FR.03, J01.FR.04, J01.FR.09, J01.FR.14, J02.FR.16: EVSE 0 tells the main meter's registers, idle and while an EVSE charges"
  )
  func registers() throws {
    let station = try station()
    station.run(for: .seconds(61))
    let idle = try told(station)
    #expect(idle.count == 2)
    #expect(idle.allSatisfy { $0.sampledValue.allSatisfy { $0.location == .inlet && $0.context == .sampleClock } })
    #expect(idle.compactMap { total(.powerActiveImport, $0) } == [15_000, 15_000], "the station's own consumption")
    station.plugIn()
    station.tap()
    #expect(station.run(upTo: .seconds(10)) { station.isClosed() })
    station.run(for: .seconds(300))
    let all = try told(station)
    let registers = all.compactMap { total(.energyActiveImportRegister, $0) }
    #expect(registers.count == all.count && registers == registers.sorted())
    #expect(try #require(registers.last) > station.register().milliwattHours - 250_000)
    let charging = try #require(all.last.flatMap { total(.powerActiveImport, $0) })
    let drawn = try #require(station.world.world.meterValues(of: EVSEID(1))?.totalPower)
    #expect(charging == drawn.milliwatts + 15_000, "what the EVSE takes and what the station takes")
    #expect(station.violations == [])
  }

  @Test("J01.FR.04: without a main meter EVSE 0 tells power and no energy, and no part of a main meter is in the model")
  func none() throws {
    let station = try station("bench-ac-dual")
    station.run(for: .seconds(61))
    let told = try told(station)
    #expect(!told.isEmpty)
    #expect(told.allSatisfy { total(.energyActiveImportRegister, $0) == nil && total(.powerActiveImport, $0) != nil })
    #expect(station.world.world.canShow(.mainMeterSilent) == false)
  }

  @Test("A silent main meter is told as FiscalMetering.Problem of the station, hinders nobody, and its end is told")
  func silent() throws {
    let station = try station()
    station.plugIn()
    station.tap()
    #expect(station.run(upTo: .seconds(10)) { station.isClosed() })
    station.fault(.mainMeterSilent, evse: nil)
    #expect(station.station?.explain().flatMap(\.notes) == [])
    station.run(for: .seconds(45))
    let state = try #require(station.station?.mainMeterState)
    let since = try #require(state.silentSince)
    #expect(state.reading?.takenAt == since, "silent since it was heard last")
    let answer = try #require(station.station?.explain().first)
    #expect(answer.isCharging && answer.reasons.isEmpty)
    #expect(answer.notes.map(\.code) == ["mainMeterSilent"])
    #expect(answer.notes.first?.details.contains { $0.name == "silentForS" } == true)
    func problems() -> [String?] {
      station.csms.calls(.notifyEvent).flatMap { $0.json["eventData"]?.array ?? [] }
        .filter { $0["component"]?["name"]?.string == "FiscalMetering" && $0["component"]?["evse"] == nil }
        .map { $0["actualValue"]?.string }
    }
    #expect(problems() == ["true"])
    station.csms.forgetCalls()
    station.run(for: .seconds(61))
    #expect(station.isClosed(), "charging goes on")
    #expect(station.statuses().last != .faulted)
    #expect(try told(station).isEmpty, "an old reading is not told as a new one, and no sum stands for the meter")
    station.fault(.mainMeterSilent, false, evse: nil)
    station.run(for: .seconds(35))
    #expect(problems() == ["false"])
    #expect(try told(station).last.flatMap { total(.energyActiveImportRegister, $0) } != nil)
    #expect(station.station?.mainMeterState?.silentSince == nil && station.station?.explain().first?.notes == [])
    // A plug that is free again shows that nothing was left of it.
    station.tap()
    station.run(for: .seconds(5))
    station.plugOut()
    station.run(for: .seconds(5))
    #expect(station.statuses().last == .available)
    #expect(station.violations == [])
  }

  @Test(
    "J01.FR.04: a main meter that is silent from the start is told, and what the EVSEs take is not told in its place")
  func silentAtStart() throws {
    let station = try WholeStation(
      board: "bench-ac-main-meter",
      settings: [("AlignedDataCtrlr", "Interval", "30"), ("AlignedDataCtrlr", "Measurands", "Power.Active.Import")])
    station.fault(.mainMeterSilent, evse: nil)
    station.start()
    station.run(for: .seconds(65))
    #expect(try told(station).isEmpty)
    #expect(try !told(station, evse: 1).isEmpty)
    #expect(station.station?.mainMeterState?.reading == nil)
    #expect(station.station?.explain().first?.notes.map(\.code) == ["mainMeterSilent"])
    station.fault(.mainMeterSilent, false, evse: nil)
    station.run(for: .seconds(35))
    #expect(try told(station).last.flatMap { total(.powerActiveImport, $0) } == 15_000)
    #expect(station.station?.explain().first?.notes == [])
  }
}

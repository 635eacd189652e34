import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("J Clock-aligned meter values against a strict CSMS")
struct AlignedValuesConformance {
  private typealias Told = (evse: Int32, value: MeterValue, at: MonotonicInstant)

  private func told(_ station: ChargingStation) throws -> [Told] {
    try station.harness.csms.calls(.meterValues).flatMap { call in
      let request = try MeterValuesRequest.decode(call.payload, version: .v201)
      return request.meterValue.map { (request.evseId, $0, call.at) }
    }
  }

  private func aligned(_ station: ChargingStation) -> [TransactionEventRequest] {
    station.events.filter { $0.triggerReason == .meterValueClock }
  }

  private func isAligned(_ time: WallTime, _ seconds: Int64) -> Bool {
    time.millisecondsSinceEpoch % 86_400_000 % (seconds * 1_000) == 0
  }

  @Test(
    "TC_J_01_CS, J01.FR.01, FR.02, FR.05, FR.06, FR.07, FR.08, FR.14, FR.17: every EVSE and the station, at the same times"
  )
  func idle() throws {
    let station = ChargingStation(
      [
        ("AlignedDataCtrlr", "Interval", "60"),
        ("AlignedDataCtrlr", "Measurands", "Energy.Active.Import.Register,Power.Active.Import,Voltage"),
      ], evses: 2)
    station.wait(190)
    let told = try told(station)
    #expect(told.count == 9)
    for evse: Int32 in [1, 2] {
      let own = told.filter { $0.evse == evse }
      #expect(own.count == 3)
      for item in own {
        #expect(
          item.value.sampledValue.map { $0.measurand } == [.energyActiveImportRegister, .powerActiveImport, .voltage])
        #expect(item.value.sampledValue.allSatisfy { $0.context == .sampleClock })
        #expect(item.value.sampledValue.map { $0.unitOfMeasure?.unit } == ["Wh", "W", "V"])
      }
    }
    #expect(told.allSatisfy { isAligned($0.value.timestamp, 60) })
    #expect(Set(told.map { $0.value.timestamp }).count == 3, "the same times everywhere")
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test(
    "J01.FR.03, FR.04, FR.09: the station is EVSE 0, its energy the main meter's; without one only what all EVSEs take")
  func station() throws {
    let settings = [
      ("AlignedDataCtrlr", "Interval", "30"),
      ("AlignedDataCtrlr", "Measurands", "Energy.Active.Import.Register,Power.Active.Import"),
    ]
    let station = ChargingStation(settings, evses: 2)
    station.wait(35)
    let sum = try told(station).filter { $0.evse == 0 }
    #expect(sum.map { $0.value.sampledValue.map { $0.measurand } } == [[.powerActiveImport]])
    station.wait(10)
    try station.chargePoint.meterValue(
      EVSEID(0), [.init(.energyActiveImportRegister, 98_765, unit: "kWh"), .init(.powerActiveImport, 21, unit: "kW")])
    station.wait(12)
    let main = try #require(try told(station).last { $0.evse == 0 }).value.sampledValue
    #expect(main.map { $0.value } == [98_765_000, 21_000] && main.allSatisfy { $0.location == .inlet })
    // The main meter has been silent for half a minute: nothing is told for it.
    station.harness.csms.forgetCalls()
    station.wait(30)
    #expect(try told(station).map { $0.evse } == [1, 2])
  }

  @Test(
    "TC_J_02_CS, J01.FR.22, J02.FR.22, T-60: in a transaction its own EVSE's values go in its events, the others' do not"
  )
  func transaction() throws {
    let station = ChargingStation(
      [
        ("AlignedDataCtrlr", "Interval", "20"), ("AlignedDataCtrlr", "Measurands", "Energy.Active.Import.Register"),
        ("SampledDataCtrlr", "TxUpdatedInterval", "0"),
      ], evses: 2)
    station.plugIn()
    station.tap("CARD", evses: [1])
    station.harness.csms.forgetCalls()
    station.wait(61)
    let events = aligned(station)
    #expect(events.count == 3)
    for event in events {
      #expect(event.meterValue?.count == 1)
      let value = try #require(event.meterValue?.first)
      #expect(value.sampledValue.map { $0.context } == [.sampleClock])
      #expect(isAligned(value.timestamp, 20))
      #expect(value.timestamp <= event.timestamp && event.timestamp - value.timestamp < .milliseconds(10), "J02.FR.10")
    }
    #expect(Set(try told(station).map { $0.evse }) == [2], "the one without a transaction")
    station.tap("CARD", evses: [1])
    station.wait(25)
    #expect(try told(station).last { $0.evse == 1 } != nil, "after it the EVSE's own go as MeterValues again")
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("T-42, F06.FR.07: a triggered TransactionEvent tells the measurands of TxUpdated, with context Trigger")
  func triggeredEvent() throws {
    let station = ChargingStation([
      ("SampledDataCtrlr", "TxUpdatedMeasurands", "Voltage,Power.Active.Import"),
      ("AlignedDataCtrlr", "Measurands", "Energy.Active.Import.Register"),
    ])
    station.plugIn()
    station.tap("CARD")
    station.wait(5)
    let answer = station.csms(
      .triggerMessage, TriggerMessageRequest(requestedMessage: .transactionEvent).encode(version: .v201))
    #expect(answer?["status"] == "Accepted")
    station.wait(1)
    let event = try #require(station.events.last { $0.triggerReason == .trigger })
    #expect(event.transactionInfo.chargingState == .charging)
    let values = try #require(event.meterValue?.first?.sampledValue)
    #expect(values.map { $0.measurand } == [.powerActiveImport, .voltage])
    #expect(values.allSatisfy { $0.context == .trigger })
  }

  @Test("T-59, J01.FR.20, TC_J_06_CS: SendDuringIdle of the station silences all of it during any transaction")
  func silentStation() throws {
    let station = ChargingStation(
      [("AlignedDataCtrlr", "Interval", "20"), ("AlignedDataCtrlr", "SendDuringIdle", "true")], evses: 2)
    station.wait(25)
    #expect(Set(try told(station).map { $0.evse }) == [1, 2])
    station.plugIn()
    station.tap("CARD", evses: [1])
    station.harness.csms.forgetCalls()
    station.wait(60)
    #expect(try told(station).isEmpty && aligned(station).isEmpty)
    station.tap("CARD", evses: [1])
    station.wait(25)
    #expect(Set(try told(station).map { $0.evse }) == [1, 2])
  }

  @Test("T-59, J01.FR.19: SendDuringIdle of an EVSE silences that EVSE alone, which a peer gets wrong")
  func silentEVSE() throws {
    let station = ChargingStation([("AlignedDataCtrlr", "Interval", "20")], evses: 2)
    let key: JSONValue = ["name": "AlignedDataCtrlr", "evse": ["id": 1]]
    let id = station.harness.csms.call(
      .setVariables,
      [
        "setVariableData": [
          ["component": key, "variable": ["name": "SendDuringIdle"], "attributeValue": "true"]
        ]
      ])
    station.wait(1)
    #expect(station.harness.csms.result(id)?["setVariableResult"]?[0]?["attributeStatus"] == "Accepted")
    for evse: Int32 in [1, 2] { station.plugIn(evse) }
    for evse: Int32 in [1, 2] { station.tap(evse == 1 ? "CARD" : "OTHER", evses: [evse]) }
    station.harness.csms.forgetCalls()
    station.wait(41)
    #expect(try told(station).isEmpty)
    let events = aligned(station)
    #expect(events.count == 2 && Set(events.map { $0.transactionInfo.transactionId }).count == 1)
    #expect(station.books.last?.entries.contains { $0.request.triggerReason == .meterValueClock } == true, "EVSE 2")
  }

  @Test("TC_J_03_CS: TxEndedInterval of aligned data is told with Ended, at its instants, and nowhere else")
  func ended() throws {
    let station = ChargingStation([
      ("AlignedDataCtrlr", "TxEndedInterval", "15"),
      ("AlignedDataCtrlr", "TxEndedMeasurands", "Energy.Active.Import.Register,Power.Active.Import"),
      ("SampledDataCtrlr", "TxEndedMeasurands", ""), ("SampledDataCtrlr", "TxUpdatedInterval", "0"),
    ])
    station.plugIn()
    station.tap("CARD")
    station.wait(62)
    station.tap("CARD")
    station.wait(3)
    let values = try #require(station.books.last?.ended?.meterValue)
    #expect(values.count == 4)
    #expect(values.allSatisfy { isAligned($0.timestamp, 15) })
    #expect(values.allSatisfy { $0.sampledValue.map { $0.context } == [.sampleClock, .sampleClock] })
    #expect(aligned(station).isEmpty && station.harness.csms.calls(.meterValues).isEmpty)
    let registers = values.compactMap { $0.sampledValue.first?.value.thousandths }
    #expect(registers == registers.sorted(), "J02.FR.16")
  }

  @Test("AlignedDataCtrlr.Enabled set to false silences it at once; true lets it speak again")
  func disabled() throws {
    let station = ChargingStation([("AlignedDataCtrlr", "Interval", "10")])
    station.wait(11)
    #expect(try !told(station).isEmpty)
    #expect(set(station, "Enabled", "false"))
    station.harness.csms.forgetCalls()
    station.wait(30)
    #expect(try told(station).isEmpty)
    #expect(set(station, "Enabled", "true"))
    station.wait(12)
    #expect(try !told(station).isEmpty)
  }

  private func set(_ station: ChargingStation, _ variable: String, _ value: String) -> Bool {
    let id = station.harness.csms.call(
      .setVariables,
      [
        "setVariableData": [
          [
            "component": ["name": "AlignedDataCtrlr"], "variable": ["name": .string(variable)],
            "attributeValue": .string(value),
          ]
        ]
      ])
    station.wait(1)
    return station.harness.csms.result(id)?["setVariableResult"]?[0]?["attributeStatus"] == "Accepted"
  }

  @Test("A measurand that no meter of the station gives is refused, and those that they give are listed")
  func offered() {
    let station = ChargingStation()
    #expect(set(station, "Measurands", "SoC") == false)
    #expect(set(station, "Measurands", "Voltage,Frequency"))
    #expect(set(station, "Measurands", ""))
  }

  @Test("Off the link the values of a transaction wait for it, the others are not queued")
  func offline() throws {
    let station = ChargingStation(
      [("AlignedDataCtrlr", "Interval", "20"), ("SampledDataCtrlr", "TxUpdatedInterval", "0")], evses: 2)
    station.plugIn()
    station.tap("CARD", evses: [1])
    station.harness.csms.forgetCalls()
    station.harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    station.harness.link.drop()
    station.wait(100)
    #expect(station.chargePoint.waitingRecords == 5)
    station.harness.csms.refusal = nil
    #expect(station.harness.run(upTo: .seconds(700)) { station.chargePoint.waitingRecords == 0 })
    let events = aligned(station).filter { $0.offline == true }
    #expect(events.count >= 5)
    #expect(station.books.allSatisfy { $0.isGapless })
    #expect(try told(station).allSatisfy { $0.at - station.harness.clock.now < .seconds(60) })
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("J01.FR.14: a station that does not know the time aligns nothing, and begins when it does")
  func unsetClock() throws {
    let station = ChargingStation(
      [
        ("AlignedDataCtrlr", "Interval", "20"), ("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true"),
        ("SampledDataCtrlr", "TxUpdatedInterval", "20"),
      ], starts: false)
    station.harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    station.harness.start()
    station.announce()
    station.plugIn()
    station.tap("CARD")
    station.wait(65)
    #expect(station.chargePoint.transactionID(at: EVSEID(1)) != nil)
    station.harness.csms.refusal = nil
    #expect(station.harness.run(upTo: .seconds(700)) { station.chargePoint.status.isAccepted })
    let known = station.harness.clock.wall
    station.wait(70)
    let events = aligned(station)
    #expect(events.count >= 3)
    #expect(events.allSatisfy { ($0.meterValue?.first?.timestamp ?? known) > known })
    #expect(events.allSatisfy { $0.meterValue?.first.map { isAligned($0.timestamp, 20) } ?? false })
    #expect(station.events.contains { $0.triggerReason == .meterValuePeriodic && $0.timestamp < known }, "those go on")
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("A clock that jumps: the instants are those of the new time, none twice, and the order of events stands")
  func jumpingClock() throws {
    let station = ChargingStation(
      [("AlignedDataCtrlr", "Interval", "20"), ("SampledDataCtrlr", "TxUpdatedInterval", "0")], starts: false)
    station.harness.csms.bootAnswers = [(.accepted, 7)]
    station.harness.start()
    station.announce()
    station.plugIn()
    station.tap("CARD")
    for error: Duration in [.zero, .seconds(3_607), .seconds(-1_803), .zero] {
      station.harness.csms.clockError = error
      station.wait(60)
    }
    let times = aligned(station).compactMap { $0.meterValue?.first?.timestamp }
    #expect(times.filter { isAligned($0, 20) }.count >= 8)
    // A clock that jumps to just after an instant finds readings of a little later: they keep their own time.
    #expect(times.filter { !isAligned($0, 20) }.count <= 3)
    #expect(Set(times).count == times.count)
    #expect(station.books.last?.isGapless == true)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("A CSMS that refuses or ignores MeterValues gets the next ones all the same, and no repeats")
  func refused() throws {
    let station = ChargingStation([("AlignedDataCtrlr", "Interval", "40")])
    station.harness.csms.stationMessageTimeout = .seconds(30)
    station.harness.csms.script = { $0.action == .meterValues ? .silent : .standard }
    station.wait(41)
    station.harness.csms.script = { $0.action == .meterValues ? .error("InternalError") : .standard }
    station.wait(85)
    #expect(try told(station).map { $0.value.timestamp }.count == 3)
    #expect(Set(try told(station).map { $0.value.timestamp }).count == 3)
  }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport
import Testing

@Suite("M-19 Readings that the firmware around tells the engine")
struct MeterValueTests {
  private let evse = EVSEID(1)

  private func harness(_ settings: [(String, String, String)] = []) -> EngineHarness {
    EngineHarness(
      configuration: EngineHarness.standardConfiguration(
        deviceModel: settings.map { EngineHarness.setting($0.0, $0.1, $0.2) })
    ).start()
  }

  private func triggered(_ harness: EngineHarness, evse: Int32? = 1) throws -> [MeterValuesRequest] {
    harness.csms.forgetCalls()
    var request = TriggerMessageRequest(requestedMessage: .meterValues)
    request.evse = evse.map { EVSE(id: $0) }
    harness.csms.call(.triggerMessage, request.encode(version: .v201))
    harness.run(for: .seconds(1))
    return try harness.csms.calls(.meterValues).map { try MeterValuesRequest.decode($0.payload, version: .v201) }
  }

  @Test(
    "M-19: units are brought to the measurand's own",
    arguments: [
      ("Wh", 0, "1234.567"), ("kWh", 0, "1234567"),
      ("kWh", -3, "1234.567"), (nil, 3, "1234567"), (nil, 0, "1234.567"),
    ] as [(String?, Int32, String)])
  func units(unit: String?, multiplier: Int32, expected: String) throws {
    let harness = harness()
    let value = try #require(Decimal("1234.567"))
    try harness.chargePoint.meterValue(
      evse, [ReportedMeterValue(.energyActiveImportRegister, value, unit: unit, multiplier: multiplier)])
    let told = try #require(try triggered(harness).first?.meterValue.first?.sampledValue.first)
    #expect(told.value.description == expected)
    #expect(told.unitOfMeasure?.unit == "Wh" && told.unitOfMeasure?.multiplier == nil)
  }

  @Test("M-19: what cannot be a reading is refused at the boundary with its reason, and nothing traps")
  func refusals() throws {
    let harness = harness()
    func error(_ values: [ReportedMeterValue], _ evse: Int32 = 1, at instant: MonotonicInstant? = nil)
      -> MeterValueError?
    {
      do throws(MeterValueError) {
        try harness.chargePoint.meterValue(EVSEID(evse), values, takenAt: instant)
        return nil
      } catch {
        return error
      }
    }
    let huge = Decimal(Int64.max)
    #expect(error([.init(.voltage, 230)], 9) == .unknownEVSE(EVSEID(9)))
    #expect(error([]) == .empty)
    #expect(error([.init(.voltage, 230, unit: "mV")]) == .unit(.voltage, "mV"))
    #expect(error([.init(.energyActiveImportRegister, 1, unit: "W")]) == .unit(.energyActiveImportRegister, "W"))
    #expect(error([.init(.powerFactor, 1, unit: "W")]) == .unit(.powerFactor, "W"))
    #expect(error([.init(.energyActiveImportRegister, -1)]) == .outOfRange(.energyActiveImportRegister))
    #expect(error([.init(.voltage, huge)]) == .outOfRange(.voltage))
    #expect(error([.init(.voltage, huge, multiplier: 9)]) == .outOfRange(.voltage))
    #expect(error([.init(.voltage, huge, multiplier: .min)]) == .outOfRange(.voltage))
    #expect(error([.init(.voltage, 230), .init(.voltage, 231)]) == .repeated(.voltage))
    #expect(error([.init(.voltage, 230)], at: harness.clock.now + .milliseconds(1)) == .fromTheFuture)
    #expect(error(Array(repeating: .init(.voltage, 230), count: 65)) == .tooManyValues(65))
    #expect(try triggered(harness).isEmpty, "nothing of it was taken")
    #expect(error([.init(.voltage, 230, phase: .l1N), .init(.voltage, 231, phase: .l2N)]) == nil)
    #expect(error([.init(.voltage, 0, multiplier: -9)]) == nil)
  }

  @Test("M-19, F06.FR.09: a reading keeps its own time; a stale one is not told, and an older one replaces none")
  func times() throws {
    let harness = harness([("AlignedDataCtrlr", "Measurands", "Voltage")])
    let first = harness.clock.now
    harness.run(for: .seconds(10))
    try harness.chargePoint.meterValue(evse, [.init(.voltage, 231)], takenAt: first)
    let told = try #require(try triggered(harness).first?.meterValue.first)
    // Half of the round trip is all that the station can know of the way of the CSMS's time.
    let error = told.timestamp - (harness.clock.epoch + .nanoseconds(first.nanoseconds))
    #expect(error >= .zero && error < .milliseconds(20))
    try harness.chargePoint.meterValue(evse, [.init(.voltage, 232)])
    try harness.chargePoint.meterValue(evse, [.init(.voltage, 233)], takenAt: first)
    #expect(try triggered(harness).first?.meterValue.first?.sampledValue.first?.value == 232)
    harness.run(for: .seconds(16))
    #expect(try triggered(harness).isEmpty)
  }

  @Test(
    "T-42, F06.FR.06, FR.11: triggered MeterValues tell the aligned measurands of each EVSE and of the station, Trigger"
  )
  func trigger() throws {
    let harness = harness([("AlignedDataCtrlr", "Measurands", "Voltage,Energy.Active.Import.Register")])
    for number: Int32 in 0...2 {
      try harness.chargePoint.meterValue(
        EVSEID(number),
        [
          .init(.energyActiveImportRegister, Decimal(Int64(number) + 5)), .init(.voltage, 230, phase: .l1N),
          .init(.voltage, 231, phase: .l2N), .init(.frequency, 50),
        ])
    }
    let all = try triggered(harness, evse: nil)
    #expect(all.map { $0.evseId } == [1, 2, 0])
    for request in all {
      let values = try #require(request.meterValue.first?.sampledValue)
      #expect(values.map { $0.measurand } == [.energyActiveImportRegister, .voltage, .voltage])
      #expect(values.map { $0.phase } == [nil, .l1N, .l2N])
      #expect(values.allSatisfy { $0.context == .trigger && $0.location == (request.evseId == 0 ? .inlet : nil) })
    }
    #expect(try triggered(harness, evse: 2).map { $0.evseId } == [2])
    #expect(try triggered(harness, evse: 0).map { $0.evseId } == [0])
    #expect(try triggered(harness, evse: 7).isEmpty)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "J01.FR.09, FR.10, FR.11, J02.FR.05, FR.06, FR.07, T-61: every phase and location that the meter gives of a measurand is told"
  )
  func phasesAndLocations() throws {
    let harness = harness([("AlignedDataCtrlr", "Measurands", "Current.Import")])
    let places: [(Phase?, Location?)] = [
      (nil, nil), (.l1, nil), (.l2, nil), (.l3, nil), (.n, nil), (.l1, .inlet), (.l2, .inlet), (.l3, .inlet),
    ]
    try harness.chargePoint.meterValue(
      evse, places.enumerated().map { .init(.currentImport, Decimal(Int64($0)), phase: $1.0, location: $1.1) })
    let told = try #require(try triggered(harness).first?.meterValue.first?.sampledValue)
    #expect(told.map { $0.phase } == places.map { $0.0 } && told.map { $0.location } == places.map { $0.1 })
  }

  @Test("RegisterValuesWithoutPhases: the register is told in total alone, while other values keep their phases")
  func registersWithoutPhases() throws {
    for (value, count) in [("false", 5), ("true", 3)] {
      let harness = harness([
        ("AlignedDataCtrlr", "Measurands", "Energy.Active.Import.Register,Voltage"),
        ("SampledDataCtrlr", "RegisterValuesWithoutPhases", value),
      ])
      try harness.chargePoint.meterValue(
        evse,
        [
          .init(.energyActiveImportRegister, 30), .init(.energyActiveImportRegister, 10, phase: .l1),
          .init(.energyActiveImportRegister, 20, phase: .l2), .init(.voltage, 230, phase: .l1N),
          .init(.voltage, 230, phase: .l2N),
        ])
      #expect(try triggered(harness).first?.meterValue.first?.sampledValue.count == count)
    }
  }
}

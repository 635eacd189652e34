import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// How the values of one reading stand in a transaction's event.
@Suite("J Phases, locations and times of sampled values")
struct TransactionValuesConformance {
  /// As the meter counts them: the phases are its own terminals'.
  private static let values = [
    MeasuredValue(measurand: .currentImport, phase: .l1, value: 16),
    MeasuredValue(measurand: .currentImport, phase: .l2, value: 15),
    MeasuredValue(measurand: .currentImport, phase: .l3, value: 14),
    MeasuredValue(measurand: .currentImport, phase: .l1, location: .inlet, value: 17),
    MeasuredValue(measurand: .voltage, phase: .l1N, value: 230),
  ]

  @Test("J02.FR.02, FR.05, FR.07, FR.18 One reading, one time: each value with the phase and location of the meter")
  func values() throws {
    let station = ChargingStation([
      ("SampledDataCtrlr", "TxUpdatedInterval", "10"),
      ("SampledDataCtrlr", "TxUpdatedMeasurands", "Current.Import,Voltage"),
    ])
    station.plugIn()
    station.tap("CARD")
    station.wait(3)
    let register = MeasuredValue(
      measurand: .energyActiveImportRegister, value: Decimal(thousandths: station.places[0].register))
    var taken: [WallTime] = []
    for _ in 0..<40 {
      taken.append(station.harness.clock.wall)
      station.chargePoint.handle(
        StationFact.meter(EVSEID(1), MeterSample(takenAt: station.now, values: [register] + Self.values)))
      station.harness.run(for: .seconds(1))
    }
    let periodic = station.events.filter { $0.triggerReason == .meterValuePeriodic }
    #expect(periodic.count >= 3)
    for event in periodic {
      #expect(event.meterValue?.count == 1)
      let reading = try #require(event.meterValue?.first)
      #expect(reading.sampledValue.map { $0.measurand } == Self.values.map { $0.measurand })
      #expect(reading.sampledValue.map { $0.phase } == Self.values.map { $0.phase })
      #expect(reading.sampledValue.map { $0.location } == Self.values.map { $0.location })
      #expect(reading.sampledValue.map { $0.value } == Self.values.map { $0.value })
      // The station's clock is set by the CSMS, half a round trip of 10 ms ahead of this one.
      let isTrue = taken.contains { reading.timestamp >= $0 && reading.timestamp - $0 <= .milliseconds(10) }
      #expect(isTrue, "\(reading.timestamp) is when all of them were taken")
    }
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }
}

import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("J Sampled meter values against a strict CSMS")
struct SampledValuesConformance {
  @Test(
    "TC_J_07_CS, TC_J_09_CS, TC_J_10_CS, J02.FR.01, FR.02, FR.03, FR.04, FR.10, FR.18, E02.FR.09, E02.FR.10, E07.FR.08: Started, Updated and Ended carry what is configured"
  )
  func sampled() throws {
    let station = ChargingStation([
      ("SampledDataCtrlr", "TxUpdatedInterval", "10"),
      ("SampledDataCtrlr", "TxUpdatedMeasurands", "Power.Active.Import,Voltage"),
    ])
    station.plugIn()
    station.tap("CARD")
    station.wait(45)
    station.tap("CARD")
    station.wait(3)
    let started = try #require(station.events.first?.meterValue?.first)
    #expect(started.sampledValue.map { $0.context } == [.transactionBegin])
    #expect(started.sampledValue.first?.measurand == .energyActiveImportRegister)
    let periodic = station.events.filter { $0.triggerReason == .meterValuePeriodic }
    #expect(periodic.count == 4)
    for event in periodic {
      let values = try #require(event.meterValue?.first?.sampledValue)
      #expect(values.map { $0.measurand } == [.powerActiveImport, .voltage])
      #expect(values.allSatisfy { $0.context == .samplePeriodic })
      #expect(event.meterValue?.count == 1, "J02.FR.02, FR.18: what was measured together is told together")
      let time = try #require(event.meterValue?.first?.timestamp)
      #expect(time <= event.timestamp && event.timestamp - time < .seconds(10), "J02.FR.10")
    }
    let contexts = station.events.last?.meterValue?.flatMap { $0.sampledValue.map { $0.context } }
    #expect(contexts == [.transactionBegin, .transactionEnd])
    #expect(station.harness.violations.isEmpty)
  }
}

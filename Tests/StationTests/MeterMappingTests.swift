import ChargerBase
import HAL
import OCPPTypes
import Testing

@testable import Station

@Suite("Meter readings in OCPP's terms")
struct MeterMappingTests {
  @Test("J02: registers, powers, currents and voltages carry their measurand, phase and default unit")
  func mapping() {
    let reading = MeterReading(
      takenAt: MonotonicInstant(nanoseconds: 5), importRegister: Energy(milliwattHours: 12_345_678),
      power: PhaseValues(total: Power(watts: 11_040)),
      current: PhaseValues(l1: Current(milliamperes: 16_050)), voltage: PhaseValues(l2: Voltage(volts: 230)))
    let sample = meterSample(from: reading)
    #expect(sample.takenAt == reading.takenAt)
    #expect(sample.energyImport == Decimal(thousandths: 12_345_678))
    #expect(sample.values.count == 4)
    #expect(
      sample.values.contains { $0.measurand == .currentImport && $0.phase == .l1 && $0.value.description == "16.05" })
    #expect(sample.values.contains { $0.measurand == .voltage && $0.phase == .l2N && $0.value == 230 })
  }

  @Test("What the meter did not give is left out, never told as zero")
  func missing() {
    let sample = meterSample(from: MeterReading(takenAt: .zero))
    #expect(sample.values.isEmpty)
    #expect(sample.energyImport == nil)
  }
}

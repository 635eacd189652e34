import ChargerBase
import HAL
import SimulatedWorld
import Testing

private let evse = EVSEID(1)

@Suite("EnergyMeter", .serialized)
struct EnergyMeterConformance {
  @Test("EnergyMeter 1: a reading carries the time when the meter gave it", arguments: RigKind.allCases)
  func readingHasItsTime(kind: RigKind) throws {
    let rig = try kind.make()
    let meter = rig.drivers.meter(for: evse)
    let before = rig.now
    #expect(rig.serve([meter], for: .seconds(3)) { meter.latest != nil })
    let first = try #require(meter.latest)
    #expect(first.takenAt >= before && first.takenAt <= rig.now)
    #expect(rig.serve([meter], for: .seconds(3)) { (meter.latest?.takenAt ?? .zero) > first.takenAt })
    try rig.act(.fault(FaultPlace(evse: evse), .meterSilent, active: true))
    rig.serve([meter], for: .milliseconds(200))
    let last = meter.latest
    rig.serve([meter], for: .seconds(2))
    #expect(meter.latest == last, "an old reading is never given a new time")
  }

  @Test("EnergyMeter 2: what the meter does not have is nil, never zero", arguments: RigKind.allCases)
  func absentIsNil(kind: RigKind) throws {
    let rig = try kind.make()
    let meter = rig.drivers.meter(for: evse)
    #expect(rig.serve([meter], for: .seconds(3)) { meter.latest != nil })
    let reading = try #require(meter.latest)
    #expect(reading.voltage.total == nil, "three phases have no total voltage")
    #expect(reading.voltage.l3 == Voltage(volts: 230))
    #expect(reading.power.total == .zero)
    #expect(reading.importRegister == .zero)
    #expect(reading.frequency == Frequency(thousandths: 50_000))
  }

  @Test("EnergyMeter 3: the register is the meter's own, whatever it was before", arguments: RigKind.allCases)
  func registerIsAbsolute(kind: RigKind) throws {
    let rig = try kind.make()
    let meter = rig.drivers.meter(for: evse)
    try rig.act(
      .setMeter(evse, [.importRegister(Energy(wattHours: 123_456_789)), .exportRegister(Energy(wattHours: 17))]))
    #expect(rig.serve([meter], for: .seconds(3)) { meter.latest?.importRegister == Energy(wattHours: 123_456_789) })
    #expect(meter.latest?.exportRegister == Energy(wattHours: 17))
    try rig.act(.setMeter(evse, [.importRegister(Energy(wattHours: 5))]))
    #expect(rig.serve([meter], for: .seconds(3)) { meter.latest?.importRegister == Energy(wattHours: 5) })
  }

  @Test("ControlLaneDriver 4: a silent meter is told after 10 s, and not before", arguments: [RigKind.inProcess])
  func silence(kind: RigKind) throws {
    let rig = try kind.make()
    let meter = rig.drivers.meter(for: evse)
    rig.serve([meter], for: .seconds(3)) { meter.latest != nil }
    try rig.act(.fault(FaultPlace(evse: evse), .meterSilent, active: true))
    rig.serve([meter], for: .seconds(9))
    #expect(meter.health == .alive)
    rig.serve([meter], for: .seconds(2))
    #expect(meter.health != .alive)
    try rig.act(.fault(FaultPlace(evse: evse), .meterSilent, active: false))
    #expect(rig.serve([meter], for: .seconds(3)) { meter.health == .alive })
  }
}

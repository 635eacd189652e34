import ChargerBase
import HAL
import SimulatedWorld
import Testing

private let connector = ConnectorID(evse: EVSEID(1), number: 1)
private let sixteenAmperes = PilotOutput.pulseWidth(DutyCycle(hundredthsOfPercent: 2_666))

@Suite("ControlPilot", .serialized)
struct ControlPilotConformance {
  @Test(
    "ControlPilot 1: the measurement is the newest pair of peaks and no older than it says", arguments: RigKind.allCases
  )
  func newestPeaks(kind: RigKind) throws {
    let rig = try kind.make()
    let pilot = rig.drivers.pilot(for: connector)
    pilot.apply(.steadyPositive)
    #expect(rig.serve([pilot], for: .seconds(2)) { pilot.measurement?.positivePeak == Voltage(volts: 12) })
    #expect(pilot.measurement?.negativePeak == nil)
    let before = rig.now
    try rig.act(.plugIn(connector, CarSpecification()))
    #expect(rig.serve([pilot], for: .seconds(2)) { pilot.measurement?.positivePeak == Voltage(volts: 9) })
    let takenAt = try #require(pilot.measurement?.takenAt)
    #expect(takenAt >= before)
    #expect(takenAt <= rig.now)
  }

  @Test("ControlPilot 2: a change of the peaks is readable within 20 ms", arguments: RigKind.allCases)
  func changeIsReadable(kind: RigKind) throws {
    let rig = try kind.make()
    let pilot = rig.drivers.pilot(for: connector)
    pilot.apply(.steadyPositive)
    try rig.act(.plugIn(connector, CarSpecification()))
    rig.serve([pilot], for: .seconds(2)) { pilot.measurement?.positivePeak == Voltage(volts: 9) }
    try rig.act(.holdCar(connector, .ready))
    let since = rig.now
    #expect(rig.serve([pilot], for: .seconds(2)) { pilot.measurement?.positivePeak == Voltage(volts: 6) })
    #expect(since.duration(to: rig.now) <= kind.tolerance(.milliseconds(20)))
  }

  @Test(
    "ControlPilot 3: an output takes effect within 10 ms, and applying it again is harmless",
    arguments: RigKind.allCases)
  func outputTakesEffect(kind: RigKind) throws {
    let rig = try kind.make()
    let pilot = rig.drivers.pilot(for: connector)
    for output in [PilotOutput.steadyPositive, sixteenAmperes, sixteenAmperes, .steadyNegative] {
      rig.serve([pilot], for: .milliseconds(50))
      let since = rig.now
      pilot.apply(output)
      let expected: PilotSignal =
        switch output {
        case .steadyPositive: .steadyPositive
        case .steadyNegative: .steadyNegative
        case .pulseWidth(let duty): .pulseWidth(hundredthsOfPercent: duty.hundredthsOfPercent)
        }
      #expect(try rig.serve([pilot], for: .seconds(2)) { try rig.look { $0.pilotSignal(of: connector) } == expected })
      #expect(since.duration(to: rig.now) <= kind.tolerance(.milliseconds(10)))
    }
  }

  @Test("ControlPilot 4: voltages are reported as measured, also those of no state", arguments: RigKind.allCases)
  func voltagesAreRaw(kind: RigKind) throws {
    let rig = try kind.make()
    let pilot = rig.drivers.pilot(for: connector)
    try rig.act(.plugIn(connector, CarSpecification()))
    pilot.apply(sixteenAmperes)
    try rig.act(.holdCar(connector, .diodeMissing))
    #expect(
      rig.serve([pilot], for: .seconds(2)) {
        pilot.measurement?.positivePeak == Voltage(volts: 9) && pilot.measurement?.negativePeak == Voltage(volts: -9)
      })
  }

  @Test(
    "ControlLaneDriver 4: a silent pilot says so after 500 ms and keeps its last reading with its time",
    arguments: RigKind.allCases)
  func silence(kind: RigKind) throws {
    let rig = try kind.make()
    let pilot = rig.drivers.pilot(for: connector)
    pilot.apply(.steadyPositive)
    rig.serve([pilot], for: .seconds(2)) { pilot.measurement?.positivePeak == Voltage(volts: 12) }
    #expect(pilot.health == .alive)
    try rig.act(.fault(FaultPlace(connector), .pilotSilent, active: true))
    rig.serve([pilot], for: .milliseconds(300))
    #expect(pilot.health == .alive)
    let silent = rig.serve([pilot], for: .seconds(2)) { pilot.health != .alive }
    #expect(silent)
    let measurement = try #require(pilot.measurement)
    #expect(measurement.positivePeak == Voltage(volts: 12))
    #expect(measurement.takenAt.duration(to: rig.now) >= .milliseconds(500))
    try rig.act(.fault(FaultPlace(connector), .pilotSilent, active: false))
    #expect(rig.serve([pilot], for: .seconds(2)) { pilot.health == .alive })
  }
}

import ChargerBase
import Glibc
import HAL
import HALConformance
import SimulatedPeripherals
import Synchronization
import Testing

@testable import HALLinux

/// A Modbus meter, or a signing one, with a simulated meter at the other end of a pseudo terminal.
private final class ModbusRig: EnergyMeterRig, ControlLaneRig {
  private static let number: UInt8 = 7
  private var bench: ModbusBench?
  private var signs = false
  private var hasWaited = false
  private var wattHours: Int64 = 1_000

  var now: MonotonicInstant { ModbusBench.now }
  /// A loaded test machine gets room.
  var slack: Duration { .milliseconds(2_000) }

  func wait(_ duration: Duration) {
    // Readings count from the first time that the driver is served.
    if !hasWaited {
      hasWaited = true
      bench?.front.withSlave(Self.number) { $0.set(nil) }
    }
    usleep(UInt32(clamping: duration.wholeNanoseconds / 1_000))
  }

  private func make(signingTimeout: Duration?, silence: Duration) throws -> any EnergyMeter {
    signs = signingTimeout != nil
    var slave =
      signs
      ? SimulatedMeterType.iskraWM3M4C.makeSlave(number: Self.number)
      : SimulatedMeterType.schneiderIEM3155.makeSlave(number: Self.number)
    slave.set(.silent)
    let bench = try ModbusBench([slave])
    self.bench = bench
    let bus = try bench.makeBus()
    let polling = MeterPolling.test(Self.number, silentAfter: silence)
    guard let signingTimeout else { return ModbusEnergyMeter(on: bus, map: .schneider(), polling: polling) }
    return IskraSigningMeter(on: bus, map: .iskra(), polling: polling, signingTimeout: signingTimeout)
  }

  func makeMeter(signingTimeout: Duration?) throws -> any EnergyMeter {
    try make(signingTimeout: signingTimeout, silence: .seconds(5))
  }

  func setRegisters(importRegister: Energy, exportRegister: Energy) throws {
    let signs = signs
    bench?.front.withSlave(Self.number) { slave in
      var figures = MeterFigures()
      figures.importRegister = importRegister
      figures.exportRegister = exportRegister
      (signs ? SimulatedMeterType.iskraWM3M4C : .schneiderIEM3155).show(figures, on: &slave)
    }
  }

  func setMeterSilent(_ isSilent: Bool) throws {
    bench?.front.withSlave(Self.number) { $0.set(isSilent ? .silent : nil) }
  }

  func withhold(_ isWithheld: Bool) throws {
    bench?.front.withSlave(Self.number) { slave in
      if isWithheld {
        _ = SimulatedMeterType.schneiderIEM3155.withholdThirdCurrent(on: &slave)
      } else {
        SimulatedMeterType.schneiderIEM3155.show(MeterFigures(), on: &slave)
      }
    }
  }

  func lacksWithheld(_ reading: MeterReading) -> Bool { reading.current.l3 == nil }

  func setSigning(_ signing: RigSigning) throws {
    bench?.front.withSlave(Self.number) { slave in
      switch signing {
      case .works: slave.iskra?.fault = nil
      case .fails: slave.iskra?.fault = .status(254)
      case .neverAnswers: slave.iskra?.fault = .neverSigns
      }
    }
  }

  func makeSubject(_ kind: String) throws -> ControlLaneSubject {
    let silence = Duration.seconds(3)
    let meter = try make(signingTimeout: nil, silence: silence)
    return ControlLaneSubject(
      meter, newestAt: { meter.latest?.takenAt },
      change: {
        self.wait(.zero)
        self.wattHours += 1
        try self.setRegisters(importRegister: Energy(wattHours: self.wattHours), exportRegister: .zero)
      },
      setSilent: { try self.setMeterSilent($0) }, silence: silence)
  }
}

@Suite("HAL conformance of Modbus meters", .serialized)
struct ModbusConformanceTests {
  @Test("EnergyMeter", arguments: EnergyMeterSuite.checks)
  func meter(check: ConformanceCheck<any EnergyMeterRig>) throws { try check.run(ModbusRig()) }

  @Test("ControlLaneDriver", arguments: ControlLaneSuite.checks)
  func controlLane(check: ConformanceCheck<ControlLaneSuite.Subject>) throws {
    try check.run((rig: ModbusRig(), kind: "EnergyMeter"))
  }
}

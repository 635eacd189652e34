import ChargerBase
import Testing

@testable import SimulatedWorld

@Suite("Contactor, dead-man, readers and faults")
struct StationSideTests {
  @Test("The auxiliary contact follows the coil after the contactor's travel")
  func travel() {
    var bench = WorldBench()
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.milliseconds(39))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    bench.wait(.milliseconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    bench.world.commandContactor(closed: false, of: connector11)
    bench.wait(.milliseconds(24))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    bench.wait(.milliseconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
  }

  @Test("Welded contacts stay closed and let energy through; a stuck contactor never closes")
  func weldedAndStuck() throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.startCharging()
    bench.wait(.seconds(10))
    try bench.world.perform(.fault(FaultPlace(connector11), .contactorWelded, active: true))
    bench.world.commandContactor(closed: false, of: connector11)
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    #expect((bench.milliamperes ?? 0) > 0)
    try bench.world.perform(.fault(FaultPlace(connector11), .contactorWelded, active: false))
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    try bench.world.perform(.fault(FaultPlace(connector11), .contactorStuck, active: true))
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.seconds(5))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
  }

  @Test("When the station dies, contactors open and pilots go to −12 V after the dead-man's time")
  func deadMan() throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.startCharging()
    bench.wait(.seconds(10))
    bench.world.stationDisconnected()
    bench.wait(.milliseconds(999))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    bench.wait(.milliseconds(26))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    #expect(bench.positivePeak == -12_000)
    #expect(bench.negativePeak == nil)
  }

  @Test("A new run of the station finds contactors open, however soon it comes")
  func takeover() throws {
    var bench = WorldBench()
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.seconds(1))
    bench.world.stationDisconnected()
    bench.wait(.milliseconds(100))
    bench.world.stationConnected()
    bench.wait(.milliseconds(25))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
  }

  @Test("A token reaches the reader that is named, or the one that serves the EVSEs, or the station's")
  func tokens() throws {
    let configuration = WorldConfiguration(
      evses: WorldConfiguration.simple(evses: 2).evses,
      readers: [WorldReader(name: "left", evses: [EVSEID(1)]), WorldReader(name: "middle", evses: nil)])
    var world = SimulatedWorld(configuration: configuration)
    try world.perform(.presentToken(WorldToken(value: "A"), .reader("middle")))
    try world.perform(.presentToken(WorldToken(value: "B"), .evses([EVSEID(1)])))
    try world.perform(.presentToken(WorldToken(value: "C"), .evses(nil)))
    try world.perform(.presentToken(WorldToken(value: "D"), .evses([EVSEID(2)])))
    #expect(world.takeTokens(reader: "left") == [WorldToken(value: "B")])
    #expect(
      world.takeTokens(reader: "middle")
        == [WorldToken(value: "A"), WorldToken(value: "C"), WorldToken(value: "D", evses: [EVSEID(2)])])
    #expect(world.takeTokens(reader: "middle").isEmpty)
    #expect(throws: WorldError.self) { try world.perform(.presentToken(WorldToken(value: "E"), .reader("right"))) }
  }

  @Test("At most 16 tokens wait; the oldest are dropped")
  func tokenBound() throws {
    var world = SimulatedWorld(configuration: .simple())
    for number in 0..<20 { try world.perform(.presentToken(WorldToken(value: "\(number)"), .evses(nil))) }
    #expect(world.takeTokens(reader: "reader").map(\.value) == (4..<20).map { "\($0)" })
  }

  @Test("Silent parts give nothing until the fault ends")
  func silence() throws {
    var bench = WorldBench()
    let here = FaultPlace(connector11)
    for fault in [SimulatedFault.meterSilent, .readerSilent, .pilotSilent, .contactorSilent] {
      try bench.world.perform(.fault(here, fault, active: true))
    }
    #expect(bench.world.meterValues(of: evse1) == nil)
    #expect(bench.world.pilotPeaks(of: connector11) == nil)
    #expect(bench.world.isContactorClosed(of: connector11) == nil)
    try bench.world.perform(.presentToken(WorldToken(value: "A"), .evses(nil)))
    #expect(bench.world.takeTokens(reader: "reader").isEmpty)
    for fault in [SimulatedFault.meterSilent, .readerSilent, .pilotSilent, .contactorSilent] {
      try bench.world.perform(.fault(here, fault, active: false))
    }
    #expect(bench.world.meterValues(of: evse1) != nil)
    #expect(bench.world.pilotPeaks(of: connector11) != nil)
  }

  @Test("A pilot fault shows state E; a missing diode loads the negative half")
  func pilotFaults() throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.offer(amperes: 16)
    try bench.world.perform(.fault(FaultPlace(connector11), .diodeMissing, active: true))
    #expect(bench.negativePeak == -9_000)
    try bench.world.perform(.fault(FaultPlace(connector11), .pilotFault, active: true))
    #expect(bench.positivePeak == 0)
  }

  @Test("An overcurrent fault draws more than is offered; over- and undervoltage show at the meter")
  func electricalFaults() throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.startCharging(amperes: 10)
    try bench.world.perform(.fault(FaultPlace(connector11), .overCurrent, active: true))
    bench.wait(.seconds(20))
    #expect((bench.milliamperes ?? 0) > 14_000)
    try bench.world.perform(.fault(FaultPlace(evse: evse1), .overVoltage, active: true))
    #expect(bench.world.meterValues(of: evse1)?.voltages.first == Voltage(volts: 275))
    try bench.world.perform(.fault(FaultPlace(evse: evse1), .overVoltage, active: false))
    try bench.world.perform(.fault(FaultPlace(evse: evse1), .underVoltage, active: true))
    #expect(bench.world.meterValues(of: evse1)?.voltages.first == Voltage(volts: 175))
  }

  @Test("A fault of a part that the station lacks is refused by name", arguments: SimulatedFault.allCases)
  func missingPart(fault: SimulatedFault) throws {
    var bench = WorldBench()
    if let part = fault.part {
      #expect(!bench.world.canShow(fault))
      #expect(throws: WorldError(.badParameter("fault"), "\(fault.rawValue): EVSE 1 has no \(part.rawValue)")) {
        try bench.world.perform(.fault(FaultPlace(connector11), fault, active: true))
      }
    } else {
      try bench.world.perform(.fault(FaultPlace(connector11), fault, active: true))
    }
    var equipped = WorldBench(configuration: .equipped)
    #expect(equipped.world.canShow(fault))
    try equipped.world.perform(.fault(FaultPlace(), fault, active: true))
    try equipped.world.perform(.fault(FaultPlace(), fault, active: false))
  }

  @Test("What happens is told in plain words")
  func narration() throws {
    var bench = WorldBench()
    _ = bench.world.takeEvents()
    try bench.plugIn()
    bench.startCharging()
    bench.wait(.seconds(20))
    try bench.world.perform(.plugOut(connector11))
    #expect(
      bench.world.takeEvents().map(\.kind.text) == [
        "A car is plugged in at EVSE 1 connector 1", "EVSE 1 connector 1 offers 16.0 A",
        "The car at EVSE 1 connector 1 asks for energy", "The contactor of EVSE 1 connector 1 closes",
        "The car at EVSE 1 connector 1 draws 16.0 A", "The car at EVSE 1 connector 1 is unplugged",
      ])
  }
}

import ChargerBase
import Testing

@testable import SimulatedWorld

@Suite("A car at the post")
struct CarTests {
  @Test("Plugging in takes the pilot from 12 V to 9 V, after the connect delay")
  func plugIn() throws {
    var bench = WorldBench()
    #expect(bench.positivePeak == 12_000)
    try bench.plugIn(CarSpecification(connectDelay: .seconds(2)))
    bench.wait(.milliseconds(1_999))
    #expect(bench.positivePeak == 12_000)
    bench.wait(.milliseconds(1))
    #expect(bench.positivePeak == 9_000)
    #expect(bench.negativePeak == nil)
  }

  @Test("A car asks for energy only when current is offered, after its charge delay")
  func asks() throws {
    var bench = WorldBench()
    try bench.plugIn(CarSpecification(chargeDelay: .seconds(3)))
    bench.wait(.seconds(60))
    #expect(bench.positivePeak == 9_000)
    bench.offer(amperes: 16)
    #expect(bench.negativePeak == -12_000)
    bench.wait(.milliseconds(2_999))
    #expect(bench.positivePeak == 9_000)
    bench.wait(.milliseconds(1))
    #expect(bench.positivePeak == 6_000)
  }

  @Test("A duty cycle of 5 % offers no current to this car", arguments: [UInt16(500), 750, 9_750, 200])
  func noOffer(duty: UInt16) throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.world.applyPilot(.pulseWidth(hundredthsOfPercent: duty), to: connector11)
    bench.wait(.seconds(30))
    #expect(bench.positivePeak == 9_000)
  }

  @Test("The current rises by 2 A/s to the smaller of offer and car")
  func ramp() throws {
    var bench = WorldBench()
    try bench.plugIn(CarSpecification(current: Current(amperes: 10)))
    bench.startCharging(amperes: 16)
    bench.wait(.seconds(1))
    #expect(bench.milliamperes == 2_000)
    bench.wait(.seconds(4))
    #expect(bench.milliamperes == 10_000)
    bench.wait(.seconds(4))
    #expect(bench.milliamperes == 10_000)
    bench.offer(amperes: 8)
    bench.wait(.seconds(1))
    #expect(bench.milliamperes == 7_998)
  }

  @Test("A lower offer is heeded within the car's reaction time and not before")
  func reaction() throws {
    var bench = WorldBench()
    try bench.plugIn(CarSpecification(reaction: .seconds(4)))
    bench.offer(amperes: 16)
    bench.wait(.seconds(5))
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.seconds(20))
    let before = bench.milliamperes
    bench.offer(amperes: 6)
    bench.wait(.milliseconds(3_900))
    #expect(bench.milliamperes == before)
    bench.wait(.seconds(1))
    #expect(bench.milliamperes == 6_000)
  }

  @Test("When the offer is withdrawn the car stops drawing and then opens S2")
  func withdrawal() throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.startCharging()
    bench.wait(.seconds(20))
    #expect(bench.positivePeak == 6_000)
    bench.world.applyPilot(.steadyPositive, to: connector11)
    bench.wait(.milliseconds(310))
    #expect(bench.positivePeak == 6_000)
    bench.wait(.seconds(3))
    #expect(bench.positivePeak == 9_000)
    #expect(bench.milliamperes == 0)
  }

  @Test("A car held in C goes on drawing when the offer is withdrawn, until the contactor opens under load")
  func obstinateCar() throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.startCharging()
    bench.wait(.seconds(20))
    try bench.world.perform(.holdCar(connector11, .ready))
    bench.world.applyPilot(.steadyPositive, to: connector11)
    bench.wait(.seconds(6))
    #expect(bench.milliamperes == 15_996)
    bench.world.commandContactor(closed: false, of: connector11)
    bench.wait(.milliseconds(25))
    #expect(bench.milliamperes == 0)
  }

  @Test("A full battery ends the demand at exactly its room; the car stays in B although current is offered")
  func batteryFull() throws {
    var bench = WorldBench(phases: 1)
    try bench.plugIn(CarSpecification(batteryRoom: Energy(wattHours: 100)))
    bench.startCharging()
    bench.wait(.seconds(3_600))
    #expect(bench.positivePeak == 9_000)
    let register = try #require(bench.register)
    #expect((100_000...100_500).contains(register), "only the ramp downwards goes beyond the room: \(register) mWh")
    bench.wait(.seconds(3_600))
    #expect(bench.register == register)
  }

  @Test("A car that stays for a time stops drawing before its plug is pulled")
  func leaves() throws {
    var bench = WorldBench()
    try bench.plugIn(CarSpecification(leaveAfter: .seconds(30)))
    bench.startCharging()
    bench.wait(.seconds(27))
    #expect(bench.positivePeak == 9_000 || bench.milliamperes != nil)
    bench.world.advance(to: .zero + .milliseconds(29_900))
    #expect(bench.milliamperes == 0)
    #expect(bench.positivePeak == 9_000)
    bench.world.advance(to: .zero + .seconds(30))
    #expect(bench.positivePeak == 12_000)
  }

  @Test("Unplugging by hand ends the current at once and shows state A")
  func unplug() throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.startCharging()
    bench.wait(.seconds(10))
    try bench.world.perform(.plugOut(connector11))
    #expect(bench.positivePeak == 12_000)
    #expect(bench.milliamperes == 0)
  }

  @Test("Each state can be held by hand and shows its voltages", arguments: CarState.allCases)
  func held(state: CarState) throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.offer(amperes: 16)
    try bench.world.perform(.holdCar(connector11, state))
    let expected: [CarState: (Int64, Int64)] = [
      .unplugged: (12_000, -12_000), .connected: (9_000, -12_000), .ready: (6_000, -12_000),
      .readyWithVentilation: (3_000, -12_000), .shorted: (0, 0), .negative: (-12_000, -12_000),
      .diodeMissing: (9_000, -9_000),
    ]
    #expect(bench.positivePeak == expected[state]?.0)
    #expect(bench.negativePeak == expected[state]?.1)
  }

  @Test("A second car at a connector, and pulling a plug that is not there, are refused")
  func occupied() throws {
    var bench = WorldBench()
    #expect(throws: WorldError.self) { try bench.world.perform(.plugOut(connector11)) }
    try bench.plugIn()
    #expect(throws: WorldError.self) { try bench.plugIn() }
    #expect(throws: WorldError(.badParameter("evse"), "there is no EVSE 7")) {
      try bench.world.perform(.plugIn(ConnectorID(evse: EVSEID(7), number: 1), CarSpecification()))
    }
  }

  @Test("The duty cycle means what a vehicle reads from it")
  func dutyCycle() {
    let table: [(UInt16, Int64?)] = [
      (299, nil), (500, nil), (799, nil), (800, 6_000), (999, 6_000), (1_000, 6_000), (2_666, 15_996),
      (5_333, 31_998), (8_500, 51_000), (8_916, 62_900), (9_600, 80_000), (9_700, 80_000), (9_701, nil), (10_000, nil),
    ]
    for (duty, expected) in table {
      #expect(PilotSignal.pulseWidth(hundredthsOfPercent: duty).offeredMilliamperes == expected, "\(duty)")
    }
  }
}

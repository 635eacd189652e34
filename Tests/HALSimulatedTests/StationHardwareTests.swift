import ChargerBase
import HAL
import HALSimulated
import SimulatedWorld
import Testing

@Suite("Simulated station hardware")
struct StationHardwareTests {
  @Test("The set has a driver for every part of the layout")
  func complete() {
    let world = InProcessWorld(configuration: .simple(evses: 2))
    let hardware = world.makeStationHardware()
    #expect(hardware.evses.map(\.id) == [EVSEID(1), EVSEID(2)])
    #expect(hardware.evses.allSatisfy { $0.connectors.count == 1 && $0.meter != nil && $0.light != nil })
    #expect(hardware.readers.map(\.reader.name) == ["reader"])
    #expect(hardware.display != nil)
  }

  @Test("A whole session through the drivers: plug, offer, close, energy, open, unplug")
  func session() throws {
    let world = InProcessWorld(configuration: .simple(phases: 1))
    let hardware = world.makeStationHardware()
    let evse = try #require(hardware.evses.first)
    let connector = try #require(evse.connectors.first)
    let meter = try #require(evse.meter)
    func pass(_ duration: Duration) {
      let end = world.now + duration
      while world.now < end {
        let now = world.now + .milliseconds(10)
        for driver in [connector.pilot, connector.contactor, meter] as [any ControlLaneDriver] {
          driver.service(at: now)
        }
      }
    }
    connector.pilot.apply(.steadyPositive)
    pass(.milliseconds(50))
    #expect(connector.pilot.measurement?.positivePeak == Voltage(volts: 12))
    try world.perform(.plugIn(connector.id, CarSpecification(current: Current(amperes: 10), phases: 1)))
    pass(.milliseconds(50))
    #expect(connector.pilot.measurement?.positivePeak == Voltage(volts: 9))
    connector.pilot.apply(.pulseWidth(DutyCycle(hundredthsOfPercent: 2_666)))
    pass(.seconds(2))
    #expect(connector.pilot.measurement?.positivePeak == Voltage(volts: 6))
    connector.contactor.command(.closed)
    pass(.seconds(360))
    let reading = try #require(meter.latest)
    #expect(reading.current.l1 == Current(amperes: 10))
    #expect(reading.power.total == Power(watts: 2_300))
    let register = try #require(reading.importRegister)
    #expect((228_000...230_000).contains(register.milliwattHours))
    connector.contactor.command(.open)
    try world.perform(.plugOut(connector.id))
    pass(.seconds(2))
    #expect(connector.pilot.measurement?.positivePeak == Voltage(volts: 12))
    #expect(connector.contactor.feedback?.position == .open)
  }

  @Test("The network gate is told of changes, once each")
  func network() throws {
    let world = InProcessWorld(configuration: .simple())
    var told: [Bool] = []
    world.onNetworkChanged = { told.append($0) }
    try world.perform(.network(up: false))
    try world.perform(.network(up: false))
    try world.perform(.network(up: true))
    #expect(told == [false, true])
  }

  @Test("A dead station's contactor opens after the dead-man's time, and the next run finds it open")
  func deadStation() throws {
    let world = InProcessWorld(configuration: .simple())
    let hardware = world.makeStationHardware()
    let connector = try #require(hardware.evses.first?.connectors.first)
    connector.contactor.command(.closed)
    world.advance(to: .zero + .seconds(1))
    world.stationDies()
    world.advance(to: .zero + .milliseconds(1_990))
    #expect(world.world.isContactorClosed(of: connector.id) == true)
    world.advance(to: .zero + .milliseconds(2_030))
    #expect(world.world.isContactorClosed(of: connector.id) == false)
    world.stationStarts()
    #expect(world.world.isContactorClosed(of: connector.id) == false)
  }
}

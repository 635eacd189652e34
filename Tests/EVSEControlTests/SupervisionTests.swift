import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Residual current detection on the energy path")
struct ResidualCurrentIntegrationTests {
  private func bench() -> Bench { Bench(Bench.station(evse: { $0.hasResidualCurrentMonitor = true })) }

  @Test("Before each session's first closing the detection is tested, with the contactor open")
  func testedBeforeEachSession() {
    let bench = bench()
    bench.vehicle(9)
    bench.run(for: .seconds(10))
    #expect(bench.testCurrents.filter(\.isOn).isEmpty)
    bench.grant()
    #expect(bench.testCurrents.last?.isOn == true)
    #expect(bench.snapshot().blockers.contains(.residualCurrentUntested))
    #expect(bench.snapshot().details.residualCurrent == .testing)
    bench.vehicle(6, settle: false)
    #expect(bench.closings == 0)
    bench.run(for: .seconds(1))
    #expect(bench.isClosed())
    #expect(bench.snapshot().details.residualCurrent == .healthy)
    // The vehicle's own pauses need no test, the next vehicle does.
    bench.vehicle(9)
    bench.vehicle(6)
    bench.run(for: .seconds(2))
    #expect(bench.isClosed())
    #expect(bench.testCurrents.filter(\.isOn).count == 1)
    bench.vehicle(12)
    bench.run(for: .seconds(2))
    bench.grant(number: 2)
    bench.vehicle(9)
    bench.run(for: .seconds(1))
    #expect(bench.testCurrents.filter(\.isOn).count == 2)
  }

  @Test("A trip opens in the same call, under load, and stays until service")
  func trip() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(5))
    bench.trip(true)
    #expect(!bench.isClosed())
    #expect(bench.has(.residualCurrent, active: true))
    bench.trip(false)
    bench.vehicle(12)
    bench.run(for: .seconds(60))
    bench.grant(number: 2, for: .seconds(3_600))
    bench.vehicle(9)
    bench.vehicle(6)
    bench.run(for: .seconds(60))
    #expect(bench.closings == 1)
    bench.feed(.command(.clearLatchedFaults(Bench.one)))
    bench.run(for: .seconds(2))
    #expect(bench.has(.residualCurrent, active: false))
    #expect(bench.isClosed())
  }

  @Test("A detection that does not trip in its test gives no energy, and says why")
  func testFails() {
    let bench = bench()
    bench.testsTrip = false
    bench.charge()
    bench.run(for: .seconds(10))
    #expect(bench.closings == 0)
    #expect(bench.has(.residualCurrentTest, active: true))
    #expect(bench.snapshot().details.residualCurrent == .testFailed)
  }

  @Test("A silent detection opens at once")
  func silent() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(5))
    bench.silence(.residualCurrent(evse: 0))
    #expect(!bench.isClosed())
    #expect(bench.has(.residualCurrentDriverSilent, active: true))
  }
}

@Suite("Heat, voltage, current and cables on the energy path")
struct SupervisionTests {
  @Test("Heat lowers the offer, too much heat opens, and cooler by the hysteresis energy returns")
  func heat() throws {
    let bench = Bench(Bench.station(evse: { $0.temperatureSensors = 2 }))
    bench.charge()
    bench.celsius = 72
    bench.run(for: .seconds(3))
    let derated = try #require(bench.snapshot().offeredCurrent)
    #expect(derated < Current(amperes: 32) && derated >= Current(amperes: 6))
    #expect(bench.snapshot().limitSource == .temperature)
    #expect(bench.snapshot().details.temperature == Temperature(celsius: 72))
    bench.celsius = 80
    bench.run(for: .seconds(2))
    #expect(!bench.isClosed())
    #expect(bench.has(.overTemperature, active: true))
    bench.celsius = 60
    bench.run(for: .seconds(3))
    #expect(bench.isClosed())
    bench.silence(.temperature(evse: 0, sensor: 1))
    #expect(!bench.isClosed())
    #expect(bench.has(.temperatureDriverSilent, active: true))
  }

  @Test("A voltage outside its band for a second opens; inside again for ten seconds energy returns")
  func voltage() {
    let bench = Bench()
    bench.charge()
    bench.voltages[0] = Voltage(volts: 280)
    bench.run(for: .seconds(3))
    #expect(!bench.isClosed())
    #expect(bench.has(.overVoltage, active: true))
    #expect(bench.snapshot().details.voltage == Voltage(volts: 280))
    bench.voltages[0] = Voltage(volts: 230)
    bench.run(for: .seconds(15))
    #expect(bench.isClosed())
    bench.voltages[0] = Voltage(volts: 150)
    bench.run(for: .seconds(3))
    #expect(!bench.isClosed())
    #expect(bench.has(.underVoltage, active: true))
  }

  @Test("A vehicle that draws more than it is offered is cut off after 5 s, until it is unplugged")
  func overCurrent() {
    let bench = Bench()
    bench.charge()
    bench.limit(10)
    bench.drawn[0] = Current(amperes: 16)
    bench.run(for: .seconds(9))
    #expect(bench.isClosed())
    #expect(bench.snapshot().details.measuredCurrent == Current(amperes: 16))
    bench.run(for: .seconds(3))
    #expect(!bench.isClosed())
    #expect(bench.has(.overCurrent, active: true))
    bench.drawn[0] = .zero
    bench.vehicle(9)
    bench.vehicle(6)
    bench.run(for: .seconds(60))
    #expect(!bench.isClosed())
    bench.vehicle(12)
    #expect(bench.has(.overCurrent, active: false))
  }

  @Test("A vehicle that follows a lower offer within its time is not cut off; nor is one that the station has cut off")
  func followsInTime() {
    let bench = Bench()
    bench.charge()
    bench.drawn[0] = Current(amperes: 32)
    bench.run(for: .seconds(10))
    bench.limit(10)
    bench.run(for: .seconds(4))
    bench.drawn[0] = Current(amperes: 10)
    bench.run(for: .seconds(60))
    #expect(bench.isClosed())
    bench.feed(.command(.pause(Bench.one, true)))
    bench.metersSpeak = false
    bench.run(for: .seconds(9))
    #expect(!bench.isClosed())
    #expect(bench.snapshot().faults.isEmpty)
  }

  @Test("The cable's rating bounds the offer; no energy before it is known")
  func cable() {
    let bench = Bench(
      Bench.station(connector: {
        $0.cable = .socket
        $0.hasProximity = true
      }))
    bench.vehicle(9)
    bench.grant()
    bench.run(for: .milliseconds(300))
    #expect(bench.snapshot().blockers.contains(.cableUnknown))
    #expect(!bench.snapshot().pilotOutput.offersCurrent)
    bench.plug(ohms: 680)
    bench.run(for: .milliseconds(300))
    bench.vehicle(6)
    #expect(bench.isClosed())
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 19_998))
    #expect(bench.snapshot().limitSource == .cable)
    #expect(bench.snapshot().details.cableRating == Current(amperes: 20))
    bench.plug(ohms: nil)
    bench.run(for: .milliseconds(300))
    #expect(!bench.isClosed())
  }

  @Test("A vehicle by the pilot and no plug by the proximity contact: a fault after 2 s")
  func cableMissing() {
    let bench = Bench(Bench.station(connector: { $0.hasProximity = true }))
    bench.charge()
    bench.run(for: .seconds(3))
    #expect(bench.has(.proximityInvalid, active: true))
    #expect(bench.closings == 0)
    // The proximity contact alone connects nothing.
    bench.vehicle(12)
    bench.facts.removeAll()
    bench.plug(ohms: 220)
    bench.run(for: .seconds(5))
    #expect(bench.facts.allSatisfy { if case .connected = $0 { false } else { true } })
  }

  @Test("What the connector's own cable or board carries bounds the offer, and the installer's rating too")
  func ratings() {
    let fixed = Bench(
      Bench.station(
        connector: { $0.cableRating = Current(amperes: 20) }, station: { $0.installerLimit = Current(amperes: 25) }))
    fixed.charge()
    #expect(fixed.snapshot().limitSource == .cable && fixed.snapshot().limit == Current(amperes: 20))
    let socket = Bench(
      Bench.station(connector: {
        $0.cable = .socket
        $0.cableRating = Current(amperes: 16)
      }))
    socket.charge()
    #expect(socket.snapshot().limitSource == .board && socket.snapshot().limit == Current(amperes: 16))
    let installed = Bench(Bench.station(station: { $0.installerLimit = Current(amperes: 25) }))
    installed.charge()
    #expect(installed.snapshot().limitSource == .installer)
  }

  @Test("A signed reading is asked for at its EVSE, and its answer is told")
  func signedReading() {
    let bench = Bench(Bench.station(evses: 2))
    let request = SignedReadingRequest(number: 9, context: .transactionBegin, identification: "**12", unixSeconds: nil)
    bench.feed(.command(.signReading(EVSEID(2), request)))
    #expect(bench.signedReadings == [request])
    #expect(bench.effects.evseOutputs[0].signedReading == nil)
    let answer = SignedReadingAnswer.failed(number: 9, .refused)
    bench.feed(.signedReading(evse: 1, answer))
    #expect(bench.facts.last == .signedReading(EVSEID(2), answer))
  }
}

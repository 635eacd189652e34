import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Temperature supervisor")
struct TemperatureSupervisorTests {
  private struct EVSE {
    let timing = TimingTable()
    var supervisor: TemperatureSupervisor
    var now = MonotonicInstant.zero

    init(sensors: UInt8 = 1, maximum: Int64 = 32, curve: TemperatureCurve = TemperatureCurve()) {
      supervisor = TemperatureSupervisor(
        curve: curve, sensors: sensors, maximum: Current(amperes: maximum), at: .zero)
    }

    mutating func read(_ thousandths: Int64, sensor: Int = 0) {
      supervisor.take(
        TemperatureReading(temperature: Temperature(thousandths: thousandths), takenAt: now), sensor: sensor)
      supervisor.evaluate(at: now, timing: timing)
    }

    mutating func pass(_ duration: Duration) {
      now = now + duration
      supervisor.evaluate(at: now, timing: timing)
    }

    /// Nil for no limit.
    var amperes: Int64? { supervisor.limit.map { $0.milliamperes / 1_000 } }
  }

  @Test(
    "The limit falls in a straight line from all at 65 °C to 6 A just under 80 °C, in whole amperes, rounded down",
    arguments: [
      (20_000, nil), (65_000, nil), (65_001, 31), (70_000, 23), (72_500, 19), (75_000, 14), (79_999, 6), (80_000, 0),
      (150_000, 0), (.max, 0), (.min, nil),
    ] as [(Int64, Int64?)])
  func line(thousandths: Int64, amperes: Int64?) {
    var evse = EVSE()
    evse.read(thousandths)
    #expect(evse.amperes == amperes)
    #expect(evse.supervisor.faults.contains(.overTemperature) == (amperes == 0))
  }

  @Test("A limit that was lowered rises only when it is 5 °C cooler, and does not flap with a reading that wavers")
  func hysteresis() {
    var evse = EVSE()
    evse.read(75_000)
    #expect(evse.amperes == 14)
    for _ in 0..<100 {
      evse.read(70_100)
      #expect(evse.amperes == 14)
      evse.read(74_900)
      #expect(evse.amperes == 14)
    }
    evse.read(69_000)
    #expect(evse.amperes == 16)
    evse.read(60_000)
    #expect(evse.amperes == nil)
  }

  @Test("A stop ends only when it is 5 °C cooler than where it began")
  func stop() {
    var evse = EVSE()
    evse.read(80_000)
    #expect(evse.supervisor.faults == FaultSet(.overTemperature))
    evse.read(75_000)
    #expect(evse.supervisor.faults == FaultSet(.overTemperature))
    evse.read(74_999)
    #expect(evse.supervisor.faults.isEmpty)
    #expect(evse.amperes == 6)
  }

  @Test("The highest sensor counts")
  func highest() {
    var evse = EVSE(sensors: 2)
    evse.read(30_000, sensor: 0)
    #expect(!evse.supervisor.isReadable)
    evse.read(75_000, sensor: 1)
    #expect(evse.supervisor.isReadable)
    #expect(evse.supervisor.highest == Temperature(celsius: 75))
    #expect(evse.amperes == 14)
  }

  @Test("A sensor that falls silent is a fault, and the heat that it last showed is not taken as gone")
  func silence() {
    var evse = EVSE(sensors: 2)
    evse.read(30_000, sensor: 0)
    evse.read(75_000, sensor: 1)
    evse.supervisor.setAlive(false, sensor: 1, at: evse.now)
    evse.read(30_000, sensor: 0)
    #expect(evse.supervisor.faults == FaultSet(.temperatureDriverSilent))
    #expect(evse.amperes == 14)
    evse.supervisor.setAlive(true, sensor: 1, at: evse.now)
    #expect(!evse.supervisor.isReadable)
    evse.read(30_000, sensor: 1)
    #expect(evse.supervisor.faults.isEmpty)
    #expect(evse.amperes == nil)
  }

  @Test("A reading that is 10 s old is none any more, whenever it arrives; a time to come counts as the present")
  func stale() {
    var evse = EVSE()
    evse.read(30_000)
    evse.pass(.milliseconds(9_999))
    #expect(evse.supervisor.faults.isEmpty)
    evse.pass(.milliseconds(1))
    #expect(evse.supervisor.faults == FaultSet(.temperatureDriverSilent))
    evse.supervisor.take(TemperatureReading(temperature: Temperature(celsius: 30), takenAt: .zero), sensor: 0)
    evse.pass(.zero)
    #expect(evse.supervisor.faults == FaultSet(.temperatureDriverSilent))
    evse.supervisor.take(
      TemperatureReading(temperature: Temperature(celsius: 30), takenAt: evse.now + .seconds(3_600)), sensor: 0)
    evse.pass(.zero)
    #expect(evse.supervisor.faults.isEmpty)
    evse.pass(.seconds(10))
    #expect(evse.supervisor.faults == FaultSet(.temperatureDriverSilent))
  }

  @Test("A sensor that was never read is silent after 10 s; an EVSE without sensors has no limit and no fault")
  func neverRead() {
    var evse = EVSE()
    var deadline = Deadline(after: .zero)
    evse.supervisor.deadlines(&deadline, timing: evse.timing)
    #expect(deadline.soonest == .zero + .seconds(10))
    evse.pass(.seconds(10))
    #expect(evse.supervisor.faults == FaultSet(.temperatureDriverSilent))
    var without = EVSE(sensors: 0)
    without.pass(.seconds(60))
    #expect(without.supervisor.isReadable)
    #expect(without.supervisor.faults.isEmpty)
    #expect(without.supervisor.limit == nil)
  }

  @Test("Curves without width or room stop at their end and limit nothing else")
  func strangeCurves() {
    let edge = TemperatureCurve(deratingFrom: Temperature(celsius: 80), stopAt: Temperature(celsius: 80))
    #expect(edge.limit(at: Temperature(celsius: 79), maximum: Current(amperes: 32)) == nil)
    #expect(edge.limit(at: Temperature(celsius: 80), maximum: Current(amperes: 32)) == .zero)
    #expect(TemperatureCurve().limit(at: Temperature(celsius: 79), maximum: Current(amperes: 6)) == nil)
    let huge = TemperatureCurve(
      deratingFrom: Temperature(thousandths: .min), stopAt: Temperature(thousandths: .max), leastCurrent: .zero)
    #expect(huge.limit(at: .zero, maximum: Current(thousandths: .max)) != nil)
  }
}

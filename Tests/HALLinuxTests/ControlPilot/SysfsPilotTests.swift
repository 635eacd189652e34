import ChargerBase
import Glibc
import HAL
import HALConformance
import Synchronization
import Testing

@testable import HALLinux

/// Pilot by PWM, proximity contact and temperature by converters, over a tree of files.
@Suite("HAL conformance of PWM and converters", .serialized)
struct SysfsConformanceTests {
  @Test("ControlPilot", arguments: ControlPilotSuite.checks)
  func pilot(check: ConformanceCheck<any ControlPilotRig>) throws { try check.run(SysfsRig()) }

  @Test("ProximityPilot", arguments: ProximityPilotSuite.checks)
  func proximity(check: ConformanceCheck<any ProximityPilotRig>) throws { try check.run(SysfsRig()) }

  @Test("TemperatureSensor", arguments: TemperatureSensorSuite.checks)
  func temperature(check: ConformanceCheck<any TemperatureSensorRig>) throws { try check.run(SysfsRig()) }

  @Test("ControlLaneDriver", arguments: ControlLaneSuite.checks, SysfsRig.kinds)
  func controlLane(check: ConformanceCheck<ControlLaneSuite.Subject>, driver: String) throws {
    try check.run((rig: SysfsRig(), kind: driver))
  }
}

@Suite("PWM and converters over sysfs", .serialized)
struct SysfsPilotTests {
  /// A number in no file: what the kernel would answer.
  final class Value: SysfsValue, Sendable {
    private struct State: Sendable {
      var number: Int64?
      var blocks = false
      var written: [Int64] = []
    }
    private let state: Mutex<State>

    init(_ number: Int64?) { state = Mutex(State(number: number.map { $0 * SysfsFile.billion })) }

    func set(_ new: Int64?) { state.withLock { $0.number = new.map { $0 * SysfsFile.billion } } }
    func setBlocking(_ new: Bool) { state.withLock { $0.blocks = new } }
    func read() -> Int64? {
      while state.withLock({ $0.blocks }) { usleep(1_000) }
      return state.withLock { $0.number }
    }
    func write(_ value: Int64) -> Bool {
      while state.withLock({ $0.blocks }) { usleep(1_000) }
      return state.withLock { state in
        guard state.number != nil else { return false }
        state.written.append(value)
        return true
      }
    }
    var written: [Int64] { state.withLock { $0.written } }
    var lastWritten: Int64? { written.last }
  }

  private let duty = Value(0)
  /// In millivolts: a scale of one.
  private let high = Value(12_000)
  private let low = Value(-12_000)

  private func makePilot(
    isInverting: Bool = false, silentAfter: Duration = .milliseconds(200), stuckAfter: Duration? = nil
  ) -> PWMControlPilot {
    var configuration = PWMControlPilot.Configuration(
      converter: IIOConverter(device: "none"), positiveChannel: "voltage0", negativeChannel: "voltage1")
    configuration.silentAfter = silentAfter
    configuration.stuckAfter = stuckAfter
    return PWMControlPilot(
      configuration, output: PWMOutput(duty: duty, hasInvertingStage: isInverting),
      positive: IIOChannel(raw: high, scale: SysfsFile.billion),
      negative: IIOChannel(raw: low, scale: SysfsFile.billion))
  }

  /// Serves until the condition holds; false when it did not in a long time.
  private func serve(_ driver: any ControlLaneDriver, until condition: () -> Bool) -> Bool {
    let deadline = linux_boot() + .seconds(60)
    while linux_boot() < deadline {
      driver.service(at: linux_boot())
      if condition() { return true }
      usleep(2_000)
    }
    return false
  }

  @Test(
    "What a converter cannot have measured is no measurement, and then silence; a good one ends it",
    arguments: [nil, 15_001, -15_001, Int64.max / SysfsFile.billion])
  func rubbish(value: Int64?) {
    let pilot = makePilot()
    pilot.apply(.steadyPositive)
    #expect(serve(pilot) { pilot.measurement?.positivePeak == Voltage(volts: 12) && pilot.health == .alive })
    high.set(value)
    #expect(serve(pilot) { pilot.health != .alive })
    #expect(pilot.measurement?.positivePeak == Voltage(volts: 12), "the last one stays, with its time")
    high.set(9_000)
    #expect(serve(pilot) { pilot.health == .alive && pilot.measurement?.positivePeak == Voltage(volts: 9) })
  }

  @Test("A converter that hangs is silence; the control lane goes on")
  func hangs() {
    let pilot = makePilot()
    pilot.apply(.steadyPositive)
    #expect(serve(pilot) { pilot.measurement != nil })
    high.setBlocking(true)
    #expect(serve(pilot) { pilot.health != .alive })
    high.setBlocking(false)
    #expect(serve(pilot) { pilot.health == .alive })
  }

  @Test("A converter that gives the very same number for ever is stuck, where the profile says that it cannot")
  func stuck() {
    let pilot = makePilot(stuckAfter: .milliseconds(300))
    pilot.apply(.steadyPositive)
    #expect(serve(pilot) { pilot.measurement != nil })
    #expect(serve(pilot) { pilot.health != .alive })
    high.set(12_001)
    #expect(serve(pilot) { pilot.health == .alive })
  }

  @Test("A pilot at −12 V that reads +12 V is no reading")
  func stuckAtTheOtherEnd() {
    let pilot = makePilot()
    #expect(serve(pilot) { pilot.health != .alive })
    high.set(-12_000)
    #expect(serve(pilot) { pilot.health == .alive && pilot.measurement?.positivePeak == Voltage(volts: -12) })
  }

  @Test("A PWM that refuses is silence, and is tried again; one that hangs holds nobody up; the newest output counts")
  func refusingPWM() {
    let pilot = makePilot()
    pilot.apply(.steadyPositive)
    #expect(serve(pilot) { duty.lastWritten == 1_000_000 && pilot.health == .alive })
    duty.set(nil)
    pilot.apply(.pulseWidth(DutyCycle(hundredthsOfPercent: 2_666)))
    #expect(serve(pilot) { pilot.health != .alive })
    #expect(duty.lastWritten == 1_000_000)
    duty.set(0)
    #expect(serve(pilot) { duty.lastWritten == 266_600 && pilot.health == .alive })
    duty.setBlocking(true)
    for hundredths in UInt16(1_000)...1_200 {
      pilot.apply(.pulseWidth(DutyCycle(hundredthsOfPercent: hundredths)))
    }
    pilot.apply(.steadyNegative)
    high.set(-12_000)
    duty.setBlocking(false)
    #expect(serve(pilot) { duty.lastWritten == 0 })
    #expect(duty.written.count < 100, "what was replaced was not written")
  }

  @Test("An inverting output stage: a high level is −12 V, also when the driver is given up")
  func inverting() {
    do {
      let pilot = makePilot(isInverting: true)
      pilot.apply(.steadyPositive)
      #expect(serve(pilot) { duty.lastWritten == 0 })
      pilot.apply(.pulseWidth(DutyCycle(hundredthsOfPercent: 1_000)))
      #expect(serve(pilot) { duty.lastWritten == 900_000 })
    }
    #expect(duty.lastWritten == 1_000_000)
  }

  @Test("Files that are missing or refuse are told by name, and nothing is left running")
  func missing() throws {
    let tree = FakeSysfs()
    func start(_ change: (inout PWMControlPilot.Configuration) -> Void) -> String {
      let rig = SysfsRig()
      var configuration = rig.configuration
      configuration.root = tree.root
      configuration.converter.root = tree.root
      change(&configuration)
      do throws(SysfsError) {
        _ = try PWMControlPilot(configuration)
        return "started"
      } catch {
        return error.description.replacingRoot(tree.root)
      }
    }
    #expect(start { _ in } == "started")
    #expect(
      start { $0.converter.device = "ads9999" } == "ROOT/sys/bus/iio/devices has no converter \"ads9999\"")
    #expect(
      start { $0.positiveChannel = "voltage9" }
        == "ROOT/sys/bus/iio/devices/iio:device1/in_voltage9_raw: No such file or directory")
    #expect(start { $0.pwmChip = 3 } == "ROOT/sys/class/pwm/pwmchip3/export: No such file or directory")
    #expect(
      start { $0.pwmChannel = 1 } == "ROOT/sys/class/pwm/pwmchip0/pwm1/period: No such file or directory",
      "exported, and its files never came")
    tree.write("\(tree.converter)/in_voltage_scale", "abc")
    #expect(
      start { _ in } == "ROOT/sys/bus/iio/devices/iio:device1/in_voltage0_scale is not there or no number over 0")
  }

  @Test("The channel is set up in the order that the kernel wants, at state F")
  func setUp() throws {
    let rig = SysfsRig()
    var configuration = rig.configuration
    configuration.isPolarityInversed = true
    let pilot = try PWMControlPilot(configuration)
    let files = ["enable", "polarity", "period", "duty_cycle"].map { rig.tree.read("\(rig.tree.pwm)/pwm0/\($0)") }
    #expect(files == ["1", "inversed", "1000000", "0"])
    #expect(pilot.measurement == nil)
  }

  @Test("Numbers as the kernel writes them; anything else is none")
  func numbers() {
    func parse(_ text: String) -> Int64? { Array(text.utf8).withUnsafeBytes { SysfsFile.parse($0) } }
    #expect(parse("0.125000000\n") == 125_000_000)
    #expect(parse("-12\n") == -12 * SysfsFile.billion)
    #expect(parse("4095") == 4_095 * SysfsFile.billion)
    for text in ["", "\n", "abc\n", "12 13\n", "0x10\n", "--1\n", "1.2.3\n", "99999999999999999999\n", "+5\n"] {
      #expect(parse(text) == nil, "\(text)")
    }
  }

  @Test("A thermistor by its own curve; open and shorted ones are none")
  func thermistor() {
    let value = Value(1_650)
    var configuration = IIOTemperature.Configuration(converter: IIOConverter(device: "none"), channel: "voltage3")
    configuration.thermistor = IIOTemperature.Thermistor(pullUp: 10_000, reference: Voltage(millivolts: 3_300))
    configuration.interval = .milliseconds(5)
    configuration.silentAfter = .milliseconds(200)
    let sensor = IIOTemperature(configuration, channel: IIOChannel(raw: value, scale: SysfsFile.billion))
    #expect(serve(sensor) { sensor.reading != nil })
    #expect((sensor.reading?.temperature.thousandths ?? 0) / 100 == 250)
    value.set(600)
    #expect(serve(sensor) { (sensor.reading?.temperature ?? .zero) > Temperature(celsius: 60) })
    for broken in [Int64(3_299), 1] {
      value.set(broken)
      #expect(serve(sensor) { sensor.health != .alive })
      value.set(1_650)
      #expect(serve(sensor) { sensor.health == .alive })
    }
  }

  @Test("A proximity contact over its reference is no measurement; one that is shorted has no resistance to speak of")
  func proximity() {
    let value = Value(0)
    var configuration = IIOProximity.Configuration(
      converter: IIOConverter(device: "none"), channel: "voltage2", pullUp: 330, reference: Voltage(millivolts: 3_300))
    configuration.interval = .milliseconds(5)
    configuration.silentAfter = .milliseconds(200)
    let contact = IIOProximity(configuration, channel: IIOChannel(raw: value, scale: SysfsFile.billion))
    #expect(serve(contact) { contact.measurement?.resistance == Resistance(ohms: 0) })
    value.set(4_000)
    #expect(serve(contact) { contact.health != .alive })
    value.set(3_300)
    #expect(serve(contact) { contact.health == .alive && contact.measurement?.resistance == nil })
  }
}

extension String {
  fileprivate func replacingRoot(_ root: String) -> String { hasPrefix(root) ? "ROOT" + dropFirst(root.count) : self }
}

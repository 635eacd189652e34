import CLinux
import ChargerBase
import Glibc
import HAL
import HALConformance

@testable import HALLinux

/// A tree of files like the kernel's, in a folder of its own: one PWM chip, one converter.
final class FakeSysfs {
  let root: String
  var pwm: String { "\(root)/sys/class/pwm/pwmchip0" }
  var converter: String { "\(root)/sys/bus/iio/devices/iio:device1" }

  init(isExported: Bool = true) {
    root = "/tmp/pilot-sysfs-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    makeFolder("\(root)/sys/class/pwm/pwmchip0/pwm0")
    makeFolder("\(root)/sys/bus/iio/devices/iio:device0")
    makeFolder(converter)
    for (file, text) in [("enable", "0"), ("polarity", "normal"), ("duty_cycle", "0"), ("period", "0")]
    where isExported {
      write("\(pwm)/pwm0/\(file)", text)
    }
    write("\(pwm)/export", "")
    write("\(root)/sys/bus/iio/devices/iio:device0/name", "other")
    write("\(converter)/name", "ads1015")
    write("\(converter)/in_voltage_scale", "0.125000000")
    for channel in 0..<4 { write("\(converter)/in_voltage\(channel)_raw", "0") }
    write("\(converter)/in_temp_input", "25000")
  }

  deinit {
    // Depth first, two levels of what was made here.
    var stack = [root]
    var folders: [String] = []
    while let path = stack.popLast() {
      guard let folder = opendir(path) else {
        unlink(path)
        continue
      }
      folders.append(path)
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != "." && name != ".." { stack.append("\(path)/\(name)") }
      }
      closedir(folder)
    }
    for folder in folders.reversed() { rmdir(folder) }
  }

  private func makeFolder(_ path: String) {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/\(part)"
      mkdir(made, 0o755)
    }
  }

  /// In place and of one length, so that a reader never finds half a value.
  func write(_ path: String, _ text: String) {
    let descriptor = linux_open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let line = Array(text.utf8) + Array(repeating: UInt8(ascii: " "), count: max(0, 23 - text.utf8.count)) + [10]
    _ = line.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  func read(_ path: String) -> String {
    String((SysfsPath.firstLine(of: path) ?? "").prefix { $0 != " " })
  }

  /// Of the converter's channel, in millivolts at its pin.
  func set(channel: Int, millivolts: Int64) { write("\(converter)/in_voltage\(channel)_raw", "\(millivolts * 8)") }
}

/// A pilot by PWM and converter, a plug and a sensor, over files: peaks follow what the PWM's files say.
final class SysfsRig: ConformanceRig {
  let tree = FakeSysfs()
  private var vehicle = RigVehicle.none
  private var isRubbish = false
  private var plug: Int64?
  private var celsius: Int64 = 25
  private var isSensorBroken = false

  /// What a loaded test machine does not reach by itself.
  static let silence = Duration.seconds(3)

  init() { step() }

  var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }
  var slack: Duration { .seconds(2) }

  func wait(_ duration: Duration) {
    usleep(UInt32(duration.wholeMilliseconds) * 1_000)
    step()
  }

  var configuration: PWMControlPilot.Configuration {
    var configuration = PWMControlPilot.Configuration(
      converter: converter, positiveChannel: "voltage0", negativeChannel: "voltage1")
    configuration.root = tree.root
    configuration.positive = divider
    configuration.negative = divider
    configuration.silentAfter = Self.silence
    return configuration
  }

  var converter: IIOConverter { IIOConverter(device: "ads1015", root: tree.root) }

  /// Ten to one, and the converter sees 1.5 V at a pilot of 0 V.
  private var divider: PWMControlPilot.Divider {
    var divider = PWMControlPilot.Divider()
    divider.ratio = 10_000
    divider.offset = Voltage(volts: -15)
    return divider
  }

  /// The electronics between the files.
  private func step() {
    if isRubbish {
      for channel in 0..<3 { tree.write("\(tree.converter)/in_voltage\(channel)_raw", "n/a") }
      tree.write("\(tree.converter)/in_temp_input", "0x7f")
      return
    }
    let high: Int64 =
      switch vehicle {
      case .none: 12_000
      case .connected, .withoutDiode: 9_000
      case .ready: 6_000
      }
    let duty = Int64(tree.read("\(tree.pwm)/pwm0/duty_cycle")) ?? 0
    let isOn = duty > 0
    set(channel: 0, pilot: isOn ? high : -12_000)
    set(channel: 1, pilot: duty == 1_000_000 ? high : vehicle == .withoutDiode && isOn ? -high : -12_000)
    // 330 Ω up to 3.3 V.
    let contact = plug.map { 3_300 * $0 / ($0 + 330) } ?? 3_300
    tree.set(channel: 2, millivolts: contact)
    tree.write("\(tree.converter)/in_temp_input", isSensorBroken ? "-300000" : "\(celsius * 1_000)")
  }

  private func set(channel: Int, pilot: Int64) { tree.set(channel: channel, millivolts: (pilot + 15_000) / 10) }

  /// A sample that began before is over by then, so that none has an older time than what it shows.
  private func change(_ body: () -> Void) {
    usleep(50_000)
    body()
    step()
  }
}

extension SysfsRig: ControlPilotRig {
  func makePilot() throws -> any ControlPilot { try PWMControlPilot(configuration) }
  func setVehicle(_ vehicle: RigVehicle) throws { change { self.vehicle = vehicle } }

  func outputAtTerminal() throws -> PilotOutput? {
    guard tree.read("\(tree.pwm)/pwm0/enable") == "1" else { return nil }
    switch Int64(tree.read("\(tree.pwm)/pwm0/duty_cycle")) {
    case 0: return .steadyNegative
    case 1_000_000: return .steadyPositive
    case let duty?: return .pulseWidth(DutyCycle(hundredthsOfPercent: UInt16(clamping: duty / 100)))
    case nil: return nil
    }
  }
}

extension SysfsRig: ProximityPilotRig {
  func makeProximity() throws -> any ProximityPilot {
    var configuration = IIOProximity.Configuration(
      converter: converter, channel: "voltage2", pullUp: 330, reference: Voltage(millivolts: 3_300))
    configuration.silentAfter = Self.silence
    return try IIOProximity(configuration)
  }
  func setPlug(_ resistance: Resistance?) throws { change { plug = resistance.map { $0.thousandths / 1_000 } } }
}

extension SysfsRig: TemperatureSensorRig {
  func makeSensor() throws -> any TemperatureSensor {
    var configuration = IIOTemperature.Configuration(converter: converter, channel: "temp")
    configuration.interval = .milliseconds(20)
    configuration.silentAfter = Self.silence
    return try IIOTemperature(configuration)
  }
  func setTemperature(_ temperature: Temperature) throws { change { celsius = temperature.thousandths / 1_000 } }
  func breakSensor(_ isBroken: Bool) throws { change { isSensorBroken = isBroken } }
  var temperatureSilence: Duration { Self.silence + .milliseconds(50) }
}

extension SysfsRig: ControlLaneRig {
  static let kinds = ["ControlPilot", "ProximityPilot", "TemperatureSensor"]

  func makeSubject(_ kind: String) throws -> ControlLaneSubject {
    var isOdd = false
    func toggle() -> Bool {
      isOdd.toggle()
      return isOdd
    }
    let setSilent: (Bool) throws -> Void = { isSilent in self.change { self.isRubbish = isSilent } }
    let silence = Self.silence + .milliseconds(10)
    switch kind {
    case "ControlPilot":
      let driver = try makePilot()
      driver.apply(.steadyPositive)
      return ControlLaneSubject(
        driver, newestAt: { driver.measurement?.takenAt },
        change: { try self.setVehicle(toggle() ? .ready : .connected) }, setSilent: setSilent, silence: silence)
    case "ProximityPilot":
      let driver = try makeProximity()
      return ControlLaneSubject(
        driver, newestAt: { driver.measurement?.takenAt },
        change: { try self.setPlug(toggle() ? Resistance(ohms: 220) : nil) }, setSilent: setSilent, silence: silence)
    case "TemperatureSensor":
      let driver = try makeSensor()
      return ControlLaneSubject(
        driver, newestAt: { driver.reading?.takenAt },
        change: { try self.setTemperature(Temperature(celsius: toggle() ? 30 : 40)) }, setSilent: setSilent,
        silence: silence)
    default: throw ConformanceViolation("no \(kind) over sysfs")
    }
  }
}

/// The station's clock.
func linux_boot() -> MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

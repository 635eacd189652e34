import BoardProfile
import CLinux
import ChargerBase
import Glibc
import HAL
import HALLinux
import LinuxCatalogue
import SimulatedPeripherals
import Testing

@Suite("Pilot drivers in a board profile")
struct PilotEntriesTests {
  private static let everything = """
    "pilot": { "driver": "mcu", "port": "PORT" }, "contactor": { "driver": "mcu", "port": "PORT" },
    "lock": { "driver": "mcu", "port": "PORT" }, "proximity": { "driver": "mcu", "port": "PORT" }
    """

  private func problems(
    _ connector: String = everything, sensors: String = #"{ "driver": "mcu", "port": "PORT" }"#,
    port: String = "/dev/ttyS9",
    within: Int = 500, means: String = "companionController", opens: Bool = false
  ) throws -> [ProfileProblem] {
    let text = """
      {
        "name": "t", "purpose": "product", "vendorName": "v", "model": "m",
        "evses": [ { "id": 1, "maximumCurrentA": 16, "phases": 1,
          "residualCurrent": { "driver": "mcu", "port": "PORT" },
          "temperatureSensors": [ \(sensors) ],
          "connectors": [ { "id": 1, "cable": "socket", "connectorType": "sType2", \(connector) } ] } ],
        "safetyInputs": [ { "kind": "emergencyStop", "driver": "mcu", "port": "PORT" },
          { "kind": "door", "driver": "mcu", "port": "PORT" }, { "kind": "tilt", "driver": "mcu", "port": "PORT" } ],
        "deadMan": { "means": "\(means)", "withinMilliseconds": \(within) }
      }
      """.split(separator: "PORT", omittingEmptySubsequences: false).joined(separator: port)
    do throws(ProfileProblems) {
      let board = try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
      if opens {
        _ = try board.buildHardware(catalogue: LinuxCatalogue.make())
      } else {
        try board.checkDrivers(catalogue: LinuxCatalogue.make())
      }
      return []
    } catch {
      return error.problems
    }
  }

  @Test("All parts of one MCU on one port are a good profile, also where there is no such port, and checked twice")
  func good() throws {
    #expect(try problems().isEmpty)
  }

  @Test("A rate that no port runs at, and a part that says another rate than the rest, are told with what is allowed")
  func rates() throws {
    let pilot = """
      "pilot": { "driver": "mcu", "port": "PORT", "baud": 57600 }, "contactor": { "driver": "mcu", "port": "PORT" },
      "lock": { "driver": "mcu", "port": "PORT" }, "proximity": { "driver": "mcu", "port": "PORT", "baud": 12345 }
      """
    let found = try problems(pilot)
    let rate = found.first {
      $0.path == "$.evses[0].connectors[0].proximity.baud" && $0.message.hasPrefix("is 12345, and")
    }
    #expect(rate?.allowed?.hasPrefix("9600, 19200") == true)
    let other = found.first { $0.path.hasPrefix("$.evses[0].connectors[0].contactor") }
    #expect(
      other?.message
        == "is 115200 for the MCU on /dev/ttyS9, and $.evses[0].connectors[0].pilot says 57600")
  }

  @Test("One part under two drivers, a connector that cannot be, and a heartbeat slower than the silence are told")
  func bad() throws {
    let twice = """
      "pilot": { "driver": "mcu", "port": "PORT", "connector": 9 }, "contactor": { "driver": "mcu", "port": "PORT" },
      "lock": { "driver": "mcu", "port": "PORT", "heartbeatMilliseconds": 150 },
      "proximity": { "driver": "mcu", "port": "PORT" }
      """
    let found = try problems(twice)
    #expect(
      found.contains { $0.path == "$.evses[0].connectors[0].pilot.connector" && $0.allowed == "a whole number, 1…8" })
    #expect(found.contains { $0.path == "$.evses[0].connectors[0].lock.heartbeatMilliseconds" })
    let sensor = "{ \"driver\": \"mcu\", \"port\": \"PORT\", \"sensor\": 2"
    let same = try problems(sensors: "\(sensor) }, \(sensor), \"connector\": 1 }")
    #expect(
      same.map(\.message) == [
        "uses temperature sensor 2 of connector 1 of the MCU on /dev/ttyS9, and so does $.evses[0].temperatureSensors[0]"
      ])
  }

  @Test("A meter on the microcontroller's port is told with both places: two protocols cannot share a line")
  func portOfAMeter() throws {
    func board(_ meterPort: String, _ mcuPort: String) throws -> [String] {
      let text = """
        {
          "name": "t", "purpose": "bench", "vendorName": "v", "model": "m",
          "evses": [ { "id": 1, "maximumCurrentA": 16, "phases": 1, "residualCurrent": "external",
            "meter": { "driver": "modbus", "map": "none", "port": "\(meterPort)", "device": 1 },
            "connectors": [ { "id": 1, "cable": "fixed", "connectorType": "cType2",
              "pilot": { "driver": "mcu", "port": "\(mcuPort)" },
              "contactor": { "driver": "mcu", "port": "\(mcuPort)" } } ] } ]
        }
        """
      do throws(ProfileProblems) {
        try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
          .checkDrivers(catalogue: LinuxCatalogue.make())
        return []
      } catch {
        return error.problems.filter { !$0.path.hasSuffix(".map") }.map { "\($0.path) \($0.message)" }
      }
    }
    #expect(try board("/dev/ttyS1", "/dev/ttyS2") == [])
    let both = try board("/dev/ttyS1", "/dev/ttyS1")
    #expect(both.count == 1)
    #expect(both.first?.contains("uses the serial port /dev/ttyS1, and so does $.evses[0].") == true)
  }

  private func sysfs(
    _ purpose: String = "product", _ capture: String = "peakHold", negative: String = "voltage1", more: String = ""
  ) throws -> [ProfileProblem] {
    let text = """
      {
        "name": "t", "purpose": "\(purpose)", "vendorName": "v", "model": "m",
        "evses": [ { "id": 1, "maximumCurrentA": 16, "phases": 1, "residualCurrent": "external",
          "temperatureSensors": [
            { "driver": "iio", "adc": "ads1015", "channel": "voltage3", "sensor": "thermistor", "pullUpOhms": 10000,
              "referenceMillivolts": 3300 },
            { "driver": "iio", "adc": "cpu_thermal", "channel": "temp" } ],
          "connectors": [ { "id": 1, "cable": "socket", "connectorType": "sType2",
            "pilot": { "driver": "pwm-iio", "adc": "ads1015", "capture": "\(capture)", "positiveChannel": "voltage0",
              "negativeChannel": "\(negative)", "dividerRatio": 10, "offsetMillivolts": -15000\(more) },
            "contactor": { "driver": "gpio", "chip": "/dev/gpiochip0", "coilLine": "coil", "feedbackLine": "aux" },
            "proximity": { "driver": "iio", "adc": "ads1015", "channel": "voltage2", "pullUpOhms": 330,
              "referenceMillivolts": 3300 } } ] } ],
        "watchdog": { "driver": "none" }, "deadMan": { "means": "watchdogRelay", "withinMilliseconds": 2000 }
      }
      """
    do throws(ProfileProblems) {
      try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
        .checkDrivers(catalogue: LinuxCatalogue.make())
      return []
    } catch {
      return error.problems.filter { !$0.path.hasPrefix("$.watchdog") }
    }
  }

  @Test("A converter that reads the pilot at any moment is refused for the street, with the reason; not on a desk")
  func unsynchronised() throws {
    #expect(try sysfs().isEmpty)
    let found = try sysfs("product", "unsynchronised")
    #expect(found.map(\.path) == ["$.evses[0].connectors[0].pilot.capture"])
    #expect(found.first?.message.contains("cannot tell the vehicle's state within 100 ms") == true)
    #expect(try sysfs("bench", "unsynchronised").isEmpty)
  }

  @Test("One channel for both peaks, and one under two drivers, are told")
  func channels() throws {
    #expect(try sysfs(more: ", \"sampleMilliseconds\": 51").map(\.allowed) == ["a whole number, 1…50"])
    let both = try sysfs(negative: "voltage0")
    #expect(both.contains { $0.path == "$.evses[0].connectors[0].pilot.negativeChannel" })
    let taken = try sysfs(negative: "voltage2")
    #expect(
      taken.map(\.message) == [
        "uses channel voltage2 of the converter ads1015, and so does $.evses[0].connectors[0].pilot"
      ])
  }

  @Test("A companion controller as dead-man needs contactors that it drives")
  func deadMan() throws {
    let gpio = """
      "pilot": { "driver": "mcu", "port": "PORT" }, "proximity": { "driver": "mcu", "port": "PORT" },
      "contactor": { "driver": "gpio", "chip": "/dev/gpiochip0", "coilLine": "coil", "feedbackLine": "aux" },
      "lock": { "driver": "mcu", "port": "PORT" }
      """
    let found = try problems(gpio)
    #expect(
      found.contains { $0.path == "$.evses[0].connectors[0].contactor" && $0.message.contains("companion controller") })
  }

  @Test("A port that is not there, and one that is no serial port, are told by name at the start")
  func noPort() throws {
    let missing = try problems(port: "/dev/no-such-port", opens: true)
    #expect(missing.first?.message.contains("/dev/no-such-port cannot be opened: No such file") == true)
    let none = try problems(port: "/dev/null", opens: true)
    #expect(none.first?.message.contains("/dev/null is no serial port") == true)
  }

  @Test("An MCU of another version, or one that opens too late, ends the start with both numbers; a good one starts")
  func greeting() throws {
    let device = try GreetedDevice()
    #expect(try problems(port: device.terminal.path, opens: true).isEmpty)
    let slow = try problems(port: device.terminal.path, within: 350, opens: true)
    #expect(slow.first?.message.contains("300 ms after this program's last sign of life") == true)
    #expect(slow.first?.message.contains("withinMilliseconds of 350") == true)
    device.set { ($0.configuration.major, $0.configuration.minor) = (2, 0) }
    let other = try problems(port: device.terminal.path, opens: true)
    #expect(other.first?.message.contains("speaks version 2.0 of the pilot protocol, this program 1.1") == true)
  }
}

/// An MCU at the far end of a pseudo terminal, on a thread of its own.
private final class GreetedDevice: @unchecked Sendable {
  // Unchecked: `mcu` and `isStopping` are touched under `lock` only.
  let terminal: PseudoTerminal
  private var mcu = PilotMicrocontroller()
  private var isStopping = false
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var thread = pthread_t()

  init() throws {
    terminal = try PseudoTerminal()
    pthread_mutex_init(lock, nil)
    pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<GreetedDevice>.fromOpaque(argument).takeUnretainedValue().run() }
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    pthread_mutex_lock(lock)
    isStopping = true
    pthread_mutex_unlock(lock)
    pthread_join(thread, nil)
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  func set(_ body: (inout PilotMicrocontroller) -> Void) {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    body(&mcu)
  }

  private func run() {
    var entry = pollfd(fd: terminal.device, events: Int16(POLLIN), revents: 0)
    while step() { _ = poll(&entry, 1, 1) }
  }

  private func step() -> Bool {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    guard !isStopping else { return false }
    let now = MonotonicInstant(nanoseconds: linux_boottime_ns())
    mcu.receive(terminal.read(), at: now)
    let bytes = mcu.advance(to: now)
    if !bytes.isEmpty { terminal.write(bytes) }
    return true
  }
}

import BoardProfile
import CLinux
import ChargerBase
import HAL
import HALLinux

extension LinuxCatalogue {
  /// Meters on Modbus lines. All meters on one line share it, and must agree on its settings.
  static func addModbus(to catalogue: inout DriverCatalogue) {
    catalogue.addMeter(LinuxDrivers.modbusMeter.name) { options in
      let map = RegisterMapFile.read(options, name: options.string("map"))
      let port = ModbusPort.read(options)
      let polling = polling(options, on: port, map)
      return { ModbusEnergyMeter(on: try port.open(), map: try map.read(), polling: polling) }
    }
    catalogue.addMeter(LinuxDrivers.iskraMeter.name) { options in
      let map = RegisterMapFile.read(options, name: options.string("map", default: "iskra-wm3m4c"))
      let port = ModbusPort.read(options)
      let polling = polling(options, on: port, map)
      let timeout = options.integer("signingTimeoutMilliseconds", in: 1_000...60_000, default: 20_000)
      return {
        IskraSigningMeter(
          on: try port.open(), map: try map.read(), polling: polling, signingTimeout: .milliseconds(timeout))
      }
    }
  }

  private static func polling(
    _ options: DriverOptions, on port: ModbusPort, _ map: RegisterMapFile
  ) -> MeterPolling {
    let device =
      port.isSerial ? options.integer("device", in: 1...247) : options.integer("device", in: 0...255)
    options.claim("Modbus \(port.name) device \(device)", named: port.device)
    let silence = options.integer("silenceMilliseconds", in: 500...300_000, default: 5_000)
    if let interval = map.shortestInterval?.wholeMilliseconds, silence <= interval {
      options.report(
        "silenceMilliseconds", "is \(silence), and the map is read every \(interval) ms",
        allowed: "more than \(interval): a meter would be silent between two readings")
    }
    return MeterPolling(
      device: UInt8(clamping: device), retries: Int(options.integer("retries", in: 0...10, default: 2)),
      silentAfter: .milliseconds(silence))
  }
}

/// A register map as the profile names it.
struct RegisterMapFile {
  private let map: RegisterMap?

  /// Nothing is opened with a map that is not there: the problem was told when it was read.
  struct Missing: Error {}

  func read() throws(Missing) -> RegisterMap {
    guard let map else { throw Missing() }
    return map
  }

  /// How often the meter is read; nil without a map.
  var shortestInterval: Duration? { map?.groups.map(\.interval).min() }

  /// A file of at most as many bytes as a profile.
  private static let maximumBytes = 262_144

  static func read(_ options: DriverOptions, name: String) -> RegisterMapFile {
    let isName = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard !name.isEmpty, name.utf8.count <= 50, isName else {
      // A text that is missing or empty was told already.
      if !name.isEmpty {
        options.report(
          "map", "is no name of a map", allowed: "1…50 letters, digits, - and _: meters/NAME.json beside the profile")
      }
      return RegisterMapFile(map: nil)
    }
    let file = directory(of: options.profileFile) + "meters/\(name).json"
    guard let bytes = contents(of: file) else {
      options.report(
        "map", "is \"\(name)\", and \(file) cannot be read: \(String(cString: linux_document_problem(linux_errno())))",
        allowed: "the name of a map in meters/ beside the profile, a file of at most \(maximumBytes) bytes")
      return RegisterMapFile(map: nil)
    }
    guard let field = options.document(bytes, fileName: file) else { return RegisterMapFile(map: nil) }
    return RegisterMapFile(map: RegisterMapReader.read(field, name: name))
  }

  private static func directory(of file: String) -> String {
    file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
  }

  private static func contents(of file: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: maximumBytes)
    let count = linux_read_document(file, &bytes, maximumBytes)
    return count < 0 ? nil : Array(bytes.prefix(count))
  }
}

/// A line that the drivers of one profile share; opened by the first that is made.
final class ModbusPort {
  let endpoint: ModbusEndpoint
  private let settings: ModbusLineSettings
  private var bus: ModbusBus?

  private init(_ endpoint: ModbusEndpoint, _ settings: ModbusLineSettings) {
    self.endpoint = endpoint
    self.settings = settings
  }

  var name: String { endpoint.description }
  /// Empty where the profile names none.
  var device: String {
    switch endpoint {
    case .serial(let settings): settings.device
    case .tcp(let host, _): host
    }
  }
  var isSerial: Bool { if case .serial = endpoint { true } else { false } }

  func open() throws(ModbusOpenError) -> ModbusBus {
    if let bus { return bus }
    let opened = try ModbusBus(endpoint, settings: settings)
    bus = opened
    return opened
  }

  static func read(_ options: DriverOptions) -> ModbusPort {
    let response = options.integer("responseTimeoutMilliseconds", in: 20...10_000, default: 300)
    let byte = options.integer("byteTimeoutMilliseconds", in: 2...2_000, default: 50)
    let pause = options.integer("pauseMilliseconds", in: 0...1_000, default: 5)
    let endpoint = endpoint(options)
    let settings = ModbusLineSettings(
      responseTimeout: .milliseconds(response), byteTimeout: .milliseconds(byte), pause: .milliseconds(pause))
    func make() -> ModbusPort { ModbusPort(endpoint, settings) }
    guard case .serial(let serial) = endpoint else {
      return options.shared(
        "Modbus \(endpoint)",
        settings: [
          "responseTimeoutMilliseconds": "\(response)", "byteTimeoutMilliseconds": "\(byte)",
          "pauseMilliseconds": "\(pause)",
        ], make: make)
    }
    return options.shared(
      "Modbus \(endpoint)",
      settings: [
        "baud": "\(serial.baudRate)", "parity": serial.parity.rawValue, "stopBits": "\(serial.stopBits)",
        "rs485": serial.direction.rawValue, "responseTimeoutMilliseconds": "\(response)",
        "byteTimeoutMilliseconds": "\(byte)", "pauseMilliseconds": "\(pause)",
      ]
    ) {
      options.claimSerialPort(serial.device)
      return make()
    }
  }

  private static func endpoint(_ options: DriverOptions) -> ModbusEndpoint {
    if let host = options.optionalString("host") {
      if options.optionalString("port") != nil {
        options.report("port", "is given, and so is \"host\"", allowed: "a serial port or a TCP host, not both")
      }
      let port = options.integer("tcpPort", in: 1...65_535, default: 502)
      return .tcp(host: host, port: UInt16(clamping: port))
    }
    let device = options.string("port")
    let rate = options.integer("baud", in: 1_200...921_600, default: 9_600)
    if !ModbusEndpoint.baudRates.contains(Int32(clamping: rate)) {
      options.report(
        "baud", "is \(rate)", allowed: ModbusEndpoint.baudRates.map { "\($0)" }.joined(separator: ", "))
    }
    let parity = options.choice("parity", of: ModbusEndpoint.Parity.allCases.map(\.rawValue), default: "none")
    let stopBits = options.integer("stopBits", in: 1...2, default: 1)
    let direction = options.choice(
      "rs485", of: ModbusEndpoint.Direction.allCases.map(\.rawValue), default: "deviceTree")
    return .serial(
      ModbusEndpoint.SerialSettings(
        device: device, baudRate: Int32(clamping: rate), parity: ModbusEndpoint.Parity(rawValue: parity) ?? .none,
        stopBits: Int32(clamping: stopBits), direction: ModbusEndpoint.Direction(rawValue: direction) ?? .deviceTree))
  }
}

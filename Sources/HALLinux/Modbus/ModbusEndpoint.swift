import ChargerBase

/// Where a Modbus line ends: a serial port with its settings, or a TCP address.
public enum ModbusEndpoint: Sendable, Hashable, CustomStringConvertible {
  case serial(SerialSettings)
  /// A name or a numeric address of version 4 or 6.
  case tcp(host: String, port: UInt16)

  public struct SerialSettings: Sendable, Hashable {
    /// The port's device, as `/dev/ttyAMA3`.
    public var device: String
    /// In bits per second; one of `baudRates`.
    public var baudRate: Int32
    public var parity: Parity
    /// 1 or 2. Modbus over Serial Line §2.5.1 asks for 2 without parity; most meters are delivered with 1.
    public var stopBits: Int32
    public var direction: Direction

    public init(
      device: String, baudRate: Int32 = 9_600, parity: Parity = .none, stopBits: Int32 = 1,
      direction: Direction = .deviceTree
    ) {
      self.device = device
      self.baudRate = baudRate
      self.parity = parity
      self.stopBits = stopBits
      self.direction = direction
    }
  }

  public enum Parity: String, Sendable, CaseIterable {
    case none, even, odd
  }

  /// Who switches an RS-485 transceiver between sending and receiving.
  public enum Direction: String, Sendable, CaseIterable {
    /// The kernel's driver by the device tree (`linux,rs485-enabled-at-boot-time`), or the hardware: nothing is set.
    case deviceTree
    /// The kernel's driver, told by the program (`TIOCSRS485`).
    case kernel
  }

  /// Rates that libmodbus hands on to the port as they are; for any other it would take 9600 without a word.
  public static let baudRates: [Int32] = [
    1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600,
  ]

  /// The line itself, without its settings: two meters with the same text share it.
  public var description: String {
    switch self {
    case .serial(let settings): settings.device
    case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
  }
}

/// How a line is driven, beside its endpoint.
public struct ModbusLineSettings: Sendable, Hashable {
  /// How long the first byte of an answer may take, after the last one of the request.
  public var responseTimeout: Duration
  /// How long an answer may pause: so much longer than its bytes take it may be in all. After an error the line is used
  /// again when it was quiet for so long.
  public var byteTimeout: Duration
  /// Quiet on the line before each request; at least the 3.5 characters of Modbus over Serial Line §2.5.1.1.
  public var pause: Duration
  /// Shortest and longest wait before a line that was lost is opened again; each wait is twice the one before.
  public var reopenAfter: Duration
  public var reopenAtMost: Duration

  public init(
    responseTimeout: Duration = .milliseconds(300), byteTimeout: Duration = .milliseconds(50),
    pause: Duration = .milliseconds(5), reopenAfter: Duration = .milliseconds(250),
    reopenAtMost: Duration = .seconds(5)
  ) {
    self.responseTimeout = responseTimeout
    self.byteTimeout = byteTimeout
    self.pause = pause
    self.reopenAfter = reopenAfter
    self.reopenAtMost = reopenAtMost
  }
}

extension ModbusEndpoint {
  /// How long so many bytes take on the wire: eleven bits each at the port's rate, nothing to speak of over TCP.
  func wireTime(bytes: Int) -> Duration {
    guard case .serial(let settings) = self else { return .zero }
    let bits = Int64(clamping: max(0, bytes)) * 11
    return .nanoseconds(bits.multipliedSaturating(by: 1_000_000_000) / Int64(max(1, settings.baudRate)))
  }
}

/// Why an exchange on a Modbus line gave nothing.
public enum ModbusError: Error, Sendable, Hashable, CustomStringConvertible {
  /// No answer, or none that was whole in time.
  case timeout
  /// The checksum of the answer is wrong.
  case checksum
  /// The device has answered with an exception of this code.
  case exception(UInt8)
  /// Another device has answered.
  case wrongDevice
  /// The answer is not one to this request.
  case malformed
  /// The line itself is gone: unplugged, closed, reset. Linux's error number.
  case lineLost(Int32)

  /// Whether the device itself has answered: it is there, and refuses.
  var isRefusal: Bool {
    // 5 and 6 ask for patience, 4, 8, 10 and 11 are failures of the moment.
    switch self {
    case .exception(1), .exception(2), .exception(3), .exception(7): true
    default: false
    }
  }

  public var description: String {
    switch self {
    case .timeout: "no answer in time"
    case .checksum: "an answer with a wrong checksum"
    case .exception(1): "exception 1, illegal function"
    case .exception(2): "exception 2, illegal data address"
    case .exception(3): "exception 3, illegal data value"
    case .exception(4): "exception 4, device failure"
    case .exception(let code): "exception \(code)"
    case .wrongDevice: "an answer from another device"
    case .malformed: "an answer that does not belong to the request"
    case .lineLost(let number): "the line is lost: \(SystemError.text(number))"
    }
  }
}

/// Why a Modbus line could not be opened. Two errors are equal when their codes are.
public struct ModbusOpenError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: UInt8, Sendable {
    /// The port's device or the TCP peer cannot be reached.
    case unreachable
    /// Another program, or another line of this one under another name, has the port.
    case inUse
    /// The port does not take the baud rate.
    case baudRate
    /// The port does not take the other line settings.
    case lineSettings
    /// The port's driver cannot switch an RS-485 transceiver.
    case direction
    /// The program has no room for another line.
    case resources
  }

  public let code: Code
  /// Linux's error number; 0 where there is none.
  public let errorNumber: Int32
  public let endpoint: ModbusEndpoint

  public static func == (left: ModbusOpenError, right: ModbusOpenError) -> Bool { left.code == right.code }

  public var description: String {
    let reason = errorNumber == 0 ? "" : ": \(SystemError.text(errorNumber))"
    guard case .serial(let settings) = endpoint else { return "\(endpoint): cannot be reached\(reason)" }
    return switch code {
    case .unreachable: "\(endpoint): cannot be opened\(reason)"
    case .inUse: "\(endpoint): the port is in use, by another program or under another name"
    case .baudRate: "\(endpoint): the port refuses \(settings.baudRate) baud"
    case .lineSettings:
      "\(endpoint): the port refuses parity \(settings.parity.rawValue) with \(settings.stopBits) stop bits"
    case .direction:
      "\(endpoint): the port cannot switch an RS-485 transceiver\(reason); leave it to the device tree"
    case .resources: "\(endpoint): no room for another line\(reason)"
    }
  }
}

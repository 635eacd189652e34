import CLinux
import CModbus
import ChargerBase
import Glibc

/// Which registers a request reads: Modbus keeps two tables.
public enum RegisterTable: String, Sendable, CaseIterable {
  /// Function 4, input registers.
  case input
  /// Function 3, holding registers.
  case holding
}

/// Registers of devices, as one exchange at a time reads and writes them.
protocol RegisterLink {
  /// By the clock of the line: what is waited for after an exchange is waited for from its end.
  var now: MonotonicInstant { get }
  /// Reads at most 125 registers.
  func read(_ table: RegisterTable, device: UInt8, address: UInt16, count: Int) throws(ModbusError) -> [UInt16]
  /// Function 6.
  func write(device: UInt8, address: UInt16, value: UInt16) throws(ModbusError)
  /// Function 16, at most 123 registers.
  func write(device: UInt8, address: UInt16, values: [UInt16]) throws(ModbusError)
}

/// An open Modbus line: one request at a time, each within the line's timeouts. Used by one thread.
///
/// An exchange has one limit for the whole of it, from its request to the last byte of its answer. With a limit for each
/// byte alone (libmodbus has the two, and either one or the other), a device that lets its bytes drip would hold the line
/// for 255 times that limit, and every other meter on it would be silent.
///
/// After any error on a serial line the rest of the answer is waited out and thrown away before the next request: a late
/// answer would be taken for that request's. What comes between two requests is thrown away too.
final class ModbusLink: RegisterLink {
  private let context: OpaquePointer
  private let endpoint: ModbusEndpoint
  private let settings: ModbusLineSettings
  let descriptor: Int32
  private var mustDrain = true
  /// How long the last exchange might take in all.
  private var limit: Duration

  /// Opens the line and compares what the port has taken with what was asked for.
  ///
  /// - Throws: `ModbusOpenError` that names the line and what it refuses.
  init(_ endpoint: ModbusEndpoint, _ settings: ModbusLineSettings) throws(ModbusOpenError) {
    func failure(_ code: ModbusOpenError.Code, _ number: Int32 = 0) -> ModbusOpenError {
      ModbusOpenError(code: code, errorNumber: number, endpoint: endpoint)
    }
    let made: OpaquePointer?
    switch endpoint {
    case .serial(let serial):
      let parity: CChar =
        switch serial.parity {
        case .none: CChar(UInt8(ascii: "N"))
        case .even: CChar(UInt8(ascii: "E"))
        case .odd: CChar(UInt8(ascii: "O"))
        }
      made = modbus_new_rtu(serial.device, serial.baudRate, parity, 8, serial.stopBits)
    case .tcp(let host, let port):
      made = modbus_new_tcp_pi(host, String(port))
    }
    guard let context = made else { throw failure(.unreachable, linux_errno()) }
    modbus_set_error_recovery(context, MODBUS_ERROR_RECOVERY_NONE)
    Self.set(settings.responseTimeout) { modbus_set_response_timeout(context, $0, $1) }
    // None: the response timeout then holds for the whole answer (`modbus_set_byte_timeout(3)`).
    _ = modbus_set_byte_timeout(context, 0, 0)
    guard modbus_connect(context) == 0 else {
      let number = linux_errno()
      modbus_free(context)
      throw failure(.unreachable, number)
    }
    let descriptor = modbus_get_socket(context)
    func close() {
      modbus_close(context)
      modbus_free(context)
    }
    // libmodbus waits with select(2), whose sets end at 1024.
    guard descriptor >= 0, descriptor < 1_024 else {
      close()
      throw failure(.resources, EMFILE)
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    switch endpoint {
    case .tcp:
      // A peer that was switched off sends nothing: without this its connection would be held for a quarter of an hour.
      var patience = UInt32(clamping: max(5_000, settings.responseTimeout.wholeMilliseconds * 4))
      let size = socklen_t(MemoryLayout.size(ofValue: patience))
      _ = setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &patience, size)
    case .serial(let serial):
      // Two readers of one port would take each other's answers.
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close()
        throw failure(.inUse)
      }
      if let refused = Self.refusal(of: serial, by: descriptor) {
        close()
        throw failure(refused)
      }
      if serial.direction == .kernel, modbus_rtu_set_serial_mode(context, MODBUS_RTU_RS485) != 0 {
        let number = linux_errno()
        close()
        throw failure(.direction, number)
      }
    }
    self.context = context
    self.endpoint = endpoint
    self.settings = settings
    self.descriptor = descriptor
    limit = settings.responseTimeout
  }

  deinit {
    modbus_close(context)
    modbus_free(context)
  }

  private static func set(_ duration: Duration, _ apply: (UInt32, UInt32) -> Int32) {
    let microseconds = max(1, duration.wholeNanoseconds / 1_000)
    _ = apply(UInt32(clamping: microseconds / 1_000_000), UInt32(clamping: microseconds % 1_000_000))
  }

  /// What the port shows other than it was told. A port that cannot do a rate keeps or takes another, without an error.
  private static func refusal(
    of serial: ModbusEndpoint.SerialSettings, by descriptor: Int32
  ) -> ModbusOpenError.Code? {
    var shown = termios()
    guard tcgetattr(descriptor, &shown) == 0 else { return .lineSettings }
    guard let speed = speed(serial.baudRate), cfgetospeed(&shown) == speed, cfgetispeed(&shown) == speed else {
      return .baudRate
    }
    let flags = shown.c_cflag
    let hasParity = flags & tcflag_t(PARENB) != 0
    let isOdd = flags & tcflag_t(PARODD) != 0
    let hasTwoStopBits = flags & tcflag_t(CSTOPB) != 0
    let isRight = hasParity == (serial.parity != .none) && isOdd == (serial.parity == .odd)
    return isRight && hasTwoStopBits == (serial.stopBits == 2) ? nil : .lineSettings
  }

  private static func speed(_ rate: Int32) -> speed_t? {
    let speed: Int32? =
      switch rate {
      case 1_200: B1200
      case 2_400: B2400
      case 4_800: B4800
      case 9_600: B9600
      case 19_200: B19200
      case 38_400: B38400
      case 57_600: B57600
      case 115_200: B115200
      case 230_400: B230400
      case 460_800: B460800
      case 921_600: B921600
      default: nil
      }
    return speed.map { speed_t($0) }
  }

  // MARK: Exchanges

  var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

  func read(
    _ table: RegisterTable, device: UInt8, address: UInt16, count: Int
  ) throws(ModbusError) -> [UInt16] {
    var values = [UInt16](repeating: 0, count: max(1, min(count, 125)))
    let wanted = Int32(values.count)
    try exchange(device: device, expecting: wanted, bytes: 8 + 5 + 2 * values.count) {
      switch table {
      case .input: modbus_read_input_registers(context, Int32(address), wanted, &values)
      case .holding: modbus_read_registers(context, Int32(address), wanted, &values)
      }
    }
    return values
  }

  func write(device: UInt8, address: UInt16, value: UInt16) throws(ModbusError) {
    try exchange(device: device, expecting: 1, bytes: 8 + 8) { modbus_write_register(context, Int32(address), value) }
  }

  func write(device: UInt8, address: UInt16, values: [UInt16]) throws(ModbusError) {
    guard (1...123).contains(values.count) else { throw .malformed }
    try exchange(device: device, expecting: Int32(values.count), bytes: 9 + 2 * values.count + 8) {
      modbus_write_registers(context, Int32(address), Int32(values.count), values)
    }
  }

  /// - Parameter bytes: of request and answer together, on a serial line.
  private func exchange(
    device: UInt8, expecting count: Int32, bytes: Int, _ body: () -> Int32
  ) throws(ModbusError) {
    if mustDrain { try drain() }
    // What has come since: noise, or the answer to a request that was given up.
    try discard()
    guard modbus_set_slave(context, Int32(device)) == 0 else { throw .malformed }
    limit = settings.responseTimeout + endpoint.wireTime(bytes: bytes) + settings.byteTimeout
    Self.set(limit) { modbus_set_response_timeout(context, $0, $1) }
    let answer = body()
    guard answer != count else { return }
    let number = linux_errno()
    let error = answer >= 0 ? ModbusError.malformed : Self.error(number)
    // A refusal is a whole answer; after anything else there may be more to come.
    if case .exception = error { throw error }
    mustDrain = true
    throw error
  }

  private func lost(_ number: Int32) -> ModbusError { .lineLost(number == 0 ? EIO : number) }

  private static func error(_ number: Int32) -> ModbusError {
    // MODBUS_ENOBASE with its codes are arithmetic macros, which do not pass the importer.
    let base: Int32 = 112_345_678
    return switch number {
    case ETIMEDOUT: .timeout
    case base + 12: .checksum
    case base + 17: .wrongDevice
    case base + 13...base + 16: .malformed
    case base + 1...base + 11: .exception(UInt8(clamping: number - base))
    default: .lineLost(number == 0 ? EIO : number)
    }
  }

  /// A frame has at most 260 bytes: a TCP peer of which more lies here than this speaks no Modbus.
  private static let mostStale = 64 * 256

  /// libmodbus would read from a TCP peer that never stops sending for as long as it sends.
  private func discard() throws(ModbusError) {
    guard case .tcp = endpoint else {
      guard modbus_flush(context) >= 0 else { throw lost(linux_errno()) }
      return
    }
    var bytes = [UInt8](repeating: 0, count: 256)
    var left = Self.mostStale
    while left > 0 {
      let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      // What is wrong with the connection is told by the request.
      guard count > 0 else { return }
      left -= count
    }
    throw .lineLost(EMSGSIZE)
  }

  /// Waits until the line has been quiet for the byte timeout, at most as long as the last answer might take: what goes
  /// on sending must not keep the others from being asked. Over TCP, where the place of a frame in the stream would be
  /// lost, that connection is given up.
  private func drain() throws(ModbusError) {
    mustDrain = false
    let quiet = max(1, settings.byteTimeout.wholeMilliseconds)
    let end = linux_boottime_ns().addingSaturating(limit.wholeNanoseconds)
    var bytes = [UInt8](repeating: 0, count: 256)
    while linux_boottime_ns() < end {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, Int32(clamping: quiet)) > 0, entry.revents & Int16(POLLIN) != 0 else { return }
      guard Glibc.read(descriptor, &bytes, bytes.count) > 0 else { return }
    }
    if case .tcp = endpoint { throw .lineLost(EMSGSIZE) }
  }
}

import ChargerBase

/// The far end of a Modbus line with its devices: bytes in, bytes out, time given.
///
/// It holds no clock, thread or descriptor: whoever owns the wire (a pseudo terminal, a socket) hands in what arrives and
/// sends `output(at:)` when `nextOutput` is due.
public struct ModbusLine: Sendable {
  public enum Framing: Sendable {
    case rtu, tcp
  }

  public let framing: Framing
  public var slaves: [ModbusSlave]
  /// Nothing passes in either direction.
  public var isUnplugged = false {
    didSet { if isUnplugged { forget() } }
  }

  private var buffer: [UInt8] = []
  private var lastInput = MonotonicInstant.zero
  /// In the order of their times.
  private var pending: [(at: MonotonicInstant, bytes: [UInt8])] = []

  /// Longest frame of either framing, and a bound for what may wait to go out.
  static let longestFrame = 260
  static let maximumPending = 1_024
  /// A serial frame is over after this much quiet.
  static let frameGap: Duration = .milliseconds(20)

  public init(_ framing: Framing, slaves: [ModbusSlave]) {
    self.framing = framing
    self.slaves = slaves
  }

  /// The device of this number.
  public subscript(_ number: UInt8) -> ModbusSlave? {
    get { slaves.first { $0.number == number } }
    set {
      guard let place = slaves.firstIndex(where: { $0.number == number }) else { return }
      if let newValue { slaves[place] = newValue } else { slaves.remove(at: place) }
    }
  }

  /// Forgets what was in transit, as when a connection ends.
  public mutating func forget() {
    buffer = []
    pending = []
  }

  public mutating func receive(_ bytes: [UInt8], at now: MonotonicInstant) {
    guard !isUnplugged, !bytes.isEmpty else { return }
    if framing == .rtu, lastInput.duration(to: now) > Self.frameGap { buffer = [] }
    lastInput = now
    buffer += bytes
    while let length = requestLength, buffer.count >= length {
      let frame = Array(buffer.prefix(length))
      buffer.removeFirst(length)
      answer(frame, at: now)
    }
    if buffer.count > Self.longestFrame { buffer = [] }
  }

  /// When there is something to send; nil while there is nothing.
  public var nextOutput: MonotonicInstant? { pending.first?.at }

  public mutating func output(at now: MonotonicInstant) -> [UInt8] {
    var bytes: [UInt8] = []
    while let first = pending.first, first.at <= now {
      bytes += first.bytes
      pending.removeFirst()
    }
    return bytes
  }

  /// Noise: bytes that no device has sent.
  public mutating func inject(_ bytes: [UInt8], at now: MonotonicInstant) {
    if !isUnplugged { queue(bytes, at: now) }
  }

  // MARK: Frames

  /// Of the request at the head of the buffer; nil while it cannot be told.
  private var requestLength: Int? {
    switch framing {
    case .rtu:
      guard buffer.count >= 2 else { return nil }
      guard buffer[1] == 15 || buffer[1] == 16 else { return 8 }
      return buffer.count >= 7 ? 9 + Int(buffer[6]) : nil
    case .tcp:
      return buffer.count >= 6 ? 6 + (Int(buffer[4]) << 8 | Int(buffer[5])) : nil
    }
  }

  private mutating func answer(_ frame: [UInt8], at now: MonotonicInstant) {
    let head = framing == .tcp ? 6 : 0
    let tail = framing == .rtu ? 2 : 0
    guard frame.count > head + 1 + tail else { return }
    if framing == .rtu {
      let sum = Self.checksum(frame.dropLast(2))
      guard frame.suffix(2).elementsEqual([UInt8(sum & 0xFF), UInt8(sum >> 8)]) else { return }
    }
    guard let place = slaves.firstIndex(where: { $0.number == frame[head] }) else { return }
    let fault = slaves[place].fault
    let body = slaves[place].answer(frame[(head + 1)..<(frame.count - tail)], at: now)
    if let fault, !Self.isException(fault) { slaves[place].useFault() }
    guard !body.isEmpty else { return }
    var number = frame[head]
    if fault == .wrongDevice { number = number == 247 ? 1 : number + 1 }
    send(frame: framed([number] + body, after: frame, fault), fault, at: now)
  }

  private static func isException(_ fault: ModbusSlave.Fault) -> Bool {
    if case .exception = fault { true } else { false }
  }

  private func framed(_ body: [UInt8], after request: [UInt8], _ fault: ModbusSlave.Fault?) -> [UInt8] {
    switch framing {
    case .rtu:
      let sum = Self.checksum(body[...])
      let wrong: UInt8 = fault == .checksum ? 0x55 : 0
      return body + [UInt8(sum & 0xFF), UInt8(sum >> 8) ^ wrong]
    case .tcp:
      var head = Array(request.prefix(4))
      if fault == .checksum { head[1] ^= 0x55 }
      return head + [UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    }
  }

  private mutating func send(frame: [UInt8], _ fault: ModbusSlave.Fault?, at now: MonotonicInstant) {
    switch fault {
    case .silent: break
    case .halfFrame: queue(Array(frame.prefix(frame.count / 2)), at: now)
    case .slowBytes(let pause):
      for (place, byte) in frame.enumerated() { queue([byte], at: now + pause * place) }
    case .garbage: queue([0xFF, 0x00, 0x13, 0x7F, 0x55, 0xAA, 0x01, 0xFE, 0x0A], at: now)
    case .late(let delay): queue(frame, at: now + delay)
    default: queue(frame, at: now)
    }
  }

  private mutating func queue(_ bytes: [UInt8], at instant: MonotonicInstant) {
    guard pending.count < Self.maximumPending else { return }
    let place = pending.firstIndex { $0.at > instant } ?? pending.endIndex
    pending.insert((instant, bytes), at: place)
  }

  /// CRC-16 of Modbus over Serial Line §2.5.1.2; sent low byte first.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    var sum: UInt16 = 0xFFFF
    for byte in bytes {
      sum ^= UInt16(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xA001 : sum >> 1 }
    }
    return sum
  }
}

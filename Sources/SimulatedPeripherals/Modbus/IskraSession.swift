import ChargerBase

/// The session registers of a simulated Iskra WM3M4C: what it is told, what it signs, and how it fails.
public struct IskraSession: Sendable {
  public enum Fault: Sendable, Equatable {
    /// The signature never gets ready.
    case neverSigns
    /// This status in place of a signature, 128…255.
    case status(UInt16)
    /// Commands change nothing.
    case ignoresCommands
    /// It still shows the last signature as good while it makes the next.
    case showsLastSignature
    /// It shows the last set as good until the station reads it, and puts the new one in its place at that moment.
    case replaces(Moment)
  }

  /// When in a station's reading of a signed set another comes in its place.
  public enum Moment: Sendable, CaseIterable {
    /// Between the lengths and the data.
    case afterLengths
    /// Between two blocks of the data.
    case withinData
    /// Between the data and the signature.
    case afterData
  }

  public var fault: Fault?
  /// How long a signature takes.
  public var signingTime: Duration
  public let serialNumber: String
  /// Signs the payload: DER of an ECDSA signature. Nil: a sequence that only looks like one, another for each set.
  public var sign: (@Sendable ([UInt8]) -> [UInt8])?
  /// The two coordinates of the public key, 64 bytes.
  public var publicKey: [UInt8]

  /// 0 idle, 1 active, 2 active after a power failure, 3 active after a reset.
  public private(set) var state: UInt16 = 0
  public private(set) var signedSets = 0
  private var status: UInt16 = 1
  private var readyAt: MonotonicInstant?
  /// The set that takes the place of the one on show while that is read.
  private var replacement: Moment?
  private var hasTime = false
  private var hasMetadata = false
  private var holding: [UInt16: UInt16] = [:]  // looked up, never iterated
  private var payload: [UInt8] = []
  private var signature: [UInt8] = []
  private var beginReading: String?
  private var energyWattHours: Int64 = 0

  public init(serialNumber: String, signingTime: Duration = .milliseconds(100)) {
    self.serialNumber = serialNumber
    self.signingTime = signingTime
    publicKey = (0..<64).map { UInt8($0) }
  }

  /// The meter's supply fails and comes back: an active session stays, and what was volatile is gone.
  public mutating func failPower() {
    if state != 0 { state = 2 }
    status = 0
    readyAt = nil
    replacement = nil
    hasTime = false
    hasMetadata = false
  }

  /// The session is over without a set of its end: the meter was reset by hand.
  public mutating func endWithoutSignature() { state = 0 }

  /// The metadata that the station has written, as text.
  public var metadata: String {
    let length = Int(holding[7_056] ?? 0)
    var bytes: [UInt8] = []
    for place in 0..<((length + 1) / 2) {
      let word = holding[7_100 + UInt16(clamping: place)] ?? 0
      bytes += [UInt8(word >> 8), UInt8(word & 0xFF)]
    }
    return String(decoding: bytes.prefix(length), as: UTF8.self)
  }

  /// The time that the station has written.
  public var unixSeconds: Int64 { Int64(holding[7_054] ?? 0) << 16 | Int64(holding[7_055] ?? 0) }

  mutating func advance(to now: MonotonicInstant) {
    guard let ready = readyAt, now >= ready, fault != .neverSigns else { return }
    readyAt = nil
    if case .status(let code)? = fault {
      status = code
      return
    }
    makePayload()
    status = 15
  }

  /// Holding registers were read; what changes now is seen by the next reading.
  mutating func wereRead(_ first: UInt16, _ count: Int) {
    let range = Int(first)..<(Int(first) + count)
    let end = 7_612 + (payload.count + 1) / 2
    let isMoment =
      switch replacement {
      case .afterLengths: range.contains(7_057)
      case .withinData: range.contains(7_612) && range.upperBound < end
      case .afterData: range.contains(end - 1) && end > 7_612
      case nil: false
      }
    if isMoment { replace() }
  }

  private mutating func replace() {
    replacement = nil
    makePayload()
    status = 15
  }

  func register(_ table: ModbusSlave.Table, _ address: UInt16) -> UInt16? {
    guard table == .holding else { return nil }
    switch address {
    case 7_000: return state
    case 7_052: return status
    case 7_057: return UInt16(clamping: payload.count)
    case 7_058: return UInt16(clamping: signature.count)
    case 7_612..<8_124: return Self.word(payload, Int(address) - 7_612)
    case 8_124..<8_156: return Self.word(publicKey, Int(address) - 8_124)
    case 8_188..<8_316: return Self.word(signature, Int(address) - 8_188)
    case 7_053...7_056, 7_059...7_071, 7_100..<7_612: return holding[address] ?? 0
    default: return nil
    }
  }

  private static func word(_ bytes: [UInt8], _ place: Int) -> UInt16 {
    func byte(_ index: Int) -> UInt16 { index < bytes.count ? UInt16(bytes[index]) : 0 }
    return byte(place * 2) << 8 | byte(place * 2 + 1)
  }

  /// False for a register that is not the session's.
  mutating func write(
    _ address: UInt16, _ value: UInt16, at now: MonotonicInstant, energy: (UInt16?, UInt16?)
  ) -> Bool {
    switch address {
    case 7_051:
      if replacement != nil { replace() }
      energyWattHours = Int64(energy.0 ?? 0) << 16 | Int64(energy.1 ?? 0)
      command(value, at: now)
    case 7_053...7_056, 7_059...7_071, 7_100..<7_612:
      holding[address] = value
      if address == 7_071 { hasTime = value == 2 }
      if address == 7_056 { hasMetadata = value > 0 }
    default: return false
    }
    return true
  }

  private mutating func command(_ command: UInt16, at now: MonotonicInstant) {
    if fault == .ignoresCommands { return }
    switch (command, state) {
    case (0x4200, 0), (0x7200, 1...3):
      guard hasTime || state == 1 else { return status = 128 }
      guard hasMetadata, !metadata.contains("|") else { return status = 252 }
      isEnd = command == 0x7200
      state = isEnd ? 0 : 1
      if case .replaces(let moment)? = fault, !payload.isEmpty {
        replacement = moment
        status = 15
        return
      }
      if fault != .showsLastSignature { status = 2 }
      readyAt = now + signingTime
    case (0x4200, _), (0x7200, _): status = 131
    default: status = 130
    }
  }

  private var isEnd = false

  private mutating func makePayload() {
    signedSets += 1
    func reading(_ mark: String) -> String {
      let kilowattHours = Decimal(significand: energyWattHours, places: 3) ?? .zero
      return "{\"TM\":\"\(unixSeconds) S\",\"TX\":\"\(mark)\",\"RV\":\(kilowattHours),\"RI\":\"1-b:1.8.0\","
        + "\"RU\":\"kWh\",\"ST\":\"G\"}"
    }
    let newest = reading(isEnd ? "E" : "B")
    let readings = isEnd ? [beginReading, newest].compactMap { $0 } : [newest]
    beginReading = isEnd ? nil : newest
    let own = "\"MS\":\"\(serialNumber)\",\"PG\":\"T\(signedSets)\""
    let given = metadata.hasSuffix(",\"RD\":[]}") ? String(metadata.dropLast(9)) : "{\"FV\":\"1.0\""
    payload = Array("\(given),\(own),\"RD\":[\(readings.joined(separator: ","))]}".utf8)
    let number = UInt8(truncatingIfNeeded: signedSets) & 0x7F
    signature = sign?(payload) ?? [0x30, 0x08, 0x02, 0x02, 0x00, 0x11, 0x02, 0x02, 0x11, number]
  }
}

import ChargerBase

/// A device on a simulated Modbus line: two tables of registers, set from outside, and the faults that it can have.
public struct ModbusSlave: Sendable {
  /// What a device does wrong, until the fault is lifted or its count is used up.
  public enum Fault: Sendable, Equatable {
    /// It does not answer.
    case silent
    /// The last byte of its answer is wrong. Over TCP, where there is no checksum: the transaction number.
    case checksum
    /// It answers with this exception code.
    case exception(UInt8)
    /// Its answer carries another device's number.
    case wrongDevice
    /// Its answer stops half way.
    case halfFrame
    /// So long between two bytes of its answer.
    case slowBytes(Duration)
    /// Bytes that are no frame.
    case garbage
    /// The whole answer comes this late.
    case late(Duration)
  }

  public enum Table: Sendable, Hashable {
    case input, holding
  }

  /// 1…247; over TCP any.
  public var number: UInt8
  public private(set) var fault: Fault?
  /// How many answers the fault still spoils; nil: until it is lifted.
  private var faultAnswers: Int?
  /// Requests that were for this device.
  public internal(set) var requests: UInt64 = 0
  /// What has been written, newest last; at most 256.
  public private(set) var writes: [(address: UInt16, value: UInt16)] = []
  /// The longest request for registers that it grants.
  public var maximumRegisters = 125
  /// Holding registers from here on are asked for in vain: no answer at all, not even a refusal.
  public var silentFrom: UInt16?
  /// A meter that signs has its session here.
  public var iskra: IskraSession?

  private var input: [UInt16: UInt16] = [:]  // looked up, never iterated
  private var holding: [UInt16: UInt16] = [:]  // looked up, never iterated

  public init(number: UInt8) { self.number = number }

  /// Spoils the next `answers` answers, or with nil all until the fault is lifted.
  public mutating func set(_ fault: Fault?, answers: Int? = nil) {
    self.fault = fault
    faultAnswers = answers
  }

  // MARK: Registers

  public subscript(_ table: Table, _ address: UInt16) -> UInt16? {
    get { table == .input ? input[address] : holding[address] }
    set { if table == .input { input[address] = newValue } else { holding[address] = newValue } }
  }

  /// Words in a row; those beyond the end of the table are dropped.
  public mutating func set(_ table: Table, _ address: UInt16, _ words: [UInt16]) {
    for (place, word) in words.enumerated() {
      if let address = UInt16(exactly: Int(address) + place) { self[table, address] = word }
    }
  }

  /// A number of 1, 2 or 4 words in two's complement.
  public mutating func set(
    _ table: Table, _ address: UInt16, integer: Int64, words: Int, lowWordFirst: Bool = false
  ) {
    set(table, address, Self.words(UInt64(bitPattern: integer), words, lowWordFirst))
  }

  public mutating func set(_ table: Table, _ address: UInt16, float: Float, lowWordFirst: Bool = false) {
    set(table, address, Self.words(UInt64(float.bitPattern), 2, lowWordFirst))
  }

  public mutating func set(_ table: Table, _ address: UInt16, text: String, words: Int) {
    var bytes = Array(text.utf8.prefix(words * 2))
    while bytes.count < words * 2 { bytes.append(0) }
    set(table, address, Self.words(bytes))
  }

  static func words(_ bits: UInt64, _ count: Int, _ lowWordFirst: Bool) -> [UInt16] {
    let words = (0..<max(0, count)).map { UInt16(truncatingIfNeeded: bits >> (16 * UInt64($0))) }
    return lowWordFirst ? words : words.reversed()
  }

  static func words(_ bytes: [UInt8]) -> [UInt16] {
    stride(from: 0, to: bytes.count, by: 2).map { place in
      UInt16(bytes[place]) << 8 | (place + 1 < bytes.count ? UInt16(bytes[place + 1]) : 0)
    }
  }

  // MARK: Requests

  /// The answer to a request, both without address and checksum: function code and what follows.
  public mutating func answer(_ request: ArraySlice<UInt8>, at now: MonotonicInstant) -> [UInt8] {
    requests = requests.addingSaturating(1)
    iskra?.advance(to: now)
    let bytes = Array(request)
    guard let function = bytes.first else { return [] }
    func refusal(_ code: UInt8) -> [UInt8] { [function | 0x80, code] }
    if case .exception(let code)? = fault {
      useFault()
      return refusal(code)
    }
    func word(_ place: Int) -> UInt16 {
      place + 1 < bytes.count ? UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1]) : 0
    }
    switch function {
    case 3, 4:
      let count = Int(word(3))
      guard (1...maximumRegisters).contains(count) else { return refusal(3) }
      if function == 3, let silentFrom, word(1) >= silentFrom { return [] }
      let table: Table = function == 3 ? .holding : .input
      var answer = [function, UInt8(clamping: count * 2)]
      for place in 0..<count {
        guard let address = UInt16(exactly: Int(word(1)) + place),
          let value = iskra?.register(table, address) ?? self[table, address]
        else { return refusal(2) }
        answer += [UInt8(value >> 8), UInt8(value & 0xFF)]
      }
      if table == .holding { iskra?.wereRead(word(1), count) }
      return answer
    case 6:
      return write(word(1), [word(3)], at: now) ? Array(bytes.prefix(5)) : refusal(2)
    case 16:
      let count = Int(word(3))
      guard (1...123).contains(count), bytes.count == 6 + count * 2 else { return refusal(3) }
      let values = (0..<count).map { word(6 + $0 * 2) }
      return write(word(1), values, at: now) ? Array(bytes.prefix(5)) : refusal(2)
    default:
      return refusal(1)
    }
  }

  private mutating func write(_ address: UInt16, _ values: [UInt16], at now: MonotonicInstant) -> Bool {
    for (place, value) in values.enumerated() {
      guard let address = UInt16(exactly: Int(address) + place) else { return false }
      if writes.count >= 256 { writes.removeFirst() }
      writes.append((address, value))
      let energy = (self[.input, 418], self[.input, 419])
      if iskra?.write(address, value, at: now, energy: energy) == true { continue }
      guard holding[address] != nil else { return false }
      holding[address] = value
    }
    return true
  }

  /// The fault of this answer, counted.
  mutating func useFault() {
    guard let left = faultAnswers else { return }
    faultAnswers = left - 1
    if left <= 1 {
      fault = nil
      faultAnswers = nil
    }
  }
}

/// The frames of the pilot MCU's protocol (`schema/pilot-mcu.md`): COBS between zero bytes, a type, a sequence number, a
/// payload and a CRC-16.
enum MicrocontrollerFrame {
  /// Type, sequence number and checksum.
  static let overhead = 5
  /// A longer body is no frame.
  static let longestBody = 96
  /// With COBS's own byte and without the delimiter.
  static let longestEncoded = longestBody + 1

  /// What a frame is; types that are not listed are passed over.
  enum Kind {
    static let hello: UInt8 = 0x01
    static let command: UInt8 = 0x02
    static let identity: UInt8 = 0x81
    static let status: UInt8 = 0x82
  }

  /// CRC-16/IBM-3740: polynomial 0x1021, begun with 0xFFFF, not reflected.
  static func checksum(_ bytes: [UInt8], count: Int) -> UInt16 {
    var sum: UInt16 = 0xFFFF
    for index in 0..<min(count, bytes.count) {
      sum ^= UInt16(bytes[index]) << 8
      for _ in 0..<8 { sum = sum & 0x8000 != 0 ? sum << 1 ^ 0x1021 : sum << 1 }
    }
    return sum
  }
}

/// Finds frames in what comes from the line. After garbage it is in step again with the next zero byte. It allocates
/// nothing after its making.
struct MicrocontrollerFrameParser {
  private var encoded = [UInt8](repeating: 0, count: MicrocontrollerFrame.longestEncoded)
  private var encodedCount = 0
  private var isOverlong = false
  private var body = [UInt8](repeating: 0, count: MicrocontrollerFrame.longestBody)
  private var bodyCount = 0
  /// Whatever stood between two zero bytes and was no frame.
  private(set) var badFrames: UInt64 = 0

  /// Takes one byte; true when it completes a good frame, which stays readable until the next byte.
  mutating func take(_ byte: UInt8) -> Bool {
    guard byte == 0 else {
      if encodedCount < encoded.count {
        encoded[encodedCount] = byte
        encodedCount += 1
      } else {
        isOverlong = true
      }
      return false
    }
    defer {
      encodedCount = 0
      isOverlong = false
    }
    // Zero bytes in a row are rests between frames.
    if encodedCount == 0 { return false }
    if !isOverlong, decode(), isIntact { return true }
    badFrames &+= 1
    return false
  }

  private mutating func decode() -> Bool {
    bodyCount = 0
    var index = 0
    while index < encodedCount {
      let length = Int(encoded[index])
      let end = index + length
      guard length > 0, end <= encodedCount else { return false }
      for place in index + 1..<end {
        guard bodyCount < body.count else { return false }
        body[bodyCount] = encoded[place]
        bodyCount += 1
      }
      index = end
      guard length < 0xFF, index < encodedCount else { continue }
      guard bodyCount < body.count else { return false }
      body[bodyCount] = 0
      bodyCount += 1
    }
    return bodyCount >= MicrocontrollerFrame.overhead
  }

  private var isIntact: Bool {
    let sum = MicrocontrollerFrame.checksum(body, count: bodyCount - 2)
    return body[bodyCount - 2] == UInt8(truncatingIfNeeded: sum) && body[bodyCount - 1] == UInt8(sum >> 8)
  }

  // MARK: The frame that was completed last

  var kind: UInt8 { body[0] }
  var sequence: UInt16 { UInt16(body[1]) | UInt16(body[2]) << 8 }
  var payloadCount: Int { max(0, bodyCount - MicrocontrollerFrame.overhead) }

  /// A byte of the payload; 0 beyond its end.
  func byte(_ index: Int) -> UInt8 {
    index >= 0 && index < payloadCount ? body[3 + index] : 0
  }

  func word(_ index: Int) -> UInt16 { UInt16(byte(index)) | UInt16(byte(index + 1)) << 8 }
  func signedWord(_ index: Int) -> Int16 { Int16(bitPattern: word(index)) }
  func longWord(_ index: Int) -> UInt32 { UInt32(word(index)) | UInt32(word(index + 2)) << 16 }
}

/// Builds one frame at a time, and keeps it until the line has taken it. It allocates nothing after its making.
struct MicrocontrollerFrameWriter {
  private var body = [UInt8](repeating: 0, count: MicrocontrollerFrame.longestBody)
  private var bodyCount = 0
  /// The encoded frame with a zero byte at both ends.
  private(set) var encoded = [UInt8](repeating: 0, count: MicrocontrollerFrame.longestEncoded + 2)
  /// What the line has not taken yet.
  private(set) var pending = 0..<0

  mutating func begin(_ kind: UInt8, sequence: UInt16) {
    bodyCount = 0
    add(kind)
    add(sequence)
  }

  mutating func add(_ byte: UInt8) {
    // Frames of ours are far shorter.
    guard bodyCount < body.count - 2 else { return }
    body[bodyCount] = byte
    bodyCount += 1
  }

  mutating func add(_ word: UInt16) {
    add(UInt8(truncatingIfNeeded: word))
    add(UInt8(word >> 8))
  }

  /// Adds the checksum and encodes; `pending` is the frame then.
  mutating func end() {
    let sum = MicrocontrollerFrame.checksum(body, count: bodyCount)
    body[bodyCount] = UInt8(truncatingIfNeeded: sum)
    body[bodyCount + 1] = UInt8(sum >> 8)
    bodyCount += 2
    // A body of ours is shorter than 254 bytes: every run ends at a zero byte or at the end.
    encoded[0] = 0
    var run = 1
    var place = 2
    for index in 0..<bodyCount {
      if body[index] == 0 {
        encoded[run] = UInt8(place - run)
        run = place
      } else {
        encoded[place] = body[index]
      }
      place += 1
    }
    encoded[run] = UInt8(place - run)
    encoded[place] = 0
    pending = 0..<place + 1
  }

  mutating func taken(_ count: Int) {
    pending = min(pending.lowerBound + max(0, count), pending.upperBound)..<pending.upperBound
  }

  /// A frame that was begun is not to be finished: its line is a new one.
  mutating func discard() { pending = 0..<0 }
}

/// The frames of `schema/pilot-mcu.md` as the microcontroller's side writes and reads them. Written from the document
/// alone, so that it and the station's side are held against each other through it.
enum PilotWire {
  struct Frame: Equatable {
    var type: UInt8
    var sequence: UInt16
    var payload: [UInt8]
  }

  /// A body is at most this long; anything longer between two delimiters is no frame.
  static let longestBody = 96

  private static let checksumTable: [UInt16] = (0..<256).map { number in
    (0..<8).reduce(UInt16(number) << 8) { sum, _ in sum >> 15 == 1 ? (sum << 1) ^ 0x1021 : sum << 1 }
  }

  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt16 {
    bytes.reduce(0xFFFF) { sum, byte in (sum << 8) ^ checksumTable[Int(UInt8(sum >> 8) ^ byte)] }
  }

  static func bytes(_ word: UInt16) -> [UInt8] { [UInt8(word & 0xFF), UInt8(word >> 8)] }
  static func bytes(_ word: UInt32) -> [UInt8] { bytes(UInt16(word & 0xFFFF)) + bytes(UInt16(word >> 16)) }

  /// The frame with a delimiter behind it.
  static func encode(_ frame: Frame) -> [UInt8] {
    var body = [frame.type] + bytes(frame.sequence) + frame.payload
    body += bytes(checksum(body))
    return stuff(body) + [0]
  }

  /// Consistent overhead byte stuffing.
  static func stuff(_ body: [UInt8]) -> [UInt8] {
    var stuffed: [UInt8] = []
    for run in body.split(separator: 0, omittingEmptySubsequences: false) {
      var rest = run[...]
      while rest.count >= 254 {
        stuffed.append(255)
        stuffed += rest.prefix(254)
        rest = rest.dropFirst(254)
      }
      stuffed.append(UInt8(rest.count + 1))
      stuffed += rest
    }
    return stuffed
  }

  static func unstuff(_ stuffed: ArraySlice<UInt8>) -> [UInt8]? {
    var body: [UInt8] = []
    var rest = stuffed
    while let code = rest.popFirst() {
      guard code > 0, rest.count >= Int(code) - 1 else { return nil }
      body += rest.prefix(Int(code) - 1)
      rest = rest.dropFirst(Int(code) - 1)
      if code < 255, !rest.isEmpty { body.append(0) }
    }
    return body
  }

  /// What stands between two delimiters; nil when it is no frame.
  static func decode(_ stuffed: ArraySlice<UInt8>) -> Frame? {
    guard let body = unstuff(stuffed), (5...longestBody).contains(body.count) else { return nil }
    let content = body.dropLast(2)
    guard bytes(checksum(content)) == Array(body.suffix(2)) else { return nil }
    return Frame(
      type: body[0], sequence: UInt16(body[1]) + UInt16(body[2]) * 256, payload: Array(content.dropFirst(3)))
  }
}

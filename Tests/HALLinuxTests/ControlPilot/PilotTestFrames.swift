/// Frames by the document's words, for bytes that neither side would send.
enum PilotTestFrames {
  static func body(_ type: UInt8, _ sequence: UInt16, _ payload: [UInt8]) -> [UInt8] {
    let content = [type, UInt8(sequence & 0xFF), UInt8(sequence >> 8)] + payload
    var sum: UInt16 = 0xFFFF
    for byte in content {
      sum ^= UInt16(byte) << 8
      for _ in 0..<8 { sum = sum & 0x8000 == 0 ? sum << 1 : (sum << 1) ^ 0x1021 }
    }
    return content + [UInt8(sum & 0xFF), UInt8(sum >> 8)]
  }

  static func encode(_ type: UInt8, _ sequence: UInt16, _ payload: [UInt8]) -> [UInt8] {
    var encoded: [UInt8] = [0]
    for run in body(type, sequence, payload).split(separator: 0, omittingEmptySubsequences: false) {
      encoded += [UInt8(run.count + 1)] + run
    }
    return encoded + [0]
  }
}

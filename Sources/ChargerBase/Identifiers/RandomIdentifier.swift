/// Identifiers made from an injected source of randomness, so that a simulated run repeats exactly.
public enum RandomIdentifier {
  /// A version 4 UUID (RFC 9562) in its 36-character form; OCPP message and transaction ids take at most 36.
  public static func uuid(using random: inout some RandomNumberGenerator) -> String {
    let high = (random.next() & ~0xF000) | 0x4000
    let low = (random.next() & ~(0b11 << 62)) | (0b10 << 62)
    let hexadecimal = Array("0123456789abcdef".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(36)
    for (index, word) in [high, low].enumerated() {
      for nibble in 0..<16 {
        let place = index * 16 + nibble
        if place == 8 || place == 12 || place == 16 || place == 20 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(hexadecimal[Int((word >> UInt64(60 - nibble * 4)) & 0xF)])
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// SplitMix64: small, fast, and the same on every machine. For simulation and jitter, never for keys.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64
  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

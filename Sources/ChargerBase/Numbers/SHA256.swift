/// SHA-256 (FIPS 180-4) over one piece of memory: for looking things up by what they are called, in modules that use no
/// library of the system. Keys, signatures and certificates are OCPPSecurity's business.
public enum SHA256 {
  /// The digest as eight words, the first one the most significant.
  public typealias Digest = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

  private static let blockBytes = 64

  public static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
    var state: Digest = (
      0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19
    )
    let whole = bytes.count / blockBytes * blockBytes
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { schedule in
      for start in stride(from: 0, to: whole, by: blockBytes) {
        mix(UnsafeRawBufferPointer(rebasing: bytes[start..<start + blockBytes]), into: &state, schedule)
      }
      finish(UnsafeRawBufferPointer(rebasing: bytes[whole...]), length: bytes.count, into: &state, schedule)
      return state
    }
  }

  /// What is left over, a one bit, zeros, and the length in bits.
  private static func finish(
    _ rest: UnsafeRawBufferPointer, length: Int, into state: inout Digest,
    _ schedule: UnsafeMutableBufferPointer<UInt32>
  ) {
    withUnsafeTemporaryAllocation(byteCount: 2 * blockBytes, alignment: 8) { tail in
      let count = rest.count < blockBytes - 8 ? blockBytes : 2 * blockBytes
      for place in 0..<count { tail[place] = place < rest.count ? rest[place] : 0 }
      tail[rest.count] = 0x80
      let bits = UInt64(truncatingIfNeeded: length) << 3
      for place in 0..<8 { tail[count - 1 - place] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * place)) }
      for start in stride(from: 0, to: count, by: blockBytes) {
        mix(UnsafeRawBufferPointer(rebasing: tail[start..<start + blockBytes]), into: &state, schedule)
      }
    }
  }

  private static func mix(
    _ block: UnsafeRawBufferPointer, into state: inout Digest, _ words: UnsafeMutableBufferPointer<UInt32>
  ) {
    for place in 0..<16 {
      words[place] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self))
    }
    for place in 16..<64 {
      let old = words[place - 15]
      let recent = words[place - 2]
      let small = rotated(old, 7) ^ rotated(old, 18) ^ (old >> 3)
      let large = rotated(recent, 17) ^ rotated(recent, 19) ^ (recent >> 10)
      words[place] = words[place - 16] &+ small &+ words[place - 7] &+ large
    }
    var (a, b, c, d, e, f, g, h) = state
    constants.withUnsafeBufferPointer { constants in
      for place in 0..<64 {
        let choice = (e & f) ^ (~e & g)
        let first = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ constants[place] &+ words[place]
        let majority = (a & b) ^ (a & c) ^ (b & c)
        let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
        (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
      }
    }
    state = (
      state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e, state.5 &+ f, state.6 &+ g, state.7 &+ h
    )
  }

  @inline(__always)
  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
    (word &>> count) | (word &<< (32 &- count))
  }

  private static let constants: [UInt32] = [
    0x428A_2F98, 0x7137_4491, 0xB5C0_FBCF, 0xE9B5_DBA5, 0x3956_C25B, 0x59F1_11F1, 0x923F_82A4, 0xAB1C_5ED5,
    0xD807_AA98, 0x1283_5B01, 0x2431_85BE, 0x550C_7DC3, 0x72BE_5D74, 0x80DE_B1FE, 0x9BDC_06A7, 0xC19B_F174,
    0xE49B_69C1, 0xEFBE_4786, 0x0FC1_9DC6, 0x240C_A1CC, 0x2DE9_2C6F, 0x4A74_84AA, 0x5CB0_A9DC, 0x76F9_88DA,
    0x983E_5152, 0xA831_C66D, 0xB003_27C8, 0xBF59_7FC7, 0xC6E0_0BF3, 0xD5A7_9147, 0x06CA_6351, 0x1429_2967,
    0x27B7_0A85, 0x2E1B_2138, 0x4D2C_6DFC, 0x5338_0D13, 0x650A_7354, 0x766A_0ABB, 0x81C2_C92E, 0x9272_2C85,
    0xA2BF_E8A1, 0xA81A_664B, 0xC24B_8B70, 0xC76C_51A3, 0xD192_E819, 0xD699_0624, 0xF40E_3585, 0x106A_A070,
    0x19A4_C116, 0x1E37_6C08, 0x2748_774C, 0x34B0_BCB5, 0x391C_0CB3, 0x4ED8_AA4A, 0x5B9C_CA4F, 0x682E_6FF3,
    0x748F_82EE, 0x78A5_636F, 0x84C8_7814, 0x8CC7_0208, 0x90BE_FFFA, 0xA450_6CEB, 0xBEF9_A3F7, 0xC671_78F2,
  ]
}

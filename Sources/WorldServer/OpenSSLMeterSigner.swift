import COpenSSL
import SimulatedWorld

/// Signs with ECDSA over P-256 and SHA-256, as meters do that answer with OCMF.
///
/// Its keys are for the bench alone: each follows from the meter's serial number, so that a meter keeps its key from run
/// to run and everybody can forge it.
package struct OpenSSLMeterSigner: MeterSigner {
  package init() {}

  package var method: String { "ECDSA-secp256r1-SHA256" }

  package func signature(of bytes: [UInt8], serialNumber: String) -> [UInt8]? {
    Self.withKey(of: serialNumber) { key in
      guard let context = EVP_MD_CTX_new() else { return nil }
      defer { EVP_MD_CTX_free(context) }
      guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1 else { return nil }
      var count = 0
      guard EVP_DigestSign(context, nil, &count, bytes, bytes.count) == 1 else { return nil }
      var signature = [UInt8](repeating: 0, count: count)
      guard EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1 else { return nil }
      return Array(signature.prefix(count))
    }
  }

  package func publicKey(serialNumber: String) -> [UInt8] {
    Self.withKey(of: serialNumber) { key in
      let count = i2d_PUBKEY(key, nil)
      guard count > 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: Int(count))
      return bytes.withUnsafeMutableBufferPointer { buffer -> Bool in
        var end = buffer.baseAddress
        return i2d_PUBKEY(key, &end) == count
      } ? bytes : nil
    } ?? []
  }

  private static func withKey(of serialNumber: String, _ body: (OpaquePointer) -> [UInt8]?) -> [UInt8]? {
    let seed = Array("bench-world meter \(serialNumber)".utf8)
    var scalar = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 0
    guard EVP_Digest(seed, seed.count, &scalar, &count, EVP_sha256(), nil) == 1, count == 32 else { return nil }
    // Under the order of the curve, whatever the rest.
    scalar[0] &= 0x7F
    // SEC 1 (RFC 5915) ECPrivateKey of version 1 on prime256v1, without the public point: OpenSSL computes that.
    let encoded: [UInt8] =
      [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20] + scalar
      + [0xA0, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    let key = encoded.withUnsafeBufferPointer { buffer -> OpaquePointer? in
      var start = buffer.baseAddress
      return d2i_AutoPrivateKey(nil, &start, buffer.count)
    }
    guard let key else { return nil }
    defer { EVP_PKEY_free(key) }
    return body(key)
  }
}

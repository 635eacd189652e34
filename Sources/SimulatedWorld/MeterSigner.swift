/// Signs what a meter says. The world itself holds no cryptography: whoever owns it passes a signer in.
public protocol MeterSigner: Sendable {
  /// OCMF's name of the algorithm (`SA`).
  var method: String { get }
  /// The signature over these bytes with the key of the meter of this serial number; nil when it cannot.
  func signature(of bytes: [UInt8], serialNumber: String) -> [UInt8]?
  /// The key that verifies it, as a DER SubjectPublicKeyInfo; empty when there is none.
  func publicKey(serialNumber: String) -> [UInt8]
}

/// The same signature for the same bytes, and no protection at all: for tests on the simulated clock.
public struct DeterministicMeterSigner: MeterSigner {
  public init() {}

  public var method: String { "TEST-FNV1a" }

  public func signature(of bytes: [UInt8], serialNumber: String) -> [UInt8]? {
    // FNV-1a, 64 bit.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in Array(serialNumber.utf8) + bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return (0..<8).map { UInt8(truncatingIfNeeded: hash >> (56 - 8 * $0)) }
  }

  public func publicKey(serialNumber: String) -> [UInt8] { [] }
}

/// The signer of a world; worlds are compared without it.
struct SignerBox: Sendable, Equatable {
  var signer: any MeterSigner

  static func == (left: SignerBox, right: SignerBox) -> Bool { true }
}

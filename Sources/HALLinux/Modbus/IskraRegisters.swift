import ChargerBase

/// The session registers of Iskra's WM3M4 and WM3M4C. Source: the register use of EVerest's module RsIskraMeter, which
/// names Iskra's user manual, version 1.14. To be compared with the manual of the variant that is built in.
enum IskraRegisters {
  static let state: UInt16 = 7_000
  static let command: UInt16 = 7_051
  static let status: UInt16 = 7_052
  /// Minutes east of UTC; then the seconds since 1970, high word first.
  static let timeOffset: UInt16 = 7_053
  static let timeHigh: UInt16 = 7_054
  static let timeLow: UInt16 = 7_055
  static let metadataLength: UInt16 = 7_056
  /// Lengths of the signed data and of the signature, in bytes.
  static let lengths: UInt16 = 7_057
  static let algorithm: UInt16 = 7_059
  /// 2: the time is set by a synchronized clock.
  static let timeStatus: UInt16 = 7_071
  static let metadata: UInt16 = 7_100
  static let signedData: UInt16 = 7_612
  static let publicKey: UInt16 = 8_124
  static let signature: UInt16 = 8_188

  /// What `status` says while the meter signs, and when it has.
  static let signing: UInt16 = 2
  static let signed: UInt16 = 15

  static let begin: UInt16 = 0x4200  // "B"
  static let end: UInt16 = 0x7200  // "r"

  /// What fits between `metadata` and `signedData`, and between that and `publicKey`, in bytes.
  static let maximumMetadata = 1_024
  static let maximumSignedData = 1_024
  static let maximumSignature = 256
  static let publicKeyRegisters = 32

  /// ECDSA over P-256 with SHA-256, the algorithm that OCMF takes for granted.
  static let ecdsaP256: UInt16 = 0
  /// What comes before the two coordinates in a DER SubjectPublicKeyInfo of a P-256 key.
  static let publicKeyPrefix = "3059301306072A8648CE3D020106082A8648CE3D03010703420004"

  /// What the meter says of its session.
  enum State: Equatable {
    case idle, active, activeAfterPowerFailure, activeAfterReset
    case unknown(UInt16)

    init(_ word: UInt16) {
      switch word {
      case 0: self = .idle
      case 1: self = .active
      case 2: self = .activeAfterPowerFailure
      case 3: self = .activeAfterReset
      default: self = .unknown(word)
      }
    }
  }

  /// What the meter says of its signature; 128 and more are errors.
  static func statusText(_ code: UInt16) -> String {
    switch code {
    case 128: "invalid time"
    case 129: "checksum error"
    case 130: "invalid command"
    case 131: "invalid state"
    case 132: "invalid measurement"
    case 133: "test mode error"
    case 243: "state cannot be verified"
    case 244: "signature state error"
    case 245: "no key pair"
    case 246: "hash failed"
    case 247: "not initialized"
    case 248: "data not locked"
    case 249: "configuration not locked"
    case 250: "signature cannot be verified"
    case 251: "public key error"
    case 252: "invalid message format"
    case 253: "invalid message size"
    case 254: "signature error"
    case 255: "undefined error"
    default: "status \(code)"
    }
  }
}

/// The OCMF texts that go to the meter and come from it.
enum IskraText {
  /// The metadata that are signed with the registers; nil when the identification cannot stand in them. `|` separates
  /// the sections of an OCMF text, and no reader could tell the one from the other.
  static func metadata(identification: String) -> [UInt8]? {
    guard identification.unicodeScalars.count <= 64 else { return nil }
    var id: [UInt8] = []
    for unit in identification.utf16 {
      guard let byte = UInt8(exactly: unit), byte < 0x80 else {
        // Some readers of these texts know ASCII alone: JSON can say the rest in it.
        id += Array("\\u".utf8) + Array(hexadecimal([UInt8(unit >> 8), UInt8(unit & 0xFF)]).utf8)
        continue
      }
      switch byte {
      case UInt8(ascii: "|"), 0..<0x20, 0x7F: return nil
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): id += [UInt8(ascii: "\\"), byte]
      default: id.append(byte)
      }
    }
    // An assigned user, whose identification is not a plain card number: its middle is masked.
    let isAssigned = id.isEmpty ? "false" : "true"
    let kind = id.isEmpty ? "NONE" : "UNDEFINED"
    let head = "{\"FV\":\"1.0\",\"IS\":\(isAssigned),\"IL\":\"NONE\",\"IF\":[],\"IT\":\"\(kind)\",\"ID\":\""
    return Array(head.utf8) + id + Array("\",\"RD\":[]}".utf8)
  }

  static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var text: [UInt8] = []
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// The signature as DER wants it. Some of these meters put zeros before a number that needs none; a verifier that is
  /// strict refuses that. What is no signature at all stays what it was.
  static func canonicalSignature(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= 2, bytes[0] == 0x30, Int(bytes[1]) == bytes.count - 2, bytes[1] < 0x80 else { return bytes }
    var numbers: [UInt8] = []
    var rest = bytes[2...]
    for _ in 0..<2 {
      guard rest.count >= 2, let tag = rest.first, tag == 0x02 else { return bytes }
      let length = Int(rest[rest.startIndex + 1])
      let content = rest.dropFirst(2).prefix(length)
      guard length > 0, content.count == length else { return bytes }
      var number = Array(content)
      while number.count > 1, number[0] == 0, number[1] < 0x80 { number.removeFirst() }
      numbers += [0x02, UInt8(clamping: number.count)] + number
      rest = rest.dropFirst(2 + length)
    }
    return rest.isEmpty ? [0x30, UInt8(clamping: numbers.count)] + numbers : bytes
  }
}

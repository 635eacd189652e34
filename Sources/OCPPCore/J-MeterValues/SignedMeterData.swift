import ChargerBase
import OCPPTypes

/// What a meter has signed, as it gave it; base64 is OCPP's form of it and made when it is told.
package struct SignedMeterData: Sendable, Equatable {
  /// Characters of `signedMeterData` and of `publicKey` that OCPP 2.0.1 allows.
  private static let maximumText = 2_500

  package var signedData: String
  package var encodingMethod: String
  package var signingMethod: String
  /// Empty when it is not to be told (PublicKeyWithSignedMeterValue), or not known.
  package var publicKey: String

  package init(signedData: String, encodingMethod: String, signingMethod: String, publicKey: String) {
    self.signedData = signedData
    self.encodingMethod = encodingMethod
    self.signingMethod = signingMethod
    self.publicKey = publicKey
  }

  var bytesOnTheWire: Int {
    200 + encodingMethod.utf8.count + signingMethod.utf8.count
      + (signedData.utf8.count + publicKey.utf8.count + 4) / 3 * 4
  }

  /// Whether every version can carry it: 2.0.1 has room for 1,875 bytes before they are base64.
  package var fitsEveryVersion: Bool { meterValue(in: .v201) != nil }

  /// Nil when it does not fit into the version's fields: half a signature is none.
  package func meterValue(in version: OCPPVersion) -> SignedMeterValue? {
    let data = Base64.encoded(Array(signedData.utf8))
    guard version != .v201 || data.utf8.count <= Self.maximumText else { return nil }
    let key = Self.keyBytes(publicKey)
    let keyText = Base64.encoded(key)
    return SignedMeterValue(
      signedMeterData: data, encodingMethod: String(encodingMethod.prefix(50)),
      signingMethod: String(signingMethod.prefix(50)),
      publicKey: keyText.utf8.count <= Self.maximumText ? keyText : "")
  }

  /// Meters tell their key as hexadecimal text, or in a form of their own that is passed on as it is.
  private static func keyBytes(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return digits }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    var high: UInt8?
    for digit in digits {
      guard let value = hexadecimal(digit) else { return digits }
      if let upper = high {
        bytes.append(upper << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

// Stored form: 1 signed data, 2 encoding method, 3 signing method, 4 public key.
extension SignedMeterData {
  func write(to record: inout RecordWriter, field: UInt32) {
    record.write(field: field) { item in
      item.write(signedData, field: 1)
      item.write(encodingMethod, field: 2)
      item.write(signingMethod, field: 3)
      item.write(publicKey, field: 4)
    }
  }

  init?(stored: ArraySlice<UInt8>) {
    var reader = RecordReader(stored)
    var texts: [String?] = [nil, nil, nil, nil]
    while let (field, value) = try? reader.next() {
      guard field >= 1, field <= 4 else { continue }
      texts[Int(field) - 1] = value.string
    }
    guard let data = texts[0] else { return nil }
    self.init(
      signedData: data, encodingMethod: texts[1] ?? "", signingMethod: texts[2] ?? "", publicKey: texts[3] ?? "")
  }
}

import ChargerBase
import OCPPJSON

/// A set of signed readings in the Open Charge Metering Format: `OCMF|payload|signature`, where the signature is over
/// the payload's bytes as they stand in the text.
struct OCMF {
  struct Reading: Sendable, Equatable {
    var context: SignedReadingContext
    var register: Energy
    var unixSeconds: Int64?
  }

  var serialNumber: String
  var pagination: UInt64
  var identification: String
  var readings: [Reading]

  func signed(by signer: any MeterSigner) -> String? {
    let payload = payload.bytes
    guard let signature = signer.signature(of: payload, serialNumber: serialNumber) else { return nil }
    let tail: JSONValue = ["SA": .string(signer.method), "SD": .string(Self.hexadecimal(signature))]
    return "OCMF|\(String(decoding: payload, as: UTF8.self))|\(tail)"
  }

  /// Format version, pagination in the context of transactions, meter, identification, readings.
  private var payload: JSONValue {
    [
      "FV": "1.0", "GI": "bench-world", "GS": .string(serialNumber), "PG": .string("T\(pagination)"),
      "MV": "bench-world", "MM": "simulated", "MS": .string(serialNumber), "IS": .bool(!identification.isEmpty),
      "IT": .string(identification.isEmpty ? "NONE" : "UNDEFINED"), "ID": .string(identification),
      "RD": .array(readings.map(Self.reading)),
    ]
  }

  private static func reading(_ reading: Reading) -> JSONValue {
    // kWh from mWh: six places, exact.
    let kilowattHours = Decimal(significand: reading.register.milliwattHours, places: 6) ?? .zero
    return [
      "TM": .string(time(reading.unixSeconds)), "TX": reading.context == .transactionBegin ? "B" : "E",
      "RV": .number(kilowattHours), "RI": "1-b:1.8.0", "RU": "kWh", "RT": "AC", "EF": "", "ST": "G",
    ]
  }

  /// OCMF's form of a time with the state of the clock: synchronized, or unknown.
  private static func time(_ unixSeconds: Int64?) -> String {
    let wall = WallTime(millisecondsSinceEpoch: (unixSeconds ?? 0).multipliedSaturating(by: 1_000))
    return "\(wall.rfc3339.prefix(19)),000+0000 \(unixSeconds == nil ? "U" : "S")"
  }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 0xF)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

import ChargerBase
import HAL
import OCPPJSON

/// What a meter has signed, as OCMF 1.4 writes it: a JSON object whose `RD` lists the readings.
struct OCMFPayload {
  /// Why the last reading was taken: `TX`, one letter.
  let mark: String?
  /// The last reading's register; nil when it has none, or one in a unit that is no energy.
  let register: Energy?
  /// The meter's serial number, and the first reading: in a session's last set the reading of its begin.
  private let serialNumber: String?
  private let first: JSONValue?

  /// What an Iskra meter signs at most.
  private static let limits = JSONLimits(
    maximumBytes: IskraRegisters.maximumSignedData, maximumDepth: 8, maximumItems: 64, maximumStringBytes: 1_024)

  /// Nil unless the bytes are one whole JSON object with readings.
  init?(_ bytes: [UInt8]) {
    guard let payload = try? JSONValue(parsing: bytes, limits: Self.limits), let readings = payload["RD"]?.array,
      !readings.isEmpty, readings.allSatisfy({ $0.members != nil })
    else { return nil }
    // A reading leaves out what it has in common with the one before it.
    func last(_ name: String) -> JSONValue? { readings.last { $0[name] != nil }?[name] }
    mark = last("TX")?.string
    register = Self.energy(last("RV")?.decimal, last("RU")?.string)
    serialNumber = payload["MS"]?.string
    first = readings.first
  }

  /// Nil unless the text is `OCMF|payload|signature`, as it goes to whoever asked for it.
  init?(signedData: String) {
    let parts = signedData.split(separator: "|", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    self.init(Array(parts[1].utf8))
  }

  /// Whether this is the last set of the session that `begin` is the first set of: the same meter, and its begin's time
  /// and register are told again.
  func ends(_ begin: OCMFPayload) -> Bool {
    isSigned(for: .transactionEnd) && begin.isSigned(for: .transactionBegin) && serialNumber == begin.serialNumber
      && first == begin.first
  }

  /// Whether the last reading is that of the begin, or that of the end: `E`, or a letter that says what has ended it.
  func isSigned(for context: SignedReadingRequest.Context) -> Bool {
    switch context {
    case .transactionBegin: mark == "B"
    case .transactionEnd: mark.map { ["E", "L", "R", "A", "P"].contains($0) } ?? false
    }
  }

  private static func energy(_ value: Decimal?, _ unit: String?) -> Energy? {
    guard let value, value.significand >= 0 else { return nil }
    let power: Int
    switch unit {
    case "kWh": power = 3
    case "Wh": power = 0
    default: return nil
    }
    return RegisterNumber.integer(Int128(value.significand), power: -Int(value.places))
      .thousandths(RegisterScale(1, unitPower: power)).map { Energy(thousandths: $0) }
  }
}

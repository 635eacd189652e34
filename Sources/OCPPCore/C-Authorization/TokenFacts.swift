import ChargerBase
import OCPPPorts
import OCPPTypes

/// What the CSMS has said of one token, as the token tables keep it. Prices and personal messages are not kept
/// (C10.FR.09).
///
/// | field | content |
/// | --- | --- |
/// | 1 | status, as a number of `codes` |
/// | 2 | group token |
/// | 3 | cacheExpiryDateTime |
/// | 4 | an EVSE that it is restricted to, repeated |
/// | 5 | when it was said, `EventTime`; in the cache alone |
/// | 6 | a language that its user reads, repeated |
package struct TokenFacts: Sendable, Equatable {
  package var verdict: TokenVerdict
  package var expiry: WallTime?
  package var saidAt: EventTime?

  package init(verdict: TokenVerdict, expiry: WallTime? = nil, saidAt: EventTime? = nil) {
    self.verdict = verdict
    self.expiry = expiry
    self.saidAt = saidAt
  }

  package init(_ information: IdTokenInfo, saidAt: EventTime? = nil) {
    self.init(verdict: TokenVerdict(information), expiry: information.cacheExpiryDateTime, saidAt: saidAt)
  }

  /// Languages that are kept of one token.
  private static let maximumLanguages = 2

  /// The stored numbers of the statuses are their places here: append, never reorder.
  private static let codes: [AuthorizationStatus] = [
    .accepted, .blocked, .concurrentTx, .expired, .invalid, .noCredit, .notAllowedTypeEVSE, .notAtThisLocation,
    .notAtThisTime, .unknown,
  ]

  /// Most entries of a list say this and no more.
  private static let plainlyAccepted = TokenFacts(verdict: TokenVerdict(status: .accepted))
  private static let plainlyAcceptedBytes = plainlyAccepted.encoded

  package var stored: [UInt8] { self == Self.plainlyAccepted ? Self.plainlyAcceptedBytes : encoded }

  private var encoded: [UInt8] {
    var record = RecordWriter(reservingCapacity: 16)
    record.write(Self.codes.firstIndex(of: verdict.status).map { Int64($0) }, field: 1)
    verdict.groupToken?.write(to: &record, field: 2)
    record.write(expiry, field: 3)
    for evse in verdict.evses ?? [] { record.write(Int64(evse.number), field: 4) }
    record.write(saidAt, field: 5)
    for language in verdict.languages.prefix(Self.maximumLanguages) { record.write(language, field: 6) }
    return record.bytes
  }

  package init?(stored: [UInt8]) {
    var reader = RecordReader(stored)
    var status: AuthorizationStatus?
    var group: IdToken?
    var evses: [EVSEID] = []
    var languages: [String] = []
    var expiry: WallTime?
    var saidAt: EventTime?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1:
        status = value.int32.flatMap { Self.codes.indices.contains(Int($0)) ? Self.codes[Int($0)] : nil }
      case 2: group = value.data.flatMap { IdToken(stored: $0) }
      case 3: expiry = value.wallTime
      case 4: if let number = value.int32, evses.count < TokenVerdict.maximumEVSEs { evses.append(EVSEID(number)) }
      case 5: saidAt = value.eventTime
      case 6: if let text = value.string, languages.count < Self.maximumLanguages { languages.append(text) }
      default: break
      }
    }
    guard let status else { return nil }
    self.init(
      verdict: TokenVerdict(
        status: status, groupToken: group, evses: evses.isEmpty ? nil : evses, languages: languages),
      expiry: expiry, saidAt: saidAt)
  }
}

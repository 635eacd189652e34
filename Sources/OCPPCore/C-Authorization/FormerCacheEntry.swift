import ChargerBase
import OCPPPorts
import OCPPTypes

/// An entry of the authorization cache as programs before the token tables have stored it: one document for each token
/// (`DocumentKind.authorization`).
///
/// | field | content |
/// | --- | --- |
/// | 1 | token: 1 text, 2 type |
/// | 2 | status, OCPP's name |
/// | 3 | group token |
/// | 4 | when it was said, `EventTime` |
/// | 5 | cacheExpiryDateTime |
/// | 6 | an EVSE that it is restricted to, repeated |
struct FormerCacheEntry {
  var token: IdToken
  var verdict: TokenVerdict
  var saidAt: EventTime
  var expiry: WallTime?

  init?(stored: [UInt8]) {
    var reader = RecordReader(stored)
    var token: IdToken?
    var status: AuthorizationStatus?
    var group: IdToken?
    var saidAt: EventTime?
    var expiry: WallTime?
    var evses: [EVSEID] = []
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: token = value.data.flatMap { IdToken(stored: $0) }
      case 2: status = value.string.flatMap { AuthorizationStatus(wireName: $0) }
      case 3: group = value.data.flatMap { IdToken(stored: $0) }
      case 4: saidAt = value.eventTime
      case 5: expiry = value.wallTime
      case 6: if let number = value.int32, evses.count < TokenVerdict.maximumEVSEs { evses.append(EVSEID(number)) }
      default: break
      }
    }
    guard let token, let status, let saidAt else { return nil }
    self.token = token
    verdict = TokenVerdict(status: status, groupToken: group, evses: evses.isEmpty ? nil : evses)
    self.saidAt = saidAt
    self.expiry = expiry
  }
}

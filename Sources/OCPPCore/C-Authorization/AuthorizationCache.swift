import ChargerBase
import OCPPPorts
import OCPPTypes
import OrderedCollections

/// What the CSMS has said of tokens, kept over restarts (C10). Every status is kept, not the good ones alone
/// (C10.FR.01); a token that expires, or that has to make room, is forgotten.
///
/// Stored as one document for each token (`DocumentKind.authorization`):
///
/// | field | content |
/// | --- | --- |
/// | 1 | token: 1 text, 2 type |
/// | 2 | status, OCPP's name |
/// | 3 | group token |
/// | 4 | when it was said, `EventTime` |
/// | 5 | cacheExpiryDateTime |
/// | 6 | an EVSE that it is restricted to, repeated |
package final class AuthorizationCache {
  /// Tokens that are kept; beyond them the oldest go, refused ones first (C10.FR.07).
  package static let maximumEntries = 1_000

  package struct Entry: Sendable, Equatable {
    package var token: IdToken
    package var verdict: TokenVerdict
    package var saidAt: EventTime
    package var expiry: WallTime?
  }

  private unowned let services: any EngineServices
  /// Oldest word first.
  private var entries: OrderedDictionary<String, Entry> = [:]

  package init(services: any EngineServices) { self.services = services }

  package var count: Int { entries.count }

  /// Takes up what is stored, in the order in which it was said.
  package func load(_ documents: [StoreSnapshot.Document]) {
    let stored = documents.filter { $0.kind == .authorization }.compactMap { Entry(stored: $0.body) }
    for entry in stored.sorted(by: { $0.saidAt < $1.saidAt }).suffix(Self.maximumEntries) {
      entries[Self.key(entry.token)] = entry
    }
  }

  /// What is known of a token; an entry that has expired is forgotten now (C10.FR.10).
  package func entry(for token: IdToken, lifeTime: Duration) -> Entry? {
    let key = Self.key(token)
    guard let entry = entries[key] else { return nil }
    guard hasExpired(entry, lifeTime: lifeTime) else { return entry }
    entries[key] = nil
    services.save([.removeDocument(.authorization, key: key)], durability: .relaxed, whenDone: nil)
    return nil
  }

  private func hasExpired(_ entry: Entry, lifeTime: Duration) -> Bool {
    let present = services.eventTime
    if let expiry = entry.expiry {
      // C10.FR.13; without a clock the station cannot tell, and does not use it.
      return present.wall.map { $0 >= expiry } ?? true
    }
    if entry.saidAt.boot == present.boot { return entry.saidAt.instant.duration(to: present.instant) >= lifeTime }
    guard let said = services.wallTime(of: entry.saidAt), let wall = present.wall else { return false }
    return wall - said >= lifeTime
  }

  /// The CSMS's word on a token (C10.FR.04, .05). Central tokens are not kept (C05.FR.02), nor is anonymous use.
  package func learn(_ token: IdToken, _ information: IdTokenInfo) {
    guard token.type != .central, token.type != .noAuthorization, token.idToken.utf8.count <= 255 else { return }
    let key = Self.key(token)
    var mutations: [StoreMutation] = []
    entries[key] = nil
    if entries.count >= Self.maximumEntries {
      let oldest = entries.elements.firstIndex { $0.value.verdict.status != .accepted } ?? 0
      mutations.append(.removeDocument(.authorization, key: entries.elements[oldest].key))
      entries.remove(at: oldest)
    }
    let entry = Entry(
      token: token, verdict: TokenVerdict(information), saidAt: services.eventTime,
      expiry: information.cacheExpiryDateTime)
    entries[key] = entry
    mutations.append(.putDocument(.authorization, key: key, body: entry.stored))
    services.save(mutations, durability: .relaxed, whenDone: nil)
  }

  /// C11; `whenDone` tells whether the store has forgotten too.
  package func clear(whenDone: @escaping (Bool) -> Void) {
    let removals = entries.keys.map { StoreMutation.removeDocument(.authorization, key: $0) }
    entries = [:]
    guard !removals.isEmpty else { return whenDone(true) }
    services.save(removals, durability: .full, whenDone: whenDone)
  }

  private static func key(_ token: IdToken) -> String { "\(token.type.rawName):\(token.idToken.lowercased())" }
}

extension AuthorizationCache.Entry {
  var stored: [UInt8] {
    var record = RecordWriter()
    token.write(to: &record, field: 1)
    record.write(verdict.status.rawName, field: 2)
    verdict.groupToken?.write(to: &record, field: 3)
    record.write(saidAt, field: 4)
    record.write(expiry, field: 5)
    for evse in verdict.evses ?? [] { record.write(Int64(evse.number), field: 6) }
    return record.bytes
  }

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
    self.init(
      token: token,
      verdict: TokenVerdict(status: status, groupToken: group, evses: evses.isEmpty ? nil : evses),
      saidAt: saidAt, expiry: expiry)
  }
}

import ChargerBase
import OCPPPorts
import OCPPTypes
import OrderedCollections

/// What the CSMS has said of tokens, kept over restarts (C10). Every status is kept, not the good ones alone
/// (C10.FR.01); a token that expires, or that has to make room, is forgotten.
///
/// It lies in the store's token tables; here is only what is on its way there.
package final class AuthorizationCache {
  /// Words on their way to the store; beyond them the store is not coming along, and what was said is forgotten.
  static let maximumUnstored = 256
  /// Documents of a former program that are taken over in one commit.
  private static let migratedTogether = 64

  /// The last word on a token, nil for none, until it is stored.
  private var unstored: OrderedDictionary<TokenDigest, (body: [UInt8]?, number: UInt64)> = [:]
  private var lastNumber: UInt64 = 0
  /// Clearings under way: what is stored counts no more.
  private var clearings = 0

  private unowned let services: any EngineServices

  package init(services: any EngineServices) { self.services = services }

  private var policy: TokenCachePolicy {
    switch services.deviceModel.text(.authCachePolicy) {
    case "LRU": .leastRecentlyUsed
    case "FIFO": .firstIn
    default: .refusedFirst
    }
  }

  /// What the cache holds of a token, of which the store has said `stored`. An entry that has expired is forgotten now
  /// (C10.FR.10).
  func verdict(on digest: TokenDigest, stored: [UInt8]?) -> TokenVerdict? {
    let body: [UInt8]?
    if let known = unstored[digest] {
      body = known.body
    } else {
      body = clearings > 0 ? nil : stored
    }
    guard let facts = body.flatMap({ TokenFacts(stored: $0) }) else { return nil }
    guard hasExpired(facts) else { return facts.verdict }
    write(.removeCachedToken(digest), digest, body: nil)
    return nil
  }

  private func hasExpired(_ facts: TokenFacts) -> Bool {
    let present = services.eventTime
    if let expiry = facts.expiry {
      // C10.FR.13; without a clock the station cannot tell, and does not use it.
      return present.wall.map { $0 >= expiry } ?? true
    }
    guard let said = facts.saidAt else { return true }
    let lifeTime = services.deviceModel.seconds(.authCacheLifeTime)
    if said.boot == present.boot { return said.instant.duration(to: present.instant) >= lifeTime }
    guard let saidAt = services.wallTime(of: said), let wall = present.wall else { return false }
    return wall - saidAt >= lifeTime
  }

  /// The CSMS's word on a token (C10.FR.04, .05). Central tokens are not kept (C05.FR.02), nor is anonymous use.
  package func learn(_ token: IdToken, _ information: IdTokenInfo) {
    guard token.type != .central, token.type != .noAuthorization, token.idToken.utf8.count <= 255 else { return }
    let digest = TokenDigest(token)
    // An expiry in the past keeps it out, and takes it out (errata 2.21).
    if let expiry = information.cacheExpiryDateTime, let wall = services.eventTime.wall, wall >= expiry {
      return write(.removeCachedToken(digest), digest, body: nil)
    }
    let body = TokenFacts(information, saidAt: services.eventTime).stored
    write(
      .cacheToken(
        CachedToken(digest, body: body, isAccepted: information.status == .accepted, policy: policy)), digest,
      body: body)
  }

  /// A cached token has let somebody charge without a question.
  func used(_ digest: TokenDigest) {
    services.save([.touchCachedToken(digest)], durability: .relaxed, whenDone: nil)
  }

  private func write(_ mutation: StoreMutation, _ digest: TokenDigest, body: [UInt8]?) {
    guard unstored.count < Self.maximumUnstored || unstored[digest] != nil else { return }
    lastNumber &+= 1
    let number = lastNumber
    unstored[digest] = (body, number)
    services.save([mutation], durability: .relaxed) { [weak self] _ in
      guard let self, unstored[digest]?.number == number else { return }
      unstored[digest] = nil
    }
  }

  /// C11; `whenDone` tells whether the store has forgotten too.
  package func clear(whenDone: @escaping (Bool) -> Void) {
    unstored = [:]
    clearings += 1
    services.save([.clearTokenCache], durability: .full) { [weak self] isDone in
      self?.clearings -= 1
      whenDone(isDone)
    }
  }

  // MARK: - Former programs

  /// Takes over what a former program has stored as one document for each token, in the order in which it was said.
  package func load(_ documents: [StoreSnapshot.Document]) {
    var entries: [(key: String, entry: FormerCacheEntry?)] = []
    for document in documents where document.kind == .authorization {
      entries.append((document.key, FormerCacheEntry(stored: document.body)))
    }
    entries.sort { left, right in
      guard let later = right.entry?.saidAt else { return false }
      return left.entry.map { $0.saidAt < later } ?? true
    }
    for start in stride(from: 0, to: entries.count, by: Self.migratedTogether) {
      var mutations: [StoreMutation] = []
      for (key, entry) in entries[start..<min(start + Self.migratedTogether, entries.count)] {
        mutations.append(.removeDocument(.authorization, key: key))
        guard let entry else { continue }
        let facts = TokenFacts(verdict: entry.verdict, expiry: entry.expiry, saidAt: entry.saidAt)
        mutations.append(
          .cacheToken(
            CachedToken(
              TokenDigest(entry.token), body: facts.stored, isAccepted: entry.verdict.status == .accepted,
              policy: policy)))
      }
      services.save(mutations, durability: .relaxed, whenDone: nil)
    }
  }
}

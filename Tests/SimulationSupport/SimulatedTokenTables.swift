import OCPPPorts

/// The token tables in memory, by the contract of `StationStore`.
package struct SimulatedTokenTables: Equatable, Sendable {
  package struct Cached: Equatable, Sendable {
    package var token: CachedToken
    package var born: Int
    package var used: Int
  }

  package private(set) var list: [TokenListUpdate.Entry] = []
  package private(set) var cache: [Cached] = []
  package private(set) var listVersion: Int32 = 0
  private var clock = 0

  package init() {}

  package var state: TokenTablesState {
    var state = TokenTablesState()
    state.listVersion = listVersion
    state.listEntries = list.count
    state.listBytes = list.reduce(0) { $0 + TokenLimits.bytes(of: $1.body ?? []) }
    state.cacheEntries = cache.count
    state.cacheBytes = cache.reduce(0) { $0 + TokenLimits.bytes(of: $1.token.body) }
    return state
  }

  package func record(of digest: TokenDigest) -> TokenRecord {
    TokenRecord(
      listed: list.first { $0.digest == digest }?.body, cached: cache.first { $0.token.digest == digest }?.token.body)
  }

  /// False when the mutation exceeds a limit: nothing has changed then.
  package mutating func apply(_ mutation: StoreMutation) -> Bool {
    clock += 1
    switch mutation {
    case .updateTokenList(let update): return apply(update)
    case .cacheToken(let token): put(token)
    case .touchCachedToken(let digest):
      for place in cache.indices where cache[place].token.digest == digest { cache[place].used = clock }
    case .removeCachedToken(let digest): cache.removeAll { $0.token.digest == digest }
    case .clearTokenCache: cache = []
    default: break
    }
    return true
  }

  private mutating func apply(_ update: TokenListUpdate) -> Bool {
    var next = update.replacesAll ? update.entries.filter { $0.body != nil } : list
    for entry in update.entries where !update.replacesAll {
      next.removeAll { $0.digest == entry.digest }
      if entry.body != nil { next.append(entry) }
    }
    guard next.count <= TokenLimits.maximumListEntries else { return false }
    list = next
    listVersion = update.version
    return true
  }

  private mutating func put(_ token: CachedToken) {
    let born = cache.first { $0.token.digest == token.digest }?.born ?? clock
    cache.removeAll { $0.token.digest == token.digest }
    cache.append(Cached(token: token, born: born, used: clock))
    while state.cacheBytes > token.maximumBytes, cache.count > 1 {
      let first = cache.indices.dropLast().min { left, right in
        let (left, right) = (cache[left], cache[right])
        return switch token.policy {
        case .leastRecentlyUsed: left.used < right.used
        case .firstIn: left.born < right.born
        case .refusedFirst:
          (left.token.isAccepted ? 1 : 0, left.used) < (right.token.isAccepted ? 1 : 0, right.used)
        }
      }
      guard let first else { return }
      cache.remove(at: first)
    }
  }
}

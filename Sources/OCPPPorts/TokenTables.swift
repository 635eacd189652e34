import ChargerBase
import OCPPTypes

// Tokens that the store knows: the local authorization list, and the cache of what the CSMS has said of tokens. Both lie
// on disk alone; the engine asks for one token at a time.

/// How the store knows a token: 128 bits of SHA-256 over its type and its text without regard to case, so that equal
/// tokens (errata, C01.FR.25) have equal digests and no token stands in the file as it is read from a card (C10.FR.12).
/// That keeps tokens out of sight and is no secret: who has the file can try all card numbers.
public struct TokenDigest: Sendable, Hashable, Comparable {
  /// The place in a table.
  public let high: Int64
  public let low: Int64

  public init(high: Int64, low: Int64) {
    self.high = high
    self.low = low
  }

  public init(_ token: IdToken) {
    var text = token.idToken
    if !text.utf8.allSatisfy({ $0 < 0x80 }) { text = text.lowercased() }
    var kind = token.type.rawName
    self = text.withUTF8 { text in
      kind.withUTF8 { kind in
        withUnsafeTemporaryAllocation(byteCount: kind.count + 1 + text.count, alignment: 1) { bytes in
          for (place, byte) in kind.enumerated() { bytes[place] = byte }
          bytes[kind.count] = UInt8(ascii: ":")
          for (place, byte) in text.enumerated() {
            bytes[kind.count + 1 + place] = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
          }
          let words = SHA256.digest(of: UnsafeRawBufferPointer(bytes))
          return TokenDigest(high: Self.joined(words.0, words.1), low: Self.joined(words.2, words.3))
        }
      }
    }
  }

  private static func joined(_ high: UInt32, _ low: UInt32) -> Int64 {
    Int64(truncatingIfNeeded: UInt64(high) << 32 | UInt64(low))
  }

  /// The order of the tables.
  public static func < (left: TokenDigest, right: TokenDigest) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

/// Bounds of the token tables; what exceeds them is refused whole.
public enum TokenLimits {
  /// Entries of the local authorization list.
  public static let maximumListEntries = 100_000
  /// What all entries of the list may take, and all of the cache.
  public static let maximumListBytes = 16 * 1024 * 1024
  public static let maximumCacheBytes = 1024 * 1024
  /// What is said of one token.
  public static let maximumBodyBytes = 1_024

  /// What an entry counts: its body, its digest and its row.
  public static func bytes(of body: [UInt8]) -> Int { body.count + 24 }
}

/// One step of the local authorization list. It is applied with its version, whole or not at all.
public struct TokenListUpdate: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public var digest: TokenDigest
    /// What is said of the token, in the stored-record format; the store does not look into it. Nil takes it out.
    public var body: [UInt8]?

    public init(_ digest: TokenDigest, body: [UInt8]?) {
      self.digest = digest
      self.body = body
    }
  }

  public var version: Int32
  /// The list is exactly these entries from now on; else they are added, replaced and taken out one by one.
  public var replacesAll: Bool
  /// Each token once, in the order of the digests: that is the order of the table, which is then written page by page.
  public var entries: [Entry]

  public init(version: Int32, replacesAll: Bool, entries: [Entry]) {
    self.version = version
    self.replacesAll = replacesAll
    self.entries = entries
  }
}

/// Which tokens leave a full cache first (AuthCacheCtrlr.Policy).
public enum TokenCachePolicy: UInt8, Sendable, CaseIterable {
  /// Those that were used longest ago.
  case leastRecentlyUsed
  /// Those that came first.
  case firstIn
  /// Those that are refused, then those that were used longest ago (C10.FR.07).
  case refusedFirst
}

/// What the CSMS has said of a token, for the cache.
public struct CachedToken: Sendable, Equatable {
  public var digest: TokenDigest
  public var body: [UInt8]
  public var isAccepted: Bool
  /// When the cache exceeds so many bytes the store takes entries out, by the policy, and a few more than needed.
  public var maximumBytes: Int
  public var policy: TokenCachePolicy

  public init(
    _ digest: TokenDigest, body: [UInt8], isAccepted: Bool, maximumBytes: Int = TokenLimits.maximumCacheBytes,
    policy: TokenCachePolicy = .refusedFirst
  ) {
    self.digest = digest
    self.body = body
    self.isAccepted = isAccepted
    self.maximumBytes = maximumBytes
    self.policy = policy
  }
}

/// What the store knows of one token.
public struct TokenRecord: Sendable, Equatable {
  public var listed: [UInt8]?
  public var cached: [UInt8]?

  public init(listed: [UInt8]? = nil, cached: [UInt8]? = nil) {
    self.listed = listed
    self.cached = cached
  }
}

/// How much the token tables hold.
public struct TokenTablesState: Sendable, Equatable {
  /// 0 until the first list has come.
  public var listVersion: Int32 = 0
  public var listEntries = 0
  /// By `TokenLimits.bytes(of:)`.
  public var listBytes = 0
  public var cacheEntries = 0
  public var cacheBytes = 0

  public init() {}
}

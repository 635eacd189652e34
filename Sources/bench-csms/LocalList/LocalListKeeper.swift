import ChargerBase
import JSONRPC
import OCPPJSON

/// What each station was last given as its local list.
struct LocalListKeeper {
  /// Stations whose lists are remembered.
  static let maximumStations = 256

  struct Entry: Equatable {
    var idToken: String
    var type: String
    /// Of its `idTokenInfo`.
    var digest: UInt64

    init(_ token: TokenEntry, _ book: TokenBook) {
      idToken = token.idToken
      type = token.type
      digest = TransactionRecord.digest(book.info(of: token).bytes)
    }

    init?(_ json: JSONValue) {
      guard let idToken = json[0]?.string, let type = json[1]?.string,
        let digest = json[2]?.string.flatMap({ UInt64($0, radix: 16) })
      else { return nil }
      (self.idToken, self.type, self.digest) = (idToken, type, digest)
    }

    var json: JSONValue { [.string(idToken), .string(type), .string(String(digest, radix: 16))] }
  }

  struct List: Equatable {
    var station: String
    var version: Int32
    var entries: [Entry]
  }

  private(set) var lists: [List] = []

  func list(of station: String) -> List? { lists.first { $0.station == station } }

  mutating func keep(_ list: List) {
    lists.removeAll { $0.station == list.station }
    if lists.count >= Self.maximumStations { lists.removeFirst() }
    lists.append(list)
  }

  mutating func forget(_ station: String) { lists.removeAll { $0.station == station } }

  // MARK: - What is sent

  /// The whole list.
  static func full(_ book: TokenBook) -> [JSONValue] {
    book.entries.filter(\.isListed).map { data($0, book) }
  }

  /// What has changed since `list`: entries that are new or different, and those that are gone, without their
  /// `idTokenInfo` (D01.FR.17).
  static func difference(_ book: TokenBook, since list: List) -> [JSONValue] {
    var before: [String: UInt64] = [:]  // Looked up, never iterated.
    for entry in list.entries { before[TokenBook.key(entry.idToken, entry.type)] = entry.digest }
    var changes: [JSONValue] = []
    for token in book.entries where token.isListed {
      if before[TokenBook.key(token.idToken, token.type)] != Entry(token, book).digest {
        changes.append(data(token, book))
      }
    }
    for entry in list.entries where book.find(entry.idToken, type: entry.type)?.isListed != true {
      changes.append(["idToken": ["idToken": .string(entry.idToken), "type": .string(entry.type)]])
    }
    return changes
  }

  private static func data(_ token: TokenEntry, _ book: TokenBook) -> JSONValue {
    [
      "idToken": ["idToken": .string(token.idToken), "type": .string(token.type)],
      "idTokenInfo": book.info(of: token),
    ]
  }

  static func entries(_ book: TokenBook) -> [Entry] { book.entries.filter(\.isListed).map { Entry($0, book) } }

  /// Cuts a list into messages (D01.FR.11); at least one, which may be empty. An entry that is too large for a message
  /// goes alone.
  static func messages(_ data: [JSONValue], maximumItems: Int, maximumBytes: Int) -> [[JSONValue]] {
    /// Braces, names and numbers around the list.
    let frame = 160
    var messages: [[JSONValue]] = [[]]
    var bytes = frame
    for entry in data {
      let size = entry.bytes.count + 1
      let isFull = messages[messages.count - 1].count >= max(1, maximumItems) || bytes + size > maximumBytes
      if isFull, !messages[messages.count - 1].isEmpty {
        messages.append([])
        bytes = frame
      }
      messages[messages.count - 1].append(entry)
      bytes += size
    }
    return messages
  }

  // MARK: - JSON

  var json: JSONValue {
    [
      "lists": .array(
        lists.map {
          [
            "station": .string($0.station), "version": JSONValue($0.version), "entries": .array($0.entries.map(\.json)),
          ]
        })
    ]
  }

  mutating func take(_ document: JSONValue) {
    for list in document["lists"]?.array ?? [] {
      guard let station = list["station"]?.string, let version = list["version"]?.int32 else { continue }
      keep(
        List(station: station, version: version, entries: (list["entries"]?.array ?? []).compactMap { Entry($0) }))
    }
  }
}

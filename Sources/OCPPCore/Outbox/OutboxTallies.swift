import ChargerBase
import OCPPPorts

/// What the queue has lost and why, since the state was made: every gap at the CSMS is in one of these numbers, or among
/// the dead letters.
///
/// Stored form: 1 `thinned`, 2 `refused`, 3 `lost`.
struct OutboxTallies: Equatable {
  private static let documentKey = "outbox"

  /// `Updated` events that gave way because space was short (E04.FR.07).
  var thinned = 0
  /// Records that were not taken: those of a full lane other than the transactions', and oversized ones.
  var refused = 0
  /// Records that were in memory only when the program ended, because the store could not be written.
  var lost = 0

  init(_ documents: [StoreSnapshot.Document]) {
    guard let document = documents.first(where: { $0.kind == .engine && $0.key == Self.documentKey }) else { return }
    var reader = RecordReader(document.body)
    while let (field, value) = try? reader.next() {
      let count = Int(clamping: max(0, value.integer ?? 0))
      switch field {
      case 1: thinned = count
      case 2: refused = count
      case 3: lost = count
      default: break
      }
    }
  }

  var document: StoreMutation {
    var record = RecordWriter()
    record.write(Int64(thinned), field: 1)
    record.write(Int64(refused), field: 2)
    record.write(Int64(lost), field: 3)
    return .putDocument(.engine, key: Self.documentKey, body: record.bytes)
  }
}

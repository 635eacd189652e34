import ChargerBase
import OCPPTypes

/// The CSMS's book of transactions: what was reported, and what breaks the rules of block E.
package struct TransactionLedger {
  package struct Entry {
    package let seqNo: Int32
    package let request: TransactionEventRequest
    package let at: MonotonicInstant
  }

  package struct Book {
    package let id: String
    /// Each sequence number once, in the order of arrival.
    package fileprivate(set) var entries: [Entry] = []
    package fileprivate(set) var repeats = 0

    package var isEnded: Bool { entries.contains { $0.request.eventType == .ended } }
    package var started: TransactionEventRequest? { entries.first { $0.request.eventType == .started }?.request }
    package var ended: TransactionEventRequest? { entries.first { $0.request.eventType == .ended }?.request }
    /// No sequence number is missing.
    package var isGapless: Bool { entries.map { $0.seqNo }.sorted() == (0..<Int32(entries.count)).map { $0 } }
  }

  /// In the order of their first event.
  package private(set) var books: [Book] = []
  /// Gaps are allowed for transactions that the station has thinned.
  package var allowsGaps = false

  package init() {}

  package func book(_ id: String) -> Book? { books.first { $0.id == id } }

  mutating func received(_ call: SimulatedCSMS.ReceivedCall, _ violations: inout [String]) {
    guard let request = try? TransactionEventRequest.decode(call.payload, version: .v201) else { return }
    let id = request.transactionInfo.transactionId
    if !books.contains(where: { $0.id == id }) { books.append(Book(id: id)) }
    guard let place = books.firstIndex(where: { $0.id == id }) else { return }
    if let known = books[place].entries.first(where: { $0.seqNo == request.seqNo }) {
      books[place].repeats += 1
      // A repeated event may have become an offline one, and nothing else.
      var same = request
      same.offline = known.request.offline
      if same != known.request {
        violations.append(
          "\(id) #\(request.seqNo) was repeated with other facts: \(request.timestamp), \(known.request.timestamp)")
      }
      return
    }
    let last = books[place].entries.last?.seqNo ?? -1
    if !allowsGaps, request.seqNo != last + 1 {
      violations.append("\(id): #\(request.seqNo) came after #\(last) (E01.FR.07)")
    }
    if books[place].isEnded { violations.append("\(id): an event after Ended") }
    if request.eventType == .started, request.seqNo != 0 { violations.append("\(id): Started with #\(request.seqNo)") }
    books[place].entries.append(Entry(seqNo: request.seqNo, request: request, at: call.at))
  }
}

import ChargerBase
import OCPPPorts

/// How the run before this one ended, as far as the state directory can tell (DESIGN §3).
package enum PreviousEnd: UInt8, Sendable, Equatable {
  /// There was no run before.
  case none
  /// The program was told to stop and did.
  case clean
  /// The program died, the system did not.
  case crash
  /// The system went down with the program running.
  case powerCut
  /// The system was reset by its hardware watchdog.
  case watchdog
}

/// Counts the starts of the operating system and remembers whether the program ended in order. A boot id other than the
/// stored one is a new boot; without a clean mark the run before did not end by itself.
package struct BootRegistry: Sendable, Equatable {
  private static let key = "runtime.boot"

  package var bootID: String
  package var number: BootNumber
  package var previousEnd: PreviousEnd

  /// Reads the mark of the run before from what the store held.
  ///
  /// - Parameter resetByWatchdog: what the watchdog's boot status says of this boot of the system; it counts only where
  ///   the boot is a new one.
  package init(snapshot: StoreSnapshot, bootID: String, resetByWatchdog: Bool = false) {
    self.bootID = bootID
    var storedID: String?
    var storedNumber: Int64 = 0
    var wasClean = false
    if let document = snapshot.documents.first(where: { $0.kind == .engine && $0.key == Self.key }) {
      var reader = RecordReader(document.body)
      while let (field, value) = try? reader.next() {
        switch field {
        case 1: storedID = value.string
        case 2: storedNumber = value.integer ?? 0
        case 3: wasClean = value.bool ?? false
        default: break
        }
      }
    }
    guard let storedID else {
      number = BootNumber(rawValue: storedNumber.addingSaturating(1))
      previousEnd = .none
      return
    }
    let sameBoot = storedID == bootID
    number = BootNumber(rawValue: sameBoot ? storedNumber : storedNumber.addingSaturating(1))
    previousEnd = wasClean ? .clean : sameBoot ? .crash : resetByWatchdog ? .watchdog : .powerCut
  }

  /// What must be stored before anything else happens: this run is on, and has not ended in order.
  package var runningMark: StoreMutation { mark(isClean: false) }
  /// What is stored last.
  package var cleanMark: StoreMutation { mark(isClean: true) }

  private func mark(isClean: Bool) -> StoreMutation {
    var record = RecordWriter(reservingCapacity: 64)
    record.write(bootID, field: 1)
    record.write(number.rawValue, field: 2)
    record.write(isClean, field: 3)
    return .putDocument(.engine, key: Self.key, body: record.bytes)
  }
}

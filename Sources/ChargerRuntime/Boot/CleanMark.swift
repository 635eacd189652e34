import ChargerBase
import Glibc
import NIOConcurrencyHelpers
import OCPPPorts
import OCPPStorage

/// The last thing that a run stores: that it ended in order, and what it has counted.
enum CleanMark {
  /// Waits for the store while `mayWait` says so; everything submitted before is stored too when this answers true.
  static func write(
    _ marks: [StoreMutation], to store: SQLiteStationStore, through lane: NetworkLane, while mayWait: () -> Bool
  ) -> Bool {
    let done = NIOLockedValueBox(false)
    lane.eventLoop.execute {
      lane.whenStored(marks) { done.withLockedValue { $0 = true } }
    }
    while !done.withLockedValue({ $0 }) {
      guard mayWait() else { return false }
      usleep(2_000)  // the program is ending: nothing else runs on this thread
    }
    return true
  }
}

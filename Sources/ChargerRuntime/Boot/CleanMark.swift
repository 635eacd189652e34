import CLinux
import ChargerBase
import Glibc
import NIOConcurrencyHelpers
import OCPPPorts
import OCPPStorage

/// The last thing that a run stores: that it ended in order, and what it has counted.
enum CleanMark {
  /// Waits at most `limit` for the store; everything submitted before is stored too when this answers true.
  static func write(
    _ marks: [StoreMutation], to store: SQLiteStationStore, through lane: NetworkLane, within limit: Duration
  ) -> Bool {
    let done = NIOLockedValueBox(false)
    try? lane.eventLoop.submit {
      lane.whenStored(marks) { done.withLockedValue { $0 = true } }
    }.wait()
    let deadline = linux_boottime_ns() + limit.wholeNanoseconds
    while !done.withLockedValue({ $0 }) {
      guard linux_boottime_ns() < deadline else { return false }
      usleep(2_000)  // the program is ending: nothing else runs on this thread
    }
    return true
  }
}

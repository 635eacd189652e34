import CLinux
import ChargerBase
import OCPPPorts

/// The machine's clocks. Civil time is trusted only when it lies after the day on which this program was written: a
/// board without a clock battery starts in 1970.
package final class SystemTimeSource: TimeSource, Sendable {
  /// 2026-01-01T00:00:00Z
  private static let earliestTrusted = WallTime(millisecondsSinceEpoch: 1_767_225_600_000)
  private let wallOffset: Duration

  /// - Parameter wallOffset: added to the system's civil time; the bench uses it to play days in seconds.
  package init(wallOffset: Duration = .zero) { self.wallOffset = wallOffset }

  package var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

  package var trustedWallTime: WallTime? {
    let wall = WallTime(millisecondsSinceEpoch: linux_realtime_ms()) + wallOffset
    return wall > Self.earliestTrusted ? wall : nil
  }
}

/// The kernel's random numbers, drawn in blocks.
package final class SystemRandomSource: RandomSource {
  private var pool: [UInt64] = []

  package init() {}

  package func next() -> UInt64 {
    if pool.isEmpty {
      pool = Array(repeating: 0, count: 32)
      let filled = pool.withUnsafeMutableBytes { bytes in
        getrandom(bytes.baseAddress, bytes.count, 0) == bytes.count
      }
      // Without the kernel's numbers the clock still makes identifiers differ; nothing secret comes from here.
      if !filled { for index in pool.indices { pool[index] = UInt64(bitPattern: linux_boottime_ns() &+ Int64(index)) } }
    }
    return pool.popLast() ?? 0
  }
}

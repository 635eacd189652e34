import ChargerBase

/// The lock that keeps a plug in the station's socket while energy may flow (IEC 61851-1 with IEC 62196-2).
///
/// Obligations, beside those of `ControlLaneDriver`:
/// 1. `command` starts the drive within 10 ms and returns at once; commanding the present position again is harmless.
/// 2. The drive is switched off by the driver when the end position is reached or its own run time is over: a motor is
///    never powered for ever.
/// 3. `feedback` is what the position contact shows, never an echo of the command; nil until it was first read. A lock
///    that was opened by hand is told as unlocked.
/// 4. A change of the position contact is readable within 20 ms; contact bounce is the driver's to hide.
/// 5. When the driver is given up the lock is left as it is: unlocking is the board's own means (spring, supercapacitor).
public protocol ConnectorLock: ControlLaneDriver {
  func command(_ position: LockPosition)
  var feedback: LockFeedback? { get }
}

public enum LockPosition: UInt8, Sendable {
  case unlocked, locked
}

public struct LockFeedback: Sendable, Hashable {
  public var position: LockPosition
  public var takenAt: MonotonicInstant

  public init(position: LockPosition, takenAt: MonotonicInstant) {
    self.position = position
    self.takenAt = takenAt
  }
}

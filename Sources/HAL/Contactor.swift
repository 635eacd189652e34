import ChargerBase

/// The contactor of one connector and its auxiliary contact.
///
/// Obligations, beside those of `ControlLaneDriver`:
/// 1. Before the first command, and after the driver is given up, the contactor is open.
/// 2. `command` reaches the coil within 10 ms; commanding the present position again is harmless.
/// 3. `feedback` is what the auxiliary contact shows, never an echo of the command; nil until it was first read.
/// 4. A change of the auxiliary contact is readable within 20 ms.
public protocol Contactor: ControlLaneDriver {
  func command(_ position: ContactorPosition)
  var feedback: ContactorFeedback? { get }
}

public enum ContactorPosition: UInt8, Sendable {
  case open, closed
}

public struct ContactorFeedback: Sendable, Hashable {
  public var position: ContactorPosition
  public var takenAt: MonotonicInstant

  public init(position: ContactorPosition, takenAt: MonotonicInstant) {
    self.position = position
    self.takenAt = takenAt
  }
}

import ChargerBase

/// A contact that says whether energy may flow: emergency stop, door, tilt switch, presence of the mains.
///
/// Obligations, beside those of `ControlLaneDriver`:
/// 1. `state` is what the contact shows, whatever its polarity on the board; nil until it was first read. Where the
///    board's contact is fail-safe a broken wire reads as active.
/// 2. A change is readable within 20 ms; contact bounce is the driver's to hide.
public protocol SafetyInput: ControlLaneDriver {
  var state: SafetyInputState? { get }
}

public enum SafetyInputKind: String, Sendable, CaseIterable {
  /// Active: somebody has pushed the emergency stop.
  case emergencyStop
  /// Active: a door or cover is open.
  case door
  /// Active: the post is tilted or was hit.
  case tilt
  /// Active: the mains behind the contactor is missing.
  case mainsLoss
}

public struct SafetyInputState: Sendable, Hashable {
  public var isActive: Bool
  public var takenAt: MonotonicInstant

  public init(isActive: Bool, takenAt: MonotonicInstant) {
    self.isActive = isActive
    self.takenAt = takenAt
  }
}

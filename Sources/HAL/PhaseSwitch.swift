import ChargerBase

/// Switches an EVSE between one and three phases. It is moved only while the contactor is confirmed open and the
/// vehicle is offered nothing.
///
/// Obligations, beside those of `ControlLaneDriver`:
/// 1. `command` reaches the relays within 10 ms; commanding the present position again is harmless.
/// 2. `feedback` is what the auxiliary contacts show, never an echo; nil until it was first read.
/// 3. Before the first command, and after the driver is given up, one phase is connected.
public protocol PhaseSwitch: ControlLaneDriver {
  func command(_ phases: ConnectedPhases)
  var feedback: PhaseSwitchFeedback? { get }
}

public enum ConnectedPhases: UInt8, Sendable {
  case one = 1
  case three = 3
}

public struct PhaseSwitchFeedback: Sendable, Hashable {
  public var phases: ConnectedPhases
  public var takenAt: MonotonicInstant

  public init(phases: ConnectedPhases, takenAt: MonotonicInstant) {
    self.phases = phases
    self.takenAt = takenAt
  }
}

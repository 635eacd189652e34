import ChargerBase
import EVSEControl
import HAL

/// Why no output of a connector may be moved now.
package enum HardwareTestRefusal: Sendable, Equatable {
  /// Something that is no open pilot circuit hangs on the connector.
  case vehicle(PilotState)
  case pilotSilent
  case safetyInput(SafetyInputKind)
  case safetyInputSilent(SafetyInputKind)
  case residualCurrentTripped
  case residualCurrentSilent
  /// Who asked for it is not there any more.
  case clientGone
  /// The program ends.
  case stopping

  /// The test itself is over.
  var isEnd: Bool { self == .clientGone || self == .stopping }

  /// How long it is waited for that it goes by itself, before anything moves: what has not spoken yet, and the −12 V that
  /// a controller keeps until it has heard of the station, get longer than what somebody must do something about.
  var patience: Duration {
    switch self {
    case .clientGone, .stopping: .zero
    case .pilotSilent, .safetyInputSilent, .residualCurrentSilent, .vehicle(.f): OutputToggle.hearing
    case .vehicle, .safetyInput, .residualCurrentTripped: OutputToggle.patience
    }
  }

  package var text: String {
    switch self {
    case .vehicle(.b), .vehicle(.c), .vehicle(.d): "a vehicle is there, or the pilot's wiring is wrong"
    case .vehicle(let state):
      "the pilot shows state \("\(state)".uppercased()), not A as with nothing plugged in: look at its wiring"
    case .pilotSilent: "the pilot is not measured, so nobody knows whether a vehicle is there"
    case .safetyInput(let kind): "\(kind.rawValue) is active"
    case .safetyInputSilent(let kind): "\(kind.rawValue) is not read"
    case .residualCurrentTripped: "the residual current monitor has tripped"
    case .residualCurrentSilent: "the residual current monitor is not read"
    case .clientGone: "who asked for it has gone"
    case .stopping: "the hardware test ends"
    }
  }
}

/// The one safety rule of the hardware test. It stands alone between an installer and the mains, for no permit is asked:
///
/// **An output is moved only while the pilot of its connector was measured within the pilot's silence time and shows state
/// A, every safety input of its EVSE and of the station is read and inactive, and its residual current monitor is read and
/// has not tripped.** It is held in every cycle, not only before. A contactor is closed for `longestClick` at most, by the
/// control thread's own clock; one output moves at a time; when the client's connection ends, the output goes back.
package enum HardwareTestRule {
  package static let longestClick = Duration.seconds(1)

  /// What the rule looks at.
  package struct View: Sendable, Equatable {
    package var pilot: PilotMeasurement?
    package var isPilotAlive: Bool
    package var inputs: [Input] = []
    /// Nil without a monitor.
    package var residualCurrent: ResidualCurrent?

    package struct Input: Sendable, Equatable {
      package var kind: SafetyInputKind
      /// Nil while it is not read.
      package var isActive: Bool?

      package init(kind: SafetyInputKind, isActive: Bool?) {
        self.kind = kind
        self.isActive = isActive
      }
    }

    package enum ResidualCurrent: Sendable, Equatable { case good, tripped, silent }

    package init(pilot: PilotMeasurement?, isPilotAlive: Bool) {
      self.pilot = pilot
      self.isPilotAlive = isPilotAlive
    }
  }

  /// - Parameter testsMonitor: the residual current monitor is what is tested: that it trips is what is wanted.
  package static func refusal(
    _ view: View, at now: MonotonicInstant, timing: TimingTable, thresholds: PilotThresholds,
    testsMonitor: Bool = false
  ) -> HardwareTestRefusal? {
    guard view.isPilotAlive, let pilot = view.pilot, now - pilot.takenAt <= timing.pilotSilence else {
      return .pilotSilent
    }
    let state = thresholds.state(at: pilot.positivePeak, present: .a)
    guard state == .a else { return .vehicle(state) }
    for input in view.inputs {
      guard let isActive = input.isActive else { return .safetyInputSilent(input.kind) }
      if isActive { return .safetyInput(input.kind) }
    }
    switch view.residualCurrent {
    case .silent?: return .residualCurrentSilent
    case .tripped? where !testsMonitor: return .residualCurrentTripped
    case .tripped?, .good?, nil: return nil
    }
  }
}

import ChargerBase
import HAL

/// The station's emergency stop, door, tilt and mains contacts, named by their place in the configuration. An input of
/// one EVSE speaks for that EVSE, one without for the whole station.
///
/// A tilted post stays a fault until service has looked at it; the others last as long as their contact is active. That
/// an emergency stop outlasts its release, until the vehicle has left, is kept with each connector.
package struct SafetyInputs: Hashable, Sendable {
  private struct Input: Hashable, Sendable {
    let configuration: SafetyInputConfiguration
    var presence: DriverPresence
    /// Nil until it was first read, and while its driver is silent.
    var isActive: Bool?
    /// Was active, and service has not cleared it.
    var isLatched = false

    func concerns(_ evse: EVSEID) -> Bool { configuration.evse == nil || configuration.evse == evse }
  }

  /// Inputs beyond these are not there; the board profile refuses them.
  package static let capacity = 32

  private var inputs: [Input]

  package init(_ configuration: [SafetyInputConfiguration], at now: MonotonicInstant) {
    inputs = configuration.prefix(Self.capacity).map { Input(configuration: $0, presence: DriverPresence(at: now)) }
  }

  package mutating func take(_ state: SafetyInputState, input place: Int) {
    guard inputs.indices.contains(place), inputs[place].presence.hear() else { return }
    inputs[place].isActive = state.isActive
    if state.isActive && inputs[place].configuration.kind == .tilt { inputs[place].isLatched = true }
  }

  package mutating func setAlive(_ alive: Bool, input place: Int, at now: MonotonicInstant) {
    guard inputs.indices.contains(place), inputs[place].presence.setAlive(alive, at: now) else { return }
    inputs[place].isActive = nil
  }

  /// Finds inputs that were never read; call it after every input and at `deadlines`.
  package mutating func evaluate(at now: MonotonicInstant, timing: TimingTable) {
    for place in inputs.indices { inputs[place].presence.evaluate(at: now, silence: timing.safetyInputSilence) }
  }

  /// Clears what service clears for an EVSE and, as it is there anyway, for the whole station; what is active or unknown
  /// stays.
  package mutating func clearFaults(for evse: EVSEID, includingStation: Bool = true) {
    for place in inputs.indices where inputs[place].concerns(evse) && inputs[place].isActive == false {
      guard includingStation || inputs[place].configuration.evse != nil else { continue }
      inputs[place].isLatched = false
    }
  }

  /// The faults that the inputs mean for one EVSE.
  package func faults(for evse: EVSEID) -> FaultSet {
    var found = FaultSet()
    for input in inputs where input.concerns(evse) {
      if !input.presence.isAlive { found.insert(FaultSet(.safetyInputSilent)) }
      guard input.isActive == true || input.isLatched else { continue }
      switch input.configuration.kind {
      case .emergencyStop: found.insert(FaultSet(.emergencyStop))
      case .door: found.insert(FaultSet(.doorOpen))
      case .tilt: found.insert(FaultSet(.tilted))
      case .mainsLoss: found.insert(FaultSet(.mainsLost))
      }
    }
    return found
  }

  /// Every input that concerns the EVSE has been read and speaks: before that no energy may flow.
  package func areReadable(for evse: EVSEID) -> Bool {
    inputs.allSatisfy { !$0.concerns(evse) || $0.presence.isReadable }
  }

  /// No mains contact that concerns the EVSE shows the mains missing. One that is silent or was not read yet shows
  /// nothing: that is its own fault, and no return of the mains when it ends.
  package func isMainsPresent(for evse: EVSEID) -> Bool {
    inputs.allSatisfy { !$0.concerns(evse) || $0.configuration.kind != .mainsLoss || $0.isActive != true }
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    for input in inputs { input.presence.deadlines(&soonest, silence: timing.safetyInputSilence) }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast() {
    for place in inputs.indices { inputs[place].presence.forgetPast() }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    for place in inputs.indices { inputs[place].presence.visitInstants(visit) }
  }
}

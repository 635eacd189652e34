import ChargerBase

/// Contacts that say whether energy may flow.
public enum SafetyContact: String, Sendable, CaseIterable {
  case emergencyStop, door, tilt
  /// Active while a phase behind the contactor is missing.
  case mainsLoss
}

/// What a socket's proximity contact measures.
public enum ProximityContact: Sendable, Equatable {
  /// No plug, or a broken wire.
  case open
  case resistance(Resistance)
}

/// One safety contact and whether somebody has pushed, opened or tilted it.
struct SimulatedSafetyContact: Sendable, Equatable {
  let configuration: WorldSafetyContact
  /// Of emergency stop, door and tilt: somebody's hand. The mains contact shows the mains.
  var isActivated = false
  var isSilent = false
}

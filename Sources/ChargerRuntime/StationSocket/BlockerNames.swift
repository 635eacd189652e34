import EVSEControl

/// Names of what keeps energy from flowing, as `station.status` tells them.
enum BlockerNames {
  static let all: [(blocker: EnergyBlockers, name: String)] = [
    (.noVehicle, "noVehicle"), (.vehicleNotReady, "vehicleNotReady"), (.noPermit, "noPermit"),
    (.permitExpired, "permitExpired"), (.energyBudgetUsed, "energyBudgetUsed"), (.faulted, "faulted"),
    (.inoperative, "inoperative"), (.limitBelowMinimum, "limitBelowMinimum"), (.driverSilent, "driverSilent"),
    (.ventilationMissing, "ventilationMissing"), (.contactorMoving, "contactorMoving"),
    (.shuttingDown, "shuttingDown"), (.otherConnectorInUse, "otherConnectorInUse"),
    (.lockNotConfirmed, "lockNotConfirmed"), (.residualCurrentUntested, "residualCurrentUntested"),
    (.startDelayed, "startDelayed"), (.mainsReturning, "mainsReturning"), (.phasesSwitching, "phasesSwitching"),
    (.cableUnknown, "cableUnknown"), (.wakingVehicle, "wakingVehicle"),
    (.digitalCommunication, "digitalCommunication"), (.paused, "paused"), (.simplifiedVehicle, "simplifiedVehicle"),
  ]

  static func names(of blockers: EnergyBlockers) -> [String] {
    all.filter { blockers.contains($0.blocker) }.map(\.name)
  }
}

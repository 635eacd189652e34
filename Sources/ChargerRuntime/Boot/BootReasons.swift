import OCPPTypes

/// BootNotification's reason from the way in which the run before ended; a Reset by the CSMS is known to the engine.
enum BootReasons {
  static func reason(_ end: PreviousEnd) -> BootReason {
    switch end {
    case .none, .powerCut: .powerUp
    case .clean: .localReset
    case .watchdog: .watchdog
    case .crash: .applicationReset
    }
  }
}

import ChargerBase
import OCPPTypes

/// Somebody with a master pass stands at the display.
struct MasterPassChoice: Equatable {
  var token: IdToken
  var until: MonotonicInstant
}

// C16: a token whose group is AuthCtrlr.MasterPassGroupId ends transactions, everybody's, and starts none. Where the
// driver can choose on a display it asks which; elsewhere it ends all of them (C16.FR.01, .02).
//
// Whether a token is one is found out as for every token: by the list, the cache or the CSMS (C16.FR.04, .05).
extension SessionController {
  /// How long the display asks.
  static let masterPassTime = Duration.seconds(60)

  func isMasterPass(_ group: IdToken) -> Bool {
    let master = services.deviceModel.text(.masterPassGroupId)
    return !master.isEmpty && group.idToken.lowercased() == master.lowercased()
  }

  /// An accepted token of the group; C16.FR.03: it starts nothing.
  func masterPassPresented(_ token: IdToken, feedbackAt likely: EVSEID?) {
    let running = runningTransactions
    guard !running.isEmpty else {
      closeMasterPass()
      return notify(.rejected(.notAtThisTime), at: likely)
    }
    guard services.configuration.hasDisplayChoice else {
      for evse in running { endByMasterPass(token, at: evse) }
      return
    }
    masterPass = MasterPassChoice(token: token, until: services.now + Self.masterPassTime)
    services.show(.chooseWhatToStop(running), at: nil)
    // The reader's EVSE shows again what it is about.
    if let likely, let place = place(of: likely) { settle(place) }
  }

  func chosenOnDisplay(_ choice: DisplayChoice) {
    guard let token = masterPass?.token else { return }
    let running = runningTransactions
    switch choice {
    case .evse(let evse):
      // What has ended in the meantime is not asked about again; another choice may follow.
      guard running.contains(evse) else { return }
      closeMasterPass()
      endByMasterPass(token, at: evse)
    case .everyEVSE:
      closeMasterPass()
      for evse in running { endByMasterPass(token, at: evse) }
    case .cancel: closeMasterPass()
    }
  }

  func expireMasterPass(at now: MonotonicInstant) {
    guard let masterPass, masterPass.until <= now else { return }
    closeMasterPass()
  }

  private func closeMasterPass() {
    guard masterPass != nil else { return }
    masterPass = nil
    services.show(.chooseWhatToStop([]), at: nil)
  }

  private var runningTransactions: [EVSEID] {
    slots.map { $0.machine }.filter { $0.transaction != nil && $0.transaction?.pendingEnd == nil }.map { $0.evse }
  }

  /// C16.FR.07: as in E07, with a reason of its own, whatever had befallen the transaction before.
  private func endByMasterPass(_ token: IdToken, at evse: EVSEID) {
    endNotice(at: evse)
    run(evse) { machine, context in
      machine.transaction?.stopReason = nil
      return machine.stop(SessionCause(.stopAuthorized, .masterPass, token: token), context)
    }
  }
}

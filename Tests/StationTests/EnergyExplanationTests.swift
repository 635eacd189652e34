import ChargerBase
import EVSEControl
import HAL
import OCPPCore
import Testing

@testable import Station

@Suite("Why is it not charging?")
struct EnergyExplanationTests {
  /// Every blocker that EnergyBlockers names; another bit makes the test below fail.
  private static let blockers: [(blocker: EnergyBlockers, code: String)] = [
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

  @Test("DESIGN §5 Every condition that blocks energy has a sentence of its own", arguments: 0..<23)
  func everyBlocker(_ bit: Int) throws {
    let row = try #require(Self.blockers.first { $0.blocker.rawValue == 1 << UInt32(bit) })
    let answer = ExplanationBench(row.blocker).answer
    #expect(!answer.isCharging && answer.current == nil)
    #expect(answer.reasons.map(\.code) == [row.code])
    #expect(answer.reasons.allSatisfy { !$0.text.isEmpty && !$0.remedy.isEmpty })
    for other in Self.blockers where other.code != row.code {
      #expect(ExplanationBench(other.blocker).text != answer.reasons.first?.text)
    }
  }

  @Test("DESIGN §5 Every fault is told with what helps and how it ends", arguments: ControlFault.allCases)
  func everyFault(_ fault: ControlFault) throws {
    let reason = try #require(
      ExplanationBench([.faulted, .noPermit, .driverSilent], faults: FaultSet(fault)).answer.reasons.first)
    let entry = FaultCatalogue.entry(for: fault)
    #expect(reason.code == "\(fault)" && reason.text == entry.text)
    #expect(reason.remedy == "\(entry.remedy) \(entry.ending)")
    #expect(reason.name("technicianCode") == entry.technicianCode)
    #expect(reason.name("component") == entry.component)
  }

  @Test("While energy flows there is nothing to explain but the current")
  func charging() {
    let answer = ExplanationBench.charging(offered: Current(amperes: 16), measured: nil).answer
    #expect(answer.isCharging && answer.reasons.isEmpty && answer.current != nil)
  }

  @Test("Before the control lane has spoken the answer says so")
  func starting() {
    let answer = EnergyExplanation(
      evse: EVSEID(1), connectors: [], context: ExplanationContext(now: ExplanationBench.now))
    #expect(answer.reasons.map(\.code) == ["starting"])
  }

  // MARK: The chain

  private static let chains: [(blockers: EnergyBlockers, codes: [String])] = [
    // A free post: neither lock nor cable nor test is anybody's business.
    ([.noVehicle, .noPermit, .lockNotConfirmed, .cableUnknown, .residualCurrentUntested], ["noVehicle", "noPermit"]),
    // B1 without a permit: the vehicle was not asked.
    ([.vehicleNotReady, .noPermit], ["noPermit"]),
    ([.inoperative, .noPermit, .noVehicle], ["inoperative", "noVehicle", "noPermit"]),
    ([.shuttingDown, .noPermit, .vehicleNotReady], ["shuttingDown", "noPermit"]),
    ([.limitBelowMinimum, .vehicleNotReady, .paused], ["paused", "limitBelowMinimum"]),
    ([.mainsReturning, .contactorMoving], ["mainsReturning"]),
    ([.mainsReturning, .noVehicle, .noPermit], ["noVehicle", "noPermit", "mainsReturning"]),
    (
      [.lockNotConfirmed, .residualCurrentUntested, .startDelayed, .vehicleNotReady],
      ["startDelayed", "lockNotConfirmed", "residualCurrentUntested"]
    ),
    ([.permitExpired, .noPermit], ["permitExpired"]),
    ([.phasesSwitching, .contactorMoving], ["phasesSwitching"]),
    ([], ["settling"]),
  ]

  @Test("What must be mended first comes first, and what cannot be judged yet is left out", arguments: chains)
  func order(_ blockers: EnergyBlockers, _ codes: [String]) {
    #expect(ExplanationBench(blockers).codes == codes)
  }

  @Test("Faults come before everything that a driver could do, the worst of them first")
  func faultsFirst() {
    let bench = ExplanationBench(
      [.faulted, .noPermit, .vehicleNotReady], faults: [FaultSet(.meterSilent), FaultSet(.residualCurrent)])
    #expect(bench.codes == ["residualCurrent", "meterSilent", "noPermit"])
  }

  @Test("A connector in use speaks for its EVSE, else one with a fault, else the first")
  func speaker() {
    let free = ExplanationBench([.noVehicle, .noPermit]).snapshot
    func second(_ blockers: EnergyBlockers, _ faults: FaultSet = []) -> ConnectorSnapshot {
      var snapshot = ExplanationBench(blockers, faults: faults).snapshot
      snapshot.connector = ConnectorID(evse: EVSEID(1), number: 2)
      return snapshot
    }
    func speaker(_ other: ConnectorSnapshot) -> Int32? {
      EnergyExplanation(
        evse: EVSEID(1), connectors: [free, other], context: ExplanationContext(now: ExplanationBench.now)
      ).connector
    }
    #expect(speaker(second([.noPermit])) == 2)
    #expect(speaker(second([.noVehicle, .faulted], FaultSet(.contactorWelded))) == 2)
    #expect(speaker(second([.noVehicle, .noPermit])) == 1)
  }

  // MARK: Permits

  @Test("DESIGN §4: while nothing can be billed the driver is told so")
  func cannotBill() {
    #expect(ExplanationBench(.noPermit).with { $0.context.canBill = false }.codes == ["outboxFull", "noPermit"])
  }

  @Test("The link: not reachable, and why; not registered, and with which answer")
  func link() {
    let down = ExplanationBench(.noPermit).with {
      $0.context.link = LinkStatus(lastFailure: "connection refused")
    }
    #expect(down.codes == ["noPermit", "linkDown"])
    #expect(down.answer.reasons.last?.name("lastFailure") == "connection refused")
    let pending = ExplanationBench(.noPermit).with {
      $0.context.link = LinkStatus(isConnected: true, registration: .pending)
    }
    #expect(pending.codes == ["noPermit", "notRegistered"])
    #expect(pending.answer.reasons.last?.text.contains("Pending") == true)
    #expect(ExplanationBench(.paused).with { $0.context.link = LinkStatus() }.codes == ["paused"])
  }

  @Test(
    "Without a permit the answer is what the session waits for",
    arguments: [
      (DriverFeedback.authorizing, "authorizing"), (.rejected(.blocked), "notAuthorized"), (.finished, "sessionEnded"),
      (.reserved, "reserved"), (.presentToken, "noPermit"), (.accepted, "preparing"), (.preparing, "preparing"),
    ])
  func session(_ feedback: DriverFeedback, _ code: String) {
    #expect(ExplanationBench(.noPermit).with { $0.context.feedback = feedback }.codes == [code])
  }

  @Test("Who was accepted and has not plugged in is waited for, and for nobody else")
  func waitingForVehicle() {
    for hasTransaction in [false, true] {
      let bench = ExplanationBench([.noVehicle, .noPermit]).with {
        $0.context.feedback = .plugIn
        $0.context.hasOpenTransaction = hasTransaction
        $0.context.link = LinkStatus()
      }
      #expect(bench.codes == ["waitingForVehicle"])
    }
    #expect(ExplanationBench([.noVehicle, .noPermit]).codes == ["noVehicle", "noPermit"])
  }

  @Test("C13, C15: while the CSMS is away the answer says which cards are taken, and who has refused one")
  func offline() {
    func text(_ known: Bool, _ unknown: Bool) -> String {
      ExplanationBench(.noPermit).with {
        $0.context.link = LinkStatus()
        $0.context.offlineRules = OfflineRules(acceptsKnownTokens: known, acceptsUnknownTokens: unknown)
      }.answer.reasons.last?.text ?? ""
    }
    #expect(text(true, false).hasSuffix("meanwhile cards that the station knows are accepted, unknown ones refused."))
    #expect(text(true, true).hasSuffix("and unknown ones too until it is back."))
    #expect(text(false, false).hasSuffix("no card is accepted, known or not."))
    let refused = ExplanationBench(.noPermit).with {
      $0.context.link = LinkStatus()
      $0.context.feedback = .rejected(.unknown)
    }
    #expect(refused.text.contains("by the station, which decides alone"))
    let online = ExplanationBench(.noPermit).with { $0.context.feedback = .rejected(.concurrentTx) }
    #expect(online.answer.reasons.first?.remedy == "The card is charging elsewhere: end that session first.")
  }

  @Test("A transaction that runs without energy is told from one that was never begun")
  func barred() {
    let bench = ExplanationBench(.noPermit).with { $0.context.hasOpenTransaction = true }
    #expect(bench.codes == ["notAuthorized"])
    #expect(bench.text == "The running session is not authorized, or no longer.")
  }

  @Test("A reset that waits for its moment is told")
  func reset() {
    #expect(
      ExplanationBench(.noPermit).with { $0.context.isResetPending = true }.codes == ["resetPending", "noPermit"])
  }
}

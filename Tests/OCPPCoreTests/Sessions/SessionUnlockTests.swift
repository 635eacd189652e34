import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("Who may have the cable")
struct SessionUnlockTests {
  private func ask(_ bench: SessionBench, evse: Int32 = 1, connector: Int32 = 1) throws -> UnlockConnectorResponse? {
    let payload = UnlockConnectorRequest(evseId: evse, connectorId: connector).encode(version: .v201)
    return try bench.call(.unlockConnector, payload)
      .map { try UnlockConnectorResponse.decode($0[...], version: .v201) }
  }

  // MARK: UnlockConnector

  @Test(
    "TC_F_05_CS TC_F_06_CS TC_F_07_CS TC_F_10_CS F05.FR.02–FR.06 T-43 Unlocking: never in an authorized transaction")
  func unlock() throws {
    let bench = SessionBench()
    #expect(try ask(bench, connector: 2)?.status == .unknownConnector)
    #expect(try ask(bench, evse: 7)?.status == .unknownConnector)
    #expect(try ask(bench)?.status == .unlocked, "F05.FR.06 without a cable too")
    bench.plugIn()
    bench.tap("CARD")
    #expect(try ask(bench)?.status == .ongoingAuthorizedTransaction)
    #expect(bench.isGranted())
  }

  @Test("F05.FR.05 What has no lock of the station's is not unlocked, and the answer says why")
  func nothingToUnlock() throws {
    let fixed = SessionBench(hasFixedCable: true)
    let answer = try #require(try ask(fixed))
    #expect(answer.status == .unlockFailed && answer.statusInfo?.reasonCode == "FixedCable")
    #expect(!fixed.engine.actions.contains(.unlock(fixed.connector(1))))
    let bench = SessionBench()
    bench.unlockOutcome = .noLock
    #expect(try ask(bench)?.status == .unlockFailed)
  }

  @Test("F05.FR.04 F05.FR.05 Unlocked is said only when the lock has confirmed it")
  func truthful() throws {
    let bench = SessionBench()
    bench.unlockOutcome = .failed
    let answer = try #require(try ask(bench))
    #expect(answer.status == .unlockFailed && answer.statusInfo?.additionalInfo == "the lock did not move")
  }

  @Test("F05.FR.01 F05.FR.05 A lock that does not answer has not unlocked: the reply comes at its deadline, once")
  func silent() throws {
    let bench = SessionBench()
    bench.unlockOutcome = nil
    let payload = UnlockConnectorRequest(evseId: 1, connectorId: 1).encode(version: .v201)
    let first = bench.openCall(.unlockConnector, payload)
    bench.wait(14)
    let second = bench.openCall(.unlockConnector, payload)
    #expect(first.answers.isEmpty && second.answers.isEmpty)
    #expect(bench.engine.actions.filter { $0 == .unlock(bench.connector(1)) }.count == 1, "one command for both")
    bench.wait(2)
    // The lock answers after all: too late for anybody.
    bench.tell(.unlocked(bench.connector(1), number: bench.engine.unlockNumber, .unlocked, at: bench.engine.now))
    bench.settle()
    for call in [first, second] {
      #expect(call.answers.count == 1)
      let answer = try UnlockConnectorResponse.decode(try #require(call.answers.first)[...], version: .v201)
      #expect(answer.status == .unlockFailed)
    }
  }

  @Test("An answer with another number, or of another connector, is nobody's")
  func strangers() throws {
    let bench = SessionBench(evseCount: 2)
    bench.unlockOutcome = nil
    let call = bench.openCall(
      .unlockConnector, UnlockConnectorRequest(evseId: 1, connectorId: 1).encode(version: .v201))
    let number = bench.engine.unlockNumber
    bench.tell(.unlocked(bench.connector(1), number: number &+ 1, .unlocked, at: bench.engine.now))
    bench.tell(.unlocked(bench.connector(2), number: number, .unlocked, at: bench.engine.now))
    bench.settle()
    #expect(call.answers.isEmpty)
    bench.tell(.unlocked(bench.connector(1), number: number, .unlocked, at: bench.engine.now))
    bench.settle()
    #expect(call.answers.count == 1)
  }

  // MARK: Cables that wait for their owner

  private func kept(_ bench: SessionBench) -> Bool {
    for case .keepLocked(_, let isKept) in bench.engine.actions.reversed() { return isKept }
    return false
  }

  @Test("E09.FR.02 With the ordinary settings no cable is kept: the lock follows the permit")
  func ordinary() {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.plugOut()
    bench.wait(3)
    #expect(!bench.engine.actions.contains(.keepLocked(bench.connector(1), true)))
    #expect(bench.engine.actions.contains(.unlock(bench.connector(1))))
  }

  @Test("TC_E_25_CS E09.FR.03 Pulled at the vehicle, the cable stays locked until its owner shows his card")
  func heldForOwner() {
    let bench = SessionBench([(.unlockOnEVSideDisconnect, "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    #expect(kept(bench), "told before the vehicle leaves: afterwards the lock would have opened")
    bench.plugOut()
    bench.wait(3)
    #expect(bench.last?.kind == .ended && kept(bench))
    bench.tap("OTHER")
    bench.wait(3)
    #expect(kept(bench), "another driver's card does not open it")
    #expect(!bench.engine.actions.contains(.unlock(bench.connector(1))))
    bench.tap("CARD")
    #expect(bench.engine.actions.contains(.unlock(bench.connector(1))))
    #expect(!kept(bench))
    #expect(bench.last?.kind == .ended, "the card has fetched the cable and begun nothing")
  }

  @Test("E09.FR.01 A vehicle that is plugged in again is charged by its owner's card, and its cable let go at the end")
  func pluggedInAgain() {
    let bench = SessionBench([(.unlockOnEVSideDisconnect, "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.plugOut()
    bench.wait(3)
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.isGranted() && !bench.engine.actions.contains(.unlock(bench.connector(1))))
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.engine.actions.contains(.unlock(bench.connector(1))) && !kept(bench), "E06.FR.10")
  }

  @Test("E10.FR.01 While a transaction waits for its vehicle the cable stays locked until the driver's card")
  func suspended() {
    let bench = SessionBench([(.txStopPoint, "Authorized"), (.stopTxOnEVSideDisconnect, "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    bench.plugOut()
    bench.wait(30)
    #expect(kept(bench) && bench.last?.kind != .ended)
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.last?.kind == .ended && !kept(bench))
    #expect(bench.engine.actions.contains(.unlock(bench.connector(1))))
  }

  @Test("E05.FR.11 After a refusal by the CSMS the cable stays locked until its owner presents his token")
  func refused() throws {
    let bench = SessionBench([(.stopTxOnInvalidId, "true")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    let started = try #require(bench.events.first { $0.token != nil })
    bench.csmsAnswers(started, IdTokenInfo(status: .blocked))
    bench.wait(3)
    #expect(bench.last?.stoppedReason == .deAuthorized && kept(bench))
    #expect(!bench.engine.actions.contains(.unlock(bench.connector(1))))
    bench.tap("CARD")
    #expect(bench.engine.actions.contains(.unlock(bench.connector(1))) && !kept(bench))
  }

  @Test("E06.FR.10 The plug of a session that has begun already is not let go for the one before it")
  func nextSession() {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    // The former transaction waits for its last reading while the next driver is already there.
    bench.metersAreSilent = true
    bench.plugOut()
    bench.plugIn()
    bench.tap("OTHER")
    bench.wait(30)
    #expect(bench.story.filter { $0.hasPrefix("Ended") }.count == 1)
    #expect(bench.isGranted(), "the second session has its energy")
  }

  @Test("A cable that was freed by hand, or by the CSMS, is held for nobody")
  func freed() throws {
    for isByHand in [true, false] {
      let bench = SessionBench([(.unlockOnEVSideDisconnect, "false")])
      bench.plugIn()
      bench.tap("CARD")
      bench.wait(3)
      bench.plugOut()
      bench.wait(3)
      if isByHand {
        bench.tell(.lock(bench.connector(1), isLocked: false, at: bench.engine.now))
        bench.settle()
      } else {
        #expect(try ask(bench)?.status == .unlocked)
      }
      #expect(!kept(bench))
      bench.tap("CARD")
      bench.plugIn()
      bench.wait(3)
      #expect(bench.isGranted(), "the card begins a session again")
    }
  }
}

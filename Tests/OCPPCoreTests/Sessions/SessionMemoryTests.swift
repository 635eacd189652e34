import ChargerBase
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("Drivers and cables that survive a kill")
struct SessionMemoryTests {
  @Test("C01.FR.26: An accepted card charges after a kill, for the rest of EVConnectionTimeOut and no longer")
  func acceptedCard() {
    for (away, isInTime) in [(20, true), (80, false)] {
      for reason in [BootReason.applicationReset, .powerUp] {
        let bench = SessionBench([(.evConnectionTimeOut, "60")])
        bench.tap("CARD")
        #expect(bench.engine.lastShown(at: 1) == .plugIn)
        bench.kill(reason: reason, away: .seconds(away))
        bench.wait(2)
        bench.plugIn()
        bench.wait(2)
        #expect(bench.isGranted() == isInTime, "\(away) s, \(reason)")
        #expect(bench.events.first?.token?.idToken == (isInTime ? "CARD" : nil))
        if isInTime { bench.plugOut() }
        bench.wait(3)
        #expect(!bench.disk.documents.contains { $0.kind == .session }, "nothing is left")
      }
    }
    let late = SessionBench([(.evConnectionTimeOut, "60")])
    late.tap("CARD")
    late.wait(30)
    late.kill(away: .seconds(10))
    late.wait(25)
    late.plugIn()
    #expect(!late.isGranted(), "the time began with the card, not with the restart")
  }

  @Test("A driver is shown that he may plug in only when that is durable")
  func durableFirst() {
    let bench = SessionBench()
    bench.engine.holdsCommits = true
    bench.tap("CARD")
    #expect(bench.engine.lastShown(at: 1) != .plugIn)
    bench.engine.holdsCommits = false
    bench.settle()
    #expect(bench.engine.lastShown(at: 1) == .plugIn)
  }

  @Test("A card for several EVSEs finds the one that is plugged in after a kill")
  func undecidedDriver() {
    let bench = SessionBench(evseCount: 2, [(.evConnectionTimeOut, "60")])
    bench.tap("CARD")
    bench.wait(10)
    bench.kill()
    bench.wait(2)
    bench.plugIn(2)
    bench.wait(2)
    #expect(bench.isGranted(2) && !bench.isGranted(1))
    bench.plugIn(1)
    #expect(!bench.isGranted(1), "one card, one vehicle")
  }

  @Test(
    "F01.FR.25, F02.FR.21: An accepted remote start survives a kill with its id, and expires with EVConnectionTimeOut"
  )
  func remoteStart() {
    for (away, isInTime) in [(20, true), (80, false)] {
      let bench = SessionBench([(.evConnectionTimeOut, "60")])
      #expect(bench.remoteStart("APP", id: 7, evse: 1)?.status == .accepted)
      bench.kill(away: .seconds(away))
      bench.wait(2)
      bench.plugIn()
      bench.wait(2)
      #expect(bench.isGranted() == isInTime)
      #expect(bench.events.first?.remoteStartID == (isInTime ? 7 : nil))
      #expect(bench.events.first?.trigger == (isInTime ? .remoteStart : nil))
      guard !isInTime else { continue }
      bench.tap("CARD")
      #expect(bench.events.first?.trigger == .authorized && bench.events.first?.remoteStartID == nil)
    }
  }

  @Test("F01.FR.01: A remote start whose token was being asked about is asked about again when the link is back")
  func remoteStartInQuestion() {
    let bench = SessionBench()
    bench.plugIn()
    bench.engine.holdsCommits = true
    let payload = RequestStartTransactionRequest(
      idToken: IdToken(idToken: "APP", type: .iso14443), remoteStartId: 9, evseId: 1
    ).encode(version: .v201)
    let call = bench.openCall(.requestStartTransaction, payload)
    #expect(call.answers.isEmpty, "answered when it is durable")
    bench.engine.commitNext()
    #expect(call.answers.count == 1)
    bench.engine.isOnline = false
    bench.kill()
    bench.wait(2)
    #expect(!bench.isGranted() && bench.events.isEmpty)
    bench.engine.isOnline = true
    bench.sessions.onlineChanged(true)
    bench.wait(2)
    #expect(bench.engine.asked == ["APP"])
    #expect(bench.isGranted())
    #expect(bench.events.first?.remoteStartID == 9)
    bench.plugOut()
    bench.wait(3)
    #expect(!bench.disk.documents.contains { $0.kind == .session })
  }

  @Test("F03.FR.07: A remote stop that the CSMS was told of is done, whenever the program dies")
  func remoteStop() throws {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(10)
    let id = try #require(bench.sessions.transactionID(at: EVSEID(1)))
    bench.metersAreSilent = true
    bench.engine.holdsCommits = true
    let call = bench.openCall(
      .requestStopTransaction, RequestStopTransactionRequest(transactionId: id).encode(version: .v201))
    #expect(call.answers.isEmpty)
    #expect(!bench.isGranted(), "energy ends at once")
    while bench.engine.hasWaitingCommits, call.answers.isEmpty { bench.engine.commitNext() }
    #expect(call.answers.count == 1)
    bench.metersAreSilent = false
    bench.kill()
    bench.wait(3)
    #expect(bench.story.last == "Ended/RemoteStop")
    #expect(bench.last?.stoppedReason == .remote)
  }

  @Test("E09.FR.03, T-24: A cable that is kept for its owner stays his over a kill")
  func keptCable() {
    let bench = SessionBench([(.unlockOnEVSideDisconnect, "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    bench.plugOut()
    bench.wait(3)
    #expect(bench.last?.kind == .ended)
    bench.kill()
    bench.wait(2)
    #expect(bench.engine.actions.contains(.keepLocked(bench.connector(1), true)))
    #expect(!bench.engine.actions.contains(.unlock(bench.connector(1))))
    bench.tap("OTHER")
    #expect(!bench.engine.actions.contains(.unlock(bench.connector(1))))
    bench.tap("CARD")
    #expect(bench.engine.actions.contains(.unlock(bench.connector(1))))
    bench.wait(1)
    let left = bench.disk.documents.filter { $0.kind == .session }
    #expect(left.allSatisfy { SessionMemory(stored: $0.body, evse: EVSEID(1))?.heldCable == nil })
  }

  @Test("E10.FR.01, T-25: The cable of a transaction that waits for its vehicle stays locked over a kill")
  func waitingTransaction() {
    let bench = SessionBench([(.txStopPoint, "Authorized"), (.stopTxOnEVSideDisconnect, "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    bench.plugOut()
    bench.wait(3)
    bench.kill()
    #expect(bench.engine.actions.contains(.keepLocked(bench.connector(1), true)))
    bench.wait(120)
    #expect(bench.last?.kind == .updated, "it waits")
    bench.plugIn()
    bench.wait(3)
    #expect(bench.isGranted())
  }

  @Test("Where no driver is asked for, an ended session does not begin anew by a restart; the next vehicle's does")
  func finishedSession() throws {
    let bench = SessionBench([(.authorizationEnabled, "false")])
    bench.plugIn()
    bench.wait(5)
    let id = try #require(bench.sessions.transactionID(at: EVSEID(1)))
    #expect(bench.remoteStop(id)?.status == .accepted)
    bench.wait(3)
    bench.kill()
    bench.wait(3)
    #expect(!bench.isGranted() && bench.events.count { $0.kind == .started } == 1)
    bench.plugOut()
    bench.plugIn()
    bench.wait(2)
    #expect(bench.isGranted())
  }

  @Test("What is read is what was written; bytes of another kind are nobody's driver")
  func stored() {
    var memory = SessionMemory()
    memory.driver = SessionAuthorization(
      token: IdToken(idToken: "A", type: .iso14443), groupToken: IdToken(idToken: "G", type: .central),
      remoteStartID: 5, reason: .remoteStart)
    memory.nextDriver = SessionAuthorization(token: IdToken(idToken: "B", type: .local))
    memory.expiry = EventTime(
      boot: BootNumber(rawValue: 3), instant: .zero + .seconds(9), wall: WallTime(millisecondsSinceEpoch: 77))
    memory.heldCable = HeldCable(
      connector: ConnectorID(evse: EVSEID(1), number: 2),
      owner: SessionAuthorization(token: IdToken(idToken: "C", type: .eMAID)), wasRefused: true)
    memory.finishedConnector = 2
    #expect(SessionMemory(stored: memory.stored, evse: EVSEID(1)) == memory)
    #expect(SessionMemory(stored: [0xFF, 0xFF, 0xFF], evse: EVSEID(1)) == nil)
    #expect(StoredDriver.read([0x0A, 0x03, 0xFF, 0xFF, 0xFF], limit: 4).isEmpty)
  }
}

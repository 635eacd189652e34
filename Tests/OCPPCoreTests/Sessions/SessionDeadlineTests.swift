import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("When the session controller must be called next")
struct SessionDeadlineTests {
  private func token(_ text: String) -> SessionAuthorization {
    SessionAuthorization(token: IdToken(idToken: text, type: .iso14443))
  }

  /// Each alone, with the deadline asked for before: whatever else a turn changes does not help.
  @Test(
    "What comes up, and what goes, moves the deadline at once: drivers, remote starts, unlocks, a master pass, EVSEs")
  func eachAlone() {
    let bench = SessionBench()
    let sessions = bench.sessions
    let idle = sessions.nextDeadline
    let soon = bench.engine.now + .milliseconds(10)
    let evses = [EVSEID(1)]
    #expect(idle > soon)

    sessions.undecided = [UndecidedDriver(authorization: token("A"), evses: evses, until: soon)]
    #expect(sessions.nextDeadline == soon)
    sessions.undecided = []
    #expect(sessions.nextDeadline == idle)

    sessions.remoteStarts = [RemoteStart(authorization: token("B"), evses: evses, until: soon, isAsked: false)]
    #expect(sessions.nextDeadline == soon)
    sessions.remoteStarts[0].isAsked = true
    #expect(sessions.nextDeadline == idle)
    sessions.remoteStarts = []

    sessions.pendingUnlocks = [
      PendingUnlock(number: 1, connector: ConnectorID(evse: EVSEID(1), number: 1), calls: [], until: soon)
    ]
    #expect(sessions.nextDeadline == soon)
    sessions.pendingUnlocks = []
    #expect(sessions.nextDeadline == idle)

    sessions.masterPass = MasterPassChoice(token: token("C").token, until: soon)
    #expect(sessions.nextDeadline == soon)
    sessions.masterPass?.until = soon + .milliseconds(5)
    #expect(sessions.nextDeadline == soon + .milliseconds(5))
    sessions.masterPass = nil
    #expect(sessions.nextDeadline == idle)

    sessions.slots[0].notice = (.presentToken, soon)
    #expect(sessions.nextDeadline == soon)
    sessions.slots[0].notice = nil
    #expect(sessions.nextDeadline == idle)
    sessions.slots[0].machine.nextUpdate = soon
    #expect(sessions.nextDeadline == soon)
    sessions.slots[0].machine.nextUpdate = nil
    #expect(sessions.nextDeadline == idle)
  }
}

import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("The plug is locked while energy may flow")
struct LockIntegrationTests {
  private func bench(_ station: (inout ControlConfiguration) -> Void = { _ in }) -> Bench {
    Bench(
      Bench.station(
        connector: {
          $0.cable = .socket
          $0.hasLock = true
        }, station: station))
  }

  private func answers(_ bench: Bench) -> [UnlockResult] {
    bench.facts.compactMap { if case .unlocked(_, _, let result, _) = $0 { result } else { nil } }
  }

  @Test("A permit locks the plug; offer and closing wait until its position contact confirms it")
  func lockedBeforeClosing() {
    let bench = bench()
    bench.vehicle(9)
    bench.vehicle(6)
    #expect(bench.locks.isEmpty)
    bench.grant()
    #expect(bench.locks.last?.position == .locked)
    #expect(bench.snapshot().blockers.contains(.lockNotConfirmed))
    #expect(bench.snapshot().details.isLockWanted)
    bench.run(for: .milliseconds(199))
    #expect(bench.snapshot().pilotOutput == .steadyPositive && bench.closings == 0)
    #expect(bench.phases() == [.connected])
    bench.run(for: .milliseconds(10))
    #expect(bench.isClosed())
    #expect(bench.snapshot().details.lock == .locked)
    #expect(bench.facts.contains { if case .lock(Bench.one, .locked, _) = $0 { true } else { false } })
  }

  @Test("Without a permit the plug is let go, but not before the contactor is confirmed open")
  func unlockedAfterOpening() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(1))
    bench.contactorFollows = false
    bench.revoke()
    bench.vehicle(9)
    #expect(!bench.isClosed())
    #expect(bench.locks.last?.position == .locked)
    bench.feedback(.open)
    #expect(bench.locks.last?.position == .unlocked)
  }

  @Test("A welded contactor keeps the plug, and a command to unlock it fails")
  func welded() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(1))
    bench.contactorFollows = false
    bench.feed(.command(.unlock(Bench.one, number: 5)))
    bench.vehicle(9)
    bench.run(for: .seconds(60))
    #expect(bench.plugs == [.locked])
    #expect(answers(bench) == [.failed])
    #expect(bench.snapshot().faults.contains(.contactorWelded))
  }

  @Test("A command to unlock ends the permit, waits for the contactor, drives and answers once")
  func unlockCommand() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(1))
    bench.feed(.command(.unlock(Bench.one, number: 5)))
    #expect(bench.snapshot().permit == nil)
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.plugs == [.locked])
    bench.run(for: .seconds(7))
    #expect(bench.plugs == [.unlocked])
    #expect(answers(bench) == [.unlocked])
    #expect(!bench.isClosed())
  }

  @Test("A lock that does not let go is told as failed after its attempts; the next command tries again")
  func unlockFails() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(1))
    bench.locksFollow = false
    bench.feed(.command(.unlock(Bench.one, number: 5)))
    bench.run(for: .seconds(20))
    #expect(answers(bench) == [.failed])
    #expect(bench.has(.lockFailure, active: true))
    bench.locksFollow = true
    bench.feed(.command(.unlock(Bench.one, number: 6)))
    bench.run(for: .seconds(2))
    #expect(answers(bench) == [.failed, .unlocked])
  }

  @Test("Without a lock the answer is immediate, and the session goes on")
  func noLock() {
    let bench = Bench()
    bench.charge()
    bench.feed(.command(.unlock(Bench.one, number: 5)))
    #expect(answers(bench) == [.noLock])
    bench.run(for: .seconds(10))
    #expect(bench.isClosed())
  }

  @Test(
    "Opened by hand while energy flows: the contactor opens in the same call, and the fault stays until the vehicle leaves"
  )
  func openedByHand() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(5))
    bench.lock(.unlocked)
    #expect(!bench.isClosed())
    #expect(bench.has(.lockFailure, active: true))
    bench.lock(.locked)
    bench.run(for: .seconds(60))
    #expect(!bench.isClosed())
    bench.vehicle(12)
    bench.run(for: .seconds(2))
    #expect(bench.has(.lockFailure, active: false))
  }

  @Test("G05.FR.01 A lock that does not catch: three attempts, then a fault, no energy")
  func doesNotCatch() {
    let bench = bench()
    bench.locksFollow = false
    bench.charge()
    bench.run(for: .seconds(20))
    #expect(bench.locks.filter { $0.position == .locked }.count == 3)
    #expect(bench.closings == 0)
    #expect(bench.has(.lockFailure, active: true))
    #expect(bench.phases().last == .suspendedByStation)
  }

  @Test("A silent lock driver opens at once")
  func silent() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(1))
    bench.silence(.lock(connector: 0))
    #expect(!bench.isClosed())
    #expect(bench.has(.lockDriverSilent, active: true))
  }

  @Test(
    "When the mains is lost the plug is let go as soon as the contactor is open, and is locked again with its return")
  func mainsLoss() {
    let bench = bench {
      $0.safetyInputs = [SafetyInputConfiguration(kind: .mainsLoss)]
      $0.timing.mainsReturnSpread = .zero
    }
    bench.charge()
    bench.run(for: .seconds(1))
    bench.safety(0, true)
    #expect(!bench.isClosed())
    #expect(bench.plugs == [.locked])
    bench.run(for: .seconds(1))
    #expect(bench.plugs == [.unlocked])
    bench.safety(0, false)
    bench.run(for: .seconds(3))
    #expect(bench.plugs == [.locked] && bench.isClosed())
  }

  @Test("In state E the plug is let go once the contactor is open; in state F of the station after 5 s")
  func statesEAndF() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(1))
    bench.vehicle(0)
    bench.run(for: .seconds(1))
    #expect(bench.plugs == [.unlocked])
    let other = self.bench()
    other.charge()
    other.run(for: .seconds(1))
    other.feed(.command(.setOperative(Bench.one, false)))
    other.vehicle(9)
    #expect(other.snapshot().pilotOutput == .steadyNegative)
    let since = other.now
    other.run(until: since + .milliseconds(4_500))
    #expect(other.plugs == [.locked])
    other.run(for: .seconds(2))
    #expect(other.plugs == [.unlocked])
  }

  @Test("After a start a locked plug stays locked for the moment in which a session that goes on gets its permit back")
  func afterStart() {
    let configuration = bench().control.configuration
    var control = StationControl(configuration: configuration, startingAt: .zero)
    var effects = ControlEffects(for: configuration)
    var commands: [LockPosition] = []
    func feed(_ input: ControlInput, _ milliseconds: Int64) {
      effects.removeAll()
      control.handle(input, at: MonotonicInstant(nanoseconds: milliseconds * 1_000_000), into: &effects)
      if let lock = effects.outputs[0].lock { commands.append(lock) }
    }
    feed(.contactorFeedback(connector: 0, ContactorFeedback(position: .open, takenAt: .zero)), 1)
    feed(.lockFeedback(connector: 0, LockFeedback(position: .locked, takenAt: .zero)), 2)
    let measurement = PilotMeasurement(positivePeak: Voltage(volts: 9), negativePeak: nil, takenAt: .zero)
    feed(.pilot(connector: 0, measurement), 3)
    feed(.time, 4_999)
    #expect(commands.isEmpty)
    feed(.time, 5_000)
    #expect(commands == [.unlocked])
  }
}

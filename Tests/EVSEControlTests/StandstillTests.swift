import ChargerBase
import EVSEControl
import HAL
import Testing

/// The program was stopped, or its machine stood still, and the board's dead-man has acted meanwhile.
@Suite("After a standstill of the control lane")
struct StandstillTests {
  @Test("What the dead-man has opened is commanded open at once, is no stuck contactor, and the session goes on")
  func openedByDeadMan() {
    let bench = Bench()
    bench.charge()
    bench.run(for: .seconds(5))
    #expect(bench.isClosed())
    bench.standStill(for: .seconds(60))
    #expect(!bench.isClosed())
    bench.contacts[0] = .open
    bench.readAnew()
    bench.run(for: .seconds(15))
    #expect(bench.isClosed())
    #expect(!bench.has(.contactorStuck, active: true))
    #expect(bench.has(.contactorDriverSilent, active: true) && bench.has(.contactorDriverSilent, active: false))
  }

  @Test("A contactor whose time to close passed meanwhile was not seen in time; that says nothing about it")
  func whileClosing() {
    let bench = Bench()
    bench.contactorFollows = false
    bench.charge()
    #expect(bench.isClosed())
    bench.standStill(for: .seconds(60))
    #expect(!bench.isClosed())
    bench.contactorFollows = true
    bench.readAnew()
    bench.run(for: .seconds(15))
    #expect(bench.isClosed())
    #expect(!bench.has(.contactorStuck, active: true))
  }

  @Test("One that is closed still, though commanded open, is welded")
  func welded() {
    let bench = Bench()
    bench.charge()
    bench.run(for: .seconds(5))
    bench.contactorFollows = false
    bench.standStill(for: .seconds(60))
    bench.readAnew()
    bench.run(for: .seconds(15))
    #expect(!bench.isClosed())
    #expect(bench.has(.contactorWelded, active: true))
  }

  @Test("A phase switch that the dead-man has let go is told anew, with nothing offered before, and has not failed")
  func phaseSwitch() throws {
    let bench = Bench(Bench.station(evse: { $0.hasPhaseSwitch = true }))
    bench.charge()
    bench.run(for: .seconds(20))
    #expect(bench.isClosed())
    bench.phaseCommands.removeAll()
    bench.pilots.removeAll()
    bench.standStill(for: .seconds(60))
    bench.contacts[0] = .open
    bench.readAnew(phases: .one)
    bench.run(for: .seconds(20))
    #expect(!bench.has(.phaseSwitchFailure, active: true))
    let moved = try #require(bench.phaseCommands.first)
    #expect(moved.phases == .three)
    let offered = try #require(bench.pilots.first { $0.output.offersCurrent })
    #expect(offered.at >= moved.at + .seconds(5))
    #expect(bench.isClosed() && bench.snapshot().details.phases == 3)
  }

  @Test("A driver that does not speak again stays silent, and nothing closes")
  func staysSilent() {
    let bench = Bench()
    bench.charge()
    bench.standStill(for: .seconds(60))
    bench.readAnew()
    bench.silence(.contactor(connector: 0))
    bench.run(for: .seconds(60))
    #expect(!bench.isClosed())
  }
}

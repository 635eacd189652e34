import ChargerBase
import EVSEControl
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

@Suite("The whole station: limits, gates and locks, and why it does not charge")
struct ExplainedGateStories {
  private static let place = WholeStation.connector(1)

  @Test("An external limit of 0 A suspends the session, and tells who has set it; lifted, the session goes on")
  func externalLimit() throws {
    let station = try EquippedStation.charging()
    station.station?.command(.setLimit(EVSEID(1), CurrentLimit(.external, owner: "ems", .perPhase(.zero))))
    #expect(station.run(upTo: .seconds(10)) { !station.isClosed() })
    station.run(for: .seconds(2))
    let reason = try #require(station.explanation()?.reasons.first)
    #expect(reason.code == "limitBelowMinimum")
    #expect(reason.text == "The energy manager \"ems\" allows 0 A, a vehicle needs 6 A.")
    #expect(station.books.first?.entries.last?.request.transactionInfo.chargingState == .suspendedEVSE)
    // 10 A: the limit that wins is told while it charges.
    station.station?.command(
      .setLimit(EVSEID(1), CurrentLimit(.external, owner: "ems", .perPhase(Current(amperes: 10)))))
    #expect(station.run(upTo: .seconds(30)) { station.isClosed() })
    station.run(for: .seconds(10))
    #expect(
      station.explanation()?.current?.text
        == "The vehicle is offered 10 A because the energy manager \"ems\" allows 10 A.")
    station.station?.command(.liftLimit(EVSEID(1), .external, owner: "ems"))
    station.run(for: .seconds(10))
    #expect(station.why() == [] && station.snapshot()?.limitSource != .external)
    #expect(station.books.count == 1 && station.violations == [])
  }

  @Test("A limit to one phase: the EVSE switches over and charges on, and says so")
  func phases() throws {
    let station = try EquippedStation.charging()
    #expect(station.snapshot()?.details.phases == 3)
    station.station?.command(
      .setLimit(EVSEID(1), CurrentLimit(.external, owner: "pv", .perPhase(Current(amperes: 16)), phases: 1)))
    #expect(station.run(upTo: .seconds(20)) { station.why().contains("phasesSwitching") })
    #expect(station.run(upTo: .seconds(60)) { station.isClosed() && station.why().isEmpty }, "\(station.why())")
    station.run(for: .seconds(10))
    #expect(station.snapshot()?.details.phases == 1)
    #expect(station.explanation()?.current?.text.contains("on one phase") == true)
    station.station?.command(.liftLimit(EVSEID(1), .external, owner: "pv"))
    #expect(station.run(upTo: .seconds(90)) { station.snapshot()?.details.phases == 3 && station.isClosed() })
    #expect(station.books.count == 1 && station.violations == [])
  }

  @Test("Paused and resumed at the station")
  func pause() throws {
    let station = try EquippedStation.charging()
    station.station?.command(.pause(Self.place, true))
    #expect(station.run(upTo: .seconds(10)) { !station.isClosed() })
    station.run(for: .seconds(2))
    #expect(station.why() == ["paused"])
    station.station?.command(.pause(Self.place, false))
    #expect(station.run(upTo: .seconds(30)) { station.isClosed() })
    #expect(station.books.count == 1 && station.violations == [])
  }

  @Test("A start delay is told with what is left of it, and lifted by hand")
  func startDelay() throws {
    let station = try EquippedStation.make()
    station.controlConfiguration.randomStartDelay = .seconds(600)
    station.controlConfiguration.randomSeed = 3
    station.start()
    station.plugIn()
    station.tap(evses: [1])
    station.run(for: .seconds(8))
    let reason = try #require(station.explanation()?.reasons.first)
    #expect(reason.code == "startDelayed" && reason.details.contains { $0.name == "remainingS" })
    #expect(!station.isClosed())
    station.station?.command(.startNotBefore(Self.place, nil))
    #expect(station.run(upTo: .seconds(10)) { station.isClosed() }, "\(station.why())")
    #expect(station.violations == [])
  }

  // MARK: Unlocking

  @Test("F05.FR.02 F05.FR.04 F05.FR.05 The CSMS unlocks: not in a session, and with the lock's own word after it")
  func unlock() throws {
    let station = try EquippedStation.charging()
    #expect(station.unlock() == "OngoingAuthorizedTransaction")
    station.tap(evses: [1])
    station.run(for: .seconds(10))
    #expect(station.snapshot()?.details.lock == .unlocked, "E06.FR.10")
    #expect(station.unlock() == "Unlocked")
    #expect(station.violations == [])
  }

  @Test("F05.FR.05 A lock that does not move is not told as unlocked")
  func stiff() throws {
    let station = try EquippedStation.charging()
    station.fault(.lockFailure)
    station.tap(evses: [1])
    station.run(for: .seconds(3))
    let asked = station.clock.now
    #expect(station.unlock() == "UnlockFailed")
    #expect(asked.duration(to: station.clock.now) <= .seconds(16))
    #expect(station.snapshot()?.details.lock == .locked)
    station.fault(.lockFailure, false)
    #expect(station.unlock() == "Unlocked", "\(station.why())")
    #expect(station.violations == [])
  }

  @Test(
    "TC_E_24_CS TC_E_25_CS E09.FR.02 E09.FR.03 Pulled at the car: the lock opens, or waits for its owner's card",
    arguments: [true, false])
  func pulledAtTheCar(_ unlocks: Bool) throws {
    let station = try EquippedStation.charging([
      ("OCPPCommCtrlr", "UnlockOnEVSideDisconnect", unlocks ? "true" : "false")
    ])
    station.hold(.unplugged)
    station.run(for: .seconds(10))
    #expect(station.books.first?.isEnded == true)
    #expect(station.snapshot()?.details.lock == (unlocks ? .unlocked : .locked))
    guard !unlocks else { return }
    station.tap("OTHER", evses: [1])
    station.run(for: .seconds(5))
    #expect(station.snapshot()?.details.lock == .locked)
    station.tap(evses: [1])
    station.run(for: .seconds(5))
    #expect(station.snapshot()?.details.lock == .unlocked)
    #expect(station.violations == [])
  }
}

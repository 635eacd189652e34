import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Times of the station's own sequences (timing table)")
struct SafetySequenceTests {
  static let tables = [TimingTable(), SafetyStation.slower]

  /// A station where a vehicle is connected at the first place, permitted, locked in, tested and offered current.
  private func ready(_ timing: TimingTable) -> Bench {
    let bench = SafetyStation.idle(timing)
    SafetyStation.connect(0, bench)
    bench.run(for: .seconds(5))
    #expect(bench.snapshot().offeredCurrent != nil)
    SafetyStation.forget(bench)
    return bench
  }

  @Test("closeAfterRequest: closed within 3 s of state C under an offer (sequence 4)", arguments: tables)
  func closeAfterRequest(timing: TimingTable) {
    let bench = ready(timing)
    let began = bench.now
    bench.pilotVolts(6)
    bench.run(for: timing.closeAfterRequest)
    #expect(bench.lastContactor().map { $0.position == .closed && $0.at <= began + timing.closeAfterRequest } == true)
    #expect(bench.lastContactor().map { $0.at >= began + timing.pilotFilter } == true)
  }

  @Test(
    "contactorTravel: one that does not close is stuck, and one that does not open is welded, after 250 ms",
    arguments: tables)
  func contactorTravel(timing: TimingTable) {
    let bench = ready(timing)
    bench.contactorFollows = false
    bench.vehicle(6)
    let closed = bench.lastContactor()?.at ?? .zero
    bench.runJustBefore(closed + timing.contactorTravel)
    #expect(bench.isClosed())
    bench.run(for: .milliseconds(1))
    #expect(bench.opened(0) == closed + timing.contactorTravel)
    #expect(bench.snapshot().faults == FaultSet(.contactorStuck))

    let other = SafetyStation.charging(timing)
    other.contactorFollows = false
    other.vehicle(9)
    let opened = other.opened(0) ?? .zero
    other.runJustBefore(opened + timing.contactorTravel)
    #expect(other.snapshot().faults.isEmpty)
    other.run(for: .milliseconds(1))
    #expect(other.snapshot().faults == FaultSet(.contactorWelded))
    #expect(other.snapshot().pilotOutput == .steadyNegative)
  }

  @Test("contactorRest: it does not close again within a second of its opening", arguments: tables)
  func contactorRest(timing: TimingTable) {
    let bench = SafetyStation.charging(timing)
    bench.vehicle(9)
    let opened = bench.opened(0) ?? .zero
    bench.vehicle(6)
    bench.runJustBefore(opened + timing.contactorRest)
    #expect(bench.closings == 0)
    bench.run(for: .milliseconds(1))
    #expect(bench.lastContactor()?.at == opened + timing.contactorRest)
    #expect(bench.isClosed())
  }

  @Test(
    "pilotSettling: after the station has put its offer on the pilot the low part is not judged for 60 ms",
    arguments: tables)
  func pilotSettling(timing: TimingTable) {
    for isOver in [false, true] {
      let bench = SafetyStation.idle(timing)
      bench.plug(ohms: 220)
      bench.run(for: .seconds(1))
      bench.vehicles[0].hasDiode = false
      bench.vehicle(9)
      bench.grant()
      while bench.snapshot().offeredCurrent == nil && bench.now < .zero + .seconds(60) {
        bench.run(for: .milliseconds(1))
      }
      let offered = bench.now
      if isOver {
        bench.run(until: offered + timing.pilotSettling)
      } else {
        bench.runJustBefore(offered + timing.pilotSettling)
      }
      if !isOver { bench.diode(true) }
      bench.run(for: .seconds(1))
      #expect(bench.has(.diodeMissing, active: true) == isOver)
    }
  }

  @Test(
    "lowerOfferAfterLimit and offerRaiseInterval: a lower limit is on the pilot at once, a higher one a second later",
    arguments: tables)
  func offers(timing: TimingTable) {
    let bench = SafetyStation.charging(timing)
    bench.limit(20)
    let lowered = bench.now
    #expect(bench.snapshot().offeredCurrent.map { $0 <= Current(amperes: 20) } == true)
    #expect(bench.pilots.count == 1)
    bench.limit(nil)
    bench.run(for: timing.offerRaiseInterval - .milliseconds(1))
    #expect(bench.pilots.count == 1)
    bench.run(for: .milliseconds(1))
    #expect(bench.pilots.last?.at == lowered + timing.offerRaiseInterval)
    #expect(bench.snapshot().offeredCurrent.map { $0 > Current(amperes: 31) } == true)
    #expect(bench.contactors.isEmpty)
  }

  @Test(
    "vehicleFollowsOffer and overCurrentTime: a vehicle that ignores a lower offer is cut off after both",
    arguments: tables)
  func ignoresLowerOffer(timing: TimingTable) {
    let bench = SafetyStation.charging(timing)
    bench.limit(10)
    let end = bench.now + timing.vehicleFollowsOffer + timing.overCurrentTime
    bench.runJustBefore(end)
    #expect(bench.contactors.isEmpty)
    bench.run(for: .milliseconds(1))
    #expect(bench.opened(0) == end)
    #expect(bench.snapshot().faults == FaultSet(.overCurrent))
    #expect(bench.opened(1) == nil)

    let other = SafetyStation.charging(timing)
    other.limit(10)
    other.run(for: timing.vehicleFollowsOffer - .milliseconds(1))
    other.draw(10)
    other.run(for: .seconds(60))
    #expect(other.contactors.isEmpty)
  }

  @Test(
    "overCurrentTolerance and its percentage: what is within the larger of both is drawn for ever",
    arguments: [(32, 35), (16, 17), (6, 7)] as [(Int64, Int64)])
  func overCurrentTolerance(offer: Int64, drawn: Int64) {
    let bench = SafetyStation.charging()
    bench.draw(6)
    bench.limit(offer)
    bench.run(for: .seconds(10))
    bench.draw(drawn)
    bench.run(for: .seconds(600))
    #expect(bench.contactors.isEmpty)
    bench.draw(drawn + 1)
    bench.run(for: .seconds(5))
    #expect(bench.has(.overCurrent, active: true))
    #expect(!bench.isClosed())
  }

  @Test(
    "lockTravel, lockRetryPause and lockAttempts: three attempts, then the fault, and never an offer", arguments: tables
  )
  func lock(timing: TimingTable) {
    let bench = SafetyStation.idle(timing)
    bench.locksFollow = false
    bench.plug(ohms: 220)
    bench.run(for: .seconds(1))
    SafetyStation.forget(bench)
    bench.vehicle(9)
    bench.grant()
    let began = bench.locks.first?.at ?? bench.now
    let attempt = timing.lockTravel + timing.lockRetryPause
    bench.runJustBefore(began + attempt * 2 + timing.lockTravel)
    #expect(bench.locks.map(\.position) == [.locked, .locked, .locked])
    #expect(bench.locks.map(\.at) == [began, began + attempt, began + attempt * 2])
    #expect(bench.snapshot().faults.isEmpty)
    bench.run(for: .milliseconds(1))
    #expect(bench.snapshot().faults == FaultSet(.lockFailure))
    bench.vehicle(6)
    bench.run(for: .seconds(60))
    #expect(bench.closings == 0)
    #expect(!bench.pilots.contains { $0.output.offeredCurrent != nil })
  }

  @Test(
    "unlockAfterStateF: the plug is let go after the pilot was −12 V for 5 s, in state E at once, never under voltage",
    arguments: tables)
  func unlock(timing: TimingTable) {
    let bench = SafetyStation.charging(timing)
    bench.vehicle(-12)
    let began = (bench.opened(0) ?? .zero)
    bench.runJustBefore(began + timing.unlockAfterStateF)
    #expect(bench.locks.isEmpty)
    bench.run(for: .milliseconds(1))
    #expect(bench.locks.map(\.position) == [.unlocked])
    let short = SafetyStation.charging(timing)
    short.vehicle(0)
    #expect(short.locks.map(\.position) == [.unlocked])
    #expect(short.locks.first.map { $0.at > short.opened(0) ?? .distantFuture } == true)
    #expect(bench.takeViolations() + short.takeViolations() == [])
  }

  @Test(
    "residualCurrentTestTrip and residualCurrentTestRecovery: each failure is found after its time, and nothing closes",
    arguments: [true, false], tables)
  func residualCurrentTest(trips: Bool, timing: TimingTable) {
    let bench = SafetyStation.idle(timing)
    bench.testsTrip = trips
    bench.resetsFree = false
    bench.plug(ohms: 220)
    bench.run(for: .seconds(1))
    bench.testCurrents.removeAll()
    bench.vehicle(9)
    bench.grant()
    let began = bench.testCurrents.first { $0.isOn }?.at ?? .distantFuture
    // The bench's monitor trips 30 ms after the test current.
    let end =
      trips ? began + .milliseconds(30) + timing.residualCurrentTestRecovery : began + timing.residualCurrentTestTrip
    bench.runJustBefore(end)
    #expect(bench.snapshot().faults.isEmpty)
    bench.run(for: .milliseconds(1))
    #expect(bench.snapshot().faults == FaultSet(.residualCurrentTest))
    #expect(bench.testCurrents.last?.isOn == false)
    bench.vehicle(6)
    bench.run(for: .seconds(60))
    #expect(bench.closings == 0)
  }

  @Test("A test comes before every session, with the contactor open, and energy only after it")
  func testBeforeEachSession() {
    let bench = SafetyStation.idle()
    for session in 1...3 {
      bench.testCurrents.removeAll()
      SafetyStation.forget(bench)
      SafetyStation.connect(0, bench)
      bench.vehicle(6)
      bench.run(for: .seconds(5))
      #expect(bench.testCurrents.map(\.isOn) == [true, false], "session \(session)")
      let closed = bench.contactors.first { $0.position == .closed }?.at
      #expect(closed.map { $0 > bench.testCurrents[1].at } == true)
      bench.vehicle(12)
      bench.plug(ohms: nil)
      bench.run(for: .seconds(5))
    }
  }

  @Test("voltageRecovery: energy comes back 10 s after the voltage", arguments: tables)
  func voltageRecovery(timing: TimingTable) {
    let bench = SafetyStation.charging(timing)
    bench.voltage(270)
    bench.run(for: timing.voltageFault + .milliseconds(100))
    bench.voltage(230)
    let began = bench.now
    bench.run(for: timing.voltageRecovery - .milliseconds(1))
    #expect(bench.snapshot().faults == FaultSet(.overVoltage))
    #expect(bench.closings == 0)
    bench.run(for: .milliseconds(1))
    #expect(bench.snapshot().faults.isEmpty)
    bench.run(for: .seconds(3))
    #expect(bench.lastContactor().map { $0.position == .closed && $0.at >= began + timing.voltageRecovery } == true)
  }

  @Test(
    "proximitySilence: a vehicle without a cable by its contact is a fault after 2 s, and is never offered current",
    arguments: tables)
  func noCable(timing: TimingTable) {
    let bench = SafetyStation.idle(timing)
    bench.pilotVolts(9)
    bench.grant()
    let began = bench.now + timing.pilotFilter
    bench.runJustBefore(began + timing.proximitySilence)
    #expect(bench.snapshot().faults.isEmpty)
    bench.run(for: .milliseconds(1))
    #expect(bench.snapshot().faults == FaultSet(.proximityInvalid))
    bench.vehicle(6)
    bench.run(for: .seconds(60))
    #expect(bench.closings == 0)
    #expect(!bench.pilots.contains { $0.output.offeredCurrent != nil })
  }

  @Test(
    "mainsReturnSpread: after the mains is back each EVSE closes at a time of its own within 10 s", arguments: tables)
  func mainsReturn(timing: TimingTable) {
    let bench = SafetyStation.charging(timing)
    bench.safety(.stationMains, true)
    bench.drawn = [.zero, .zero]
    bench.run(for: .seconds(60))
    #expect(bench.locks.contains { $0.position == .unlocked }, "the plug can be had without mains")
    let began = bench.now
    bench.safety(.stationMains, false)
    bench.run(for: timing.mainsReturnSpread + .seconds(5))
    let closings = bench.contactors.filter { $0.position == .closed && $0.at >= began }
    #expect(closings.count == 2)
    #expect(closings.map(\.at).max() != closings.map(\.at).min())
  }

  @Test(
    "phaseSwitchRest and phaseSwitchTravel: no move within 5 s of the opening, no offer within 5 s of the move",
    arguments: tables)
  func phaseSwitch(timing: TimingTable) throws {
    let bench = SafetyStation.charging(timing)
    bench.phaseCommands.removeAll()
    bench.drawn[0] = .zero
    var one = CurrentLimit(.external, .perPhase(Current(amperes: 16)))
    one.phases = 1
    bench.feed(.command(.setLimit(EVSEID(1), one)))
    bench.run(for: .seconds(1))
    bench.vehicle(9)
    let opened = try #require(bench.opened(0))
    bench.run(for: .seconds(60))
    let moved = try #require(bench.phaseCommands.first)
    #expect(moved.phases == .one)
    // The contactor's own contact shows it open 20 ms after the command.
    #expect(moved.at == opened + .milliseconds(20) + timing.phaseSwitchRest)
    let offered = bench.pilots.first { $0.output.offeredCurrent != nil && $0.at > moved.at }?.at
    #expect(offered.map { $0 >= moved.at + timing.phaseSwitchRest } == true)
    #expect(bench.takeViolations().isEmpty)

    bench.phasesFollow = false
    bench.phaseCommands.removeAll()
    bench.feed(.command(.liftLimit(EVSEID(1), .external, owner: "")))
    bench.run(for: .seconds(3))
    while bench.phaseCommands.isEmpty && bench.now < .zero + .seconds(600) { bench.run(for: .milliseconds(10)) }
    let stuck = try #require(bench.phaseCommands.first).at
    bench.runJustBefore(stuck + timing.phaseSwitchTravel)
    #expect(bench.snapshot().faults.isEmpty)
    bench.run(for: .milliseconds(1))
    #expect(bench.snapshot().faults == FaultSet(.phaseSwitchFailure))
  }

  @Test(
    "A shared supply that falls: offers fit within 5 s, and an EVSE that still draws too much is opened in the table's time"
  )
  func supplyFalls() {
    var configuration = SafetyStation.configuration()
    configuration.sharedSupply = Current(amperes: 64)
    let bench = Bench(configuration)
    bench.run(for: .seconds(30))
    for place in 0...1 {
      SafetyStation.connect(place, bench)
      bench.vehicle(6, at: place)
      bench.draw(30, evse: place)
      bench.run(for: .seconds(30))
    }
    SafetyStation.forget(bench)
    let began = bench.now
    bench.feed(
      .command(.setLimit(.station, CurrentLimit(.external, .perPhase(Current(amperes: 20))))))
    bench.draw(10, evse: 1)
    bench.run(for: TimingTable().lowerOfferAfterLimit)
    let offers = (0...1).map { bench.snapshot($0).offeredCurrent ?? .zero }
    #expect(offers[0] + offers[1] <= Current(amperes: 20))
    bench.run(for: .seconds(20))
    let latest = began + TimingTable().vehicleFollowsOffer + TimingTable().overCurrentTime
    #expect(bench.opened(0).map { $0 <= latest } == true)
    #expect(bench.opened(1) == nil)
  }

  @Test("Every entry of the timing table is named by a test of this suite or by one of the rows")
  func everyEntry() {
    let sequences: Set = [
      "closeAfterRequest", "contactorTravel", "contactorRest", "pilotSettling", "lowerOfferAfterLimit",
      "offerRaiseInterval", "vehicleFollowsOffer", "overCurrentTime", "overCurrentTolerance",
      "overCurrentTolerancePercent", "lockTravel", "lockRetryPause", "lockAttempts", "unlockAfterStateF",
      "residualCurrentTestTrip", "residualCurrentTestRecovery", "voltageRecovery", "proximitySilence",
      "mainsReturnSpread", "phaseSwitchRest", "phaseSwitchTravel", "openUnderLoadAfterWithdrawal",
    ]
    // Fairness between EVSEs, no rule of safety: SharedSupplyTests.
    let fairness: Set = ["supplyTurn", "supplyLendAfter"]
    let rows = Set(SafetyRow.all.flatMap { [$0.entry] + ($0.filter.map { [$0] } ?? []) })
    let silences = Set(SafetyTimingTests.drivers.map(\.1))
    let covered = sequences.union(fairness).union(rows).union(silences)
    let entries = Set(Mirror(reflecting: TimingTable()).children.compactMap(\.label))
    #expect(entries.subtracting(covered) == [])
    #expect(covered.subtracting(entries) == [])
    let changed = TimingTable().durations.count + 3
    #expect(changed == entries.count, "the slower table changes every time")
  }
}

import ChargerBase
import EVSEControl
import HAL
import Testing

/// The sequences of IEC 61851-1:2017 Annex A, Table A.6, one after the other. Numbers and times as far as they are cited
/// in public (8.1: 100 ms, 4: 3 s, 10.2: 6 s); those of 1, 3, 5 to 7, 9, 11 and 12 are *unverified*, their times are the
/// timing table's.
@Suite("IEC 61851-1 Annex A, sequence by sequence")
struct AnnexATests {
  /// A vehicle's voltage for each state that it can show.
  private static let volts: [(PilotState, Int64)] = [(.b, 9), (.c, 6), (.d, 3)]

  private func opening(_ bench: Bench, since edge: MonotonicInstant) -> Duration {
    let last = bench.lastContactor()
    return last?.position == .open ? (last?.at ?? .distantFuture) - edge : .seconds(1_000)
  }

  @Test("1 connected, A1 to B1: told within 100 ms, the pilot stays steady without a permit")
  func connected() {
    let bench = Bench()
    bench.vehicle(9)
    #expect(bench.snapshot().pilotState == .b)
    #expect(bench.pilots.isEmpty)
    #expect(bench.snapshot().blockers == [.vehicleNotReady, .noPermit])
  }

  @Test("1 connected under a permit, A1 to B2: offered as soon as it is connected, not before")
  func connectedWithPermit() {
    let bench = Bench()
    bench.grant()
    bench.run(for: .seconds(1))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.vehicle(9)
    #expect(bench.snapshot().pilotOutput.offersCurrent)
  }

  @Test(
    "2.1 and 2.2 unplugged from B, C and D, with and without an offer: no signal, no energy, within 100 ms",
    arguments: volts, [true, false])
  func unplugged(from: (state: PilotState, volts: Int64), isOffered: Bool) {
    let bench = Bench(Bench.station(ventilation: true))
    bench.vehicle(9)
    if isOffered { bench.grant() }
    bench.vehicle(from.volts)
    bench.run(for: .seconds(2))
    #expect(bench.snapshot().pilotState == from.state)
    #expect(bench.isClosed() == (isOffered && from.state != .b))
    let edge = bench.now
    bench.vehicle(12)
    if isOffered && from.state != .b { #expect(opening(bench, since: edge) <= .milliseconds(100)) }
    #expect(!bench.isClosed())
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.snapshot().pilotState == .a)
    #expect(
      bench.facts.last { if case .connected = $0 { true } else { false } }
        == .connected(Bench.one, false, at: edge + .milliseconds(30)))
  }

  @Test(
    "3 the station begins to offer, B1 to B2 and C1 to C2: in the call that brings the permit",
    arguments: [9, 6] as [Int64])
  func offerBegins(volts: Int64) {
    let bench = Bench()
    bench.vehicle(9)
    bench.vehicle(volts)
    bench.run(for: .seconds(10))
    bench.grant()
    #expect(bench.pilots.last?.at == bench.now)
    #expect(bench.snapshot().pilotOutput.offersCurrent)
  }

  @Test("4 the vehicle is ready, B2 to C2 and D2: closed within 3 s", arguments: [6, 3] as [Int64])
  func ready(volts: Int64) {
    let bench = Bench(Bench.station(ventilation: true))
    bench.vehicle(9)
    bench.grant()
    bench.run(for: .seconds(1))
    let edge = bench.now
    bench.vehicle(volts)
    #expect(bench.isClosed())
    #expect((bench.lastContactor()?.at ?? .distantFuture) - edge <= .seconds(3))
  }

  @Test("4 ready without an offer, B1 to C1: nothing closes until one is made")
  func readyWithoutOffer() {
    let bench = Bench()
    bench.vehicle(9)
    bench.vehicle(6)
    bench.run(for: .seconds(30))
    #expect(bench.closings == 0)
  }

  @Test("5 the vehicle changes between C2 and D2: with ventilation energy flows on, without it ends at once")
  func ventilationChanges() {
    let ventilated = Bench(Bench.station(ventilation: true))
    ventilated.charge()
    ventilated.vehicle(3)
    ventilated.vehicle(6)
    ventilated.run(for: .seconds(1))
    #expect(ventilated.isClosed() && ventilated.contactors.count == 1)
    let bench = Bench()
    bench.charge()
    let edge = bench.now
    bench.vehicle(3)
    #expect(opening(bench, since: edge) <= .milliseconds(100))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.vehicle(6)
    bench.run(for: .seconds(2))
    #expect(bench.isClosed())
  }

  @Test(
    "6 the station changes its offer, B2 and C2: down in the same call, up after a second; the contactor stays",
    arguments: [9, 6] as [Int64])
  func offerChanges(volts: Int64) {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant()
    bench.vehicle(volts)
    bench.run(for: .seconds(5))
    let contactors = bench.contactors.count
    bench.limit(10)
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 9_996))
    bench.run(for: .seconds(2))
    bench.limit(20)
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 19_998))
    #expect(bench.contactors.count == contactors)
  }

  @Test("7 the vehicle stops while the offer is withdrawn, C1 to B1: opened within 100 ms")
  func stopsWithoutOffer() {
    let bench = Bench()
    bench.charge()
    bench.limit(0)
    bench.run(for: .seconds(3))
    let edge = bench.now
    bench.vehicle(9)
    #expect(opening(bench, since: edge) <= .milliseconds(100))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
  }

  @Test(
    "8.1 the vehicle stops under the offer, C2 and D2 to B2: opened within 100 ms, the offer stays",
    arguments: [6, 3] as [Int64])
  func stops(volts: Int64) {
    let bench = Bench(Bench.station(ventilation: true))
    bench.vehicle(9)
    bench.grant()
    bench.vehicle(volts)
    bench.run(for: .seconds(5))
    let edge = bench.now
    bench.vehicle(9)
    #expect(opening(bench, since: edge) <= .milliseconds(100))
    #expect(bench.snapshot().pilotOutput.offersCurrent)
    #expect(bench.snapshot().permit != nil)
  }

  @Test("9 the station withdraws the offer, B2 to B1: in the same call, and nothing else happens")
  func withdrawnInB() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant()
    bench.run(for: .seconds(5))
    bench.pilots.removeAll()
    bench.revoke()
    #expect(bench.pilots.map(\.output) == [.steadyPositive])
    bench.run(for: .seconds(20))
    #expect(bench.contactors.isEmpty && bench.pilots.count == 1)
  }

  @Test(
    "10.1 the station withdraws the offer and the vehicle follows, C2 to C1 to B1: no current is broken",
    arguments: [1, 3, 5] as [Int64])
  func withdrawnAndFollowed(seconds: Int64) {
    let bench = Bench()
    bench.charge()
    bench.drawn[0] = Current(amperes: 16)
    bench.run(for: .seconds(5))
    bench.revoke()
    bench.drawn[0] = .zero
    bench.run(for: .seconds(seconds))
    #expect(bench.isClosed())
    let edge = bench.now
    bench.vehicle(9)
    #expect(opening(bench, since: edge) <= .milliseconds(100))
    #expect(bench.snapshot().details.contactorOperations == ContactorOperations(withoutLoad: 1, underLoad: 0))
  }

  @Test(
    "10.2 the vehicle does not follow: opened under load 6 s after the withdrawal, in C and in D",
    arguments: [6, 3] as [Int64])
  func withdrawnAndIgnored(volts: Int64) {
    let bench = Bench(Bench.station(ventilation: true))
    bench.vehicle(9)
    bench.grant()
    bench.vehicle(volts)
    bench.drawn[0] = Current(amperes: 16)
    bench.run(for: .seconds(5))
    let withdrawn = bench.now
    bench.revoke()
    bench.run(for: .seconds(20))
    #expect(bench.lastContactor()?.at == withdrawn + .seconds(6))
    #expect(bench.snapshot().details.contactorOperations == ContactorOperations(withoutLoad: 0, underLoad: 1))
    #expect(bench.snapshot().pilotState != .b)
  }

  @Test("10 a vehicle that was cut off may charge again under a new offer")
  func resumed() {
    let bench = Bench()
    bench.charge()
    bench.limit(0)
    bench.run(for: .seconds(10))
    #expect(!bench.isClosed())
    bench.limit(nil)
    bench.run(for: .seconds(2))
    #expect(bench.isClosed())
  }

  @Test("11 state E from B, C and D: X1, opened within 100 ms, a fault while it lasts", arguments: volts)
  func stateE(from: (state: PilotState, volts: Int64)) {
    let bench = Bench(Bench.station(ventilation: true))
    bench.vehicle(9)
    bench.grant()
    bench.vehicle(from.volts)
    bench.run(for: .seconds(2))
    let edge = bench.now
    bench.vehicle(0)
    if from.state != .b { #expect(opening(bench, since: edge) <= .milliseconds(100)) }
    #expect(bench.snapshot().pilotState == .e)
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.snapshot().faults == FaultSet(.pilotShort))
    // The vehicle is still thought to be there: nobody is told that it has left.
    #expect(!bench.facts.contains { if case .connected(_, false, _) = $0 { true } else { false } })
    bench.vehicle(from.volts)
    bench.run(for: .seconds(2))
    #expect(bench.snapshot().faults.isEmpty)
    #expect(bench.snapshot().pilotOutput.offersCurrent)
  }

  @Test("12 state F by the station, from A and B at once, from C2 when no energy flows any more; and back to X1")
  func stateF() {
    for volts: Int64 in [12, 9] {
      let bench = Bench()
      bench.vehicle(volts)
      bench.feed(.command(.setOperative(Bench.one, false)))
      #expect(bench.snapshot().pilotOutput == .steadyNegative)
      bench.run(for: .seconds(5))
      bench.feed(.command(.setOperative(Bench.one, true)))
      #expect(bench.snapshot().pilotOutput == .steadyPositive)
      bench.run(for: .seconds(1))
      #expect(bench.snapshot().pilotState == (volts == 12 ? .a : .b))
      #expect(bench.snapshot().faults.isEmpty)
    }
    let bench = Bench()
    bench.charge()
    let withdrawn = bench.now
    bench.feed(.command(.setOperative(Bench.one, false)))
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.run(until: withdrawn + .milliseconds(6_100))
    #expect(bench.snapshot().pilotOutput == .steadyNegative)
    #expect(bench.control.isAllOpen)
  }
}

@Suite("The whole reason chain")
struct ReasonChainTests {
  @Test("Every condition is told, and each tells whether it opens at once, withdraws first or holds back")
  func categories() {
    let at = EnergyConditions.openingAtOnce
    let first = EnergyConditions.withdrawingFirst
    let held = EnergyConditions.holdingBack
    #expect(at.isDisjoint(with: first) && at.isDisjoint(with: held) && first.isDisjoint(with: held))
    let all = at.union(first).union(held).union(.contactorMoving)
    for bit in UInt32(0)..<23 { #expect(all.contains(EnergyBlockers(rawValue: 1 << bit)), "bit \(bit)") }
  }

  @Test("For every moment without energy there is a reason", arguments: UInt64(101)...104)
  func everyMoment(seed: UInt64) {
    var walk = RandomWalk(seed: seed)
    for step in 0..<400 {
      walk.step()
      for place in walk.granted.indices {
        let snapshot = walk.bench.snapshot(place)
        let flows =
          snapshot.contactorCommand == .closed && snapshot.contactorFeedback == .closed
          && snapshot.pilotOutput.offersCurrent
        guard !flows, snapshot.blockers.isEmpty else { continue }
        Issue.record("seed \(seed), step \(step): no energy at place \(place) and no reason: \(snapshot)")
        return
      }
    }
  }
}

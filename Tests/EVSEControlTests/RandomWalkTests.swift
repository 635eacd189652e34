import ChargerBase
import EVSEControl
import HAL
import Testing

/// Walks at random through inputs and checks the rules of DESIGN §5 after every step.
@Suite("Safety rules on random walks")
struct RandomWalkTests {
  @Test("The safety rules hold after every step of a random walk", arguments: UInt64(1)...20)
  func walk(seed: UInt64) {
    var walk = RandomWalk(seed: seed)
    for step in 0..<1_000 {
      walk.step()
      for violation in walk.violations() {
        Issue.record("seed \(seed), step \(step): \(violation)")
        return
      }
    }
    #expect(walk.closings > 0, "seed \(seed) never charged: the walk proves nothing")
  }

  @Test("A walk repeats exactly from its seed")
  func repeats() {
    var first = RandomWalk(seed: 7)
    var second = RandomWalk(seed: 7)
    for _ in 0..<1_000 {
      first.step()
      second.step()
    }
    #expect(first.bench.facts == second.bench.facts)
  }
}

struct RandomWalk {
  let bench: Bench
  var random: SeededRandom
  var closings: Int { bench.closings }
  private let configuration: ControlConfiguration
  /// The world's own account, independent of the machines.
  private var silentPilots: [Bool]
  private var silentContactors: [Bool]
  private var granted: [EnergyPermit?]
  private var operative: [Bool]
  private var number: UInt32 = 0

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    configuration = Bench.station(
      evses: 2, connectors: seed % 2 == 0 ? 2 : 1, ventilation: seed % 3 == 0, supply: seed % 5 == 0 ? nil : 40,
      policy: seed % 7 < 3 ? .stop : .finishSession)
    bench = Bench(configuration)
    let count = bench.control.connectors.count
    silentPilots = Array(repeating: false, count: count)
    silentContactors = Array(repeating: false, count: count)
    granted = Array(repeating: nil, count: count)
    operative = Array(repeating: true, count: count)
  }

  mutating func step() {
    let place = Int.random(in: 0..<granted.count, using: &random)
    let connector = bench.control.connectors[place]
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<30:
      let volts: [Int64] = [12, 9, 9, 6, 6, 6, 6, 3, 0, -9]
      bench.vehicle(volts.randomElement(using: &random) ?? 12, at: place, settle: false)
    case 30..<50:
      number += 1
      let number = Bool.random(using: &random) ? number : granted[place]?.number ?? number
      let seconds = Int64.random(in: 0...60, using: &random)
      let budget: Int64? = Int.random(in: 0..<4, using: &random) == 0 ? 200 : nil
      bench.grant(connector, number: number, budget: budget, for: .seconds(seconds))
      granted[place] = EnergyPermit(
        number: number, reason: .authorized, energyBudget: nil, expiry: bench.now + .seconds(seconds))
    case 50..<54:
      bench.revoke(connector)
      granted[place] = nil
    case 54..<62:
      let amperes: [Int64?] = [nil, nil, 32, 16, 6, 5, 0, -3]
      let source = LimitSource.allCases.randomElement(using: &random) ?? .external
      bench.limit(amperes.randomElement(using: &random) ?? nil, evse: connector.evse.number, source: source)
    case 62..<66:
      operative[place] = Int.random(in: 0..<4, using: &random) != 0
      bench.feed(.command(.setOperative(connector, operative[place])))
    case 66..<68:
      silentPilots[place].toggle()
      bench.feed(
        .health(.pilot(connector: place), silentPilots[place] ? .silent(since: bench.now) : .alive))
      bench.measure(place)
    case 68..<70:
      silentContactors[place].toggle()
      bench.feed(
        .health(.contactor(connector: place), silentContactors[place] ? .silent(since: bench.now) : .alive))
      bench.feedback(bench.snapshot(place).contactorCommand, at: place)
    case 70: bench.contactorFollows.toggle()
    case 71: bench.metersSpeak.toggle()
    case 72: bench.feedback(Bool.random(using: &random) ? .open : .closed, at: place)
    case 73..<77:
      bench.feedback(.open, at: place)
      bench.feed(.command(.clearLatchedFaults(connector)))
    case 77..<79: bench.vehicles[place].hasDiode.toggle()
    case 79..<83: bench.register = bench.register + Energy(wattHours: 50)
    case 83..<88: heal(place)
    default:
      let spans: [Int64] = [1, 10, 29, 30, 100, 250, 1_000, 3_000, 6_000, 12_000]
      bench.run(for: .milliseconds(spans.randomElement(using: &random) ?? 1))
    }
  }

  /// Service has been there: everything works again, and a vehicle charges.
  private mutating func heal(_ place: Int) {
    let connector = bench.control.connectors[place]
    bench.contactorFollows = true
    bench.metersSpeak = true
    bench.vehicles[place].hasDiode = true
    silentPilots[place] = false
    silentContactors[place] = false
    operative[place] = true
    bench.feed(.health(.pilot(connector: place), .alive))
    bench.feed(.health(.contactor(connector: place), .alive))
    bench.feedback(.open, at: place)
    bench.feed(.command(.clearLatchedFaults(connector)))
    bench.feed(.command(.setOperative(connector, true)))
    for source in LimitSource.allCases { bench.limit(nil, evse: connector.evse.number, source: source) }
    bench.vehicle(12, at: place)
    number += 1
    bench.grant(connector, number: number, for: .seconds(60))
    granted[place] = EnergyPermit(
      number: number, reason: .authorized, energyBudget: nil, expiry: bench.now + .seconds(60))
    bench.vehicle(6, at: place)
    bench.run(for: .seconds(1))
  }

  /// The rules of DESIGN §5 that do not hold now.
  func violations() -> [String] {
    var found: [String] = []
    var offered = Current.zero
    for place in granted.indices {
      let snapshot = bench.snapshot(place)
      let limit = bench.control.limit(of: Int(snapshot.connector.evse.number) - 1).limit
      if let current = snapshot.offeredCurrent {
        offered = offered + current
        if current > limit { found.append("offers \(current) over the limit of \(limit)") }
        if current < Current(amperes: 6) { found.append("offers \(current)") }
        if ![.b, .c, .d].contains(snapshot.pilotState) { found.append("offers in \(snapshot.pilotState)") }
        if snapshot.permit == nil { found.append("offers without a permit") }
      }
      guard snapshot.contactorCommand == .closed else { continue }
      found += violationsWhileClosed(place, snapshot)
    }
    if let supply = configuration.sharedSupply, offered > supply { found.append("offers \(offered) of \(supply)") }
    return found
  }

  private func violationsWhileClosed(_ place: Int, _ snapshot: ConnectorSnapshot) -> [String] {
    var found: [String] = []
    let ventilated = configuration.evses.first?.connectors.first?.hasVentilation == true
    if !(snapshot.pilotState == .c || (snapshot.pilotState == .d && ventilated)) {
      found.append("closed in state \(snapshot.pilotState)")
    }
    if !snapshot.faults.isEmpty { found.append("closed with \(snapshot.faults.faults)") }
    if silentPilots[place] || silentContactors[place] { found.append("closed with a silent driver") }
    if !snapshot.blockers.isDisjoint(with: EnergyConditions.openingAtOnce) {
      found.append("closed although \(snapshot.blockers)")
    }
    let machine = bench.control.machines[place]
    if !snapshot.blockers.isDisjoint(with: EnergyConditions.withdrawingFirst) && snapshot.pilotOutput.offersCurrent {
      found.append("offer not withdrawn although \(snapshot.blockers)")
    }
    if !snapshot.pilotOutput.offersCurrent {
      let since = machine.withdrawnAt.map { bench.now - $0 } ?? .seconds(1_000)
      if since >= .seconds(6) { found.append("closed \(since) after the withdrawal") }
    } else {
      // With an offer there must be a permit that the world remembers having granted.
      guard let permit = granted[place] else { return found + ["energy without a permit"] }
      if bench.now >= permit.expiry && configuration.leaseExpiry == .stop { found.append("energy past the expiry") }
    }
    if machine.pilot.diode != .present { found.append("closed without a diode") }
    let others = bench.control.machines.indices.filter {
      $0 != place && bench.control.connectors[$0].evse == snapshot.connector.evse
    }
    if others.contains(where: { bench.isClosed($0) }) { found.append("two connectors of one EVSE closed") }
    return found
  }
}

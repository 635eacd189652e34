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
    for step in 0..<600 {
      walk.step()
      for violation in walk.violations() {
        Issue.record("seed \(seed), step \(step): \(violation)")
        return
      }
    }
    #expect(walk.closings > 0, "seed \(seed) never charged: the walk proves nothing")
  }

  @Test("What a call decides is decided: the same instant again brings no further output", arguments: UInt64(1)...8)
  func settled(seed: UInt64) {
    var walk = RandomWalk(seed: seed)
    for step in 0..<400 {
      walk.step()
      var control = walk.bench.control
      var effects = ControlEffects(for: control.configuration)
      control.handle(.time, at: walk.bench.now, into: &effects)
      guard effects.isEmpty else {
        Issue.record("seed \(seed), step \(step): \(effects.outputs) \(effects.evseOutputs) \(effects.facts)")
        return
      }
    }
  }

  @Test(
    "Behaviour depends on spans of time alone: shifted by an hour, everything happens an hour later",
    arguments: [2, 4, 6])
  func shifted(seed: UInt64) {
    var walk = RandomWalk(seed: seed)
    let hour = Duration.seconds(3_600)
    for step in 0..<400 {
      walk.step()
      var control = walk.bench.control
      var shifted = control
      shifted.visitInstants { $0 = $0 + hour }
      let deadline = control.nextDeadline
      guard shifted.nextDeadline == deadline + hour else {
        Issue.record("seed \(seed), step \(step): due at \(deadline), shifted \(shifted.nextDeadline)")
        return
      }
      guard deadline < .distantFuture else { continue }
      var effects = ControlEffects(for: control.configuration)
      var shiftedEffects = effects
      control.handle(.time, at: deadline, into: &effects)
      shifted.handle(.time, at: deadline + hour, into: &shiftedEffects)
      let isSame = effects.outputs == shiftedEffects.outputs && effects.evseOutputs == shiftedEffects.evseOutputs
      guard isSame, shifted.nextDeadline == control.nextDeadline + hour || control.nextDeadline == .distantFuture else {
        Issue.record("seed \(seed), step \(step): \(effects.outputs), shifted \(shiftedEffects.outputs)")
        return
      }
    }
  }

  @Test("A walk repeats exactly from its seed")
  func repeats() {
    var first = RandomWalk(seed: 7)
    var second = RandomWalk(seed: 7)
    for _ in 0..<400 {
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
  let configuration: ControlConfiguration
  /// The world's own account, independent of the machines.
  var silentPilots: [Bool]
  var silentContactors: [Bool]
  var granted: [EnergyPermit?]
  var operative: [Bool]
  var number: UInt32 = 0

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    configuration = Bench.station(
      evses: 2, connectors: seed % 2 == 0 ? 2 : 1, ventilation: seed % 3 == 0, supply: seed % 5 == 0 ? nil : 40,
      policy: seed % 7 < 3 ? .stop : .finishSession,
      connector: {
        $0.hasLock = seed % 4 < 2
        $0.hasProximity = seed % 4 == 1
        $0.cable = seed % 4 < 2 ? .socket : .fixed
        $0.hasDigitalCommunication = seed % 3 == 1
        if seed % 5 == 3 { $0.simplifiedVehicleLimit = nil }
      },
      evse: {
        $0.hasResidualCurrentMonitor = seed % 3 != 1
        $0.temperatureSensors = seed % 2 == 0 ? 2 : 0
        $0.hasPhaseSwitch = seed % 4 > 1
      },
      station: {
        if seed % 3 != 2 { $0.safetyInputs = RandomWalk.inputs }
        $0.timing.mainsReturnSpread = seed % 2 == 0 ? .zero : .seconds(4)
        $0.randomStartDelay = seed % 2 == 0 ? .zero : .seconds(3)
        $0.randomSeed = seed
      })
    safety = Array(repeating: false, count: configuration.safetyInputs.count)
    bench = Bench(configuration)
    let count = bench.control.connectors.count
    silentPilots = Array(repeating: false, count: count)
    silentContactors = Array(repeating: false, count: count)
    granted = Array(repeating: nil, count: count)
    operative = Array(repeating: true, count: count)
  }

  /// What the world holds active.
  var safety: [Bool]

  static let inputs = [
    SafetyInputConfiguration(kind: .emergencyStop), SafetyInputConfiguration(kind: .door, evse: EVSEID(1)),
    SafetyInputConfiguration(kind: .tilt), SafetyInputConfiguration(kind: .mainsLoss),
  ]

  mutating func step() {
    if Int.random(in: 0..<4, using: &random) == 0 { return stepInstruments() }
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
    healInstruments(place)
    bench.feed(.command(.clearLatchedFaults(connector)))
    bench.feed(.command(.setOperative(connector, true)))
    for source in LimitSource.allCases { bench.limit(nil, evse: connector.evse.number, source: source) }
    bench.vehicle(12, at: place)
    number += 1
    bench.grant(connector, number: number, for: .seconds(60))
    granted[place] = EnergyPermit(
      number: number, reason: .authorized, energyBudget: nil, expiry: bench.now + .seconds(60))
    bench.vehicle(9, at: place)
    if configuration.evses.first?.connectors.first?.hasProximity == true { bench.plug(ohms: 220, at: place) }
    bench.run(for: .seconds(2))
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
    found += bench.takeViolations()
    if let supply = configuration.sharedSupply, offered > supply { found.append("offers \(offered) of \(supply)") }
    return found
  }

  func violationsWhileClosed(_ place: Int, _ snapshot: ConnectorSnapshot) -> [String] {
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
    found += instrumentViolationsWhileClosed(place, snapshot)
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

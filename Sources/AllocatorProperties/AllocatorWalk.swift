import ChargerBase
import EVSEControl
import HAL

/// One station with random vehicles, limits and supply on a simulated clock, held against the rules of sharing after
/// every step. Everything follows from the seed.
public struct AllocatorWalk {
  /// A broken rule, and the situation in which it was.
  public struct Violation: Sendable, CustomStringConvertible {
    public let seed: UInt64
    public let at: MonotonicInstant
    public let rule: String
    public let situation: String

    public var description: String { "seed \(seed) at \(at.clock): \(rule)\n\(situation)" }
  }

  public let seed: UInt64
  public private(set) var tally = Tally()
  public internal(set) var violation: Violation?

  let scenario: Scenario
  private let longest: Duration
  var random: SeededRandom
  var control: StationControl
  private var effects: ControlEffects
  var now = MonotonicInstant.zero
  var slots: [Slot] = []
  /// The supply's own limits and what they come to.
  private var stationLimits: [Slot.Limit] = []
  var supply: RecentMaximum
  private var supplyChangesAt: MonotonicInstant?
  private var permits: UInt32 = 0

  /// When something outside the station last changed, and how often it did.
  var lastExternalAt = MonotonicInstant.zero
  var externalChanges = 0
  var lastOfferChangeAt = MonotonicInstant.zero
  var offerChanges = 0
  /// Offer changes when the calm account was opened.
  var calmChanges: Int?
  /// The offer of some EVSE went up in this step, over what its vehicle draws.
  var hasRaised = false
  var accountedAt = MonotonicInstant.zero

  static let unlimited: Int64 = 1_000_000_000

  /// The walk of a seed; of its beginning only where `longest` is shorter than it.
  public init(seed: UInt64, longest: Duration = .seconds(86_400)) {
    self.seed = seed
    self.longest = longest
    random = SeededRandom(seed: seed)
    scenario = Scenario(seed: seed, random: &random)
    let configuration = scenario.configuration
    control = StationControl(configuration: configuration, startingAt: .zero)
    effects = ControlEffects(for: configuration)
    supply = RecentMaximum(configuration.sharedSupply?.milliamperes ?? Self.unlimited, at: .zero)
    // The meters hang on one or two buses that are polled every second.
    let offsets = [0, Int64.random(in: 1...999, using: &random)]
    for evse in configuration.evses {
      let offset = offsets.randomElement(using: &random) ?? 0
      slots.append(Slot(evse, at: .zero, firstReading: .zero + .milliseconds(offset)))
    }
    plan()
  }

  private mutating func plan() {
    let isBusy = scenario.changesSupply
    for index in slots.indices {
      slots[index].arrivesAt = now + seconds(1...(isBusy ? 1_200 : 120))
      if isBusy { slots[index].limitAt = now + seconds(60...1_800) }
    }
    if isBusy { supplyChangesAt = now + seconds(120...2_400) }
  }

  func isOver(_ instant: MonotonicInstant?) -> Bool { instant.map { $0 <= now } ?? false }

  mutating func seconds(_ range: ClosedRange<Int64>) -> Duration {
    .milliseconds(Int64.random(in: range.lowerBound * 1_000...range.upperBound * 1_000, using: &random))
  }

  // MARK: Time

  /// Plays the whole scenario, or until a rule is broken.
  public mutating func run() {
    let end = now + min(scenario.duration, longest)
    feed(.time)
    for place in slots.indices {
      feed(.contactorFeedback(connector: place, ContactorFeedback(position: .open, takenAt: now)))
      measure(place)
    }
    while now < end, violation == nil {
      let deadline = control.nextDeadline
      var next = min(end, deadline)
      for index in slots.indices { slots[index].nextEvent(&next) }
      if let supplyChangesAt { next = min(next, supplyChangesAt) }
      now = max(now, next)
      hasRaised = false
      for index in slots.indices { draw(index) }
      if isOver(supplyChangesAt) { changeSupply() }
      for index in slots.indices { happen(index) }
      if next >= deadline { feed(.time) }
      for index in slots.indices { draw(index) }
      check()
    }
    if violation == nil { checkAtEnd() }
    tally.seeds = 1
    tally.simulated = now - MonotonicInstant.zero
    tally.offerChanges = offerChanges
  }

  private mutating func draw(_ index: Int) {
    let isClosed = slots[index].isClosed
    slots[index].vehicle?.step(to: now, isClosed: isClosed)
  }

  private mutating func happen(_ index: Int) {
    if let move = slots[index].movesTo, move.at <= now {
      slots[index].movesTo = nil
      slots[index].isClosed = move.position == .closed
      if slots[index].isClosed { tally.closings += 1 }
      feed(.contactorFeedback(connector: index, ContactorFeedback(position: move.position, takenAt: now)))
    }
    if isOver(slots[index].arrivesAt) { arrive(index) }
    if isOver(slots[index].grantedAt) { grant(index) }
    if isOver(slots[index].appetiteAt) { changeAppetite(index) }
    if isOver(slots[index].leavesAt) { leave(index) }
    if isOver(slots[index].limitAt) { changeLimit(index) }
    if slots[index].vehicle?.switchIfDue(at: now) == true {
      // A vehicle that stops by itself has changed something; one that answers its offer has not.
      measure(index)
    }
    if slots[index].nextReading <= now { read(index) }
  }

  mutating func external() {
    lastExternalAt = now
    externalChanges += 1
  }

  // MARK: Vehicles

  private mutating func arrive(_ index: Int) {
    slots[index].arrivesAt = nil
    tally.sessions += 1
    external()
    slots[index].vehicle = newVehicle()
    slots[index].grantedAt = now + seconds(0...20)
    if scenario.changesSupply {
      slots[index].leavesAt = now + seconds(300...5_400)
      slots[index].appetiteAt = now + seconds(120...2_400)
    } else if scenario.kind == .calm, Int.random(in: 0..<3, using: &random) > 0 {
      // It is full after a while, or begins in earnest only then.
      slots[index].appetiteAt = now + seconds(60...1_800)
      if Bool.random(using: &random) { slots[index].vehicle?.set(appetite: 6_500, at: now) }
    }
    measure(index)
  }

  private mutating func newVehicle() -> Vehicle {
    var manner = Vehicle.Manner.obeys
    if scenario.kind == .unruly {
      switch Int.random(in: 0..<5, using: &random) {
      case 0: manner = .late(.milliseconds(6_000))
      case 1: manner = .ignores
      default: break
      }
    }
    let isEqual = scenario.kind == .equal
    return Vehicle(
      phases: [1, 2, 3, 3].randomElement(using: &random) ?? 3, manner: manner,
      delay: .milliseconds(Int64.random(in: 100...4_950, using: &random)),
      stopDelay: .milliseconds(Int64.random(in: 100...2_900, using: &random)),
      startDelay: .milliseconds(Int64.random(in: 500...8_000, using: &random)),
      appetite: isEqual ? 32_000 : Int64.random(in: 6_500...40_000, using: &random),
      share: isEqual ? 1_000 : Int64.random(in: 920...1_000, using: &random),
      slope: manner == .obeys ? Int64.random(in: 1_000...100_000, using: &random) : 1_000_000, at: now)
  }

  private mutating func grant(_ index: Int) {
    slots[index].grantedAt = nil
    slots[index].isGranted = true
    external()
    permits += 1
    feed(
      .command(
        .grant(
          slots[index].evse.connectors[0].id,
          EnergyPermit(number: permits, reason: .authorized, energyBudget: nil, expiry: now + .seconds(100_000)))))
  }

  /// More, less, or full.
  private mutating func changeAppetite(_ index: Int) {
    slots[index].appetiteAt = nil
    // What ignores its offer changes nothing by itself either: otherwise nobody could know what it will draw.
    guard let vehicle = slots[index].vehicle, vehicle.manner == .obeys else { return }
    external()
    let isFull = scenario.kind == .calm ? vehicle.appetite > 6_500 : Int.random(in: 0..<3, using: &random) == 0
    slots[index].vehicle?.set(appetite: isFull ? 0 : Int64.random(in: 4_000...40_000, using: &random), at: now)
    if scenario.changesSupply { slots[index].appetiteAt = now + seconds(60...2_400) }
  }

  private mutating func leave(_ index: Int) {
    slots[index].leavesAt = nil
    slots[index].appetiteAt = nil
    slots[index].grantedAt = nil
    slots[index].vehicle = nil
    slots[index].isGranted = false
    external()
    measure(index)
    feed(.command(.revoke(slots[index].evse.connectors[0].id)))
    slots[index].arrivesAt = now + seconds(5...1_200)
  }

  // MARK: Limits

  private mutating func newLimit(most: Int64, phases: Int64) -> (CurrentLimit, Slot.Limit) {
    let source = [LimitSource.chargingProfile, .external, .evse, .hardware].randomElement(using: &random) ?? .external
    let owner = ["", "grid", "battery"].randomElement(using: &random) ?? ""
    let expiry: MonotonicInstant? = Bool.random(using: &random) ? now + seconds(1...1_200) : nil
    let isLow = Int.random(in: 0..<4, using: &random) == 0
    let milliamperes = Int64.random(in: isLow ? -1_000...7_000 : 6_000...max(6_001, most), using: &random)
    guard Int.random(in: 0..<4, using: &random) == 0 else {
      let limit = CurrentLimit(source, owner: owner, .perPhase(Current(milliamperes: milliamperes)), expiry: expiry)
      return (limit, Slot.Limit(source: source, owner: owner, most: max(0, milliamperes), expiry: expiry))
    }
    let power = Power(watts: milliamperes * phases * 230 / 1_000)
    // At the lowest voltage that the meters of this world show.
    let highest = max(0, power.milliwatts * 1_000 / (226_000 * phases))
    return (
      CurrentLimit(source, owner: owner, .total(power), expiry: expiry),
      Slot.Limit(source: source, owner: owner, most: highest, expiry: expiry)
    )
  }

  private mutating func changeLimit(_ index: Int) {
    slots[index].limitAt = now + seconds(10...1_800)
    tally.limits += 1
    external()
    if Bool.random(using: &random), let lifted = slots[index].limits.randomElement(using: &random) {
      slots[index].limits.removeAll { $0.source == lifted.source && $0.owner == lifted.owner }
      noteLimits()
      feed(.command(.liftLimit(slots[index].evse.id, lifted.source, owner: lifted.owner)))
      return
    }
    let most = slots[index].evse.maximumCurrent.milliamperes
    let (limit, account) = newLimit(most: most, phases: Int64(slots[index].evse.phases))
    slots[index].limits.removeAll { $0.source == account.source && $0.owner == account.owner }
    slots[index].limits.append(account)
    noteLimits()
    feed(.command(.setLimit(slots[index].evse.id, limit)))
  }

  private mutating func changeSupply() {
    supplyChangesAt = now + seconds(10...2_400)
    tally.supplyChanges += 1
    external()
    if Bool.random(using: &random), let lifted = stationLimits.randomElement(using: &random) {
      stationLimits.removeAll { $0.source == lifted.source && $0.owner == lifted.owner }
      noteLimits()
      feed(.command(.liftLimit(.station, lifted.source, owner: lifted.owner)))
      return
    }
    let (limit, account) = newLimit(most: 24_000 * Int64(slots.count), phases: 3)
    stationLimits.removeAll { $0.source == account.source && $0.owner == account.owner }
    stationLimits.append(account)
    noteLimits()
    feed(.command(.setLimit(.station, limit)))
  }

  /// Brings the world's own account of all limits up to now.
  private mutating func noteLimits() {
    for index in slots.indices {
      let most = slots[index].evse.maximumCurrent.milliamperes
      let count = slots[index].limits.count
      let cap = Slot.smallest(&slots[index].limits, under: most, at: now)
      if slots[index].limits.count < count { external() }
      slots[index].cap.set(cap, at: now, keeping: .seconds(12))
    }
    let base = scenario.configuration.sharedSupply?.milliamperes ?? Self.unlimited
    let count = stationLimits.count
    let total = Slot.smallest(&stationLimits, under: base, at: now)
    if stationLimits.count < count { external() }
    supply.set(total, at: now, keeping: .seconds(24))
  }

  // MARK: The station

  /// One reading of the EVSE's meter, with its noise.
  private mutating func read(_ index: Int) {
    // What was not seen while the meter was silent is seen now.
    if now > slots[index].readAt + .milliseconds(1_500) { external() }
    slots[index].readAt = now
    slots[index].nextReading = now + .seconds(1)
    if scenario.metersFallSilent, Int.random(in: 0..<1_000, using: &random) == 0 {
      slots[index].nextReading = now + seconds(Bool.random(using: &random) ? 2...40 : 60...240)
      external()
    }
    let current = slots[index].current
    slots[index].register += current
    var reading = MeterReading(takenAt: now, importRegister: Energy(milliwattHours: slots[index].register))
    let phases = slots[index].vehicle?.phases ?? 0
    let span = scenario.absoluteNoise + current * scenario.relativeNoise / 10_000
    if scenario.metersTellCurrent {
      func noisy(_ phase: Int) -> Current {
        let noise = span == 0 ? 0 : Int64.random(in: -span...span, using: &random)
        return Current(milliamperes: max(0, (phases > phase ? current : 0) + noise))
      }
      reading.current = PhaseValues(l1: noisy(0), l2: noisy(1), l3: noisy(2))
    }
    let volts = Int64.random(in: 228_000...232_000, using: &random)
    let voltage = Voltage(millivolts: volts)
    reading.voltage = PhaseValues(l1: voltage, l2: voltage, l3: voltage)
    feed(.meter(evse: index, reading))
  }

  private mutating func measure(_ index: Int) {
    let volts = slots[index].measurement
    let low: Voltage? = slots[index].output.isOffer ? Voltage(volts: -12) : nil
    let measurement =
      slots[index].output == .steadyNegative
      ? PilotMeasurement(positivePeak: Voltage(volts: -12), negativePeak: nil, takenAt: now)
      : PilotMeasurement(positivePeak: volts, negativePeak: low, takenAt: now)
    feed(.pilot(connector: index, measurement))
  }

  private mutating func feed(_ input: ControlInput) {
    tally.inputs += 1
    noteLimits()
    effects.removeAll()
    control.handle(input, at: now, into: &effects)
    for fact in effects.facts {
      if case .fault(let id, .overCurrent, true, _) = fact { cutOff(id) }
    }
    let outputs = effects.outputs
    for place in outputs.indices {
      if let position = outputs[place].contactor { slots[place].movesTo = (position, now + .milliseconds(20)) }
    }
    var changed = 0
    for place in outputs.indices {
      guard let output = outputs[place].pilot else { continue }
      let before = slots[place].present
      slots[place].output = output
      let offer = slots[place].present
      if offer != before {
        offerChanges += 1
        lastOfferChangeAt = now
        if offer > max(before, slots[place].current) { hasRaised = true }
        slots[place].offer.set(offer, at: now, keeping: .seconds(12))
        slots[place].vehicle?.see(offer: offer, at: now)
      }
      changed |= 1 << place
    }
    for place in slots.indices where changed & (1 << place) != 0 { measure(place) }
  }

  /// A vehicle that was cut off drives away soon.
  private mutating func cutOff(_ id: ConnectorID) {
    tally.cutOff += 1
    external()
    for index in slots.indices where slots[index].evse.id == id.evse {
      slots[index].leavesAt = now + .seconds(20)
    }
  }

  mutating func noteCheck() { tally.checks += 1 }
  mutating func noteWait(_ wait: Duration) { tally.longestWait = max(tally.longestWait, wait) }
}

import ChargerBase

/// Random people, cars, cables, cards, faults and supplies from a seed. It throws all dice, so that equal seeds on equal
/// worlds and clocks give equal sequences; whoever owns the world performs what is due.
public struct RandomWorld: Sendable {
  /// What may happen.
  public struct Kinds: Sendable, Equatable {
    /// Cards that people carry; none: nobody taps.
    public var tokens: [String]
    /// Those whose part the station lacks never begin.
    public var faults: [SimulatedFault]
    /// Plugs are sometimes torn out although they are locked, and locks opened by hand.
    public var hasForce: Bool
    /// Networks, mains and voltages come and go.
    public var hasSupplies: Bool

    public init(
      tokens: [String] = ["CARD"], faults: [SimulatedFault] = SimulatedFault.allCases, hasForce: Bool = true,
      hasSupplies: Bool = true
    ) {
      self.tokens = tokens
      self.faults = faults
      self.hasForce = hasForce
      self.hasSupplies = hasSupplies
    }
  }

  /// Ends of what has begun that wait at one time; more do not begin.
  static let pendingCapacity = 64

  public let kinds: Kinds
  private let meanPause: Duration
  private var random: SeededRandom
  private var drawsAt: MonotonicInstant
  /// What begins now ends later.
  private var pending: [Pending] = []
  /// Those of the wanted faults that the station can show; known after the first look at it.
  private var faults: [SimulatedFault]?

  private struct Pending: Sendable {
    var at: MonotonicInstant
    var action: WorldAction
  }

  /// - Parameter eventsPerHour: 1…36,000 in the mean, without the ends of what has begun.
  public init(seed: UInt64, eventsPerHour: Int = 60, startingAt start: MonotonicInstant = .zero, kinds: Kinds = Kinds())
  {
    self.kinds = kinds
    meanPause = .milliseconds(3_600_000 / Int64(eventsPerHour.clamped(to: 1...36_000)))
    random = SeededRandom(seed: seed)
    drawsAt = start
    drawsAt = start + pause()
  }

  /// When something is due next.
  public var nextInstant: MonotonicInstant { pending.map(\.at).reduce(drawsAt, min) }

  /// What is due by now, in order. An action may not fit the situation any more: then the world refuses it, and that
  /// is no fault.
  public mutating func takeDue(by now: MonotonicInstant, in world: SimulatedWorld) -> [WorldAction] {
    var actions: [WorldAction] = []
    while let first = pending.indices.min(by: { pending[$0].at < pending[$1].at }), pending[first].at <= now {
      actions.append(pending.remove(at: first).action)
    }
    if drawsAt <= now {
      actions += draw(at: now, in: world)
      drawsAt = now + pause()
    }
    return actions
  }

  private mutating func number(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &random) }
  private mutating func oneIn(_ count: Int64) -> Bool { number(1...count) == 1 }

  private mutating func pick<Item>(_ items: [Item]) -> Item? {
    items.isEmpty ? nil : items[Int(number(0...Int64(items.count - 1)))]
  }

  private mutating func later(_ action: WorldAction, at instant: MonotonicInstant) {
    guard pending.count < Self.pendingCapacity else { return }
    pending.append(Pending(at: instant, action: action))
  }

  /// One pause in five is hardly any: things come together.
  private mutating func pause() -> Duration {
    oneIn(5) ? .milliseconds(number(1...1_500)) : .milliseconds(meanPause.wholeMilliseconds * number(20...205) / 100)
  }

  private mutating func draw(at now: MonotonicInstant, in world: SimulatedWorld) -> [WorldAction] {
    guard let evse = pick(world.evses), let connector = pick(evse.connectors) else { return [] }
    switch number(1...100) {
    case 1...40: return connector.car == nil ? arrive(at: connector.id, now) : leave(connector)
    case 41...58: return tap(at: evse.id, in: world)
    case 59...64: return handle(connector)
    case 65...72: return kinds.hasSupplies ? supply(at: evse.id, now) : []
    default: return fault(at: connector.id, now, in: world)
    }
  }

  private mutating func arrive(at id: ConnectorID, _ now: MonotonicInstant) -> [WorldAction] {
    var car = CarSpecification.random(using: &random)
    let cable = CableSpecification.random(using: &random)
    if oneIn(2) { car.leaveAfter = .seconds(number(5...7_200)) }
    if !oneIn(5), let token = pick(kinds.tokens) {
      later(.presentToken(WorldToken(value: token), .evses([id.evse])), at: now + .milliseconds(number(0...30_000)))
    }
    return [.plugIn(id, car, cable: cable)]
  }

  private mutating func leave(_ connector: SimulatedConnector) -> [WorldAction] {
    guard connector.isPlugHeld else { return [.plugOut(connector.id)] }
    guard kinds.hasForce, oneIn(3) else {
      guard let token = pick(kinds.tokens) else { return [] }
      return [.presentToken(WorldToken(value: token), .evses([connector.id.evse]))]
    }
    return oneIn(2) ? [.unlockByHand(connector.id)] : [.plugOut(connector.id, byForce: true)]
  }

  /// At the reader that serves the EVSE, or at the first.
  private mutating func tap(at id: EVSEID, in world: SimulatedWorld) -> [WorldAction] {
    guard let token = pick(kinds.tokens) else { return [] }
    guard world.readers.contains(where: { $0.serves(id) }) else { return [] }
    return [.presentToken(WorldToken(value: token), .evses([id]))]
  }

  private mutating func handle(_ connector: SimulatedConnector) -> [WorldAction] {
    guard connector.car != nil else { return [] }
    let states: [CarState?] = [
      .connected, .ready, .readyWithVentilation, .unplugged, .diodeMissing, .shorted, nil, nil,
    ]
    guard let state = pick(states) else { return [] }
    return [.holdCar(connector.id, state)]
  }

  private mutating func supply(at id: EVSEID, _ now: MonotonicInstant) -> [WorldAction] {
    let end = now + .milliseconds(number(100...120_000))
    switch number(1...5) {
    case 1:
      later(.network(up: true), at: end)
      return [.network(up: false)]
    case 2:
      later(.mains(up: true), at: end)
      return [.mains(up: false)]
    case 3, 4:
      let phase = oneIn(2) ? nil : Int(number(1...3))
      later(.supplyVoltage(Voltage(volts: 230), phase: nil), at: end)
      return [.supplyVoltage(Voltage(volts: number(90...290)), phase: phase)]
    default: return [.ambient(Temperature(celsius: number(-25...55)), oneIn(2) ? nil : id)]
    }
  }

  private mutating func fault(
    at id: ConnectorID, _ now: MonotonicInstant, in world: SimulatedWorld
  ) -> [WorldAction] {
    let possible = faults ?? kinds.faults.filter { world.canShow($0) }
    faults = possible
    guard let kind = pick(possible), pending.count < Self.pendingCapacity else { return [] }
    let place: FaultPlace =
      switch kind.scope {
      case .station: FaultPlace()
      case .evse: FaultPlace(evse: id.evse)
      case .connector: FaultPlace(id)
      }
    let end = now + .milliseconds(oneIn(2) ? number(1...2_000) : number(2_000...300_000))
    later(.fault(place, kind, active: false), at: end)
    // A worn-out contactor may have welded meanwhile.
    if kind == .contactorWornOut { later(.fault(place, .contactorWelded, active: false), at: end) }
    return [.fault(place, kind, active: true)]
  }
}

extension SimulatedWorld {
  /// Plays random people and faults until `end`; answers what was done.
  @discardableResult
  public mutating func play(_ random: inout RandomWorld, until end: MonotonicInstant) -> [WorldAction] {
    var done: [WorldAction] = []
    while random.nextInstant <= end {
      advance(to: random.nextInstant)
      for action in random.takeDue(by: now, in: self) {
        do throws(WorldError) {
          try perform(action)
          done.append(action)
        } catch {
          continue
        }
      }
    }
    advance(to: end)
    return done
  }

  /// What makes everything whole again: no faults, mains, network and voltages as they should be. Cars stay.
  public var healing: [WorldAction] {
    var actions: [WorldAction] = [
      .mains(up: true), .network(up: true), .supplyVoltage(Voltage(volts: 230), phase: nil),
      .ambient(Temperature(celsius: 20), nil),
    ]
    for fault in SimulatedFault.allCases where fault.scope == .station && canShow(fault) {
      actions.append(.fault(FaultPlace(), fault, active: false))
    }
    for evse in evses {
      for fault in evse.faults { actions.append(.fault(FaultPlace(evse: evse.id), fault, active: false)) }
      for connector in evse.connectors {
        for fault in connector.faults { actions.append(.fault(FaultPlace(connector.id), fault, active: false)) }
      }
    }
    return actions
  }
}

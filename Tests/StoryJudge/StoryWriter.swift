import ChargerBase
import SimulatedWorld
import SimulationSupport

/// Writes the story of a seed.
package struct StoryWriter {
  private var random: SeededRandom
  private var plugged: [Int32: Bool] = [1: false, 2: false]  // allowed: looked up, never iterated
  private var isNetworkUp = true
  private var evses: [Int32] = [1, 2]
  private var isHasty = false

  package static func story(_ seed: UInt64, _ parts: StoryParts = StoryParts()) -> Story {
    var writer = StoryWriter(random: SeededRandom(seed: seed &* 7_919 &+ 13))
    return writer.write(seed, parts)
  }

  private mutating func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }
  private mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
    range.lowerBound + Int64(random.next() % UInt64(range.upperBound - range.lowerBound + 1))
  }
  private mutating func pick<Item>(_ items: [Item]) -> Item { items[Int(random.next() % UInt64(items.count))] }

  private mutating func write(_ seed: UInt64, _ parts: StoryParts) -> Story {
    var rules = someRules()
    if parts.atSocket {
      rules.board = StoryRules.socketBoard
      evses = [1]
    }
    var steps: [StoryStep] = []
    let count = Int(number(8...24))
    // Most stories are calm for the greater part: there the model knows what must happen. Every third is a hurry.
    isHasty = chance(25)
    if chance(60) { steps += firstVisit() }
    while steps.count < count {
      if parts.faults, chance(12) { steps += fault() }
      steps += scene()
    }
    return Story(seed: seed, rules: rules, steps: steps)
  }

  private mutating func someRules() -> StoryRules {
    var rules = StoryRules()
    rules.start = pick([
      [.powerPathClosed], [.powerPathClosed], [.evConnected], [.authorized], [.evConnected, .authorized],
      [.energyTransfer], [.powerPathClosed, .energyTransfer], [.authorized, .powerPathClosed],
    ])
    rules.stop = pick([
      [.evConnected, .authorized], [.powerPathClosed], [.evConnected], [.authorized], [.evConnected, .energyTransfer],
      [.evConnected, .authorized, .energyTransfer],
    ])
    rules.stopsOnInvalidId = chance(60)
    rules.energyOnInvalidId = chance(50) ? number(1...20) * 50 : nil
    rules.stopsOnEVSideDisconnect = chance(70)
    rules.connectionTimeout = pick([30, 30, 60])
    rules.unknownIdsOffline = chance(40)
    rules.preAuthorizes = chance(70)
    rules.authorizesOffline = chance(80)
    rules.hasCache = chance(80)
    rules.authorizesRemoteStart = chance(50)
    rules.updatedInterval = pick([60, 120, 300])
    if chance(35) {
      let cards = [StoryCard.anna, .bert, .mate, .blocked, .stranger].filter { _ in chance(50) }
      rules.list = cards.map { StoryRules.ListEntry(card: $0, isAccepted: $0 == .blocked ? false : chance(75)) }
    }
    return rules
  }

  // MARK: Scenes

  private mutating func firstVisit() -> [StoryStep] {
    let evse = pick(evses)
    let card = pick([StoryCard.anna, .bert, .mate])
    return [
      step(.plugIn(evse, someCar())), step(.tap(card, evse)), step(.tap(card, evse)), step(.plugOut(evse)),
    ]
  }

  private mutating func scene() -> [StoryStep] {
    let evse = pick(evses)
    switch random.next() % 20 {
    case 0, 1, 2: return plug(evse)
    case 3, 4, 5, 6: return [step(.tap(someCard(), chance(70) ? evse : nil))]
    case 7:
      let card = someCard()
      return plug(evse) + [step(.tap(card, evse)), step(.tap(card, evse))]
    case 8: return [step(.tap(someCard(), evse))] + plug(evse)
    case 9:
      guard plugged[evse] == true else { return plug(evse) }
      return [step(.car(evse, pick([.connected, .unplugged, nil])), atLeast: 5), step(.car(evse, nil))]
    case 10: return [step(.remoteStart(chance(80) ? .app : someCard(), chance(80) ? evse : nil))]
    case 11: return [step(.remoteStop(chance(90) ? evse : nil))]
    case 12: return network()
    case 13: return [step(.linkBreaks)]
    case 14: return [step(.csms(pick(CSMSMood.allCases), .seconds(number(20...120))))]
    case 15: return [step(.verdict(pick([.anna, .bert, .mate, .app]), isAccepted: chance(50)))]
    case 16: return command(evse)
    case 17, 18: return ending(evse)
    default:
      return [StoryStep(action: .nothing, pause: .seconds(chance(90) ? number(60...400) : number(1_000...7_200)))]
    }
  }

  private mutating func plug(_ evse: Int32) -> [StoryStep] {
    let isIn = plugged[evse] ?? false
    plugged[evse] = !isIn
    return [step(isIn ? .plugOut(evse) : .plugIn(evse, someCar()))]
  }

  /// Something fails, perhaps while somebody charges, and is repaired.
  private mutating func fault() -> [StoryStep] {
    let evse = pick(evses)
    let fault = pick([SimulatedFault.groundFault, .contactorStuck, .pilotFault])
    var steps = [step(.fault(fault, evse, isActive: true))]
    if chance(40) { steps.append(step(.tap(someCard(), evse))) }
    return steps + [step(.fault(fault, evse, isActive: false), atLeast: 5)]
  }

  private mutating func network() -> [StoryStep] {
    isNetworkUp.toggle()
    return [step(.network(isUp: isNetworkUp), atLeast: 60)]
  }

  private mutating func command(_ evse: Int32) -> [StoryStep] {
    switch random.next() % 4 {
    case 0: return [step(.reset(isImmediate: chance(50), chance(50) ? evse : nil))]
    case 1, 2:
      let other = evses.last { $0 != evse } ?? evse
      return [
        step(.availability(evse, isOperative: false)), step(.tap(someCard(), chance(50) ? evse : other)),
        step(.availability(evse, isOperative: true)),
      ]
    default: return [step(.unlock(evse))]
    }
  }

  private mutating func ending(_ evse: Int32) -> [StoryStep] {
    let away: Duration =
      switch random.next() % 8 {
      case 0: .seconds(3_600 * number(1...8))
      case 1: .seconds(86_400 * number(2...3))
      case 2: .seconds(number(60...600))
      default: .milliseconds(number(600...20_000))
      }
    let end = pick([WholeStation.End.kill, .kill, .powerCut, .clean, .watchdog])
    var meanwhile = Meanwhile.nothing
    switch random.next() % 8 {
    case 0:
      meanwhile = .carLeaves(evse)
      plugged[evse] = false
    case 1:
      meanwhile = .carComes(evse)
      plugged[evse] = true
    case 2:
      meanwhile = .meterExchanged(evse, Energy(wattHours: pick([0, 5_000_000])))
    default: break
    }
    var steps: [StoryStep] = []
    // Often in the milliseconds in which something is decided, stored and sent.
    if chance(50) {
      let card = someCard()
      steps.append(StoryStep(action: .tap(card, evse), pause: .milliseconds(number(0...80))))
    }
    return steps + [step(.end(end, away: away, meanwhile), atLeast: 2)]
  }

  // MARK: Pieces

  private mutating func step(_ action: StoryAction, atLeast: Int64 = 0) -> StoryStep {
    let pause: Duration
    if isHasty || chance(8) {
      pause = .milliseconds(chance(50) ? number(0...900) : number(1_000...40_000))
    } else {
      pause = .milliseconds(number(20_000...90_000))
    }
    return StoryStep(action: action, pause: max(pause, .seconds(atLeast)))
  }

  private mutating func someCard() -> StoryCard {
    pick([.anna, .anna, .anna, .anna, .bert, .bert, .bert, .mate, .mate, .blocked, .stranger, .master])
  }

  private mutating func someCar() -> CarSpecification {
    CarSpecification(
      current: Current(amperes: number(6...32)), phases: pick([1, 3]), connectDelay: .milliseconds(number(0...400)),
      chargeDelay: .milliseconds(number(0...5_000)),
      batteryRoom: chance(25) ? Energy(wattHours: number(10...3_000)) : nil)
  }
}

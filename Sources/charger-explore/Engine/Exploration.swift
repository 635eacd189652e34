import EVSEControl

/// Breadth-first search through every state that a scenario can reach, until there is no new one.
final class Exploration {
  struct Result: Sendable {
    var scenario: String
    var states = 0
    var transitions = 0
    var depth = 0
    var seconds = 0.0
    /// The longest way of a helpful world to energy, in steps.
    var longestWayToEnergy = 0
    /// States without energy that a limit on states left unexplored; zero when all was visited.
    var unexplored = 0
    var violation: Finding?
    /// Another exploration has ended this one.
    var wasStopped = false
  }

  /// A broken rule and the shortest sequence of steps that breaks it.
  struct Finding: Sendable {
    var violation: Violation
    var trace: [Step]
  }

  private let scenario: Scenario
  private let mostStates: Int
  private var effects: ControlEffects
  private var table = StateTable()
  /// By a state's number: where it was first reached from, and by which step of the alphabet.
  private var parents: [UInt32] = []
  private var steps: [UInt8] = []
  /// Where a helpful world gets to from it; itself where energy flows.
  private var helped: [UInt32] = []
  private var result: Result

  /// Rules that are passed over, to look past what is known.
  private let ignored: [Rule]

  init(_ scenario: Scenario, mostStates: Int = .max, ignoring ignored: [Rule] = []) {
    self.ignored = ignored
    self.scenario = scenario
    self.mostStates = mostStates
    effects = ControlEffects(for: scenario.configuration)
    result = Result(scenario: scenario.name)
  }

  /// - Parameter isStopped: asked now and then whether to give up.
  func run(isStopped: () -> Bool = { false }) -> Result {
    let started = ContinuousClock.now
    result.violation = search(isStopped)
    result.states = table.count
    if result.violation == nil && result.unexplored == 0 && !result.wasStopped { result.violation = findStuck() }
    result.seconds = Double((ContinuousClock.now - started).wholeMilliseconds) / 1_000
    return result
  }

  private func search(_ isStopped: () -> Bool) -> Finding? {
    let start = World(scenario, effects: &effects)
    _ = table.insert(start.fingerprint(scenario))
    add(parent: 0, step: 0)
    if let violation = start.watch.violation(start.control, scenario) {
      return Finding(violation: violation, trace: [])
    }
    var frontier = [start]
    var first = 0
    while !frontier.isEmpty {
      if table.count > mostStates {
        result.unexplored = frontier.count
        return nil
      }
      var next: [World] = []
      for (offset, world) in frontier.enumerated() {
        if offset % 1_024 == 0 && isStopped() {
          result.wasStopped = true
          return nil
        }
        if let finding = expand(world, number: first + offset, into: &next) { return finding }
      }
      first += frontier.count
      frontier = next
      result.depth += 1
    }
    return nil
  }

  private func add(parent: Int, step: Int) {
    parents.append(UInt32(clamping: parent))
    steps.append(UInt8(clamping: step))
    helped.append(.max)
  }

  private func expand(_ world: World, number: Int, into next: inout [World]) -> Finding? {
    let isServed = world.isServed(scenario)
    if isServed { helped[number] = UInt32(clamping: number) }
    let helpful = isServed ? nil : world.helpfulStep(scenario)
    for (place, step) in scenario.alphabet.enumerated() {
      guard world.watch.allows(step, scenario) else { continue }
      let ticks = world.ticks(of: step)
      // A deadline in the next tick is the next tick; one that never comes is none.
      if step == .deadline && (ticks < 2 || ticks >= World.farAway) { continue }
      var reached = world
      result.transitions += 1
      var violation = unlessIgnored(reached.take(step, scenario, &effects))
      if violation == nil {
        reached.normalize(scenario)
        let (found, isNew) = table.insert(reached.fingerprint(scenario))
        if step == helpful { helped[number] = UInt32(clamping: found) }
        guard isNew else { continue }
        add(parent: number, step: place)
        next.append(reached)
        violation = unlessIgnored(reached.watch.violation(reached.control, scenario))
      }
      if let violation { return Finding(violation: violation, trace: trace(to: number) + [step]) }
    }
    return nil
  }

  private func unlessIgnored(_ violation: Violation?) -> Violation? {
    guard let violation, !ignored.contains(violation.rule) else { return nil }
    return violation
  }

  private func trace(to number: Int) -> [Step] {
    var trace: [Step] = []
    var number = number
    while number != 0 {
      trace.append(scenario.alphabet[Int(steps[number])])
      number = Int(parents[number])
    }
    return trace.reversed()
  }

  /// Follows the helpful world from every state: it must come to energy, and never go round in a circle.
  private func findStuck() -> Finding? {
    var distance = [Int32](repeating: -1, count: helped.count)
    for start in helped.indices where distance[start] < 0 {
      var way: [Int] = []
      var state = start
      while distance[state] < 0 {
        if Int(helped[state]) == state {
          distance[state] = 0
          break
        }
        way.append(state)
        // Marks the states of this way, so that a circle is found.
        distance[state] = .max
        state = Int(helped[state])
        guard helped.indices.contains(state), distance[state] != .max else {
          return Finding(
            violation: Violation(.stuck, "a world that helps goes round for ever"), trace: trace(to: start))
        }
      }
      var steps = distance[state]
      for passed in way.reversed() {
        steps += 1
        distance[passed] = steps
      }
      result.longestWayToEnergy = max(result.longestWayToEnergy, Int(steps))
    }
    return nil
  }
}

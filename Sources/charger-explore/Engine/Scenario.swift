import ChargerBase
import EVSEControl
import HAL

/// A station and everything that may happen to it: one exploration.
final class Scenario: Sendable {
  let name: String
  /// What is in the product, in a line.
  let purpose: String
  let configuration: ControlConfiguration
  let ticks: Ticks
  let alphabet: [Step]
  /// The connectors at which energy must flow where the world does everything right.
  let goals: [Int]
  /// Contactors that do what they are told, within their time or not, and never move by themselves: one dimension less
  /// where the product would be too large. What contactors do wrong is in the other configurations.
  let obedientContactors: [Int]
  /// What happens first: every driver is read, so that what a driver is that was never read is explored only where one can
  /// fall silent and come back.
  let start: [Step]

  init(
    _ name: String, _ purpose: String, configuration: ControlConfiguration, ticks: Ticks = Ticks(), alphabet: [Step],
    goals: [Int] = [0], isStarted: Bool = true, obedientContactors: [Int] = []
  ) {
    self.name = name
    self.purpose = purpose
    var timed = configuration
    timed.timing = ticks.table
    self.configuration = timed
    self.ticks = ticks
    self.alphabet = alphabet
    past = (World.present + (Duration.zero - Ticks.span(ticks.horizon))).nanoseconds
    self.goals = goals
    var evseOf: [Int] = []
    for (index, evse) in configuration.evses.enumerated() { for _ in evse.connectors { evseOf.append(index) } }
    self.evseOf = evseOf
    connectors = configuration.evses.flatMap(\.connectors)
    self.obedientContactors = obedientContactors
    start = isStarted ? Self.firstReadings(of: configuration) : []
    steps = Set(alphabet)
    repairs = alphabet.filter { step in
      switch step {
      case .speech, .safetyInput(_, isActive: false), .operative(_, true), .pause(_, false), .gate(_, ticks: nil),
        .limit(_, nil), .phaseLimit(_, false), .temperature(_, .cool), .meter(_, .idle):
        true
      default: false
      }
    }
  }

  /// Nothing is older than this, and nothing that is to come is between these two.
  let past: Int64
  static let far = (World.present + Ticks.span(World.farAway)).nanoseconds
  static let beyond = (World.present + Ticks.span(World.farAway) + Ticks.span(World.farAway)).nanoseconds

  /// The EVSE of each connector, by place.
  let evseOf: [Int]
  let connectors: [ConnectorControlConfiguration]
  let steps: Set<Step>
  /// The steps that put something right.
  let repairs: [Step]

  func evse(of place: Int) -> EVSEControlConfiguration { configuration.evses[evseOf[place]] }

  private static func firstReadings(of configuration: ControlConfiguration) -> [Step] {
    var steps: [Step] = []
    var place = 0
    for (index, evse) in configuration.evses.enumerated() {
      for connector in evse.connectors {
        steps += [.pilot(place, .a), .contactor(place, .open)]
        if connector.hasLock { steps.append(.lock(place, .unlocked)) }
        if connector.hasProximity { steps.append(.proximity(place, .open)) }
        place += 1
      }
      if evse.hasResidualCurrentMonitor { steps.append(.residualCurrent(index, isTripped: false)) }
      if evse.hasPhaseSwitch { steps.append(.phases(index, .three)) }
      if evse.temperatureSensors > 0 { steps.append(.temperature(index, .cool)) }
      if evse.meterNeeded { steps.append(.meter(index, .idle)) }
    }
    for input in configuration.safetyInputs.indices { steps.append(.safetyInput(input, isActive: false)) }
    return steps + [.tick, .tick, .tick]
  }
}

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

  init(
    _ name: String, _ purpose: String, configuration: ControlConfiguration, ticks: Ticks = Ticks(), alphabet: [Step],
    goals: [Int] = [0]
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
}

import EVSEControl
import HAL

/// A station and everything that may happen to it: one exploration.
struct Scenario: Sendable {
  var name: String
  /// What is in the product, in a line.
  var purpose: String
  var configuration: ControlConfiguration
  var ticks: Ticks
  var alphabet: [Step]
  /// The connectors at which energy must flow where the world does everything right.
  var goals: [Int]

  init(
    _ name: String, _ purpose: String, configuration: ControlConfiguration, ticks: Ticks = Ticks(), alphabet: [Step],
    goals: [Int] = [0]
  ) {
    self.name = name
    self.purpose = purpose
    self.configuration = configuration
    self.configuration.timing = ticks.table
    self.ticks = ticks
    self.alphabet = alphabet
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

  /// The EVSE of each connector, by place.
  let evseOf: [Int]
  let connectors: [ConnectorControlConfiguration]
  let steps: Set<Step>
  /// The steps that put something right.
  let repairs: [Step]

  func evse(of place: Int) -> EVSEControlConfiguration { configuration.evses[evseOf[place]] }
}

import ArgumentParser

/// Explores the control of connectors exhaustively and holds every state against the rules of safety.
@main
struct ChargerExplore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "charger-explore",
    abstract: "Visits every reachable state of the control machines and checks the rules of safety in each.",
    discussion: "Exit codes: 0, 1 a rule is broken (the shortest way there is printed), 64 wrong use.")

  @Option(help: "Only the configurations whose name contains this text; may be given more than once.")
  var only: [String] = []

  @Option(help: "Explores these configurations before the others.")
  var first: [String] = []

  @Flag(help: "Tells the configurations and what is in each, and explores nothing.")
  var list = false

  @Flag(help: "Ends as soon as one rule is broken.")
  var stopAtFirst = false

  @Option(help: "Configurations that are explored side by side.")
  var threads = 2

  @Option(help: "Stops a configuration that has more states than this; it then counts as not finished.")
  var mostStates = 20_000_000

  @Option(help: "Passes over a rule, to look past a known violation; the run then counts as failed.")
  var ignore: [String] = []

  @OptionGroup(title: "Sharing a supply")
  var allocator: AllocatorOptions

  func run() throws {
    if allocator.allocator { return try allocator.run() }
    let scenarios = try selected()
    if list {
      for scenario in scenarios { print("\(Report.padded(scenario.name, 24))\(scenario.purpose)") }
      return
    }
    var options = Workers.Options()
    options.mostStates = mostStates
    options.ignored = try ignoredRules()
    options.stopsAtFirst = stopAtFirst
    print(Report.heading)
    let results = Workers(scenarios, options).run(threads: threads)
    print(Report.total(results))
    let isBroken = results.contains { $0.violation != nil || $0.unexplored > 0 }
    if isBroken || !ignore.isEmpty { throw ExitCode(1) }
  }

  private func selected() throws -> [Scenario] {
    let found = Scenarios.all.filter { scenario in only.isEmpty || only.contains { scenario.name.contains($0) } }
    guard !found.isEmpty else { throw ValidationError("no configuration has this name") }
    let isFirst = { (scenario: Scenario) in first.contains { scenario.name.contains($0) } }
    return found.filter(isFirst) + found.filter { !isFirst($0) }
  }

  private func ignoredRules() throws -> [Rule] {
    try ignore.map { name in
      guard let rule = Rule.allCases.first(where: { $0.name == name }) else {
        throw ValidationError(
          "no rule has the name \(name); they are \(Rule.allCases.map(\.name).joined(separator: ", "))")
      }
      return rule
    }
  }
}

import ArgumentParser

/// Explores the control of connectors exhaustively and holds every state against the rules of safety.
@main
struct ChargerExplore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "charger-explore",
    abstract: "Visits every reachable state of the control machines and checks the rules of safety in each.",
    discussion: "Exit codes: 0, 1 a rule is broken (the shortest way there is printed), 64 wrong use.")

  @Option(help: "Only the configurations whose name contains this text.")
  var only: String?

  @Option(help: "Stops a configuration that has more states than this; it then counts as not finished.")
  var mostStates: Int = 20_000_000

  @OptionGroup(title: "Sharing a supply")
  var allocator: AllocatorOptions

  func run() throws {
    if allocator.allocator { return try allocator.run() }
    let scenarios = Scenarios.all.filter { only.map($0.name.contains) ?? true }
    guard !scenarios.isEmpty else { throw ValidationError("no configuration has this name") }
    print(Report.heading)
    var isBroken = false
    for scenario in scenarios {
      var exploration = Exploration(scenario, mostStates: mostStates)
      let result = exploration.run()
      print(Report.line(result))
      if let finding = result.violation {
        print(Report.describe(finding, scenario))
        isBroken = true
      }
      if result.unexplored > 0 { isBroken = true }
    }
    if isBroken { throw ExitCode(1) }
  }
}

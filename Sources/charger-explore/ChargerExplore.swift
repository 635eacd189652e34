import ArgumentParser

/// Explores the control of connectors exhaustively and holds every state against the rules of safety.
@main
struct ChargerExplore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "charger-explore",
    abstract: "Visits every reachable state of the control machines and checks the rules of safety in each.",
    discussion: "Exit codes: 0, 1 a rule is broken (the shortest way there is printed), 64 wrong use.")

  func run() throws {
    print("charger-explore")
  }
}

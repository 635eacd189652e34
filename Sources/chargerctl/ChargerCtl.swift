import ArgumentParser

/// The command line of operators, installers and bench engineers.
@main
struct ChargerCtl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chargerctl",
    abstract: "Looks into a running charging station, sets it up, and plays the world around it on the bench.",
    discussion: """
      The station is asked through the socket that chargerd was given with --control: --socket, else the environment's \
      CHARGER_STATION_SOCKET, else \(SocketKind.station.defaultPath). The bench verbs speak to bench-world: --world, else \
      CHARGER_WORLD_SOCKET, else \(SocketKind.world.defaultPath).
      Exit codes: 0, 1 refused by the station, 64 wrong use, 69 nothing listens, 78 bad unit file.
      """,
    subcommands: [
      StatusCommand.self, WatchCommand.self, ExplainCommand.self, HistoryCommand.self, EventsCommand.self,
      GetCommand.self,
      SetCommand.self, LimitCommand.self, PauseCommand.self, ResumeCommand.self, StartNowCommand.self,
      ClearFaultsCommand.self, OutboxCommand.self, LogCommand.self, FlightRecorderCommand.self, VersionCommand.self,
      CommissionCommand.self, HardwareCommand.self, SupportBundleCommand.self,
      BenchCommand.self, CSMSCommand.self,
    ])
}

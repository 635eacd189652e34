import ArgumentParser
import OCPPJSON

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "The station and each connector: pilot, current, contactor, limit, transaction.")
  @OptionGroup var station: StationOptions
  @Flag(name: .shortAndLong, help: "Keep it on the screen, as chargerctl watch does.") var watch = false

  func run() throws {
    if watch { return try LiveWatch(options: station).run(once: false) }
    try station.show("station.status", as: StatusText.render)
  }
}

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Why is it not charging? One sentence for each reason, and what to do.")
  @OptionGroup var station: StationOptions
  @Argument(help: "One EVSE's number; all without it.", completion: Completions.evses) var evse: Int32?

  func run() throws {
    let params: JSONValue = evse.map { .object([JSONMember("evse", JSONValue($0))]) } ?? .object([])
    try station.show("station.explain", params, as: ExplainText.render)
  }
}

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Which firmware runs, on which board.")
  @OptionGroup var station: StationOptions

  func run() throws { try station.show("station.version", as: VersionText.render) }
}

struct OutboxCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outbox", abstract: "Messages that wait for the CSMS, and those that were given up on.")
  @OptionGroup var station: StationOptions

  func run() throws { try station.show("station.outbox", as: OutboxText.render) }
}

struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "The newest lines of the station's log.")
  @OptionGroup var station: StationOptions
  @Option(name: .shortAndLong, help: "How many lines, 1…1000.") var lines: Int32 = 50

  func validate() throws {
    guard (1...1_000).contains(lines) else { throw ValidationError("--lines takes 1…1000.") }
  }

  func run() throws {
    try station.show("station.log", .object([JSONMember("lines", JSONValue(lines))]), as: LogText.render)
  }
}

struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "What happens at the station, line by line, until you press Ctrl-C.")
  @OptionGroup var station: StationOptions
  @Option(name: .shortAndLong, help: "End after so many events.") var count: Int?

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let connection = try station.connect()
      _ = try connection.call("station.subscribe")
      var left = count ?? .max
      while left > 0 {
        guard let event = try connection.notification(timeout: .seconds(3_600)) else { continue }
        Terminal.writeLine(
          station.json ? event.params.description : EventText.render(method: event.method, event.params))
        left -= 1
      }
    }
  }
}

import ArgumentParser
import CLinux
import OCPPJSON

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "The station and each connector: pilot, current, contactor, limit, transaction.")
  @OptionGroup var station: StationOptions

  func run() throws { try station.show("station.status", as: StatusText.render) }
}

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Why is it not charging? One sentence for each reason, and what to do.")
  @OptionGroup var station: StationOptions
  @Argument(help: "One EVSE's number; all without it.") var evse: Int32?

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

struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "The status, drawn anew whenever something happens, and the last events.")
  @OptionGroup var station: StationOptions
  @Flag(name: .long, help: "Draw once and end.") var once = false

  /// Events shown under the status.
  private static let eventLimit = 8

  func run() throws {
    try Terminal.run { () throws(Failure) in
      if once {
        Terminal.writeLine(WatchText.page(status: try station.connect().call("station.status"), events: []))
        return
      }
      var events: [String] = []
      var isFirst = true
      while true {
        do throws(Failure) {
          let connection = try station.connect()
          isFirst = false
          try follow(connection, events: &events)
        } catch {
          if isFirst { throw error }  // Wrong from the start: no use in waiting.
          Terminal.write(WatchText.screen("\(error.text)\n\nTrying again …"))
          sleep(1)
        }
      }
    }
  }

  private func follow(_ connection: Connection, events: inout [String]) throws(Failure) {
    _ = try connection.call("station.subscribe")
    while true {
      let status = try connection.call("station.status")
      Terminal.write(WatchText.screen(WatchText.page(status: status, events: events)))
      var timeout = Duration.seconds(1)
      while let event = try connection.notification(timeout: timeout) {
        events.append(EventText.render(method: event.method, event.params))
        events = Array(events.suffix(Self.eventLimit))
        timeout = .milliseconds(50)  // What comes in one breath is drawn at once.
      }
    }
  }
}

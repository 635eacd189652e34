import ArgumentParser
import CLinux
import ChargerBase
import OCPPJSON

struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "The live view: every connector, the link and the queue, drawn in place until you press Ctrl-C.",
    discussion: """
      On a terminal the page is drawn anew each second and whenever something happens; into a pipe or a file goes a line \
      for each change. A station that goes away is waited for. NO_COLOR=1 takes the colours away.
      """)
  @OptionGroup var station: StationOptions
  @Flag(name: .long, help: "Draw once and end.") var once = false

  func run() throws { try LiveWatch(options: station).run(once: once) }
}

/// Follows a station, on a terminal or into a pipe.
struct LiveWatch {
  var options: StationOptions

  /// Events that are kept for the page.
  private static let eventLimit = 20
  private static let interval = Duration.seconds(1)

  func run(once: Bool) throws {
    try Terminal.run { () throws(Failure) in
      let connection = try options.connect()
      if once {
        let status = try connection.call("station.status")
        let content = LiveView.Content(status: status, explanation: Self.explanation(connection))
        let columns = Terminal.isInteractive ? Terminal.size.columns : 100
        for line in LiveView.page(content, columns: columns, rows: nil) {
          Terminal.writeLine(line.rendered(inColour: Terminal.usesColour))
        }
        return
      }
      if Terminal.isInteractive, !options.json {
        Terminal.beginScreen()
        follow(connection)
      } else {
        Terminal.endsQuietly()
        followAsLines(connection)
      }
    }
  }

  /// A station of an older program, or one that refuses, is shown without reasons.
  private static func explanation(_ connection: Connection) -> JSONValue {
    (try? connection.call("station.explain")) ?? .null
  }

  // MARK: - On a terminal

  private func draw(_ content: LiveView.Content) {
    let size = Terminal.size
    let page = LiveView.page(content, columns: size.columns, rows: size.rows)
    Terminal.write(LiveView.screen(page, inColour: Terminal.usesColour))
  }

  private func follow(_ first: Connection) {
    var content = LiveView.Content(status: .null)
    var connection: Connection? = first
    while true {
      do throws(Failure) {
        let current: Connection
        if let connection { current = connection } else { current = try options.connect() }
        try follow(current, &content)
      } catch {
        connection = nil
        tellLost(error.text, content.events)
        sleep(1)
      }
    }
  }

  private func follow(_ connection: Connection, _ content: inout LiveView.Content) throws(Failure) {
    _ = try connection.call("station.subscribe")
    while true {
      content.status = try connection.call("station.status")
      content.explanation = Self.explanation(connection)
      draw(content)
      var timeout = Self.interval
      // What comes in one breath is drawn at once; a flood is drawn in portions.
      for _ in 0..<Self.eventLimit {
        guard let event = try connection.notification(timeout: timeout) else { break }
        content.events.append(EventText.render(method: event.method, event.params))
        content.events = Array(content.events.suffix(Self.eventLimit))
        timeout = .milliseconds(50)
      }
    }
  }

  private func tellLost(_ text: String, _ events: [String]) {
    let size = Terminal.size
    var page = [StyledText("The station does not answer; trying again every second.", .bad), StyledText()]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) { page.append(StyledText(String(line))) }
    if !events.isEmpty { page.append(StyledText()) }
    page += events.map { StyledText($0, .faint) }
    let lines = page.flatMap { $0.wrapped(to: size.columns, indent: 2) }
    Terminal.write(LiveView.screen(Array(lines.prefix(max(1, size.rows - 1))), inColour: Terminal.usesColour))
  }

  // MARK: - Into a pipe

  private func followAsLines(_ first: Connection) {
    var lines = WatchLines()
    var connection: Connection? = first
    var isLost = false
    while true {
      do throws(Failure) {
        let current: Connection
        if let connection { current = connection } else { current = try options.connect() }
        _ = try current.call("station.subscribe")
        if isLost { Terminal.writeLine("-- the station answers again") }
        isLost = false
        while true {
          let status = try current.call("station.status")
          if options.json {
            Terminal.writeLine(status.description)
          } else {
            for line in lines.changes(status) { Terminal.writeLine(line) }
          }
          var timeout = Self.interval
          for _ in 0..<Self.eventLimit {
            guard let event = try current.notification(timeout: timeout) else { break }
            if !options.json { Terminal.writeLine(EventText.render(method: event.method, event.params)) }
            timeout = .milliseconds(50)
          }
        }
      } catch {
        connection = nil
        if !isLost {
          Terminal.writeLine(
            "-- the station does not answer (\(Self.firstLine(error.text))); trying again every second")
        }
        isLost = true
        sleep(1)
      }
    }
  }

  private static func firstLine(_ text: String) -> String { String(text.prefix { $0 != "\n" }) }
}

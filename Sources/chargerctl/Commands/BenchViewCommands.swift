import ArgumentParser
import OCPPJSON

struct BenchDisplay: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "display", abstract: "What light and display show.")
  @OptionGroup var world: WorldOptions
  @Option(name: .long, help: "One EVSE's light and text; the station's without it.") var evse: Int32?

  func run() throws {
    try world.show("bench.display", members([("evse", evse.map { JSONValue($0) })]), as: WorldText.display)
  }
}

struct BenchState: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "state", abstract: "The whole world as it is now.")
  @OptionGroup var world: WorldOptions

  func run() throws { try world.show("bench.state", as: WorldText.state) }
}

struct BenchFaults: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "faults", abstract: "Which faults there are, with the codes that service knows.")
  @OptionGroup var world: WorldOptions

  func run() throws { try world.show("bench.faults", as: WorldText.faults) }
}

struct BenchEvents: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "What happens in the world, line by line, until you press Ctrl-C.")
  @OptionGroup var world: WorldOptions
  @Option(name: .shortAndLong, help: "End after so many events.") var count: Int?

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let connection = try world.connect()
      _ = try connection.call("bench.subscribe")
      var left = count ?? .max
      while left > 0 {
        guard let event = try connection.notification(timeout: .seconds(3_600)) else { continue }
        Terminal.writeLine(world.json ? event.params.description : WorldText.event(method: event.method, event.params))
        left -= 1
      }
    }
  }
}

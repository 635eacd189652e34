import ArgumentParser
import OCPPJSON

/// The options of every command that asks the station.
struct StationOptions: ParsableArguments {
  @Option(
    name: .long, help: "The station's socket; else CHARGER_STATION_SOCKET, else \(SocketKind.station.defaultPath).")
  var socket: String?

  @Flag(name: .long, help: "Print the station's answer as JSON.")
  var json = false

  func connect() throws(Failure) -> Connection { try Connection(.station, option: socket) }

  /// Calls a method and prints its answer, as JSON when that is wanted.
  func show(
    _ method: String, _ params: JSONValue = .object([]), as render: (JSONValue) -> String
  ) throws {
    try Terminal.run { () throws(Failure) in
      let answer = try connect().call(method, params)
      Terminal.writeLine(json ? answer.description : render(answer))
    }
  }
}

extension StationOptions {
  /// Calls a method and says what was done.
  func perform(_ method: String, _ params: [JSONMember], done: String) throws {
    try show(method, .object(params)) { _ in done }
  }
}

/// The options of every bench verb.
struct WorldOptions: ParsableArguments {
  @Option(name: .long, help: "The world's socket; else CHARGER_WORLD_SOCKET, else \(SocketKind.world.defaultPath).")
  var world: String?

  @Flag(name: .long, help: "Print the world's answer as JSON.")
  var json = false

  func connect() throws(Failure) -> Connection { try Connection(.world, option: world) }

  /// Calls a method and says what was done.
  func perform(_ method: String, _ params: [JSONMember], done: String) throws {
    try Terminal.run { () throws(Failure) in
      let answer = try connect().call(method, .object(params))
      if json {
        Terminal.writeLine(answer.description)
      } else {
        Terminal.writeLine(done)
      }
    }
  }

  /// Calls a method and prints its answer.
  func show(_ method: String, _ params: [JSONMember] = [], as render: (JSONValue) -> String) throws {
    try Terminal.run { () throws(Failure) in
      let answer = try connect().call(method, .object(params))
      Terminal.writeLine(json ? answer.description : render(answer))
    }
  }
}

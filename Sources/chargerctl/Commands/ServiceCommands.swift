import ArgumentParser
import ChargerBase
import OCPPJSON

/// The connector that a service command is meant for: `1`, or `1 2` for the second one.
struct ServicePlace: ParsableArguments {
  @Argument(help: "The EVSE's number.", completion: Completions.evses) var evse: Int32
  @Argument(help: "The connector's number.") var connector: Int32 = 1

  var members: [JSONMember] { [JSONMember("evse", JSONValue(evse)), JSONMember("connector", JSONValue(connector))] }
  var text: String { "EVSE \(evse), connector \(connector)" }
}

struct ClearFaultsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clear-faults", abstract: "Clears latched faults after service; one that is still there comes back.")
  @OptionGroup var station: StationOptions
  @OptionGroup var place: ServicePlace

  func run() throws {
    try station.perform("station.clearFaults", place.members, done: "Latched faults of \(place.text) are cleared.")
  }
}

struct PauseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Withdraws the offer; the session stays, and resume lets it go on.")
  @OptionGroup var station: StationOptions
  @OptionGroup var place: ServicePlace

  func run() throws {
    try station.perform(
      "station.pause", place.members + [JSONMember("paused", JSONValue(true))], done: "\(place.text) is paused.")
  }
}

struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Lets a session go on that pause has stopped.")
  @OptionGroup var station: StationOptions
  @OptionGroup var place: ServicePlace

  func run() throws {
    try station.perform(
      "station.pause", place.members + [JSONMember("paused", JSONValue(false))], done: "\(place.text) goes on.")
  }
}

struct StartNowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start-now", abstract: "Lifts the start delay of the present session.")
  @OptionGroup var station: StationOptions
  @OptionGroup var place: ServicePlace

  func run() throws {
    try station.perform("station.startNow", place.members, done: "The start delay of \(place.text) is lifted.")
  }
}

struct LimitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limit", abstract: "Sets an external limit under a name of its own, or lifts it.",
    discussion: "The smallest of all limits wins; explain and status tell which. Limits are not kept over a restart.")
  @OptionGroup var station: StationOptions
  @Option(name: .long, help: "The EVSE's number; the whole station without it.") var evse: Int32?
  @Option(name: .long, help: "Who sets it: at most 15 characters; another owner's limit stands beside it.")
  var owner = "installer"
  @Option(name: .long, help: "Amperes per phase.") var amps: DecimalArgument?
  @Option(name: .long, help: "Watts of all phases together.") var watts: DecimalArgument?
  @Option(name: .long, help: "The most phases that may be used: 1 or 3.") var phases: Int32?
  @Option(name: .long, help: "After so many seconds it lapses by itself.") var seconds: Int32?
  @Flag(name: .long, help: "Lift the limit of this owner.") var lift = false

  func validate() throws {
    guard [amps != nil, watts != nil, lift].filter({ $0 }).count == 1 else {
      throw ValidationError("Give one of --amps, --watts and --lift.")
    }
    guard !lift || (phases == nil && seconds == nil) else {
      throw ValidationError("--phases and --seconds do not go with --lift.")
    }
    guard owner.utf8.count <= 15 else { throw ValidationError("--owner takes at most 15 characters.") }
  }

  var params: [JSONMember] {
    let present = evse.map { [JSONMember("evse", JSONValue($0))] } ?? []
    return present + [JSONMember("owner", .string(owner))]
      + members([
        ("amps", amps.map { JSONValue($0.value) }), ("watts", watts.map { JSONValue($0.value) }),
        ("phases", phases.map { JSONValue($0) }), ("seconds", seconds.map { JSONValue($0) }),
      ])
  }

  func run() throws {
    let place = evse.map { "EVSE \($0)" } ?? "the station"
    try station.perform(
      "station.limit", params,
      done: lift ? "The limit of \"\(owner)\" for \(place) is lifted." : "\"\(owner)\" limits \(place).")
  }
}

import ArgumentParser
import ChargerBase
import OCPPJSON

struct BenchSetMeter: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set-meter",
    abstract: "Sets what an EVSE's meter shows; registers are absolute and count on from there.",
    discussion:
      "Names are OCPP's measurands in their default units, per phase with .L1, .L2, .L3: Energy.Active.Import.Register=12345 Voltage.L1=231.5. NAME= hands a value back to the model."
  )
  @OptionGroup var world: WorldOptions
  @Argument(help: "The EVSE's number.", completion: Completions.evses) var evse: Int32
  @Argument(help: "NAME=VALUE, once or more.") var values: [String]
  @Option(name: .long, help: "When the meter took them, RFC 3339.") var timestamp: String?

  /// Throws a `ValidationError` that names the text which is no NAME=VALUE.
  func settings() throws -> [JSONMember] {
    try values.map { text in
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
        throw ValidationError("\"\(text)\" is not NAME=VALUE.")
      }
      let value = text[text.index(after: equals)...]
      guard !value.isEmpty else { return JSONMember(String(text[..<equals]), .null) }
      guard let number = Decimal(value) else { throw ValidationError("\"\(value)\" in \"\(text)\" is no number.") }
      return JSONMember(String(text[..<equals]), JSONValue(number))
    }
  }

  func validate() throws {
    guard !values.isEmpty else { throw ValidationError("Nothing to set: give NAME=VALUE.") }
    _ = try settings()
  }

  func run() throws {
    let params =
      [JSONMember("evse", JSONValue(evse)), JSONMember("values", .object(try settings()))]
      + members([("timestamp", timestamp.map { .string($0) })])
    try world.perform("bench.setMeter", params, done: "The meter of EVSE \(evse) is set.")
  }
}

struct BenchFault: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fault", abstract: "Lets something break, or be repaired.",
    discussion:
      "`chargerctl bench faults` lists them, with the codes that service knows."
  )
  @OptionGroup var world: WorldOptions
  @Argument(help: "Which fault.", completion: Completions.faults) var fault: String
  @Argument(help: "on or off.") var active: OnOrOff
  @Option(name: .long, help: "The EVSE's number; the whole station without it.") var evse: Int32?
  @Option(name: [.short, .long], help: "The connector's number.") var connector: Int32?

  var params: [JSONMember] {
    [
      JSONMember("evse", evse.map { JSONValue($0) } ?? .null),
      JSONMember("connector", connector.map { JSONValue($0) } ?? .null), JSONMember("fault", .string(fault)),
      JSONMember("active", JSONValue(active == .on)),
    ]
  }

  func run() throws {
    let place = evse.map { "EVSE \($0)" + (connector.map { ", connector \($0)" } ?? "") } ?? "the station"
    try world.perform(
      "bench.fault", params, done: active == .on ? "\(fault) at \(place)." : "\(fault) at \(place) is gone.")
  }
}

struct BenchLimit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limit", abstract: "The grid operator or an energy manager sets a limit, or lifts it.")
  @OptionGroup var world: WorldOptions
  @Option(name: .long, help: "The EVSE's number; the whole station without it.") var evse: Int32?
  @Option(name: .long, help: "Amperes per phase.") var amps: DecimalArgument?
  @Option(name: .long, help: "Watts.") var watts: DecimalArgument?
  @Flag(name: .long, help: "Lift the limit.") var lift = false
  @Option(name: .long, help: "Who sets it.") var source = "gridOperator"

  func validate() throws {
    guard [amps != nil, watts != nil, lift].filter({ $0 }).count == 1 else {
      throw ValidationError("Give one of --amps, --watts and --lift.")
    }
  }

  var params: [JSONMember] {
    [JSONMember("evse", evse.map { JSONValue($0) } ?? .null)]
      + members([
        ("amps", lift ? .null : amps.map { JSONValue($0.value) }), ("watts", watts.map { JSONValue($0.value) }),
        ("source", .string(source)),
      ])
  }

  func run() throws {
    try world.perform("bench.externalLimit", params, done: lift ? "The limit is lifted." : "The limit is set.")
  }
}

struct BenchNetwork: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "network", abstract: "Cuts the network without a goodbye, or mends it.")
  @OptionGroup var world: WorldOptions
  @Argument(help: "up or down.") var state: UpOrDown

  func run() throws {
    try world.perform(
      "bench.network", [JSONMember("up", JSONValue(state == .up))], done: "The network is \(state.rawValue).")
  }
}

struct BenchMains: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mains", abstract: "Switches the supply behind the contactor; the controller stays up.",
    discussion: "A brown-out of one phase: chargerctl bench mains up --voltage 180 --phase 2")
  @OptionGroup var world: WorldOptions
  @Argument(help: "up or down.") var state: UpOrDown
  @Option(name: .long, help: "Volts between phase and neutral from now on, 0…500.") var voltage: DecimalArgument?
  @Option(name: .long, help: "The phase that --voltage is of, 1…3; all without it.") var phase: Int32?

  func validate() throws {
    guard phase == nil || voltage != nil else { throw ValidationError("--phase goes with --voltage.") }
  }

  var params: [JSONMember] {
    [JSONMember("up", JSONValue(state == .up))]
      + members([("voltageV", voltage.map { JSONValue($0.value) }), ("phase", phase.map { JSONValue($0) })])
  }

  func run() throws {
    let volts = voltage.map { " with \($0.value) V" + (phase.map { " in L\($0)" } ?? "") } ?? ""
    try world.perform("bench.mains", params, done: "The mains is \(state.rawValue)\(volts).")
  }
}

struct BenchAmbient: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ambient", abstract: "The air around the station, or around one EVSE, gets warmer or colder.",
    discussion: "Sensors follow with their time constant, and add the heat of the current.")
  @OptionGroup var world: WorldOptions
  @Option(name: .long, parsing: .unconditional, help: "Degrees Celsius, -60…100.") var celsius: DecimalArgument
  @Option(name: .long, help: "The EVSE's number; all without it.") var evse: Int32?

  var params: [JSONMember] {
    [JSONMember("celsius", JSONValue(celsius.value))] + members([("evse", evse.map { JSONValue($0) })])
  }

  func run() throws {
    try world.perform(
      "bench.ambient", params, done: "The air\(evse.map { " around EVSE \($0)" } ?? "") has \(celsius.value) °C.")
  }
}

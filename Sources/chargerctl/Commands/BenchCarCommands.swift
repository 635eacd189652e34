import ArgumentParser
import OCPPJSON

struct BenchPlugIn: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "plug-in", abstract: "A car is plugged in.")
  @OptionGroup var world: WorldOptions
  @OptionGroup var place: ConnectorArguments
  @Option(name: .long, help: "What its charger takes at most, A per phase.") var current: DecimalArgument?
  @Option(name: .long, help: "Phases that its charger uses, 1…3.") var phases: Int32?
  @Option(name: .long, help: "Seconds until the pilot makes contact.") var connectDelay: DecimalArgument?
  @Option(name: .long, help: "Seconds from the offer until it asks for energy.") var chargeDelay: DecimalArgument?
  @Option(name: .long, help: "It leaves so many seconds after it was plugged in.") var leaveAfter: DecimalArgument?
  @Option(name: .long, help: "Wh that its battery still takes.") var battery: DecimalArgument?
  @Option(name: .long, help: "Seconds until it heeds a changed offer.") var reaction: DecimalArgument?

  var params: [JSONMember] {
    let car = members([
      ("currentA", current.map { JSONValue($0.value) }), ("phases", phases.map { JSONValue($0) }),
      ("connectDelayS", connectDelay.map { JSONValue($0.value) }),
      ("chargeDelayS", chargeDelay.map { JSONValue($0.value) }),
      ("leaveAfterS", leaveAfter.map { JSONValue($0.value) }), ("batteryWh", battery.map { JSONValue($0.value) }),
      ("reactionS", reaction.map { JSONValue($0.value) }),
    ])
    return place.members + (car.isEmpty ? [] : [JSONMember("car", .object(car))])
  }

  func run() throws { try world.perform("bench.plugIn", params, done: "A car is plugged in at \(place.text).") }
}

struct BenchPlugOut: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "plug-out", abstract: "The cable is pulled out.")
  @OptionGroup var world: WorldOptions
  @OptionGroup var place: ConnectorArguments

  func run() throws {
    try world.perform("bench.plugOut", place.members, done: "Nothing is plugged in at \(place.text).")
  }
}

struct BenchCarState: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "car-state", abstract: "Holds the car's side of the pilot in a state.",
    discussion:
      "A unplugged at the car, B connected, C asks for energy, D with ventilation, E shorted, F −12 V, DF without a diode; auto lets the car act by itself again."
  )
  @OptionGroup var world: WorldOptions
  @OptionGroup var place: ConnectorArguments
  @Argument(help: "A, B, C, D, E, F, DF or auto.") var state: String

  func validate() throws {
    guard ["A", "B", "C", "D", "E", "F", "DF", "AUTO"].contains(state.uppercased()) else {
      throw ValidationError("\"\(state)\" is no state of a car: A, B, C, D, E, F, DF or auto.")
    }
  }

  var params: [JSONMember] {
    let name = state.uppercased()
    return place.members + [JSONMember("state", name == "AUTO" ? .null : .string(name))]
  }

  func run() throws {
    let text = state.uppercased() == "AUTO" ? "acts by itself" : "holds the pilot in \(state.uppercased())"
    try world.perform("bench.carState", params, done: "The car at \(place.text) \(text).")
  }
}

struct BenchParkingBay: ParsableCommand {
  enum Bay: String, ExpressibleByArgument, CaseIterable { case occupied, free }
  static let configuration = CommandConfiguration(
    commandName: "parking-bay", abstract: "A car drives onto an EVSE's bay, or off it.")
  @OptionGroup var world: WorldOptions
  @Argument(help: "The EVSE's number.") var evse: Int32
  @Argument var bay: Bay

  func run() throws {
    try world.perform(
      "bench.parkingBay", [JSONMember("evse", JSONValue(evse)), JSONMember("occupied", JSONValue(bay == .occupied))],
      done: "The bay of EVSE \(evse) is \(bay.rawValue).")
  }
}

struct BenchUnlock: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlock-by-hand", abstract: "Somebody works the emergency release of a connector's lock.")
  @OptionGroup var world: WorldOptions
  @OptionGroup var place: ConnectorArguments

  func run() throws {
    try world.perform("bench.unlockByHand", place.members, done: "The lock at \(place.text) is released.")
  }
}

import ArgumentParser
import OCPPJSON

struct BenchPlugIn: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plug-in", abstract: "A car is plugged in.",
    discussion:
      "Without options it is a good car: 16 A on three phases, a cable for 32 A. For example a car that draws a third too much and follows a lower offer ten seconds late: chargerctl bench plug-in 1 --current 16 --draws 130 --ignores-lower-offer 10"
  )
  @OptionGroup var world: WorldOptions
  @OptionGroup var place: ConnectorArguments
  @Option(name: .long, help: "What its charger takes at most, A per phase.") var current: DecimalArgument?
  @Option(name: .long, help: "Phases that its charger uses, 1…3.") var phases: Int32?
  @Option(name: .long, help: "Seconds until the pilot makes contact.") var connectDelay: DecimalArgument?
  @Option(name: .long, help: "Seconds from the offer until it asks for energy.") var chargeDelay: DecimalArgument?
  @Option(name: .long, help: "It leaves so many seconds after it was plugged in.") var leaveAfter: DecimalArgument?
  @Option(name: .long, help: "Wh that its battery still takes.") var battery: DecimalArgument?
  @Option(name: .long, help: "Seconds until it heeds a changed offer.") var reaction: DecimalArgument?
  @OptionGroup(title: "The cable at a socket") var cable: CableOptions
  @OptionGroup(title: "Odd cars") var quirks: QuirkOptions

  var params: [JSONMember] {
    let car =
      members([
        ("currentA", current.map { JSONValue($0.value) }), ("phases", phases.map { JSONValue($0) }),
        ("connectDelayS", connectDelay.map { JSONValue($0.value) }),
        ("chargeDelayS", chargeDelay.map { JSONValue($0.value) }),
        ("leaveAfterS", leaveAfter.map { JSONValue($0.value) }), ("batteryWh", battery.map { JSONValue($0.value) }),
        ("reactionS", reaction.map { JSONValue($0.value) }),
      ]) + quirks.members
    return place.members + (car.isEmpty ? [] : [JSONMember("car", .object(car))]) + cable.members
  }

  func run() throws { try world.perform("bench.plugIn", params, done: "A car is plugged in at \(place.text).") }
}

struct CableOptions: ParsableArguments {
  @Option(name: .long, help: "Its rating: 13, 20, 32 or 63 A.") var cable: Int32?
  @Option(name: .long, help: "What the proximity contact measures instead: ohms, or open.") var proximity: String?

  func validate() throws {
    guard cable == nil || proximity == nil else { throw ValidationError("Give --cable or --proximity, not both.") }
    guard let proximity, proximity != "open", DecimalArgument(argument: proximity) == nil else { return }
    throw ValidationError("\"\(proximity)\" is neither a number of ohms nor open.")
  }

  var members: [JSONMember] {
    if let cable { return [JSONMember("cable", ["ratingA": JSONValue(cable)])] }
    guard let proximity else { return [] }
    let ohms = DecimalArgument(argument: proximity).map { JSONValue($0.value) } ?? .null
    return [JSONMember("cable", ["proximityOhm": ohms])]
  }
}

struct QuirkOptions: ParsableArguments {
  @Option(name: .long, help: "Percent that it draws of what it may, 10…300.") var draws: Int32?
  @Option(name: .long, help: "Seconds longer that it goes on under a lower offer.") var ignoresLowerOffer:
    DecimalArgument?
  @Option(name: .long, help: "Seconds from the current's end until it opens S2.") var opensS2After: DecimalArgument?
  @Flag(name: .long, help: "Opens S2 while current flows.") var opensUnderLoad = false
  @Flag(name: .long, help: "Leaves S2 closed until it is unplugged.") var neverOpensS2 = false
  @Flag(name: .long, help: "Has no diode.") var noDiode = false
  @Option(name: .long, help: "Seconds without an offer until it sleeps.") var sleepsAfter: DecimalArgument?
  @Option(name: .long, help: "Seconds of steady pilot after which an offer wakes it.") var wakesAfterPause:
    DecimalArgument?
  @Flag(name: .long, help: "Goes from A to C at once; does not read the duty cycle.") var simplified = false
  @Flag(name: .long, help: "Asks for ventilation (state D).") var ventilation = false
  @Option(name: .long, help: "Stops by itself after so many seconds of current.") var stopsAfter: DecimalArgument?
  @Option(name: .long, help: "Asks again so many seconds after it has stopped.") var resumesAfter: DecimalArgument?
  @Option(name: .long, help: "Seconds that its pilot contact bounces, up to 60.") var bounces: DecimalArgument?
  @Option(name: .long, help: "Its pilot resistors, percent of nominal, 50…200.") var resistors: Int32?
  @Option(name: .long, help: "A per second that its current rises, 0.1…100.") var rise: DecimalArgument?
  @Option(name: .long, help: "A per second that its current falls, 0.1…100.") var fall: DecimalArgument?
  @Option(name: .long, help: "Its residual current, mA, up to 1000.") var leakage: Int32?

  var members: [JSONMember] {
    func flag(_ isSet: Bool, _ value: Bool = true) -> JSONValue? { isSet ? .bool(value) : nil }
    func number(_ argument: DecimalArgument?) -> JSONValue? { argument.map { JSONValue($0.value) } }
    return chargerctl.members([
      ("drawsPercent", draws.map { JSONValue($0) }), ("ignoresLowerOfferS", number(ignoresLowerOffer)),
      ("opensS2AfterS", number(opensS2After)), ("opensS2UnderLoad", flag(opensUnderLoad)),
      ("neverOpensS2", flag(neverOpensS2)), ("diode", flag(noDiode, false)), ("sleepsAfterS", number(sleepsAfter)),
      ("wakesAfterPauseS", number(wakesAfterPause)), ("simplified", flag(simplified)),
      ("ventilation", flag(ventilation)), ("stopsAfterS", number(stopsAfter)),
      ("resumesAfterS", number(resumesAfter)), ("bouncesForS", number(bounces)),
      ("resistorPercent", resistors.map { JSONValue($0) }), ("riseAPerS", number(rise)), ("fallAPerS", number(fall)),
      ("leakageMA", leakage.map { JSONValue($0) }),
    ])
  }
}

struct BenchPlugOut: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plug-out", abstract: "The cable is pulled out, under load too.",
    discussion: "A locked plug comes out with --force only; unlock-by-hand works the emergency release.")
  @OptionGroup var world: WorldOptions
  @OptionGroup var place: ConnectorArguments
  @Flag(name: .long, help: "Tear it out although it is locked.") var force = false

  var params: [JSONMember] { place.members + (force ? [JSONMember("force", true)] : []) }

  func run() throws {
    try world.perform("bench.plugOut", params, done: "Nothing is plugged in at \(place.text).")
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
  @Argument(help: "The EVSE's number.", completion: Completions.evses) var evse: Int32
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

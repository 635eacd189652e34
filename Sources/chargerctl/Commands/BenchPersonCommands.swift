import ArgumentParser
import OCPPJSON

struct BenchTap: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "tap", abstract: "A card is held before a reader.")
  @OptionGroup var world: WorldOptions
  @Argument(help: "The card's identifier, as in 04A1B2C3D4E580.") var idToken: String
  @Option(name: .long, help: "OCPP's type of token.") var type = "ISO14443"
  @Option(name: .long, help: "The reader, by the board profile's name for it.") var reader: String?
  @Option(name: .long, help: "EVSEs that the reader serves; the whole station without it.") var evse: [Int32] = []

  var params: [JSONMember] {
    [JSONMember("idToken", .string(idToken)), JSONMember("type", .string(type))]
      + members([
        ("reader", reader.map { .string($0) }),
        ("evses", evse.isEmpty ? nil : .array(evse.map { JSONValue($0) })),
      ])
  }

  func run() throws { try world.perform("bench.presentToken", params, done: "The card was held before the reader.") }
}

struct BenchPressStart: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "press-start", abstract: "The start button is pressed.")
  @OptionGroup var world: WorldOptions
  @Argument(help: "The EVSE's number; the station's button without it.", completion: Completions.evses)
  var evse: Int32?

  func run() throws {
    try world.perform(
      "bench.pressStart", members([("evse", evse.map { JSONValue($0) })]),
      done: "The start button\(evse.map { " of EVSE \($0)" } ?? "") was pressed.")
  }
}

struct BenchEnterKey: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "enter-key", abstract: "A code is typed on the keypad.")
  @OptionGroup var world: WorldOptions
  @Argument(help: "What is typed: letters and digits, # for enter, * for clear.") var text: String
  @Option(name: .long, help: "The keypad, by the board profile's name; the first without it.") var keypad: String?
  @Flag(name: .long, help: "Do not press enter at the end.") var noEnter = false

  var params: [JSONMember] {
    [JSONMember("text", .string(text))]
      + members([("keypad", keypad.map { .string($0) }), ("enter", noEnter ? .bool(false) : nil)])
  }

  func run() throws { try world.perform("bench.enterKey", params, done: "The code was typed.") }
}

struct BenchChoose: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "choose", abstract: "An item on the display is chosen.")
  @OptionGroup var world: WorldOptions
  @Argument(help: "The item: an EVSE's number, all or cancel.") var item: String

  func run() throws {
    try world.perform("bench.chooseOnDisplay", [JSONMember("item", .string(item))], done: "\(item) was chosen.")
  }
}

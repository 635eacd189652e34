import ChargerBase
import JSONRPC
import OCPPJSON
import SimulatedWorld

// Start buttons, keypads, bays and the list on the display: what people do with them, and what the station's drivers are
// told.
extension WorldMethods {
  mutating func typeKeys(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(["text", "keypad", "enter"])
    let text = try params.string("text", maximum: 64)
    let pressesEnter = try params.optionalBool("enter") ?? true
    try act(.typeKeys(text + (pressesEnter ? "#" : ""), keypad: try params.optionalString("keypad", maximum: 255)))
  }

  /// An item by its name; an EVSE by its number too.
  mutating func choose(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(["item"])
    if let number = params.optional("item")?.int32 {
      try act(.chooseOnDisplay("\(number)"))
    } else {
      try act(.chooseOnDisplay(try params.string("item", maximum: 64)))
    }
  }

  var choices: JSONValue {
    .array(world.offeredChoices.map { ["item": .string($0.name), "text": .string($0.text)] })
  }

  /// For `bench.state`.
  var postParts: [JSONMember] {
    [
      JSONMember(
        "keypads",
        .array(
          world.configuration.keypads.map {
            ["keypad": .string($0.name), "silent": .bool(world.isKeypadSilent($0.name))]
          })),
      JSONMember(
        "startButtons",
        .array(
          world.configuration.startButtons.map {
            [
              "evse": $0.evse.map { JSONValue($0.number) } ?? .null,
              "silent": .bool(world.isStartButtonSilent($0.evse)),
            ]
          })),
      JSONMember("choices", choices),
    ]
  }

  // MARK: Drivers

  mutating func offer(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(["items"])
    world.offer(
      (try params.optionalArray("items", maximum: 18) ?? []).compactMap { value in
        value["item"]?.string.map { WorldChoice(name: String($0.prefix(16)), text: value["text"]?.string ?? "") }
      })
  }

  /// Members of `driver.readings`.
  var postReadings: [JSONMember] {
    var bays: [JSONValue] = []
    var silentBays: [JSONValue] = []
    for evse in world.configuration.evses where evse.hasParkingBaySensor {
      if let bay = world.parkingBay(of: evse.id) {
        bays.append(["evse": JSONValue(evse.id.number), "occupied": .bool(bay.isOccupied)])
      } else {
        silentBays.append(JSONValue(evse.id.number))
      }
    }
    let silentButtons = world.configuration.startButtons.filter { world.isStartButtonSilent($0.evse) }
    return [
      JSONMember("parkingBays", .array(bays)), JSONMember("silentParkingBays", .array(silentBays)),
      JSONMember(
        "silentKeypads", JSONValue(texts: world.configuration.keypads.map(\.name).filter { world.isKeypadSilent($0) })),
      JSONMember("silentStartButtons", .array(silentButtons.map { $0.evse.map { JSONValue($0.number) } ?? .null })),
    ]
  }

  /// Takes what people have typed, pressed and chosen, as notifications for the station.
  mutating func takePost() -> [(method: String, params: JSONValue)] {
    var told: [(String, JSONValue)] = []
    for keypad in world.configuration.keypads where world.hasKeys(keypad: keypad.name) {
      let keys = String(decoding: world.takeKeys(keypad: keypad.name), as: UTF8.self)
      told.append(("driver.keys", ["keypad": .string(keypad.name), "keys": .string(keys)]))
    }
    for button in world.configuration.startButtons where world.hasPresses(startButton: button.evse) {
      let presses = world.takePresses(startButton: button.evse)
      told.append(
        (
          "driver.startPressed",
          ["evse": button.evse.map { JSONValue($0.number) } ?? .null, "presses": JSONValue(presses)]
        ))
    }
    if world.hasChosen {
      for item in world.takeChosen() { told.append(("driver.chosen", ["item": .string(item)])) }
    }
    return told
  }
}

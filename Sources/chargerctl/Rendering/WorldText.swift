import OCPPJSON

/// The simulated world in words.
enum WorldText {
  static func state(_ state: JSONValue) -> String {
    var lines = [
      "Network \(upOrDown(state["network"])), mains \(upOrDown(state["mains"])), station program "
        + (state["stationConnected"]?.bool == true ? "connected" : "not connected")
    ]
    lines += texts(state["lines"], at: "station")
    for reader in state["readers"]?.array ?? [] {
      let evses = (reader["evses"]?.array ?? []).map { Text.printable($0) }.joined(separator: ", ")
      let place = evses.isEmpty ? "the whole station" : "EVSE \(evses)"
      let silent = reader["silent"]?.bool == true ? ", SILENT" : ""
      lines.append("Reader \(Text.printable(reader["reader"])) for \(place)\(silent)")
    }
    lines += WorldPartsText.lines(ofStation: state)
    var table = TextTable(header: ["CONNECTOR", "CABLE", "CAR", "OFFER", "DRAWS", "CONTACTOR", "FAULTS"])
    var rest: [String] = []
    for evse in state["evses"]?.array ?? [] {
      let number = Text.printable(evse["evse"])
      for connector in evse["connectors"]?.array ?? [] {
        table.append(["\(number).\(Text.printable(connector["connector"]))"] + cells(connector))
      }
      rest.append(meterLine(evse, number: number))
      rest += WorldPartsText.lines(ofEVSE: evse, number: number)
      rest += texts(evse["lines"], at: "EVSE \(number)")
    }
    return (lines + ["", table.text, ""] + rest).joined(separator: "\n")
  }

  private static func cells(_ connector: JSONValue) -> [String] {
    let car = connector["car"] ?? .null
    var text = "none"
    if car.members != nil {
      text = "\(Text.amperes(car["currentA"])), \(Text.printable(car["phases"])) phases"
      if let held = car["heldState"]?.string { text += ", held in \(Text.printable(held))" }
      if let room = car["batteryWh"], !room.isNull { text += ", takes \(Text.kilowattHours(room))" }
    }
    let pilot = connector["pilot"] ?? .null
    let offer =
      pilot["offersA"]?.decimal == nil
      ? Text.words(pilot["output"]?.string ?? Text.nothing) : Text.amperes(pilot["offersA"])
    let contactor = connector["contactor"] ?? .null
    let position = contactor["closed"]?.bool == true ? "closed" : "open"
    let isAsTold = contactor["closed"] == contactor["commandedClosed"]
    return [
      Text.printable(connector["cable"]), text, offer, Text.amperes(car["drawsA"]),
      isAsTold ? position : "\(position), told otherwise", faultNames(connector["faults"]),
    ]
  }

  private static func meterLine(_ evse: JSONValue, number: String) -> String {
    let meter = evse["meter"] ?? .null
    let currents = (meter["currentA"]?.array ?? []).map { Text.amperes($0) }.joined(separator: " / ")
    var text = "EVSE \(number): light \(Text.printable(evse["light"])), meter \(Text.kilowattHours(meter["importWh"]))"
    if !currents.isEmpty { text += ", \(currents)" }
    let faults = faultNames(evse["faults"])
    return faults == Text.nothing ? text : text + ", FAULTS: \(faults)"
  }

  private static func faultNames(_ faults: JSONValue?) -> String {
    let names = (faults?.array ?? []).map { Text.printable($0["fault"] ?? $0) }
    return names.isEmpty ? Text.nothing : names.joined(separator: ", ")
  }

  private static func texts(_ lines: JSONValue?, at place: String) -> [String] {
    (lines?.array ?? []).compactMap(\.string).map { "Display of \(place): \(Text.printable($0))" }
  }

  private static func upOrDown(_ value: JSONValue?) -> String { value?.bool == true ? "up" : "DOWN" }

  static func display(_ display: JSONValue) -> String {
    var lines = ["Light: \(Text.printable(display["light"]))"]
    lines += (display["lines"]?.array ?? []).compactMap(\.string).map { "| \(Text.printable($0))" }
    for message in display["messages"]?.array ?? [] {
      lines.append("Message \(Text.printable(message["id"])): \(Text.printable(message["text"]))")
    }
    for choice in display["choices"]?.array ?? [] {
      lines.append("> \(Text.printable(choice["text"])) (\(Text.printable(choice["item"])))")
    }
    if let cost = display["cost"], !cost.isNull { lines.append("Cost: \(Text.printable(cost))") }
    return lines.joined(separator: "\n")
  }

  static func faults(_ faults: JSONValue) -> String {
    var table = TextTable(header: ["FAULT", "CODE", "AT", "NOTE"])
    for fault in faults.array ?? [] {
      table.append([
        Text.printable(fault["fault"]), Text.printable(fault["code"]), Text.printable(fault["scope"]),
        fault["available"]?.bool == false ? Text.printable(fault["waitsFor"]) : "",
      ])
    }
    return table.text
  }

  static func event(method: String, _ event: JSONValue) -> String {
    if method == "dropped" { return "-- the world has dropped this listener: \(Text.printable(event["reason"]))" }
    let place = Text.place(event).map { "\($0): " } ?? ""
    return place + Text.printable(event["text"])
  }
}

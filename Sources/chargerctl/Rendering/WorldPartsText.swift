import OCPPJSON

/// The parts of a simulated station that not every one has, in words. What is as it should be takes few of them.
enum WorldPartsText {
  static func lines(ofStation state: JSONValue) -> [String] {
    var lines: [String] = []
    for contact in state["safetyContacts"]?.array ?? [] {
      let evse = contact["evse"] ?? .null
      let place = evse.isNull ? "the station" : "EVSE \(Text.printable(evse))"
      let active = contact["active"]?.bool == true ? "ACTIVE" : "at rest"
      let silent = contact["silent"]?.bool == true ? ", SILENT" : ""
      lines.append("\(Text.words(contact["kind"]?.string ?? Text.nothing)) of \(place): \(active)\(silent)")
    }
    for keypad in state["keypads"]?.array ?? [] where keypad["silent"]?.bool == true {
      lines.append("Keypad \(Text.printable(keypad["keypad"])): SILENT")
    }
    for button in state["startButtons"]?.array ?? [] where button["silent"]?.bool == true {
      let evse = button["evse"] ?? .null
      lines.append("Start button of \(evse.isNull ? "the station" : "EVSE \(Text.printable(evse))"): SILENT")
    }
    for choice in state["choices"]?.array ?? [] {
      lines.append("The display offers: \(Text.printable(choice["text"])) (\(Text.printable(choice["item"])))")
    }
    let watchdog = state["watchdog"] ?? .null
    let expiries = watchdog["expiries"]?.int ?? 0
    if watchdog["installed"]?.bool == true || watchdog["holds"]?.bool == true || expiries > 0 {
      let holds = watchdog["holds"]?.bool == true ? "holds" : "does not hold"
      lines.append("Watchdog: \(holds)" + (expiries > 0 ? ", has run out \(expiries) times" : ""))
    }
    let supply = state["supply"] ?? .null
    if let fuse = supply["fuseA"], !fuse.isNull {
      var line = "Supply: \(Text.amperes(supply["currentA"])) of \(Text.amperes(fuse))"
      if let overload = supply["overloadS"]?.decimal, overload > .zero { line += ", OVERLOADED for \(overload) s" }
      lines.append(line)
    }
    return lines
  }

  static func lines(ofEVSE evse: JSONValue, number: String) -> [String] {
    var lines: [String] = []
    var parts: [String] = []
    if let phases = evse["connectedPhases"]?.int {
      parts.append("\(phases == 1 ? "1 phase" : "\(phases) phases") connected")
    }
    if let isOccupied = evse["parkingBayOccupied"]?.bool { parts.append("bay \(isOccupied ? "occupied" : "free")") }
    let temperatures = evse["temperaturesC"]?.array ?? []
    if !temperatures.isEmpty {
      parts.append(temperatures.map { "\(Text.fixed($0.decimal, places: 1)) °C" }.joined(separator: " / "))
    }
    if let monitor = evse["residualCurrent"], monitor.members != nil {
      let state = monitor["tripped"]?.bool == true ? "TRIPPED" : "at rest"
      let test = monitor["testing"]?.bool == true ? ", test current on" : ""
      let leakage = monitor["leakageMA"]?.decimal ?? .zero
      parts.append(
        "residual current monitor \(state)\(test)" + (leakage > .zero ? ", \(leakage) mA flow off" : ""))
    }
    if !parts.isEmpty { lines.append("EVSE \(number): \(parts.joined(separator: ", "))") }
    for connector in evse["connectors"]?.array ?? [] {
      var parts: [String] = []
      if let lock = connector["lock"], lock.members != nil {
        let engaged = lock["engaged"]?.bool == true
        parts.append(
          "lock \(engaged ? "engaged" : "open")" + (lock["commandedLocked"]?.bool == engaged ? "" : ", told otherwise"))
      }
      if let proximity = connector["proximity"], proximity.members != nil {
        parts.append("proximity " + (proximity["ohm"]?.decimal.map { "\($0) Ω" } ?? "open"))
      }
      let place = "\(number).\(Text.printable(connector["connector"]))"
      if !parts.isEmpty { lines.append("Connector \(place): \(parts.joined(separator: ", "))") }
    }
    return lines
  }
}

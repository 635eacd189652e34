import OCPPJSON

/// One line for each notification.
enum EventText {
  static func render(method: String, _ event: JSONValue) -> String {
    if method == "dropped" { return "-- the station has dropped this listener: \(Text.printable(event["reason"]))" }
    let time = Text.time(event["time"]) ?? "(time not known)   "
    var text = "\(time)  \(padded(Text.printable(event["kind"]), to: 13))  "
    if let place = Text.place(event) { text += "\(place): " }
    return text + Text.printable(event["text"])
  }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

/// The station's log.
enum LogText {
  static func render(_ answer: JSONValue) -> String {
    var lines: [String] = []
    if let dropped = answer["dropped"]?.int64, dropped > 0 { lines.append("-- \(dropped) older lines are gone") }
    for line in answer["lines"]?.array ?? [] {
      let time = Text.time(line["time"]) ?? "(time not known)   "
      let level = Text.printable(line["level"])
      let mark = level == "info" ? "" : "\(level.uppercased()): "
      lines.append("\(time)  \(mark)\(Text.printable(line["text"]))")
    }
    return lines.isEmpty ? "The log is empty." : lines.joined(separator: "\n")
  }
}

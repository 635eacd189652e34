import CLinux
import ChargerBase
import Glibc
import OCPPJSON

/// Walks through the hardware of one board. What is unattended comes first, so that nothing is wired wrongly any more when
/// somebody is asked to push and to look.
struct HardwareTest {
  private static let personPatience = Duration.seconds(60)

  private let connection: Connection
  /// Somebody is at the post.
  private let asks: Bool
  private let talks: Bool
  private(set) var report = HardwareReport()

  init(_ connection: Connection, asks: Bool, talks: Bool) {
    self.connection = connection
    self.asks = asks
    self.talks = talks
  }

  mutating func run() throws(Failure) {
    let first = try settled()
    report.program = first["program"]?.string ?? ""
    report.board = first["board"]?.string ?? ""
    say("\(report.board), opened by \(report.program).")
    for input in list(first, "inputs") { atRest(input) }
    if asks {
      say("Each contactor closes for half a second, locks and relays move. No car may be plugged in.")
      guard answersYes("Go on? [y/n] ") else { throw .refused("nothing was moved") }
    }
    for connector in list(first, "connectors") { try test(connector) }
    for evse in list(first, "evses") { try test(evse: evse) }
    if let watchdog = first["watchdog"], !watchdog.isNull {
      judge("watchdog", watchdog["alive"]?.bool == true, "it is fed", "it does not answer")
    }
    try post(first)
  }

  /// The first readings: meters and readers get their time to speak.
  private func settled() throws(Failure) -> JSONValue {
    let end = linux_boottime_ns() + 5_000_000_000
    while true {
      let reading = try connection.call("hardware.read")
      if linux_boottime_ns() >= end || Self.isComplete(reading) { return reading }
      usleep(100_000)
    }
  }

  private static func isComplete(_ reading: JSONValue) -> Bool {
    let connectors = reading["connectors"]?.array ?? []
    let evses = reading["evses"]?.array ?? []
    let inputs = reading["inputs"]?.array ?? []
    return !connectors.isEmpty
      && connectors.allSatisfy { $0["pilot"]?["highV"]?.isNull == false && $0["contactor"]?.isNull == false }
      && evses.allSatisfy { $0["meter"] == nil || $0["meter"]?.isNull == false }
      && inputs.allSatisfy { $0["active"]?.isNull == false }
  }

  // MARK: Telling

  private func say(_ text: String) { if talks { Terminal.writeLine(text) } }

  private mutating func add(_ part: String, _ outcome: HardwareReport.Outcome, _ detail: String) {
    let item = HardwareReport.Item(part: part, outcome: outcome, detail: detail)
    report.add(item)
    say(HardwareReport.line(item))
  }

  private mutating func judge(_ part: String, _ isGood: Bool, _ good: String, _ bad: String) {
    add(part, isGood ? .passed : .failed, isGood ? good : bad)
  }

  private func list(_ value: JSONValue, _ name: String) -> [JSONValue] { value[name]?.array ?? [] }

  private func number(_ value: JSONValue?) -> String { value?.decimal.map { "\($0)" } ?? "?" }

  // MARK: Connectors and EVSEs

  private mutating func test(_ connector: JSONValue) throws(Failure) {
    let evse = number(connector["evse"])
    let name = "EVSE \(evse) connector \(number(connector["connector"]))"
    let place = [
      JSONMember("evse", connector["evse"] ?? .null), JSONMember("connector", connector["connector"] ?? .null),
    ]
    let pilot = try connection.call("hardware.pilot", .object(place))
    let volts =
      "steady \(number(pilot["steadyV"])) V, pulses \(number(pilot["highV"])) V and \(number(pilot["lowV"])) V, "
    add(
      "\(name) pilot", outcome(pilot),
      Self.words(pilot) ?? volts + "negative \(number(pilot["negativeV"])) V")
    let click = try connection.call("hardware.click", .object(place))
    add(
      "\(name) contactor", outcome(click),
      Self.words(click, moved: "close", rest: "open") ?? times(click, "closed", "open"))
    if connector["lock"] != nil {
      let lock = try connection.call("hardware.lock", .object(place))
      add(
        "\(name) lock", outcome(lock),
        Self.words(lock, moved: "lock", rest: "unlock") ?? times(lock, "locked", "unlocked"))
    }
    if let proximity = connector["proximity"] {
      let isOpen = proximity["open"]?.bool
      judge(
        "\(name) proximity", isOpen != nil,
        isOpen == true ? "open: no plug" : "\(number(proximity["ohms"])) ohm", "is not measured")
    }
  }

  private mutating func test(evse: JSONValue) throws(Failure) {
    let name = "EVSE \(number(evse["id"]))"
    let place: JSONValue = ["evse": evse["id"] ?? .null]
    if let meter = evse["meter"] {
      let volts = list(meter, "voltageV").map { number($0) }.joined(separator: "/")
      judge(
        "\(name) meter", meter["energyWh"]?.isNull == false,
        "\(number(meter["energyWh"])) Wh, \(volts) V",
        meter.isNull ? "does not answer" : "gives no energy register")
    }
    if evse["residualCurrent"] != nil {
      let trip = try connection.call("hardware.residualCurrent", place)
      add(
        "\(name) residual current", outcome(trip),
        Self.words(trip, moved: "trip under its test current", rest: "measure anew after it")
          ?? times(trip, "tripped by its own test", "measuring anew"))
    }
    if evse["phases"] != nil {
      let phases = try connection.call("hardware.phases", place)
      add(
        "\(name) phase switch", outcome(phases),
        Self.words(phases, moved: "go to three phases", rest: "go back to one") ?? times(phases, "three phases", "one"))
    }
    for (index, value) in list(evse, "temperaturesC").enumerated() {
      judge("\(name) temperature \(index + 1)", !value.isNull, "\(number(value)) °C", "is not measured")
    }
  }

  private func outcome(_ answer: JSONValue) -> HardwareReport.Outcome {
    switch answer["outcome"]?.string {
    case "worked": .passed
    case "refused", "busy": .refused
    default: .failed
    }
  }

  /// What went wrong, in words; nil when it worked.
  static func words(_ answer: JSONValue, moved: String = "move", rest: String = "go back") -> String? {
    let reason = answer["reason"]?.string ?? ""
    switch answer["outcome"]?.string {
    case "worked": return nil
    case "refused", "busy": return reason
    case "interrupted": return "given up: \(reason)"
    case "notAtRest": return "shows the wrong position with nothing done: welded, or its contact is wired wrongly"
    case "didNotMove": return "does not \(moved): no coil, or its contact is not wired"
    case "didNotReturn": return "does not \(rest) again: welded or stuck"
    case "wrongHigh": return "the high part is \(answer["highV"]?.decimal.map { "\($0)" } ?? "?") V, not near 12 V"
    case "wrongLow": return "the low part is \(answer["lowV"]?.decimal.map { "\($0)" } ?? "?") V, not near -12 V"
    case "wrongNegative":
      return "under state F it is \(answer["negativeV"]?.decimal.map { "\($0)" } ?? "?") V, not near -12 V"
    default: return "is not read"
    }
  }

  private func times(_ answer: JSONValue, _ moved: String, _ rest: String) -> String {
    "\(moved) after \(number(answer["movedAfterMilliseconds"])) ms, \(rest) after "
      + "\(number(answer["returnedAfterMilliseconds"])) ms"
  }

  // MARK: Inputs and the post

  private static func name(_ input: JSONValue) -> String {
    let place = input["evse"]?.int.map { " of EVSE \($0)" } ?? ""
    let kind =
      switch input["kind"]?.string {
      case "emergencyStop": "emergency stop"
      case "door": "door contact"
      case "tilt": "tilt sensor"
      case "mainsLoss": "mains monitor"
      case let other: other ?? "input"
      }
    return kind + place
  }

  /// What somebody at the post shall do.
  private static func prompt(_ input: JSONValue) -> String {
    let place = input["evse"]?.int.map { " of EVSE \($0)" } ?? ""
    return switch input["kind"]?.string {
    case "emergencyStop": "Push the emergency stop\(place), then release it."
    case "door": "Open the door\(place), then close it."
    case "tilt": "Tilt the tilt sensor\(place), then put it back."
    case "mainsLoss": "Take the mains\(place) away from its monitor, then give it back."
    default: "Make \(name(input)) active, then let it go."
    }
  }

  private mutating func atRest(_ input: JSONValue) {
    judge(
      Self.name(input), input["active"]?.bool == false, "at rest",
      input["active"]?.bool == true ? "is active: release it, or its polarity is wrong" : "is not read")
  }

  private mutating func post(_ first: JSONValue) throws(Failure) {
    for (index, input) in list(first, "inputs").enumerated() where input["active"]?.bool == false {
      try watch("\(Self.name(input)), moved", Self.prompt(input)) {
        $0["inputs"]?[index]?["active"]?.bool == true
      }
    }
    for (index, reader) in list(first, "readers").enumerated() {
      let name = "reader \(reader["name"]?.string ?? "")"
      guard reader["alive"]?.bool == true else {
        add(name, .failed, "is silent: unplugged, or pcscd does not run")
        continue
      }
      let before = reader["cards"]?.int ?? 0
      let seen = try watch(name, "Hold a card before reader \(reader["name"]?.string ?? "").") {
        ($0["readers"]?[index]?["cards"]?.int ?? 0) > before
      }
      if let last = seen?["readers"]?[index] {
        say("        \(last["kind"]?.string ?? "") \(last["token"]?.string ?? "")")
      }
    }
    for (index, keypad) in list(first, "keypads").enumerated() {
      try watch("keypad \(keypad["name"]?.string ?? "")", "Press a key of keypad \(keypad["name"]?.string ?? "").") {
        ($0["keypads"]?[index]?["keys"]?.int ?? 0) > 0
      }
    }
    for (index, button) in list(first, "startButtons").enumerated() {
      let name = "start button" + (button["evse"]?.int.map { " of EVSE \($0)" } ?? "")
      try watch(name, "Press the \(name).") { ($0["startButtons"]?[index]?["presses"]?.int ?? 0) > 0 }
    }
    for (index, post) in list(first, "posts").enumerated() { try lookAt(post, index) }
    if let display = first["display"], !display.isNull {
      _ = try connection.call("hardware.display", ["text": "Hardware test"])
      look("display", "Does the display say \"Hardware test\"?")
    }
  }

  private mutating func lookAt(_ post: JSONValue, _ index: Int) throws(Failure) {
    let evse = post["evse"] ?? .null
    if let bay = post["parkingBay"], !bay.isNull {
      let was = bay["occupied"]?.bool
      let name = "parking bay of EVSE \(number(evse))"
      if was == nil {
        add(name, .failed, "is not read")
      } else {
        try watch(name, "Step into the \(name), or out of it.") {
          let now = $0["posts"]?[index]?["parkingBay"]?["occupied"]?.bool
          return now != nil && now != was
        }
      }
    }
    guard post["light"]?.bool == true else { return }
    guard asks else { return add("light of EVSE \(number(evse))", .skipped, "needs somebody at the post") }
    for colour in ["red", "green", "blue"] {
      _ = try connection.call("hardware.light", ["evse": evse, "colour": JSONValue(colour)])
      look("light of EVSE \(number(evse)), \(colour)", "Is the light of EVSE \(number(evse)) \(colour)?")
    }
    _ = try connection.call("hardware.light", ["evse": evse, "colour": "off"])
  }

  // MARK: Somebody at the post

  /// Waits for somebody to do something; answers what was read then.
  @discardableResult
  private mutating func watch(
    _ part: String, _ prompt: String, _ isSeen: (JSONValue) -> Bool
  ) throws(Failure) -> JSONValue? {
    guard asks else {
      add(part, .skipped, "needs somebody at the post")
      return nil
    }
    Terminal.writeLine("-> \(prompt) (Enter skips)")
    let end = linux_boottime_ns() + Self.personPatience.wholeNanoseconds
    while linux_boottime_ns() < end {
      let reading = try connection.call("hardware.read")
      if isSeen(reading) {
        add(part, .passed, "seen")
        return reading
      }
      var entry = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, 100) > 0 {
        _ = Self.typedLine()
        add(part, .skipped, "by hand")
        return nil
      }
    }
    add(part, .failed, "nothing was seen for \(Self.personPatience.wholeSeconds) s")
    return nil
  }

  private mutating func look(_ part: String, _ question: String) {
    guard asks else { return add(part, .skipped, "needs somebody at the post") }
    let isSeen = answersYes("-> \(question) [y/n] ")
    judge(part, isSeen, "seen", "not as it should be")
  }

  private func answersYes(_ question: String) -> Bool {
    Terminal.write(question)
    let answer = Self.typedLine() ?? ""
    if !Terminal.isInputTyped { Terminal.writeLine(answer) }
    return answer.hasPrefix("y") || answer.hasPrefix("Y")
  }

  /// A line byte by byte: what a buffer had taken already could not be waited for any more. Nil at the end of the input.
  private static func typedLine() -> String? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 256 {
      let count = read(0, &byte, 1)
      if count < 0, linux_errno() == EINTR { continue }
      guard count == 1 else { return line.isEmpty ? nil : String(decoding: line, as: UTF8.self) }
      if byte == UInt8(ascii: "\n") { break }
      line.append(byte)
    }
    return String(decoding: line, as: UTF8.self)
  }
}

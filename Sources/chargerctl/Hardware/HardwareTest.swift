import CLinux
import ChargerBase
import Glibc
import OCPPJSON

/// Walks through the hardware of one board. What is unattended comes first, so that nothing is wired wrongly any more when
/// somebody is asked to push and to look.
struct HardwareTest {
  private static let personPatience = Duration.seconds(60)
  /// What a movement takes at most, with every wait in it.
  private static let movement = Duration.seconds(60)
  /// How long the first look waits for everything, and how long after the beginning a part may speak for the first time.
  private static let firstLook = Duration.seconds(5)
  private static let hearing = Duration.seconds(20)

  private let connection: Connection
  /// Somebody is at the post.
  private let asks: Bool
  private let talks: Bool
  private(set) var report = HardwareReport()
  private let began = linux_boottime_ns()

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
    for (index, input) in list(first, "inputs").enumerated() { try atRest(input, index) }
    if asks {
      say("Each contactor closes for half a second, locks and relays move. No car may be plugged in.")
      guard answersYes("Go on? [y/n] ") else { throw .refused("nothing was moved") }
    }
    for (index, connector) in list(first, "connectors").enumerated() { try test(connector, index) }
    for (index, evse) in list(first, "evses").enumerated() { try test(evse: evse, index) }
    if first["mainMeter"] != nil { try testMeter("main meter") { $0["mainMeter"] } }
    if let watchdog = first["watchdog"], !watchdog.isNull {
      let reading = try self.reading { $0["watchdog"]?["alive"]?.bool == true }
      judge("watchdog", reading["watchdog"]?["alive"]?.bool == true, "it is fed", "it does not answer")
    }
    try post(first)
  }

  /// The first readings: meters and readers get their time to speak.
  private func settled() throws(Failure) -> JSONValue { try reading(within: Self.firstLook, Self.isComplete) }

  /// What is read as soon as it has what is looked for, or when what is slow has had its time to speak.
  private func reading(
    within patience: Duration = Self.hearing, _ hasSpoken: (JSONValue) -> Bool
  ) throws(Failure) -> JSONValue {
    while true {
      let reading = try connection.call("hardware.read")
      if hasSpoken(reading) || linux_boottime_ns() >= began + patience.wholeNanoseconds { return reading }
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
      && (reading["mainMeter"] == nil || reading["mainMeter"]?.isNull == false)
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

  private func number(_ value: JSONValue?) -> String { value?.decimal.map { "\($0)" } ?? "not measured" }

  /// `12 V`.
  private static func amount(_ value: JSONValue?, _ unit: String) -> String {
    value?.decimal.map { "\($0) \(unit)" } ?? "not measured"
  }

  /// `9 V, not near 12 V`.
  private static func volts(_ value: JSONValue?, notNear wanted: String) -> String {
    value?.decimal == nil ? "not measured" : "\(amount(value, "V")), not near \(wanted)"
  }

  private func move(_ method: String, _ place: JSONValue) throws(Failure) -> JSONValue {
    try connection.call(method, place, timeout: Self.movement)
  }

  // MARK: Connectors and EVSEs

  private mutating func test(_ connector: JSONValue, _ index: Int) throws(Failure) {
    let evse = number(connector["evse"])
    let name = "EVSE \(evse) connector \(number(connector["connector"]))"
    let place = [
      JSONMember("evse", connector["evse"] ?? .null), JSONMember("connector", connector["connector"] ?? .null),
    ]
    let pilot = try move("hardware.pilot", .object(place))
    func volts(_ name: String) -> String { Self.amount(pilot[name], "V") }
    add(
      "\(name) pilot", outcome(pilot),
      Self.words(pilot)
        ?? "steady \(volts("steadyV")), pulses \(volts("highV")) and \(volts("lowV")), negative \(volts("negativeV"))")
    let click = try move("hardware.click", .object(place))
    add(
      "\(name) contactor", outcome(click),
      Self.words(click, moved: "close", rest: "open") ?? times(click, "closed", "open"))
    if connector["lock"] != nil {
      let lock = try move("hardware.lock", .object(place))
      add(
        "\(name) lock", outcome(lock),
        Self.words(lock, moved: "lock", rest: "unlock") ?? times(lock, "locked", "unlocked"))
    }
    if connector["proximity"] != nil {
      func proximity(_ reading: JSONValue) -> JSONValue? { reading["connectors"]?[index]?["proximity"] }
      let measured = proximity(try reading { proximity($0)?["open"]?.bool != nil })
      let isOpen = measured?["open"]?.bool
      judge(
        "\(name) proximity", isOpen != nil,
        isOpen == true ? "open: no plug" : Self.amount(measured?["ohms"], "ohm"), "is not measured")
    }
  }

  private mutating func test(evse: JSONValue, _ index: Int) throws(Failure) {
    let name = "EVSE \(number(evse["id"]))"
    let place: JSONValue = ["evse": evse["id"] ?? .null]
    if evse["meter"] != nil { try testMeter("\(name) meter") { $0["evses"]?[index]?["meter"] } }
    if evse["residualCurrent"] != nil {
      let trip = try move("hardware.residualCurrent", place)
      add(
        "\(name) residual current", outcome(trip),
        Self.words(trip, moved: "trip under its test current", rest: "measure anew after it")
          ?? times(trip, "tripped by its own test", "measuring anew"))
    }
    if evse["phases"] != nil {
      let phases = try move("hardware.phases", place)
      add(
        "\(name) phase switch", outcome(phases),
        Self.words(phases, moved: "go to three phases", rest: "go back to one") ?? times(phases, "three phases", "one"))
    }
    for sensor in list(evse, "temperaturesC").indices {
      func value(_ reading: JSONValue) -> JSONValue? { reading["evses"]?[index]?["temperaturesC"]?[sensor] }
      let measured = value(try reading { value($0)?.decimal != nil })
      judge(
        "\(name) temperature \(sensor + 1)", measured?.decimal != nil, Self.amount(measured, "°C"), "is not measured")
    }
  }

  private mutating func testMeter(_ name: String, _ find: (JSONValue) -> JSONValue?) throws(Failure) {
    let meter = find(try reading { find($0)?["energyWh"]?.decimal != nil }) ?? .null
    let volts = list(meter, "voltageV").map { number($0) }.joined(separator: "/")
    judge(
      name, meter["energyWh"]?.decimal != nil, "\(Self.amount(meter["energyWh"], "Wh")), \(volts) V",
      meter.isNull ? "does not answer" : "gives no energy register")
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
    case "wrongHigh": return "the high part is \(volts(answer["highV"], notNear: "12 V"))"
    case "wrongLow": return "the low part is \(volts(answer["lowV"], notNear: "-12 V"))"
    case "wrongNegative": return "under state F it is \(volts(answer["negativeV"], notNear: "-12 V"))"
    case "staysNegative": return "does not leave -12 V after state F"
    default: return "is not read"
    }
  }

  private func times(_ answer: JSONValue, _ moved: String, _ rest: String) -> String {
    "\(moved) after \(Self.amount(answer["movedAfterMilliseconds"], "ms")), \(rest) after "
      + Self.amount(answer["returnedAfterMilliseconds"], "ms")
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

  private mutating func atRest(_ input: JSONValue, _ index: Int) throws(Failure) {
    func isActive(_ reading: JSONValue) -> Bool? { reading["inputs"]?[index]?["active"]?.bool }
    let active = isActive(try reading { isActive($0) != nil })
    judge(
      Self.name(input), active == false, "at rest",
      active == true ? "is active: release it, or its polarity is wrong" : "is not read")
  }

  private mutating func post(_ first: JSONValue) throws(Failure) {
    let inputs = list(try connection.call("hardware.read"), "inputs")
    for (index, input) in inputs.enumerated() where input["active"]?.bool == false {
      try watch("\(Self.name(input)), moved", Self.prompt(input)) {
        $0["inputs"]?[index]?["active"]?.bool == true
      }
    }
    for (index, reader) in list(first, "readers").enumerated() {
      let name = "reader \(reader["name"]?.string ?? "")"
      func isAlive(_ reading: JSONValue) -> Bool { reading["readers"]?[index]?["alive"]?.bool == true }
      guard isAlive(try reading(isAlive)) else {
        add(name, .failed, "is silent: unplugged, or pcscd does not run")
        continue
      }
      let before = try connection.call("hardware.read")["readers"]?[index]?["cards"]?.int ?? 0
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

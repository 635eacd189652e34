import ChargerBase

/// A keypad and what was typed on it.
struct SimulatedKeypad: Sendable, Equatable {
  /// Strokes that wait for the station's driver; with one more all are lost.
  static let capacity = 64
  let configuration: WorldKeypad
  var isSilent = false
  /// Legends of keys, ASCII.
  var waiting: [UInt8] = []
  var hasLost = false

  mutating func type(_ legend: UInt8) {
    guard waiting.count < Self.capacity else {
      waiting = []
      hasLost = true
      return
    }
    waiting.append(legend)
  }
}

struct SimulatedStartButton: Sendable, Equatable {
  static let capacity = 16
  let configuration: WorldStartButton
  var isSilent = false
  var presses = 0
}

/// The detector of one EVSE's bay.
struct SimulatedParkingBay: Sendable, Equatable {
  var isOccupied = false
  var since: MonotonicInstant
}

/// A list on the display and what was chosen from it.
struct SimulatedChoice: Sendable, Equatable {
  static let capacity = 4
  var offered: [WorldChoice] = []
  /// Items' names, for the station's driver.
  var chosen: [String] = []
}

/// One item of a list on the display.
public struct WorldChoice: Sendable, Equatable {
  /// What the station calls it: an EVSE's number, `all` or `cancel`.
  public var name: String
  public var text: String

  public init(name: String, text: String) {
    self.name = name
    self.text = text
  }
}

/// Keys and the list on the display as people and the station's drivers see them.
extension SimulatedWorld {
  // MARK: People

  mutating func pressStart(_ evse: EVSEID?) throws(WorldError) {
    if let evse { _ = try known(evse) }
    guard
      let index = startButtons.firstIndex(where: { $0.configuration.evse == evse })
        ?? startButtons.firstIndex(where: { $0.configuration.evse == nil })
    else {
      let where_ = evse.map { "\($0)" } ?? "the station"
      throw WorldError(.badParameter("evse"), "\(where_) has no start button")
    }
    tell(.startPressed(startButtons[index].configuration.evse))
    guard !startButtons[index].isSilent else { return }
    startButtons[index].presses = min(SimulatedStartButton.capacity, startButtons[index].presses + 1)
  }

  mutating func type(_ legends: String, on name: String?) throws(WorldError) {
    guard let index = keypads.firstIndex(where: { name == nil || $0.configuration.name == name }) else {
      let names = keypads.map(\.configuration.name).joined(separator: ", ")
      throw WorldError(
        .badParameter("keypad"),
        keypads.isEmpty ? "the station has no keypad" : "there is no keypad \(name ?? ""); there is \(names)")
    }
    let bytes = Array(legends.utf8)
    guard !bytes.isEmpty, bytes.allSatisfy(Self.isKey) else {
      throw WorldError(.badParameter("text"), "a keypad has letters and digits, # for enter and * for clear")
    }
    tell(.keysTyped(keypad: keypads[index].configuration.name))
    guard !keypads[index].isSilent else { return }
    for legend in bytes { keypads[index].type(legend) }
  }

  private static func isKey(_ legend: UInt8) -> Bool {
    switch legend {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "#"), UInt8(ascii: "*"):
      true
    default: false
    }
  }

  mutating func choose(_ name: String) throws(WorldError) {
    guard configuration.displayHasChoice else {
      throw WorldError(.situation, "nothing can be chosen on this station's display")
    }
    guard choice.offered.contains(where: { $0.name == name }) else {
      let names = choice.offered.map(\.name).joined(separator: ", ")
      throw WorldError(
        .badParameter("item"),
        choice.offered.isEmpty
          ? "the display offers nothing to choose from" : "there is no item \(name); there is \(names)")
    }
    tell(.chosen(name))
    if choice.chosen.count >= SimulatedChoice.capacity { choice.chosen.removeFirst() }
    choice.chosen.append(name)
  }

  mutating func setParkingBay(_ id: EVSEID, occupied: Bool) throws(WorldError) {
    let index = try known(id)
    guard evses[index].parkingBay != nil else {
      throw WorldError(.badParameter("evse"), "\(id) has no parking bay sensor")
    }
    occupyBay(index, occupied)
  }

  /// A car that is plugged in stands in the bay.
  mutating func occupyBay(_ index: Int, _ isOccupied: Bool) {
    guard let bay = evses[index].parkingBay, bay.isOccupied != isOccupied else { return }
    evses[index].parkingBay = SimulatedParkingBay(isOccupied: isOccupied, since: now)
    tell(.parkingBay(evses[index].id, occupied: isOccupied))
  }

  // MARK: The station's drivers

  public func isKeypadSilent(_ name: String) -> Bool {
    keypads.first { $0.configuration.name == name }?.isSilent ?? true
  }

  public func hasKeys(keypad name: String) -> Bool {
    keypads.contains { $0.configuration.name == name && !$0.isSilent && (!$0.waiting.isEmpty || $0.hasLost) }
  }

  /// Legends of the keys that were pressed since the last call, oldest first. When too many were pressed to be kept,
  /// that is one `*`.
  public mutating func takeKeys(keypad name: String) -> [UInt8] {
    guard let index = keypads.firstIndex(where: { $0.configuration.name == name }), !keypads[index].isSilent
    else { return [] }
    defer {
      keypads[index].waiting = []
      keypads[index].hasLost = false
    }
    return (keypads[index].hasLost ? [UInt8(ascii: "*")] : []) + keypads[index].waiting
  }

  /// Of the button of an EVSE, or with nil of the station's.
  public func isStartButtonSilent(_ evse: EVSEID?) -> Bool {
    startButtons.first { $0.configuration.evse == evse }?.isSilent ?? true
  }

  public func hasPresses(startButton evse: EVSEID?) -> Bool {
    startButtons.contains { $0.configuration.evse == evse && !$0.isSilent && $0.presses > 0 }
  }

  public mutating func takePresses(startButton evse: EVSEID?) -> Int {
    guard let index = startButtons.firstIndex(where: { $0.configuration.evse == evse }), !startButtons[index].isSilent
    else { return 0 }
    defer { startButtons[index].presses = 0 }
    return startButtons[index].presses
  }

  /// Whether the bay is occupied, and since when the detector has seen it so; nil when it is silent or not there.
  public func parkingBay(of id: EVSEID) -> (isOccupied: Bool, since: MonotonicInstant)? {
    guard let evse = evse(id), let bay = evse.parkingBay, !evse.faults.contains(.parkingBaySilent) else { return nil }
    return (bay.isOccupied, bay.since)
  }

  public func isParkingBaySilent(_ id: EVSEID) -> Bool { parkingBay(of: id) == nil }

  /// The list on the display; at most 18 items of 64 characters.
  public mutating func offer(_ items: [WorldChoice]) {
    guard configuration.displayHasChoice else { return }
    let shown = items.prefix(18).map { WorldChoice(name: $0.name, text: String($0.text.prefix(64))) }
    guard shown != choice.offered else { return }
    choice = SimulatedChoice(offered: shown)
    tell(.offersChoice(shown.map(\.text)))
  }

  public var offeredChoices: [WorldChoice] { choice.offered }
  public var hasChosen: Bool { !choice.chosen.isEmpty }

  public mutating func takeChosen() -> [String] {
    defer { choice.chosen = [] }
    return choice.chosen
  }
}

import ChargerBase
import HAL
import OCPPJSON

/// Readers, keypads, buttons, bays, lights, display and the main meter during a hardware test: what they have told so far.
/// Belongs to the network loop.
final class HardwareTestPost: @unchecked Sendable {  // used on the network loop alone after it was made
  private let hardware: StationHardware
  private var cards: [(count: Int, last: PresentedToken?)]
  private var keys: [Int]
  private var presses: [Int]

  init(_ hardware: StationHardware) {
    self.hardware = hardware
    cards = hardware.readers.map { _ in (0, nil) }
    keys = hardware.keypads.map { _ in 0 }
    presses = hardware.startButtons.map { _ in 0 }
  }

  private var drivers: [any StationLaneDriver] {
    var all: [any StationLaneDriver] = []
    for reader in hardware.readers { all.append(reader.reader) }
    for keypad in hardware.keypads { all.append(keypad.keypad) }
    for button in hardware.startButtons { all.append(button.button) }
    for evse in hardware.evses {
      if let light = evse.light { all.append(light) }
      if let bay = evse.parkingBay { all.append(bay.sensor) }
    }
    if let display = hardware.display { all.append(display) }
    return all
  }

  func start() { for driver in drivers { driver.start(notify: {}) } }
  func stop() { for driver in drivers { driver.stop() } }

  func light(of evse: EVSEID) -> (any IndicatorLight)? { hardware.evses.first { $0.id == evse }?.light }
  var display: (any DriverDisplay)? { hardware.display }

  /// Takes in what has come, and tells all of it. Of a card only its kind and its first digits: it is somebody's.
  func document(at now: MonotonicInstant) -> [JSONMember] {
    for (index, reader) in hardware.readers.enumerated() {
      let tokens = reader.reader.takePresentedTokens()
      cards[index].count = cards[index].count.addingSaturating(tokens.count)
      cards[index].last = tokens.last ?? cards[index].last
    }
    for (index, keypad) in hardware.keypads.enumerated() {
      keys[index] = keys[index].addingSaturating(keypad.keypad.takeKeys().count)
    }
    for (index, button) in hardware.startButtons.enumerated() {
      presses[index] = presses[index].addingSaturating(button.button.takePresses())
    }
    return mainMeter(at: now) + [
      JSONMember("readers", .array(zip(hardware.readers, cards).map { reader($0, $1.count, $1.last) })),
      JSONMember(
        "keypads",
        .array(
          zip(hardware.keypads, keys).map { keypad, count in
            [
              "name": JSONValue(keypad.keypad.name), "alive": JSONValue(keypad.keypad.health == .alive),
              "keys": JSONValue(count),
            ]
          })),
      JSONMember(
        "startButtons",
        .array(
          zip(hardware.startButtons, presses).map { button, count in
            [
              "evse": button.evse.map { JSONValue($0.number) } ?? .null,
              "alive": JSONValue(button.button.health == .alive), "presses": JSONValue(count),
            ]
          })),
      JSONMember("display", hardware.display.map { ["alive": JSONValue($0.health == .alive)] } ?? .null),
      JSONMember(
        "posts",
        .array(
          hardware.evses.map { evse in
            [
              "evse": JSONValue(evse.id.number), "light": JSONValue(evse.light != nil),
              "parkingBay": evse.parkingBay.map { bay in
                [
                  "alive": JSONValue(bay.sensor.health == .alive),
                  "occupied": bay.sensor.reading.map { JSONValue($0.isOccupied) } ?? .null,
                ]
              } ?? .null,
            ]
          })),
    ]
  }

  /// Asked here alone, as often as somebody reads. What it said last is left out once it is silent.
  private func mainMeter(at now: MonotonicInstant) -> [JSONMember] {
    guard let meter = hardware.mainMeter else { return [] }
    meter.service(at: now)
    let reading = meter.health == .alive ? meter.latest : nil
    return [JSONMember("mainMeter", reading.map(HardwareTestDocument.meter) ?? .null)]
  }

  private func reader(_ reader: ReaderHardware, _ count: Int, _ last: PresentedToken?) -> JSONValue {
    [
      "name": JSONValue(reader.reader.name), "alive": JSONValue(reader.reader.health == .alive),
      "cards": JSONValue(count), "kind": last.map { JSONValue($0.kind.rawValue) } ?? .null,
      "token": last.map { JSONValue("\($0.value.prefix(4))… (\($0.value.count / 2) bytes)") } ?? .null,
    ]
  }
}

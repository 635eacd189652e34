import ChargerBase
import HAL
import Synchronization

private final class Bell: Sendable {
  private let count = Atomic<Int>(0)
  func ring() { count.add(1, ordering: .relaxed) }
  var rings: Int { count.load(ordering: .relaxed) }
}

/// What people touch at the post beside cards: a keypad, a start button, the bay and a list on the display.
package protocol PostRig: ConformanceRig {
  func makeKeypad() throws -> any Keypad
  var keypadName: String { get }
  /// Presses keys, each once, by their legends.
  func type(_ legends: String) throws
  func setKeypadSilent(_ isSilent: Bool) throws
  func makeStartButton() throws -> any StartButton
  func pressStart() throws
  /// Presses it and does not let go.
  func holdStart() throws
  func setStartButtonSilent(_ isSilent: Bool) throws
  func makeParkingBaySensor() throws -> any ParkingBaySensor
  func setBay(occupied: Bool) throws
  func setBaySilent(_ isSilent: Bool) throws
  func makeChoiceDisplay() throws -> any ChoiceDisplay
  /// Texts of the items that a person sees.
  func choicesSeen() throws -> [String]
  /// Touches an item, by its place in the list as it was when the finger moved.
  func choose(_ meaning: DisplayItem.Meaning) throws
  var evse: EVSEID { get }
}

package enum PostSuite {
  private static func keys(_ legends: String) -> [KeypadKey] { legends.utf8.compactMap { KeypadKey(legend: $0) } }

  /// Fails unless what is new is notified, and silence and its end are told.
  private static func checkLane(
    _ rig: any PostRig, _ driver: any StationLaneDriver, act: () throws -> Void, setSilent: (Bool) throws -> Void
  ) throws {
    let bell = Bell()
    driver.start { bell.ring() }
    rig.wait(.milliseconds(200))
    try require(driver.health == .alive, "alive at first")
    var before = bell.rings
    try act()
    try require(rig.serve([]) { bell.rings > before }, "what is new is notified")
    before = bell.rings
    try setSilent(true)
    try require(rig.serve([]) { driver.health != .alive && bell.rings > before }, "its silence is told")
    before = bell.rings
    try setSilent(false)
    try require(rig.serve([]) { driver.health == .alive && bell.rings > before }, "its return is told")
    driver.stop()
    rig.wait(.milliseconds(100))
    before = bell.rings
    try act()
    rig.wait(.milliseconds(200))
    try require(bell.rings == before, "no notification after stop")
  }

  package static let checks: [ConformanceCheck<any PostRig>] = [
    ConformanceCheck("StationLaneDriver 2", "a keypad notifies, and tells its silence") { rig in
      try checkLane(rig, try rig.makeKeypad(), act: { try rig.type("1") }, setSilent: rig.setKeypadSilent)
    },
    ConformanceCheck("StationLaneDriver 3", "a start button notifies, and tells its silence") { rig in
      try checkLane(rig, try rig.makeStartButton(), act: rig.pressStart, setSilent: rig.setStartButtonSilent)
    },
    ConformanceCheck("StationLaneDriver 3", "a bay sensor notifies, and tells its silence") { rig in
      var isOccupied = false
      try checkLane(
        rig, try rig.makeParkingBaySensor(),
        act: {
          isOccupied.toggle()
          try rig.setBay(occupied: isOccupied)
        }, setSilent: rig.setBaySilent)
    },
    ConformanceCheck("Keypad 1", "each stroke is given out once, in order, with enter and clear") { rig in
      let keypad = try rig.makeKeypad()
      try require(keypad.name == rig.keypadName, "its name is the profile's")
      keypad.start {}
      defer { keypad.stop() }
      rig.wait(.milliseconds(200))
      try rig.type("12*A7#")
      var seen: [KeypadKey] = []
      rig.serve([]) {
        seen += keypad.takeKeys()
        return seen.count >= 6
      }
      try require(seen == keys("12*A7#"), "six strokes in their order")
      try require(keypad.takeKeys().isEmpty, "given out once")
    },
    ConformanceCheck("Keypad 2", "a code with a hole in it is never given out as a code") { rig in
      let keypad = try rig.makeKeypad()
      keypad.start {}
      defer { keypad.stop() }
      rig.wait(.milliseconds(200))
      for _ in 0..<8 { try rig.type("12345678") }
      try rig.type("9")
      rig.wait(.milliseconds(300))
      try rig.type("1#")
      rig.wait(.milliseconds(300))
      let seen = keypad.takeKeys()
      let lastClear = seen.lastIndex(of: .clear)
      try require(lastClear != nil, "too many strokes end with clear")
      try require(seen.count <= 64, "\(seen.count) strokes waited")
      try require(Array(seen.suffix(2)) == keys("1#"), "what comes after them is whole")
    },
    ConformanceCheck("Keypad 3", "what was given out is not kept") { rig in
      let keypad = try rig.makeKeypad()
      keypad.start {}
      rig.wait(.milliseconds(200))
      try rig.type("4711#")
      rig.wait(.milliseconds(300))
      try require(keypad.takeKeys() == keys("4711#"), "the strokes are given out")
      keypad.stop()
      keypad.start {}
      defer { keypad.stop() }
      rig.wait(.milliseconds(200))
      try require(keypad.takeKeys().isEmpty, "nothing comes back after a new start")
      try require(!"\(keypad)".contains("4711"), "its description tells no key")
    },
    ConformanceCheck("StartButton 1", "each press counts once, 16 at most") { rig in
      let button = try rig.makeStartButton()
      button.start {}
      defer { button.stop() }
      rig.wait(.milliseconds(200))
      for _ in 0..<3 { try rig.pressStart() }
      var seen = 0
      rig.serve([]) {
        seen += button.takePresses()
        return seen >= 3
      }
      try require(seen == 3, "\(seen) presses")
      for _ in 0..<20 { try rig.pressStart() }
      rig.wait(.milliseconds(400))
      try require(button.takePresses() == 16, "16 of 20 presses wait")
      try require(button.takePresses() == 0, "given out once")
    },
    ConformanceCheck("StartButton 2", "a button that is held is one press") { rig in
      let button = try rig.makeStartButton()
      button.start {}
      defer { button.stop() }
      rig.wait(.milliseconds(200))
      try rig.holdStart()
      var seen = 0
      rig.serve([], for: .seconds(1)) {
        seen += button.takePresses()
        return false
      }
      try require(seen == 1, "\(seen) presses")
    },
    ConformanceCheck("ParkingBaySensor 1", "the reading is what the detector sees") { rig in
      let sensor = try rig.makeParkingBaySensor()
      sensor.start {}
      defer { sensor.stop() }
      try require(rig.serve([]) { sensor.reading?.isOccupied == false }, "a free bay is read as free")
      let before = rig.now
      try rig.setBay(occupied: true)
      try require(rig.serve([]) { sensor.reading?.isOccupied == true }, "an occupied one as occupied")
      let since = try require(sensor.reading?.since, "with its instant")
      try require(since >= before && since <= rig.now, "and that is when it was seen first")
    },
    ConformanceCheck("ParkingBaySensor 2", "a change is readable within 500 ms") { rig in
      let sensor = try rig.makeParkingBaySensor()
      sensor.start {}
      defer { sensor.stop() }
      rig.serve([]) { sensor.reading != nil }
      for isOccupied in [true, false] {
        try rig.setBay(occupied: isOccupied)
        try rig.require(within: .milliseconds(500), "occupied: \(isOccupied)") {
          sensor.reading?.isOccupied == isOccupied
        }
      }
    },
    ConformanceCheck("ParkingBaySensor 3", "a silent detector keeps its last reading") { rig in
      let sensor = try rig.makeParkingBaySensor()
      sensor.start {}
      defer { sensor.stop() }
      try rig.setBay(occupied: true)
      try require(rig.serve([]) { sensor.reading?.isOccupied == true }, "occupied")
      try rig.setBaySilent(true)
      try require(rig.serve([]) { sensor.health != .alive }, "silent")
      try rig.setBay(occupied: false)
      rig.wait(.milliseconds(300))
      try require(sensor.reading?.isOccupied == true, "its last reading stays")
    },
    ConformanceCheck("ChoiceDisplay 1", "a list replaces the one before within 100 ms, and is taken away") { rig in
      let display = try rig.makeChoiceDisplay()
      display.start {}
      defer { display.stop() }
      rig.wait(.milliseconds(200))
      display.offer([DisplayItem(.evse(rig.evse), "One"), DisplayItem(.cancel, String(repeating: "x", count: 100))])
      let shown = ["One", String(repeating: "x", count: 64)]
      try rig.require(within: .milliseconds(100), "two items") { try rig.choicesSeen() == shown }
      display.offer((0..<30).map { DisplayItem(.evse(EVSEID($0 + 1)), "\($0)") })
      try rig.require(within: .milliseconds(100), "18 items") { try rig.choicesSeen().count == 18 }
      display.offer([])
      try rig.require(within: .milliseconds(100), "none") { try rig.choicesSeen().isEmpty }
    },
    ConformanceCheck("ChoiceDisplay 2", "each choice is given out once; one from a list that is gone is dropped") {
      rig in
      let display = try rig.makeChoiceDisplay()
      let bell = Bell()
      display.start { bell.ring() }
      defer { display.stop() }
      rig.wait(.milliseconds(200))
      display.offer([DisplayItem(.everyEVSE, "All"), DisplayItem(.cancel, "Cancel")])
      try require(rig.serve([]) { (try? rig.choicesSeen().count) == 2 }, "the list is shown")
      try rig.choose(.everyEVSE)
      try require(rig.serve([]) { bell.rings > 0 }, "a choice is notified")
      try require(display.takeChosen() == [.everyEVSE], "and given out")
      try require(display.takeChosen().isEmpty, "once")
      try rig.choose(.cancel)
      display.offer([])
      rig.wait(.milliseconds(200))
      try require(display.takeChosen().isEmpty, "a choice from a list that is gone is dropped")
    },
  ]
}

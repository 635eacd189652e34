import BoardProfile
import LinuxCatalogue
import Testing

@Suite("GPIO drivers in a board profile")
struct GPIOEntriesTests {
  /// A connector with everything on named lines, and an EVSE's parts, as a good profile has them.
  private static let contactor = #"{"driver": "gpio", "coilLine": "k1-coil", "feedbackLine": "k1-aux"}"#

  /// Problems of a bench profile, apart from those of its pilot, which no driver of this test has.
  private func problems(
    contactor: String = contactor, lock: String? = nil, evse: String = "", station: String = ""
  ) throws -> [ProfileProblem] {
    let text = """
      {"name": "t", "purpose": "bench", "vendorName": "V", "model": "M", \(station)
      "evses": [{"id": 1, "maximumCurrentA": 16, "phases": 3, \(evse) "connectors": [{"id": 1, "cable": "socket",
      "connectorType": "sType2", "cableRatingA": 16, \(lock.map { "\"lock\": \($0)," } ?? "")
      "pilot": {"driver": "none"}, "contactor": \(contactor)}]}]}
      """
    let profile = try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
    do throws(ProfileProblems) {
      try profile.checkDrivers(catalogue: LinuxCatalogue.make())
      return []
    } catch {
      return error.problems.filter { !$0.path.hasSuffix("pilot.driver") }
    }
  }

  @Test("A profile with every kind of GPIO driver is good")
  func everything() throws {
    let found = try problems(
      contactor: """
        {"driver": "gpio", "chip": "evse-io", "coilLine": "k1-coil", "secondCoilLine": "k1-coil-n",
        "feedbackLine": "k1-aux", "secondFeedbackLine": "4", "secondFeedbackChip": "/dev/gpiochip1"}
        """,
      lock: """
        {"driver": "gpio", "actuator": "hBridge", "lockLine": "lock-a", "unlockLine": "lock-b",
        "positionLine": "lock-position", "positionBias": "pullUp", "positionActiveLow": true}
        """,
      evse: """
        "residualCurrent": {"driver": "gpio", "tripLine": "rcd-trip", "tripBias": "pullUp", "testLine": "rcd-test"},
        "phaseSwitch": {"driver": "gpio", "relayLine": "phase-relay", "feedbackLine": "phase-aux"},
        "light": {"driver": "gpio", "redLine": "led-red", "greenLine": "led-green", "blueLine": "led-blue"},
        "parkingBay": {"driver": "gpio", "line": "bay"},
        """,
      station: """
        "safetyInputs": [{"kind": "emergencyStop", "driver": "gpio", "line": "emergency-stop", "activeLow": true,
        "bias": "pullUp"}], "startButtons": [{"driver": "gpio", "line": "start-button"}],
        """)
    #expect(found == [])
  }

  @Test("A line that two drivers name, and one that a driver names twice, are told with the first place")
  func lineTwice() throws {
    let light = #""light": {"driver": "gpio", "chip": "evse-io", "redLine": "led-red", "greenLine": "5"},"#
    let clash = try problems(
      evse: light + #""parkingBay": {"driver": "gpio", "chip": "evse-io", "line": "5"},"#)
    #expect(clash.map(\.path) == ["$.evses[0].parkingBay"])
    #expect(clash.first?.message == "uses GPIO evse-io line 5, and so does $.evses[0].light")
    let own = try problems(
      contactor: #"{"driver": "gpio", "chip": "evse-io", "coilLine": "k1", "feedbackLine": "k1"}"#)
    #expect(own.map(\.path) == ["$.evses[0].connectors[0].contactor"])
    let path = try problems(
      evse: light.replacing("evse-io", with: "gpiochip0")
        + #""parkingBay": {"driver": "gpio", "chip": "/dev/gpiochip0", "line": "5"},"#)
    #expect(path.count == 1, "a chip is the same by its path and by its name")
  }

  @Test("A pre-charge that leaves the contactor no time to show closed is told with its remedy")
  func preCharge() throws {
    func found(_ milliseconds: Int, travel: Int) throws -> [ProfileProblem] {
      try problems(
        contactor: """
          {"driver": "gpio", "coilLine": "k1", "feedbackLine": "k1-aux", "preChargeLine": "k1-pre",
          "preChargeMilliseconds": \(milliseconds)}
          """, station: #""timing": {"contactorTravelMilliseconds": \#(travel)},"#)
    }
    #expect(try found(200, travel: 250) == [])
    let late = try found(500, travel: 500)
    #expect(late.map(\.path) == ["$.evses[0].connectors[0].contactor.preChargeMilliseconds"])
    #expect(late.first?.message == "is 500, and the contactor must show closed within 500 ms")
    #expect(try found(500, travel: 1_000) == [])
  }

  @Test("A line by its number needs a chip")
  func numberWithoutChip() throws {
    let found = try problems(contactor: #"{"driver": "gpio", "coilLine": "3", "feedbackLine": "k1-aux"}"#)
    #expect(found.map(\.path) == ["$.evses[0].connectors[0].contactor.coilLine"])
    #expect(found.first?.allowed == "a line's name, or chip beside the number")
  }

  @Test("A resistor that would hide a broken wire is refused, for trips and for normally closed contacts")
  func wireBreak() throws {
    func safety(_ options: String) throws -> [String] {
      try problems(
        station: #""safetyInputs": [{"kind": "door", "driver": "gpio", "line": "door", \#(options)}],"#
      ).map(\.path)
    }
    #expect(try safety(#""bias": "pullUp", "activeLow": true"#) == [])
    #expect(try safety(#""bias": "pullDown""#) == [])
    #expect(try safety(#""bias": "pullUp""#) == ["$.safetyInputs[0].bias"])
    #expect(try safety(#""bias": "pullDown", "activeLow": true"#) == ["$.safetyInputs[0].bias"])
    #expect(try safety(#""bias": "pullUp", "contact": "normallyOpen""#) == [])
    func trip(_ options: String) throws -> [ProfileProblem] {
      try problems(
        evse: #""residualCurrent": {"driver": "gpio", "tripLine": "t", "testLine": "u", \#(options)},"#)
    }
    #expect(try trip(#""tripBias": "pullUp""#) == [])
    let hidden = try trip(#""tripBias": "pullDown""#)
    #expect(hidden.map(\.path) == ["$.evses[0].residualCurrent.tripBias"])
    #expect(hidden.first?.allowed == "asIs, none or pullUp")
  }

  @Test("A monitor that the station tests needs a test line")
  func testLine() throws {
    let found = try problems(evse: #""residualCurrent": {"driver": "gpio", "tripLine": "t"},"#)
    #expect(found.map(\.path) == ["$.evses[0].residualCurrent.testLine"])
    #expect(try problems(evse: #""residualCurrent": {"driver": "gpio", "test": false, "tripLine": "t"},"#) == [])
  }

  @Test("A lock's actuator says which lines it needs, and which are not its own")
  func actuator() throws {
    let found = try problems(
      lock:
        #"{"driver": "gpio", "actuator": "driveAndDirection", "motorLine": "m", "lockLine": "l", "positionLine": "p"}"#)
    #expect(
      found.map(\.path).sorted() == [
        "$.evses[0].connectors[0].lock.directionLine", "$.evses[0].connectors[0].lock.lockLine",
      ])
  }

  @Test("A light without a lamp, a wrong word and a slip of the hand are told")
  func slips() throws {
    #expect(try problems(evse: #""light": {"driver": "gpio"},"#).map(\.path) == ["$.evses[0].light.redLine"])
    let found = try problems(
      contactor:
        #"{"driver": "gpio", "coilLine": "a", "feedbackLine": "b", "feedbackBias": "pullup", "coilActivLow": true}"#)
    #expect(
      found.map(\.path).sorted() == [
        "$.evses[0].connectors[0].contactor.coilActivLow", "$.evses[0].connectors[0].contactor.feedbackBias",
      ])
    #expect(found.contains { $0.suggestion == "coilActiveLow" })
  }
}

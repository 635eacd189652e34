import ChargerBase
import HAL
import Synchronization

/// Counts notifications from any thread.
private final class Bell: Sendable {
  private let count = Atomic<Int>(0)
  func ring() { count.add(1, ordering: .relaxed) }
  var rings: Int { count.load(ordering: .relaxed) }
}

/// A reader, a light and a display. Each may be missing: a rig throws then, and its suite is not run.
package protocol StationLaneRig: ConformanceRig {
  func makeReader() throws -> any TokenReader
  /// The name that the profile gives it.
  var readerName: String { get }
  /// Holds a token before the reader and takes it away.
  func present(_ token: PresentedToken) throws
  /// Leaves a token on the reader.
  func hold(_ token: PresentedToken) throws
  func setReaderSilent(_ isSilent: Bool) throws
  func makeLight() throws -> any IndicatorLight
  /// What a person sees of the light.
  func lightSeen() throws -> LightPattern?
  func makeDisplay() throws -> any DriverDisplay
  /// What a person reads in an area.
  func linesSeen(_ evse: EVSEID?) throws -> [String]
  /// An EVSE whose area the display has.
  var evse: EVSEID { get }
}

package enum StationLaneSuite {
  package static let checks: [ConformanceCheck<any StationLaneRig>] = [
    ConformanceCheck("StationLaneDriver 1", "members return at once, whatever the bus does") { rig in
      let reader = try? rig.makeReader()
      reader?.start {}
      defer { reader?.stop() }
      let light = try? rig.makeLight()
      try require(reader != nil || light != nil, "the rig has a reader or a light")
      let clock = ContinuousClock()
      var times: [Duration] = []
      for round in 0..<100 {
        let begin = clock.now
        _ = reader?.takePresentedTokens()
        _ = reader?.health
        light?.show(LightPattern(round % 2 == 0 ? .green : .blue))
        times.append(clock.now - begin)
        rig.wait(.milliseconds(1))
      }
      times.sort()
      try require(times[times.count / 2] < .milliseconds(1), "the median call took \(times[times.count / 2])")
    },
    ConformanceCheck("StationLaneDriver 2", "what is new is notified after start, and not after stop") { rig in
      let reader = try rig.makeReader()
      let bell = Bell()
      reader.start { bell.ring() }
      rig.wait(.milliseconds(200))
      let before = bell.rings
      try rig.present(PresentedToken(value: "04A1B2C3", kind: .iso14443))
      try require(rig.serve([]) { bell.rings > before }, "a token is notified")
      reader.stop()
      rig.wait(.milliseconds(100))
      let stopped = bell.rings
      try rig.present(PresentedToken(value: "04A1B2C4", kind: .iso14443))
      rig.wait(.milliseconds(200))
      try require(bell.rings == stopped, "no notification after stop")
    },
    ConformanceCheck("StationLaneDriver 3", "silence and its end are told by health and a notification") { rig in
      let reader = try rig.makeReader()
      let bell = Bell()
      reader.start { bell.ring() }
      defer { reader.stop() }
      try require(rig.serve([]) { reader.health == .alive }, "alive at first")
      rig.wait(.milliseconds(100))
      var before = bell.rings
      try rig.setReaderSilent(true)
      try require(rig.serve([]) { reader.health != .alive && bell.rings > before }, "its silence is told")
      before = bell.rings
      try rig.setReaderSilent(false)
      try require(rig.serve([]) { reader.health == .alive && bell.rings > before }, "its return is told")
    },
    ConformanceCheck("TokenReader 1", "each presentation is given out once, in order, with what it is") { rig in
      let reader = try rig.makeReader()
      try require(reader.name == rig.readerName, "its name is the profile's")
      reader.start {}
      defer { reader.stop() }
      rig.wait(.milliseconds(200))
      let tokens = [
        PresentedToken(value: "04A1B2C3", kind: .iso14443), PresentedToken(value: "E004010012345678", kind: .iso15693),
      ]
      for token in tokens { try rig.present(token) }
      var seen: [PresentedToken] = []
      rig.serve([]) {
        seen += reader.takePresentedTokens()
        return seen.count >= 2
      }
      try require(seen == tokens, "\(seen)")
      try require(reader.takePresentedTokens().isEmpty, "given out once")
    },
    ConformanceCheck("TokenReader 1", "at most 16 presentations wait, the oldest go first") { rig in
      let reader = try rig.makeReader()
      reader.start {}
      defer { reader.stop() }
      rig.wait(.milliseconds(200))
      let all = (10..<30).map { "0400A1\($0)" }
      for value in all { try rig.present(PresentedToken(value: value, kind: .iso14443)) }
      rig.wait(.milliseconds(400))
      let values = reader.takePresentedTokens().map(\.value)
      try require(values == all.suffix(16), "\(values)")
    },
    ConformanceCheck("TokenReader 2", "a card that stays on the reader is one presentation") { rig in
      let reader = try rig.makeReader()
      reader.start {}
      defer { reader.stop() }
      rig.wait(.milliseconds(200))
      try rig.hold(PresentedToken(value: "04A1B2C3D4E580", kind: .iso14443))
      var seen: [PresentedToken] = []
      rig.serve([], for: .seconds(1)) {
        seen += reader.takePresentedTokens()
        return false
      }
      try require(seen.map(\.value) == ["04A1B2C3D4E580"], "\(seen)")
    },
    ConformanceCheck("IndicatorLight 1", "a pattern is seen within 100 ms, in place of the one before") { rig in
      let light = try rig.makeLight()
      light.start {}
      defer { light.stop() }
      rig.wait(.milliseconds(100))
      for pattern in [LightPattern(.green, .blinking), LightPattern(.red), LightPattern(.red), LightPattern(.off)] {
        light.show(pattern)
        try rig.require(within: .milliseconds(100), "\(pattern.colour) \(pattern.rhythm) is seen") {
          try rig.lightSeen() == pattern
        }
      }
    },
    ConformanceCheck("DriverDisplay 1", "text replaces its area's text within 100 ms; other areas stay") { rig in
      let display = try rig.makeDisplay()
      display.start {}
      defer { display.stop() }
      rig.wait(.milliseconds(100))
      display.show(lines: ["Welcome", "Hello"], evse: nil)
      display.show(lines: ["Charging"], evse: rig.evse)
      try rig.require(within: .milliseconds(100), "the EVSE's text") { try rig.linesSeen(rig.evse) == ["Charging"] }
      try require(try rig.linesSeen(nil) == ["Welcome", "Hello"], "the station's text")
      display.show(lines: [], evse: nil)
      try rig.require(within: .milliseconds(100), "nothing is shown") { try rig.linesSeen(nil).isEmpty }
      try require(try rig.linesSeen(rig.evse) == ["Charging"], "the other area stays")
    },
    ConformanceCheck("DriverDisplay 2", "at most 4 lines of 64 characters are shown") { rig in
      let display = try rig.makeDisplay()
      display.start {}
      defer { display.stop() }
      rig.wait(.milliseconds(100))
      display.show(lines: ["1", String(repeating: "x", count: 100), "3", "4", "5"], evse: nil)
      let shown = ["1", String(repeating: "x", count: 64), "3", "4"]
      try rig.require(within: .milliseconds(100), "four lines of 64") { try rig.linesSeen(nil) == shown }
    },
  ]
}

/// Every obligation that a suite tests, with the titles of its tests.
package enum ConformanceTable {
  package static let entries: [(obligation: String, title: String)] =
    list(ControlLaneSuite.checks) + list(ControlPilotSuite.checks) + list(ContactorSuite.checks)
    + list(ConnectorLockSuite.checks) + list(ProximityPilotSuite.checks) + list(EnergyMeterSuite.checks)
    + list(ResidualCurrentMonitorSuite.checks) + list(TemperatureSensorSuite.checks) + list(SafetyInputSuite.checks)
    + list(PhaseSwitchSuite.checks) + list(SystemWatchdogSuite.checks) + list(StationLaneSuite.checks)
    + list(PostSuite.checks)

  private static func list<Rig>(_ checks: [ConformanceCheck<Rig>]) -> [(obligation: String, title: String)] {
    checks.map { ($0.obligation, $0.title) }
  }
}

import ChargerBase
import HAL
import SimulatedWorld
import Synchronization
import Testing

private let evse = EVSEID(1)

/// Counts notifications from any thread.
private final class Bell: Sendable {
  private let count = Atomic<Int>(0)
  func ring() { count.add(1, ordering: .relaxed) }
  var rings: Int { count.load(ordering: .relaxed) }
}

@Suite("TokenReader", .serialized)
struct TokenReaderConformance {
  @Test(
    "TokenReader 1: each presentation is given out once, in order, with a notification", arguments: RigKind.allCases)
  func onceInOrder(kind: RigKind) throws {
    let rig = try kind.make()
    let reader = rig.drivers.reader(named: "middle")
    #expect(reader.name == "middle")
    let bell = Bell()
    reader.start { bell.ring() }
    defer { reader.stop() }
    rig.wait(.milliseconds(100))
    for value in ["AA", "BB"] { try rig.act(.presentToken(WorldToken(value: value), .reader("middle"))) }
    var seen: [PresentedToken] = []
    rig.serve([], for: .seconds(2)) {
      seen += reader.takePresentedTokens()
      return seen.count >= 2
    }
    #expect(seen == [PresentedToken(value: "AA", kind: .iso14443), PresentedToken(value: "BB", kind: .iso14443)])
    #expect(bell.rings >= 1)
    #expect(reader.takePresentedTokens().isEmpty)
  }

  @Test("TokenReader 1: at most 16 presentations wait, the oldest go first", arguments: RigKind.allCases)
  func bounded(kind: RigKind) throws {
    let rig = try kind.make()
    let reader = rig.drivers.reader(named: "middle")
    reader.start {}
    defer { reader.stop() }
    rig.wait(.milliseconds(100))
    for number in 0..<20 { try rig.act(.presentToken(WorldToken(value: "\(number)"), .reader("middle"))) }
    rig.wait(.milliseconds(300))
    #expect(reader.takePresentedTokens().map(\.value) == (4..<20).map { "\($0)" })
  }

  @Test("TokenReader: a presentation meant for one EVSE says so", arguments: RigKind.allCases)
  func evses(kind: RigKind) throws {
    let rig = try kind.make()
    let reader = rig.drivers.reader(named: "middle")
    reader.start {}
    defer { reader.stop() }
    rig.wait(.milliseconds(100))
    try rig.act(.presentToken(WorldToken(value: "04A1", kind: "ISO15693"), .evses([EVSEID(2)])))
    var seen: [PresentedToken] = []
    rig.serve([], for: .seconds(2)) {
      seen += reader.takePresentedTokens()
      return !seen.isEmpty
    }
    #expect(seen == [PresentedToken(value: "04A1", kind: .iso15693, evses: [EVSEID(2)])])
  }

  @Test("StationLaneDriver 3: silence and its end are told by health and a notification", arguments: RigKind.allCases)
  func silence(kind: RigKind) throws {
    let rig = try kind.make()
    let reader = rig.drivers.reader(named: "left")
    let bell = Bell()
    reader.start { bell.ring() }
    defer { reader.stop() }
    rig.serve([], for: .seconds(2)) { reader.health == .alive }
    #expect(reader.health == .alive)
    let before = bell.rings
    try rig.act(.fault(FaultPlace(), .readerSilent, active: true))
    #expect(rig.serve([], for: .seconds(2)) { reader.health != .alive })
    #expect(bell.rings > before)
    try rig.act(.fault(FaultPlace(), .readerSilent, active: false))
    #expect(rig.serve([], for: .seconds(2)) { reader.health == .alive })
  }
}

@Suite("IndicatorLight and DriverDisplay", .serialized)
struct ShowingConformance {
  @Test("IndicatorLight: the pattern is seen at the post", arguments: RigKind.allCases)
  func light(kind: RigKind) throws {
    let rig = try kind.make()
    let light = rig.drivers.light(for: evse)
    light.start {}
    defer { light.stop() }
    light.show(LightPattern(.green, .blinking))
    #expect(try rig.serve([], for: .seconds(2)) { try rig.look { $0.light(of: evse) } == "green blinking" })
    light.show(LightPattern(.off))
    #expect(try rig.serve([], for: .seconds(2)) { try rig.look { $0.light(of: evse) } == "off" })
  }

  @Test("DriverDisplay: text replaces the area's text; at most 4 lines of 64 characters", arguments: RigKind.allCases)
  func display(kind: RigKind) throws {
    let rig = try kind.make()
    let display = rig.drivers.display()
    display.start {}
    defer { display.stop() }
    let long = String(repeating: "x", count: 100)
    display.show(lines: ["Welcome", long, "3", "4", "5"], evse: nil)
    display.show(lines: ["Charging"], evse: evse)
    #expect(try rig.serve([], for: .seconds(2)) { try rig.look { $0.lines(of: evse) } == ["Charging"] })
    #expect(try rig.look { $0.lines(of: nil) } == ["Welcome", String(repeating: "x", count: 64), "3", "4"])
    display.show(lines: [], evse: nil)
    #expect(try rig.serve([], for: .seconds(2)) { try rig.look { $0.lines(of: nil) }.isEmpty })
  }
}

import ChargerBase
import OCPPJSON
import SimulatedWorld
import Testing

@testable import WorldServer

@Suite("What a world plays by itself")
struct WorldPlayTests {
  private func methods() -> WorldMethods {
    var methods = WorldMethods(world: SimulatedWorld(configuration: .simple(evses: 2)))
    methods.world.stationConnected()
    return methods
  }

  /// Plays until `end` on the simulated clock.
  private func run(_ player: inout WorldPlayer, _ methods: inout WorldMethods, until end: MonotonicInstant) -> [String]
  {
    var told: [String] = []
    while player.nextInstant <= end {
      methods.world.advance(to: player.nextInstant)
      told += player.play(in: &methods, by: methods.world.now)
    }
    methods.world.advance(to: end)
    return told
  }

  @Test("A script does what its steps say, at their times; what does not fit is told with its line, and it goes on")
  func script() throws {
    let text = """
      {"afterS": 1, "method": "bench.plugIn", "params": {"evse": 1, "car": {"diode": false}}}
      {"afterS": 1, "method": "bench.plugIn", "params": {"evse": 1}}
      {"afterS": 1, "method": "bench.plugIn", "params": {"evse": 9}}
      {"afterS": 1, "method": "bench.plugOut", "params": {"evse": 1}}
      """
    let script = try WorldScript(parsing: Array(text.utf8))
    #expect(WorldServer.problems(of: script).isEmpty)
    var methods = methods()
    var player = WorldPlayer(.script(script), startingAt: .zero)
    var told = run(&player, &methods, until: .zero + .milliseconds(3_500))
    #expect(methods.world.view.first?.connectors.first?.car?.quirks.hasDiode == false)
    #expect(
      told == [
        "The script's line 2, bench.plugIn: a car is already plugged in at EVSE 1 connector 1",
        "The script's line 3, bench.plugIn: $.params.evse: there is no EVSE 9",
      ])
    told = run(&player, &methods, until: .zero + .seconds(10))
    #expect(methods.world.view.first?.connectors.first?.car == nil)
    #expect(told == ["The script has ended"])
  }

  @Test("A script with a method that is none, or none for scripts, is not played")
  func unknown() throws {
    let text = #"{"method": "bench.state"}"# + "\n" + #"{"method": "driver.pilot"}"# + "\n" + #"{"method": "x"}"#
    let problems = WorldServer.problems(of: try WorldScript(parsing: Array(text.utf8)))
    #expect(problems.count == 3 && problems[1].hasPrefix("line 2: driver.pilot"))
  }

  @Test("A random play is the same for the same seed")
  func random() {
    func day(_ seed: UInt64) -> SimulatedWorld {
      var methods = methods()
      let play = WorldPlay.random(seed: seed, eventsPerHour: 600, kinds: RandomWorld.Kinds())
      var player = WorldPlayer(play, startingAt: .zero)
      _ = run(&player, &methods, until: .zero + .seconds(1_800))
      return methods.world
    }
    #expect(day(4) == day(4))
    #expect(day(4) != day(5))
  }
}

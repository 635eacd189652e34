import ChargerBase
import JSONRPC
import OCPPJSON
import SimulatedWorld

/// What a world plays by itself, beside what clients ask of it.
package enum WorldPlay: Sendable {
  case script(WorldScript)
  case random(seed: UInt64, eventsPerHour: Int, kinds: RandomWorld.Kinds)
}

/// A play on its way. Everything is done through the same methods that clients call.
struct WorldPlayer {
  private var script: WorldScriptPlayer?
  private var random: RandomWorld?

  init(_ play: WorldPlay?, startingAt start: MonotonicInstant) {
    switch play {
    case .script(let script): self.script = WorldScriptPlayer(script, startingAt: start)
    case .random(let seed, let eventsPerHour, let kinds):
      random = RandomWorld(seed: seed, eventsPerHour: eventsPerHour, startingAt: start, kinds: kinds)
    case nil: break
    }
  }

  var nextInstant: MonotonicInstant {
    min(script?.nextInstant ?? .distantFuture, random?.nextInstant ?? .distantFuture)
  }

  /// Does what is due by now; answers sentences for a person: what a script could not do, and its end.
  mutating func play(in methods: inout WorldMethods, by now: MonotonicInstant) -> [String] {
    var told: [String] = []
    while let step = script?.takeDue(by: now) {
      do throws(JSONRPCError) {
        _ = try methods.perform(step.method, JSONRPCParameters(step.params))
      } catch {
        told.append("The script's line \(step.line), \(step.method): \(error.message)")
      }
      if script?.nextInstant == nil { told.append("The script has ended") }
    }
    if var random {
      // What does not fit the situation any more simply does not happen.
      for action in random.takeDue(by: now, in: methods.world) { try? methods.world.perform(action) }
      self.random = random
    }
    return told
  }
}

extension WorldServer {
  /// What keeps a script from being played at all: methods that are none, or not for scripts; each with its line.
  package static func problems(of script: WorldScript) -> [String] {
    let known = WorldMethods.scripted
    return script.steps.compactMap { step in
      guard !known.contains(step.method) else { return nil }
      return "line \(step.line): \(step.method) is no method of a script; it has \(known.joined(separator: ", "))"
    }
  }
}

extension WorldMethods {
  /// Methods that a script may call: those that do something.
  static var scripted: [String] {
    bench.filter { !["bench.faults", "bench.display", "bench.state", "bench.subscribe"].contains($0) }
  }
}

import ChargerBase
import OCPPPorts
import Testing

@testable import OCPPCore

/// The civil time of events that were made before anybody knew it.
@Suite("The station's clock")
struct StationClockTests {
  private static let noon = WallTime(millisecondsSinceEpoch: 1_790_000_000_000)

  private func body(_ mutation: StoreMutation?) throws -> [UInt8] {
    guard case .putDocument(.engine, StationClock.documentKey, let body)? = mutation else {
      throw Missing()
    }
    return body
  }

  private struct Missing: Error {}

  @Test("G02.FR.06: an event without a time of its own is told the same each time, also when the clock is set")
  func firstOffset() throws {
    let boot = BootNumber(rawValue: 7)
    let event = EventTime(boot: boot, instant: .zero + .seconds(60), wall: nil)
    var clock = StationClock(boot: boot, document: nil)
    #expect(clock.wall(of: event) == nil)
    let learned = MonotonicInstant.zero + .seconds(100)
    clock.learn(Self.noon, at: learned)
    _ = try body(clock.remember(Self.noon, at: learned))
    let told = Self.noon + .seconds(-40)
    #expect(clock.wall(of: event) == told)
    // The CSMS sets its own clock by a quarter of an hour, ahead and back.
    for step in [Duration.seconds(900), .seconds(-900)] {
      clock.learn(Self.noon + step, at: learned)
      let document = try body(clock.remember(Self.noon + step, at: learned))
      #expect(clock.wall(of: event) == told)
      let sources = ["Heartbeat"]
      #expect(clock.wall(at: learned, system: (nil, learned), sources: sources) == Self.noon + step)
      for next in [boot, BootNumber(rawValue: 8)] {
        #expect(StationClock(boot: next, document: document).wall(of: event) == told, "after a start of \(next)")
      }
    }
  }
}

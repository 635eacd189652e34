import ChargerBase
import OCPPPorts

/// The clocks of a simulated station: they move only when the simulation moves them.
package final class SimulatedClock: TimeSource {
  package var now: MonotonicInstant
  /// Civil time at instant zero, by the world; the CSMS always knows it.
  package var epoch: WallTime
  /// Whether the station's own system clock is trusted.
  package var isSystemTimeTrusted = false

  package init(now: MonotonicInstant = .zero, epoch: WallTime = WallTime(millisecondsSinceEpoch: 1_795_426_200_000)) {
    self.now = now
    self.epoch = epoch
  }

  /// Civil time in the world.
  package var wall: WallTime { epoch + .nanoseconds(now.nanoseconds) }
  package var trustedWallTime: WallTime? { isSystemTimeTrusted ? wall : nil }
}

/// Randomness that repeats with its seed.
package final class SimulatedRandom: RandomSource {
  private var generator: SeededRandom
  package init(seed: UInt64) { generator = SeededRandom(seed: seed) }
  package func next() -> UInt64 { generator.next() }
}

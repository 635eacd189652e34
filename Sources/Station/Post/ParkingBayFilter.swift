import ChargerBase
import HAL

/// Lets a change of a parking bay count when it has lasted: people walk through bays.
package struct ParkingBayFilter: Sendable {
  private let settling: Duration
  /// What the engine was told.
  private var told: Bool?
  private var pending: ParkingBayReading?

  package init(settling: Duration) { self.settling = settling }

  /// When a change that is being waited for counts.
  package var deadline: MonotonicInstant { pending.map { $0.since + settling } ?? .distantFuture }

  /// The new state to tell, when there is one. The first reading counts at once: nobody knows how long it has lasted.
  package mutating func take(_ reading: ParkingBayReading?, at now: MonotonicInstant) -> Bool? {
    guard let reading else { return nil }
    guard let told else {
      self.told = reading.isOccupied
      return reading.isOccupied
    }
    pending = reading.isOccupied == told ? nil : reading
    guard deadline <= now else { return nil }
    pending = nil
    self.told = reading.isOccupied
    return reading.isOccupied
  }
}

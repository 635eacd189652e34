import ChargerBase
import HAL

/// Wakes a vehicle that sleeps under an offer: B2 unanswered for a while, steady for a moment, B2 again (product
/// behaviour; IEC 61851-1 Annex A allows the station to withdraw and renew its offer at any time).
///
/// A vehicle that has drawn and then stopped under the offer is left alone: it is full, or has a timer of its own, and
/// knows that the offer stands. When the station has withdrawn its offer since (a pause, a limit under 6 A), the vehicle
/// waits for the station, and may have fallen asleep over it: then it is woken again.
package struct WakeUpSequence: Hashable, Sendable {
  private let settings: WakeUp?
  private var unansweredSince: MonotonicInstant?
  private var steadySince: MonotonicInstant?
  /// How often the present vehicle has been woken.
  package private(set) var attempts: UInt8 = 0
  /// The vehicle ended its last draw by itself.
  package private(set) var hasStopped = false

  package init(_ settings: WakeUp?) { self.settings = settings }

  /// The offer is withdrawn for a moment.
  package var isWaking: Bool { steadySince != nil }

  /// - Parameters:
  ///   - isWaiting: the vehicle is in state B, and nothing but this sequence keeps the offer from it.
  ///   - isOffering: the offer is on the pilot.
  package mutating func evaluate(isWaiting: Bool, isOffering: Bool, at now: MonotonicInstant) {
    guard let settings, isWaiting, !hasStopped else {
      unansweredSince = nil
      steadySince = nil
      return
    }
    if let steadySince {
      if now >= steadySince + settings.steadyFor { self.steadySince = nil }
      return
    }
    guard isOffering, attempts < settings.attempts else {
      unansweredSince = nil
      return
    }
    let since = unansweredSince ?? now
    unansweredSince = since
    guard now >= since + settings.after else { return }
    unansweredSince = nil
    steadySince = now
    attempts += 1
  }

  package mutating func vehicleStopped() { hasStopped = true }

  /// The station has withdrawn its offer for another reason than to wake the vehicle.
  package mutating func offerWithdrawn() { hasStopped = false }

  package mutating func vehicleLeft() { self = WakeUpSequence(settings) }

  package func deadlines(_ soonest: inout Deadline) {
    guard let settings else { return }
    if let unansweredSince { soonest.add(unansweredSince + settings.after) }
    if let steadySince { soonest.add(steadySince + settings.steadyFor) }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    unansweredSince.visitInstant(visit)
    steadySince.visitInstant(visit)
  }
}

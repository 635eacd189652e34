import ChargerBase
import HAL

/// Reads from a socket's proximity contact which cable is plugged in: what it tells counts once it has been seen for
/// `proximityFilter`.
package struct ProximityReader: Hashable, Sendable {
  package private(set) var cable = Cable.unknown

  private var presence: DriverPresence
  /// The newest measurement; nil is one of an open contact.
  private var resistance: Resistance?
  private var candidate = Cable.unknown
  private var candidateSince: MonotonicInstant
  /// Since when a vehicle is connected although the contact shows no plug.
  private var missingSince: MonotonicInstant?
  private var isMissing = false

  package init(at now: MonotonicInstant) {
    presence = DriverPresence(at: now)
    candidateSince = now
  }

  package var isAlive: Bool { presence.isAlive }

  /// The cable's rating; nil where none is known.
  package var rating: Current? {
    if case .rated(let current) = cable { current } else { nil }
  }

  package var faults: FaultSet {
    var found = FaultSet()
    if !presence.isAlive { found.insert(FaultSet(.proximityDriverSilent)) }
    if cable == .invalid || isMissing { found.insert(FaultSet(.proximityInvalid)) }
    return found
  }

  package mutating func take(_ measurement: ProximityMeasurement) {
    guard presence.hear() else { return }
    resistance = measurement.resistance
  }

  package mutating func setAlive(_ alive: Bool, at now: MonotonicInstant) {
    guard presence.setAlive(alive, at: now) else { return }
    resistance = nil
    cable = .unknown
    candidate = .unknown
    missingSince = nil
    isMissing = false
  }

  /// Judges the newest measurement; call it after every input and at `deadlines`. A vehicle that is connected has a plug
  /// in the socket: a contact that shows none for `proximitySilence` is broken.
  package mutating func evaluate(
    at now: MonotonicInstant, timing: TimingTable, bands: ProximityBands, vehicleIsConnected: Bool
  ) {
    presence.evaluate(at: now, silence: timing.proximitySilence)
    if presence.isReadable {
      let seen = bands.cable(at: resistance)
      if seen != candidate {
        candidate = seen
        candidateSince = now
      }
      if seen != cable && now >= candidateSince + timing.proximityFilter { cable = seen }
    }
    guard vehicleIsConnected, cable == .none else {
      missingSince = nil
      isMissing = false
      return
    }
    let since = missingSince ?? now
    missingSince = since
    isMissing = now >= since + timing.proximitySilence
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    presence.deadlines(&soonest, silence: timing.proximitySilence)
    if candidate != cable { soonest.add(candidateSince + timing.proximityFilter) }
    if let missingSince { soonest.add(missingSince + timing.proximitySilence) }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    presence.forgetPast()
    if candidate == cable { candidateSince = .longAgo }
    missingSince.forget(after: timing.proximitySilence, at: now)
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    presence.visitInstants(visit)
    visit(&candidateSince)
    missingSince.visitInstant(visit)
  }
}

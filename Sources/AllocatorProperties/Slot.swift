import ChargerBase
import EVSEControl
import HAL

/// One EVSE of the world: its vehicle, contactor and meter, and the world's own account of it.
struct Slot {
  let evse: EVSEControlConfiguration
  var vehicle: Vehicle?
  var isGranted = false
  var output = PilotOutput.steadyPositive
  var isClosed = false
  /// Where the contactor goes, and when it is there.
  var movesTo: (position: ContactorPosition, at: MonotonicInstant)?
  var nextReading: MonotonicInstant
  /// When the meter was last read.
  var readAt: MonotonicInstant
  var register: Int64 = 0

  // What happens next; nil for never.
  var arrivesAt: MonotonicInstant?
  var grantedAt: MonotonicInstant?
  var leavesAt: MonotonicInstant?
  var appetiteAt: MonotonicInstant?
  var limitAt: MonotonicInstant?

  var limits: [Limit] = []
  var cap: RecentMaximum
  var offer: RecentMaximum

  // Accounts
  var waitsSince: MonotonicInstant?
  var exceedsSince: MonotonicInstant?
  var withdrawnSince: MonotonicInstant?
  /// Milliampere-seconds drawn and seconds passed since the account was opened.
  var drawn: Double = 0
  var seconds: Double = 0

  /// A limit that the world has set.
  struct Limit {
    var source: LimitSource
    var owner: String
    /// The most that it can come to, in milliamperes.
    var most: Int64
    var expiry: MonotonicInstant?
  }

  init(_ evse: EVSEControlConfiguration, at now: MonotonicInstant, firstReading: MonotonicInstant) {
    self.evse = evse
    nextReading = firstReading
    readAt = now
    cap = RecentMaximum(evse.maximumCurrent.milliamperes, at: now)
    offer = RecentMaximum(0, at: now)
  }

  var current: Int64 { vehicle?.current ?? 0 }

  /// Milliamperes, by the output on the pilot.
  var present: Int64 { output.offeredCurrent?.milliamperes ?? 0 }

  /// No vehicle is there that does not keep to its offer.
  var obeys: Bool { vehicle.map { $0.manner == .obeys } ?? true }

  var measurement: Voltage {
    guard let vehicle else { return Voltage(volts: 12) }
    return Voltage(volts: vehicle.isAsking ? 6 : 9)
  }

  /// The smallest limit that stands at `now`; those that have lapsed are forgotten.
  static func smallest(_ limits: inout [Limit], under most: Int64, at now: MonotonicInstant) -> Int64 {
    limits.removeAll { $0.expiry.map { $0 <= now } ?? false }
    return limits.reduce(most) { min($0, $1.most) }
  }

  func nextEvent(_ soonest: inout MonotonicInstant) {
    soonest = min(soonest, nextReading)
    if let movesTo { soonest = min(soonest, movesTo.at) }
    if let arrivesAt { soonest = min(soonest, arrivesAt) }
    if let grantedAt { soonest = min(soonest, grantedAt) }
    if let leavesAt { soonest = min(soonest, leavesAt) }
    if let appetiteAt { soonest = min(soonest, appetiteAt) }
    if let limitAt { soonest = min(soonest, limitAt) }
    if let switchesAt = vehicle?.switchesAt { soonest = min(soonest, switchesAt) }
  }
}

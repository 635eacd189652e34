import ChargerBase

/// A car at a connector: diode, resistors, switch S2, its charger and its battery.
///
/// The charger moves its current in steps of a tenth of a second (2 A/s upwards, 20 A/s downwards unless the car is
/// otherwise), so that the energy of a session is an exact sum.
struct SimulatedCar: Sendable, Equatable {
  static let step = Duration.milliseconds(100)
  /// A car that leaves by itself stops drawing this long before the plug is out.
  static let farewell = Duration.seconds(2)
  /// A bouncing contact opens or closes this often.
  static let bounce = Duration.milliseconds(8)

  let specification: CarSpecification
  var quirks: CarQuirks { specification.quirks }
  /// When the pilot makes contact; nil once it has.
  private(set) var contactAt: MonotonicInstant?
  private(set) var stopsAt: MonotonicInstant?
  private(set) var leavesAt: MonotonicInstant?
  private(set) var isReady = false
  private(set) var drawnMilliamperes: Int64 = 0
  private(set) var isFull = false
  private var received: Int128 = 0
  private var isLeaving = false
  /// It wants to leave, and its plug is locked.
  private(set) var isHeldFast = false
  /// What is on the pilot, and since when there has been an offer.
  private var offer: Int64?
  private var offeredSince: MonotonicInstant?
  /// Since when the offer is lower than what it heeds.
  private var loweredSince: MonotonicInstant?
  /// What the car heeds of it, after its reaction time.
  private var heeded: Int64?
  private var lastHeeded: Int64?
  private var reactsAt: MonotonicInstant?
  private var becomesReadyAt: MonotonicInstant?
  private var opensS2At: MonotonicInstant?
  private var stepsAt: MonotonicInstant?
  private(set) var isEnergized = false
  /// Held by hand: S2 stays as it is told, whatever the offer.
  private(set) var held: CarState?
  /// Draws half as much again as it may.
  private var isGreedy = false
  private var bounces = Bounces()
  private(set) var sleep = Sleep()
  private var pauses = Pauses()

  init(_ specification: CarSpecification, pluggedInAt now: MonotonicInstant) {
    var bounded = specification
    bounded.quirks = specification.quirks.bounded
    self.specification = bounded
    contactAt = bounded.connectDelay > .zero ? now + bounded.connectDelay : nil
    if let stay = bounded.leaveAfter {
      leavesAt = now + stay
      stopsAt = now + max(.zero, stay - Self.farewell)
    }
    if contactAt == nil { makeContact(at: now) }
  }

  private mutating func makeContact(at now: MonotonicInstant) {
    contactAt = nil
    bounces.begin(for: quirks.bouncesFor, at: now)
    sleep.isIdle(since: now, sleepsAfter: quirks.sleepsAfter)
    if quirks.isSimplified { isReady = true }
  }

  var hasContact: Bool { contactAt == nil }

  var load: PilotLoad {
    switch held {
    case .unplugged: .nothing
    case .connected, .diodeMissing: .connected
    case .ready: .ready
    case .readyWithVentilation: .readyWithVentilation
    case .shorted: .shorted
    case .negative: .negative
    case nil:
      if !hasContact || bounces.isOpen {
        .nothing
      } else if !isReady {
        .connected
      } else {
        quirks.needsVentilation ? .readyWithVentilation : .ready
      }
    }
  }

  var hasDiode: Bool { held != .diodeMissing && quirks.hasDiode }

  /// S2 is closed: the car lets energy in.
  var asksForEnergy: Bool {
    switch held {
    case .ready, .readyWithVentilation: true
    case nil: hasContact && isReady
    default: false
    }
  }

  mutating func hold(_ state: CarState?, at now: MonotonicInstant) {
    held = state
    if contactAt != nil { makeContact(at: now) }
    if !asksForEnergy { drawnMilliamperes = 0 }
    decide(at: now)
  }

  mutating func sees(offer new: Int64?, at now: MonotonicInstant) {
    let visible = hasContact ? new : nil
    guard visible != offer else { return }
    sleep.sees(offer: visible != nil, at: now, wakesAfter: quirks.wakesAfterPause)
    if visible == nil { sleep.isIdle(since: now, sleepsAfter: quirks.sleepsAfter) }
    if offer == nil { offeredSince = now }
    offer = visible
    reactsAt = now + specification.reaction
    if (visible ?? 0) < heeded ?? 0 {
      let since = loweredSince ?? now
      loweredSince = since
      reactsAt = max(reactsAt ?? now, since + specification.reaction + quirks.ignoresLowerOfferFor)
    } else {
      loweredSince = nil
    }
  }

  mutating func setGreedy(_ greedy: Bool, at now: MonotonicInstant) {
    guard greedy != isGreedy else { return }
    isGreedy = greedy
    decide(at: now)
  }

  mutating func setEnergized(_ energized: Bool, at now: MonotonicInstant) {
    guard energized != isEnergized else { return }
    isEnergized = energized
    if !energized {
      drawnMilliamperes = 0
      stepsAt = nil
    }
    decide(at: now)
  }

  /// The lock has let the plug go.
  mutating func letGo() { isHeldFast = false }

  /// Takes in `units` of mA·mV·ns.
  mutating func receive(units: Int128) { received += units }

  /// What the battery still takes, rounded up; nil: any amount.
  var batteryRoom: Energy? {
    roomUnits.map {
      let unit = SimulatedMeter.unitsPerMilliwattHour
      return Energy(milliwattHours: Int64(clamping: (max(0, $0) + unit - 1) / unit))
    }
  }

  private var roomUnits: Int128? {
    specification.batteryRoom.map { Int128($0.milliwattHours) * SimulatedMeter.unitsPerMilliwattHour - received }
  }

  /// The earliest instant at which the car does something by itself; `rate` is what it takes now in mA·mV.
  func nextChange(after now: MonotonicInstant, rate: Int128) -> MonotonicInstant? {
    var earliest: MonotonicInstant?
    func consider(_ instant: MonotonicInstant?) {
      guard let instant else { return }
      earliest = min(earliest ?? instant, instant)
    }
    consider(contactAt)
    consider(stopsAt)
    if !isHeldFast { consider(leavesAt) }
    consider(reactsAt)
    consider(becomesReadyAt)
    consider(opensS2At)
    consider(stepsAt)
    consider(bounces.edgeAt)
    consider(sleep.beginsAt)
    consider(pauses.stopsAt)
    consider(pauses.resumesAt)
    if !isFull, rate > 0, let room = roomUnits {
      let nanoseconds = Int64(clamping: (max(0, room) + rate - 1) / rate)
      consider(now + .nanoseconds(nanoseconds))
    }
    return earliest
  }

  /// Does what is due; answers whether the car drives off. One whose plug is held waits until it is let go.
  mutating func advance(to now: MonotonicInstant, isPlugHeld: Bool) -> Bool {
    if let instant = contactAt, instant <= now { makeContact(at: now) }
    isHeldFast = false
    if let instant = leavesAt, instant <= now {
      guard isPlugHeld else { return true }
      isHeldFast = true
    }
    if let instant = stopsAt, instant <= now {
      stopsAt = nil
      isLeaving = true
    }
    if let room = roomUnits, room <= 0 { isFull = true }
    if let instant = reactsAt, instant <= now {
      reactsAt = nil
      loweredSince = nil
      heeded = offer
      lastHeeded = offer ?? lastHeeded
    }
    bounces.advance(to: now)
    sleep.advance(to: now)
    pauses.advance(to: now, resumesAfter: quirks.resumesAfter)
    if let instant = becomesReadyAt, instant <= now {
      becomesReadyAt = nil
      isReady = true
    }
    if let instant = opensS2At, instant <= now {
      opensS2At = nil
      isReady = false
    }
    if let instant = stepsAt, instant <= now {
      stepsAt = nil
      moveCurrent()
    }
    decide(at: now)
    return false
  }

  private var wantsEnergy: Bool {
    (heeded != nil || quirks.isSimplified) && !isFull && !isLeaving && !sleep.isAsleep && !pauses.isPaused
  }

  private var target: Int64 {
    guard isEnergized, asksForEnergy else { return 0 }
    let most = specification.current.milliamperes
    let allowed: Int64?
    if held != nil {
      allowed = heeded ?? lastHeeded ?? most
    } else if wantsEnergy {
      allowed = quirks.isSimplified ? most : heeded
    } else {
      allowed = nil
    }
    guard let allowed else { return 0 }
    return isGreedy ? allowed + allowed / 2 : min(allowed, most) * quirks.drawsPercent / 100
  }

  private mutating func moveCurrent() {
    let target = target
    if drawnMilliamperes < target {
      drawnMilliamperes = min(target, drawnMilliamperes + quirks.rise.milliamperes / 10)
    } else {
      drawnMilliamperes = max(target, drawnMilliamperes - quirks.fall.milliamperes / 10)
    }
  }

  /// Sets what follows from the present situation.
  private mutating func decide(at now: MonotonicInstant) {
    pauses.runs(isEnergized && isReady, stopsAfter: quirks.stopsAfter, at: now)
    if held == nil, hasContact {
      if wantsEnergy {
        opensS2At = nil
        if !isReady, becomesReadyAt == nil {
          becomesReadyAt = max(now, (offeredSince ?? now) + specification.chargeDelay)
        }
      } else {
        becomesReadyAt = nil
        decideToOpenS2(at: now)
      }
    }
    if drawnMilliamperes == target {
      stepsAt = nil
    } else if stepsAt == nil {
      stepsAt = now + Self.step
    }
  }

  private mutating func decideToOpenS2(at now: MonotonicInstant) {
    guard isReady, !quirks.neverOpensS2, drawnMilliamperes == 0 || quirks.opensS2UnderLoad else { return }
    if quirks.opensS2After == .zero {
      isReady = false
    } else if opensS2At == nil {
      opensS2At = now + quirks.opensS2After
    }
  }

  /// The current has reached what the car wants; for narration.
  var isSettled: Bool { stepsAt == nil }
}

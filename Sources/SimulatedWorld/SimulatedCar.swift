import ChargerBase

/// A car at a connector: diode, resistors, switch S2, its charger and its battery.
///
/// The charger moves its current in steps of a tenth of a second (2 A/s upwards, 20 A/s downwards), so that the
/// energy of a session is an exact sum.
struct SimulatedCar: Sendable, Equatable {
  static let step = Duration.milliseconds(100)
  static let raisePerStep: Int64 = 200
  static let lowerPerStep: Int64 = 2_000
  /// A car that leaves by itself stops drawing this long before the plug is out.
  static let farewell = Duration.seconds(2)

  let specification: CarSpecification
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
  /// What the car heeds of it, after its reaction time.
  private var heeded: Int64?
  private var lastHeeded: Int64?
  private var reactsAt: MonotonicInstant?
  private var becomesReadyAt: MonotonicInstant?
  private var stepsAt: MonotonicInstant?
  private var isEnergized = false
  /// Held by hand: S2 stays as it is told, whatever the offer.
  private(set) var held: CarState?
  /// Draws half as much again as it may.
  private var isGreedy = false

  init(_ specification: CarSpecification, pluggedInAt now: MonotonicInstant) {
    self.specification = specification
    contactAt = specification.connectDelay > .zero ? now + specification.connectDelay : nil
    if let stay = specification.leaveAfter {
      leavesAt = now + stay
      stopsAt = now + max(.zero, stay - Self.farewell)
    }
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
    case nil: !hasContact ? .nothing : isReady ? .ready : .connected
    }
  }

  var hasDiode: Bool { held != .diodeMissing }

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
    contactAt = nil
    if !asksForEnergy { drawnMilliamperes = 0 }
    decide(at: now)
  }

  mutating func sees(offer new: Int64?, at now: MonotonicInstant) {
    let visible = hasContact ? new : nil
    guard visible != offer else { return }
    if offer == nil { offeredSince = now }
    offer = visible
    reactsAt = now + specification.reaction
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
    for instant in [contactAt, stopsAt, isHeldFast ? nil : leavesAt, reactsAt, becomesReadyAt, stepsAt] {
      guard let instant else { continue }
      earliest = min(earliest ?? instant, instant)
    }
    if !isFull, rate > 0, let room = roomUnits {
      let nanoseconds = Int64(clamping: (max(0, room) + rate - 1) / rate)
      let full = now + .nanoseconds(nanoseconds)
      earliest = min(earliest ?? full, full)
    }
    return earliest
  }

  /// Does what is due; answers whether the car drives off. One whose plug is held waits until it is let go.
  mutating func advance(to now: MonotonicInstant, isPlugHeld: Bool) -> Bool {
    if let instant = contactAt, instant <= now { contactAt = nil }
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
      heeded = offer
      lastHeeded = offer ?? lastHeeded
    }
    if let instant = becomesReadyAt, instant <= now {
      becomesReadyAt = nil
      isReady = true
    }
    if let instant = stepsAt, instant <= now {
      stepsAt = nil
      moveCurrent()
    }
    decide(at: now)
    return false
  }

  /// The lock has let the plug go.
  mutating func letGo() { isHeldFast = false }

  private var wantsEnergy: Bool { heeded != nil && !isFull && !isLeaving }

  private var target: Int64 {
    guard isEnergized, asksForEnergy else { return 0 }
    let allowed: Int64?
    if held != nil {
      allowed = heeded ?? lastHeeded ?? specification.current.milliamperes
    } else {
      allowed = wantsEnergy ? heeded : nil
    }
    guard let allowed else { return 0 }
    return isGreedy ? allowed + allowed / 2 : min(allowed, specification.current.milliamperes)
  }

  private mutating func moveCurrent() {
    let target = target
    if drawnMilliamperes < target {
      drawnMilliamperes = min(target, drawnMilliamperes + Self.raisePerStep)
    } else {
      drawnMilliamperes = max(target, drawnMilliamperes - Self.lowerPerStep)
    }
  }

  /// Sets what follows from the present situation.
  private mutating func decide(at now: MonotonicInstant) {
    if held == nil {
      if !wantsEnergy {
        becomesReadyAt = nil
        if isReady, drawnMilliamperes == 0 { isReady = false }
      } else if !isReady, becomesReadyAt == nil {
        becomesReadyAt = max(now, (offeredSince ?? now) + specification.chargeDelay)
      }
    }
    if drawnMilliamperes == target {
      stepsAt = nil
    } else if stepsAt == nil {
      stepsAt = now + Self.step
    }
  }

  /// The current has reached what the car wants; for narration.
  var isSettled: Bool { stepsAt == nil }
}

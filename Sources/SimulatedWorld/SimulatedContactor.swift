import ChargerBase

/// How much power a contactor's coil has.
public enum CoilPower: String, Sendable {
  case off, holding, full
}

/// A contactor with its travel, its wear and its auxiliary contact.
struct SimulatedContactor: Sendable, Equatable {
  /// A slow one takes so many times its travel.
  static let slowness = 12
  /// A bouncing auxiliary contact opens and closes this often, for so long after each movement.
  static let bounce = Duration.milliseconds(15)
  static let bouncesFor = Duration.milliseconds(150)
  /// One that falls out does so this long after it has closed.
  static let fallsOutAfter = Duration.seconds(3)
  /// What counts as load: more than this when the contacts part.
  static let load: Int64 = 1_000
  /// A worn-out one welds when it opens under more than this.
  static let weldingLoad: Int64 = 6_000

  let closing: Duration
  let opening: Duration
  private(set) var power = CoilPower.off
  /// The coil pulls the contacts, or keeps what it has pulled.
  private var pulls = false
  /// A relay beside the main contacts, with a resistor.
  var isPreCharging = false
  /// The main contacts.
  private(set) var isClosed = false
  /// What the auxiliary contact shows.
  private(set) var shownClosed = false
  /// When the contacts arrive where the coil wants them.
  private(set) var arrivesAt: MonotonicInstant?
  private(set) var isWelded = false
  private(set) var isStuck = false
  var isSlow = false
  var bounces = false
  private(set) var fallsOut = false
  /// Welds at the next opening under load.
  var isWornOut = false
  private(set) var isFeedbackStuck = false
  private(set) var fallsOutAt: MonotonicInstant?
  private(set) var bounceEdgeAt: MonotonicInstant?
  private var bounceEndsAt: MonotonicInstant?
  /// How often the contacts have parted, and how often under load.
  private(set) var openings = 0
  private(set) var openingsUnderLoad = 0

  init(closing: Duration, opening: Duration) {
    self.closing = closing.clamped(to: .zero...Duration.seconds(3_600))
    self.opening = opening.clamped(to: .zero...Duration.seconds(3_600))
  }

  /// The coil has voltage.
  var isCommandedClosed: Bool { power != .off }

  mutating func command(closed: Bool, at now: MonotonicInstant) { supply(closed ? .full : .off, at: now) }

  /// Holding power pulls nothing in; it keeps contacts that are closed.
  mutating func supply(_ power: CoilPower, at now: MonotonicInstant) {
    guard power != self.power else { return }
    self.power = power
    pulls = power == .full || (power == .holding && isClosed)
    move(at: now)
  }

  /// Welded contacts are closed whatever the coil does.
  mutating func setWelded(_ welded: Bool, at now: MonotonicInstant) {
    guard welded != isWelded else { return }
    isWelded = welded
    move(at: now)
  }

  /// A stuck contactor's coil moves nothing: its contacts are open.
  mutating func setStuck(_ stuck: Bool, at now: MonotonicInstant) {
    guard stuck != isStuck else { return }
    isStuck = stuck
    move(at: now)
  }

  mutating func setFallsOut(_ fallsOut: Bool, at now: MonotonicInstant) {
    guard fallsOut != self.fallsOut else { return }
    self.fallsOut = fallsOut
    fallsOutAt = fallsOut && isClosed ? now + Self.fallsOutAfter : nil
    if !fallsOut { move(at: now) }
  }

  /// The auxiliary contact stays where it is now, or shows the main contacts again.
  mutating func setFeedbackStuck(_ stuck: Bool) {
    isFeedbackStuck = stuck
    if !stuck { shownClosed = isClosed }
  }

  func nextChange() -> MonotonicInstant? {
    var earliest = arrivesAt
    if let instant = fallsOutAt { earliest = min(earliest ?? instant, instant) }
    if let instant = bounceEdgeAt { earliest = min(earliest ?? instant, instant) }
    return earliest
  }

  /// Does what is due, while so much flows; answers whether the contacts have just welded.
  mutating func advance(to now: MonotonicInstant, milliamperes: Int64) -> Bool {
    if let edge = bounceEdgeAt, edge <= now {
      let isOver = bounceEndsAt.map { $0 <= edge } ?? true
      if !isFeedbackStuck { shownClosed = isOver ? isClosed : !shownClosed }
      bounceEdgeAt = isOver ? nil : edge + Self.bounce
    }
    if let fall = fallsOutAt, fall <= now {
      fallsOutAt = nil
      if !isWelded { setContacts(closed: false, milliamperes: milliamperes, at: now) }
    }
    guard let arrival = arrivesAt, arrival <= now else { return false }
    arrivesAt = nil
    guard pulls || !isWornOut || milliamperes <= Self.weldingLoad else { return true }
    setContacts(closed: pulls, milliamperes: milliamperes, at: now)
    return false
  }

  mutating func restore(openings: Int, underLoad: Int) {
    self.openings = max(0, openings)
    openingsUnderLoad = max(0, underLoad)
  }

  private mutating func move(at now: MonotonicInstant) {
    arrivesAt = nil
    if isWelded {
      setContacts(closed: true, milliamperes: 0, at: now)
    } else if isStuck {
      setContacts(closed: false, milliamperes: 0, at: now)
    } else if isClosed != pulls {
      let travel = pulls ? closing : opening
      arrivesAt = now + (isSlow ? travel * Self.slowness : travel)
    }
  }

  private mutating func setContacts(closed: Bool, milliamperes: Int64, at now: MonotonicInstant) {
    guard closed != isClosed else { return }
    isClosed = closed
    if !closed {
      openings = openings.addingSaturating(1)
      if milliamperes > Self.load { openingsUnderLoad = openingsUnderLoad.addingSaturating(1) }
    }
    fallsOutAt = closed && fallsOut ? now + Self.fallsOutAfter : nil
    if !isFeedbackStuck { shownClosed = closed }
    if bounces {
      bounceEdgeAt = now + Self.bounce
      bounceEndsAt = now + Self.bouncesFor
    }
  }
}

import ChargerBase

/// A vehicle as far as a supply feels it. Currents are milliamperes per phase.
struct Vehicle {
  enum Manner: Equatable {
    /// Keeps to its offer, with a delay of at most the standard's time.
    case obeys
    /// Keeps to it after this long.
    case late(Duration)
    /// Never draws less because its offer fell.
    case ignores
  }

  var phases: Int
  var manner: Manner
  /// How long it goes by an offer that is no more.
  var delay: Duration
  /// How long it draws after its offer was withdrawn.
  var stopDelay: Duration
  /// How long after an offer it asks for energy.
  var startDelay: Duration
  /// What it would draw if it were offered enough; zero when it is full.
  var appetite: Int64
  /// The part of its offer that it draws, in thousandths.
  var share: Int64
  /// Milliamperes a second by which it goes up; it goes down at once.
  var slope: Int64

  /// It asks for energy (state C).
  var isAsking = false
  /// When it asks, or stops asking; nil for never.
  var switchesAt: MonotonicInstant?
  private(set) var current: Int64 = 0
  private var offers: RecentMaximum
  private var greatestOffer: Int64 = 0
  private var steppedAt: MonotonicInstant

  static let memory = Duration.seconds(8)

  init(
    phases: Int, manner: Manner, delay: Duration, stopDelay: Duration, startDelay: Duration, appetite: Int64,
    share: Int64, slope: Int64, at now: MonotonicInstant
  ) {
    self.phases = phases
    self.manner = manner
    self.delay = delay
    self.stopDelay = stopDelay
    self.startDelay = startDelay
    self.appetite = appetite
    self.share = share
    self.slope = slope
    offers = RecentMaximum(0, at: now)
    steppedAt = now
  }

  var offer: Int64 { offers.latest }

  mutating func see(offer: Int64, at now: MonotonicInstant) {
    let before = offers.latest
    // After a time without an offer and without drawing it reads the new one before it draws.
    if before == 0 && !isAsking { offers = RecentMaximum(0, at: now - Self.memory - .seconds(1)) }
    offers.set(offer, at: now, keeping: Self.memory)
    greatestOffer = max(greatestOffer, offer)
    decide(at: now)
  }

  mutating func set(appetite new: Int64, at now: MonotonicInstant) {
    appetite = new
    decide(at: now)
  }

  /// Whether and when it changes between asking and not asking.
  private mutating func decide(at now: MonotonicInstant) {
    let wants = offer > 0 && appetite > 0
    if wants == isAsking {
      switchesAt = nil
    } else if switchesAt == nil {
      switchesAt = now + (wants ? startDelay : manner == .ignores && appetite > 0 ? .seconds(3_600) : stopDelay)
    }
  }

  mutating func switchIfDue(at now: MonotonicInstant) -> Bool {
    guard let due = switchesAt, due <= now else { return false }
    switchesAt = nil
    isAsking.toggle()
    if !isAsking { greatestOffer = 0 }
    return true
  }

  /// What it holds to be allowed now.
  private func allowed(at now: MonotonicInstant) -> Int64 {
    switch manner {
    case .obeys: offers.greatest(within: delay, at: now)
    case .late(let delay): offers.greatest(within: delay, at: now)
    case .ignores: greatestOffer
    }
  }

  /// Draws on until `now`.
  mutating func step(to now: MonotonicInstant, isClosed: Bool) {
    defer { steppedAt = now }
    guard isClosed && isAsking else {
      current = 0
      return
    }
    let wish = min(appetite, allowed(at: now) * share / 1_000)
    let rise = slope.multipliedSaturating(by: (now - steppedAt).wholeMilliseconds) / 1_000
    current = min(wish, current + rise)
  }
}

import ChargerBase

// The parts of a car that are not as they should be, each with its own clock.

extension SimulatedCar {
  /// A contact that opens and closes for a while after it was made.
  struct Bounces: Sendable, Equatable {
    private(set) var isOpen = false
    private(set) var edgeAt: MonotonicInstant?
    private var endsAt: MonotonicInstant?

    mutating func begin(for duration: Duration, at now: MonotonicInstant) {
      guard duration > .zero else { return }
      endsAt = now + duration
      edgeAt = now + SimulatedCar.bounce
    }

    mutating func advance(to now: MonotonicInstant) {
      guard let edge = edgeAt, edge <= now, let end = endsAt else { return }
      isOpen = edge < end && !isOpen
      edgeAt = edge < end ? edge + SimulatedCar.bounce : nil
    }
  }

  /// A car that nobody offers anything falls asleep; then an offer alone does not wake it.
  struct Sleep: Sendable, Equatable {
    private(set) var isAsleep = false
    private(set) var beginsAt: MonotonicInstant?
    private var hasSeenOffer = false
    private var pauseBeganAt: MonotonicInstant?

    mutating func isIdle(since now: MonotonicInstant, sleepsAfter: Duration?) {
      guard let sleepsAfter, !isAsleep, beginsAt == nil else { return }
      beginsAt = now + sleepsAfter
    }

    mutating func sees(offer: Bool, at now: MonotonicInstant, wakesAfter: Duration) {
      guard isAsleep else {
        if offer { beginsAt = nil }
        return
      }
      if !offer {
        if hasSeenOffer { pauseBeganAt = now }
      } else if let pause = pauseBeganAt, pause.duration(to: now) >= wakesAfter {
        self = Sleep()
      } else {
        hasSeenOffer = true
      }
    }

    mutating func advance(to now: MonotonicInstant) {
      guard let begin = beginsAt, begin <= now else { return }
      self = Sleep()
      isAsleep = true
    }
  }

  /// A car that stops by itself and asks again.
  struct Pauses: Sendable, Equatable {
    private(set) var isPaused = false
    private(set) var stopsAt: MonotonicInstant?
    private(set) var resumesAt: MonotonicInstant?

    mutating func runs(_ isRunning: Bool, stopsAfter: Duration?, at now: MonotonicInstant) {
      guard let stopsAfter, !isPaused else { return }
      if !isRunning {
        stopsAt = nil
      } else if stopsAt == nil {
        stopsAt = now + stopsAfter
      }
    }

    mutating func advance(to now: MonotonicInstant, resumesAfter: Duration?) {
      if let stop = stopsAt, stop <= now {
        stopsAt = nil
        isPaused = true
        resumesAt = resumesAfter.map { now + $0 }
      }
      if let resume = resumesAt, resume <= now {
        resumesAt = nil
        isPaused = false
      }
    }
  }
}

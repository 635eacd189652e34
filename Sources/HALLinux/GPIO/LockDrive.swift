import ChargerBase
import HAL

/// When the drive of a lock has power, and which way: one run for each command, ended by the position contact or by the
/// run's time. It knows no lines.
struct LockDrive {
  enum Power: Equatable {
    case off
    case towards(LockPosition)
  }

  struct Times: Equatable {
    /// The longest run.
    var run = Duration.seconds(1)
    /// How long the drive goes on once the contact has changed: one contact cannot show both ends of the bolt.
    var overrun = Duration.zero
    /// Rest between two runs in different directions, when the first was broken off.
    var reversalPause = Duration.milliseconds(50)
  }

  private struct Run {
    var target: LockPosition
    /// By the first step after the command.
    var since: MonotonicInstant?
    /// The contact alone does not end the run before: as long as a run the other way was broken off after.
    var atLeast = Duration.zero
    var arrivedAt: MonotonicInstant?
  }

  private enum State {
    case resting
    case running(Run)
    /// Broken off; the run the other way begins after the pause.
    case pausing(Run, until: MonotonicInstant?)
  }

  let times: Times
  /// The drive keeps its power in the locked position: a solenoid without a latch.
  let holdsLocked: Bool
  private var state = State.resting
  private(set) var power = Power.off
  /// The instant of the last step.
  private var steppedAt = MonotonicInstant.zero
  private(set) var deadline: MonotonicInstant?

  init(times: Times, holdsLocked: Bool = false) {
    self.times = times
    self.holdsLocked = holdsLocked
  }

  /// - Parameter shown: what the position contact shows; nil before it was read.
  mutating func command(_ position: LockPosition, shown: LockPosition?) {
    switch state {
    case .resting:
      if holdsLocked, position == .unlocked {
        power = .off
        return
      }
      guard shown != position || (holdsLocked && power == .off) else { return }
      begin(Run(target: position))
    case .running(let run):
      guard run.target != position else { return }
      if holdsLocked {
        power = .off
        state = .resting
        return
      }
      power = .off
      let driven = run.since.map { steppedAt - $0 } ?? .zero
      state = .pausing(Run(target: position, atLeast: driven), until: nil)
    case .pausing(let run, let until):
      guard run.target != position else { return }
      // Back to where the drive came from: the pause goes on, and the run is a whole one.
      state = .pausing(Run(target: position), until: until)
    }
  }

  /// Takes the drive further; call it at every reading and at `deadline`.
  mutating func step(shown: LockPosition?, at now: MonotonicInstant) {
    steppedAt = now
    deadline = nil
    if case .pausing(let run, let until) = state {
      let end = until ?? now + times.reversalPause
      guard now >= end else {
        state = .pausing(run, until: end)
        deadline = end
        return
      }
      begin(run)
    }
    guard case .running(var run) = state else {
      // What holds a lock that is no longer locked must not stay in power for ever.
      if power != .off, shown == .unlocked { begin(Run(target: .locked, since: now)) }
      return
    }
    let since = run.since ?? now
    run.since = since
    let elapsed = now - since
    if shown == run.target, elapsed >= run.atLeast {
      run.arrivedAt = run.arrivedAt ?? now
    } else {
      run.arrivedAt = nil
    }
    let end = min(run.arrivedAt.map { $0 + times.overrun } ?? .distantFuture, since + times.run)
    guard now < end else {
      let isHeld = holdsLocked && run.target == .locked && shown == .locked
      if !isHeld { power = .off }
      state = .resting
      return
    }
    state = .running(run)
    deadline = run.arrivedAt == nil && elapsed < run.atLeast ? min(end, since + run.atLeast) : end
  }

  private mutating func begin(_ run: Run) {
    state = .running(run)
    power = .towards(run.target)
  }
}

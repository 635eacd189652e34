import ChargerBase

/// The greeting that is out, if any: one at a time, by its number. Until it is answered it is said again with longer and
/// longer pauses; an answer to an earlier one is none.
struct MicrocontrollerGreeting {
  private static let firstPause = Duration.milliseconds(100)
  private static let longestPause = Duration.milliseconds(400)
  /// An MCU that was refused is asked again so seldom; it may have been changed.
  static let refusedPause = Duration.seconds(1)

  /// Never 0, which is the number of a station that gives none.
  private(set) var number: UInt16
  private var nextAt = MonotonicInstant.zero
  private var pause = firstPause

  /// - Parameter seed: where numbers begin; unlike that of the program before, whose answers may still be on the way.
  init(seed: UInt16) { number = seed == 0 ? 1 : seed }

  /// A new greeting, due at this instant.
  mutating func begin(at instant: MonotonicInstant) {
    number = number == .max ? 1 : number + 1
    nextAt = instant
    pause = Self.firstPause
  }

  /// Said now; what follows, when nothing is heard, is the same greeting again.
  mutating func said(at now: MonotonicInstant) {
    nextAt = now + pause
    pause = min(pause + pause, Self.longestPause)
  }

  func isDue(at now: MonotonicInstant) -> Bool { now >= nextAt }

  /// An MCU that does not tell which greeting it answers (version 1.0) has to be believed.
  func isAnswered(by identity: MicrocontrollerIdentity) -> Bool { identity.greeting.map { $0 == number } ?? true }
}

/// The session with the MCU. Until it has obeyed a command in it, the session is still the greeting's: another one in its
/// place is no loss.
struct MicrocontrollerSession: Equatable {
  let boot: UInt16
  let number: UInt16
  /// A command was confirmed in it.
  var isConfirmed = false

  init(_ identity: MicrocontrollerIdentity) {
    boot = identity.boot
    number = identity.session
  }

  func isThat(of identity: MicrocontrollerIdentity) -> Bool { boot == identity.boot && number == identity.session }
}

import ChargerBase
import HAL

/// What control wants of one connector: a whole state, so that the newest command is all that counts.
struct MicrocontrollerCommand: Equatable {
  var pilot = PilotOutput.steadyNegative
  var contactor = ContactorPosition.open
  var lock = LockPosition.unlocked
  /// Counts commands to the lock, from 1; 0 leaves the lock as it is.
  var lockOrder: UInt8 = 0
  var isTestCurrentOn = false
  /// Counts resets of the residual current monitor.
  var resets: UInt8 = 0

  /// What is left of it when the MCU has begun anew or was not heard: nothing that only control may decide.
  mutating func fallBack() {
    if case .pulseWidth = pilot { pilot = .steadyPositive }
    contactor = .open
    lockOrder = 0
    isTestCurrentOn = false
  }
}

/// The newest of one kind of reading.
struct MicrocontrollerReading<Value> {
  private(set) var value: Value?
  private(set) var takenAt = MonotonicInstant.zero
  /// When it came; nil since the MCU was lost.
  private(set) var heardAt: MonotonicInstant?

  /// Nil for what could not be read: the last value stays, with its time.
  mutating func take(_ new: Value?, takenAt: MonotonicInstant, at now: MonotonicInstant) {
    guard let new else { return }
    value = new
    self.takenAt = takenAt
    heardAt = now
  }

  mutating func forget() { heardAt = nil }
}

/// One connector of the MCU: what is wanted of it, what has been sent, and what it has told.
struct MicrocontrollerConnector {
  static let temperatureSensors = 8

  enum Proximity: Equatable {
    case open
    case ohms(UInt16)
  }

  /// A command with another pilot than before, on its way to the MCU.
  private enum PilotCommand: Equatable {
    case unsent
    case sent(UInt16)
    /// Kept without its number, which would look like a later one half a round of numbers afterwards.
    case confirmed
  }

  /// Some driver belongs to it.
  var isUsed = false
  var command = MicrocontrollerCommand()
  /// The command has changed, or must be said again.
  var isOwed = false
  /// The oldest command that the MCU has not confirmed, and when it went out.
  var unconfirmed: (sequence: UInt16, since: MonotonicInstant)?
  /// What readings of the pilot must follow to count.
  private var pilotFollows = PilotCommand.unsent

  var pilot = MicrocontrollerReading<(positive: Int16, negative: Int16?)>()
  var auxiliary = MicrocontrollerReading<ContactorPosition>()
  var lock = MicrocontrollerReading<LockPosition>()
  var proximity = MicrocontrollerReading<Proximity>()
  var isTripped = MicrocontrollerReading<Bool>()
  /// In the order of `SafetyInputKind`.
  var inputs = [MicrocontrollerReading<Bool>](
    repeating: MicrocontrollerReading(), count: SafetyInputKind.allCases.count)
  /// In tenths of a degree.
  var temperatures = [MicrocontrollerReading<Int16>](
    repeating: MicrocontrollerReading(), count: temperatureSensors)
  var errors: UInt16 = 0

  private static let unreadable: UInt8 = 0xFF
  private static let noValue = Int16.min
  private static let peakRange: ClosedRange<Int16> = -15_000...15_000
  /// States C and D with their tolerance, as the MCU itself judges them.
  private static let chargingPeaks: ClosedRange<Int16> = 1_500...7_500
  private static let temperatureRange: ClosedRange<Int16> = -550...2_000
  private static let openContact: UInt16 = 0xFFFF
  private static let mostOhms: UInt16 = 65_000
  /// Bytes before the temperatures.
  static let shortestStatus = 33

  /// Takes a status in. A value outside its range is one that was not read.
  mutating func take(_ frame: MicrocontrollerFrameParser, takenAt: MonotonicInstant, at now: MonotonicInstant) {
    let positive = frame.signedWord(11)
    let negative = frame.signedWord(13)
    let isGood =
      isOfThePresentPilot(positive) && Self.peakRange.contains(positive)
      && (negative == Self.noValue || Self.peakRange.contains(negative))
    pilot.take(
      isGood ? (positive: positive, negative: negative == Self.noValue ? nil : negative) : nil, takenAt: takenAt,
      at: now)
    auxiliary.take(ContactorPosition(rawValue: frame.byte(19)), takenAt: takenAt, at: now)
    lock.take(LockPosition(rawValue: frame.byte(21)), takenAt: takenAt, at: now)
    let ohms = frame.word(22)
    let measured: Proximity? =
      ohms == Self.openContact ? .open : ohms <= Self.mostOhms ? .ohms(ohms) : nil
    proximity.take(measured, takenAt: takenAt, at: now)
    let trip = frame.byte(24)
    isTripped.take(trip <= 1 ? trip == 1 : nil, takenAt: takenAt, at: now)
    for index in inputs.indices {
      let bit = UInt8(1) << UInt8(index)
      inputs[index].take(
        frame.byte(29) & bit != 0 ? frame.byte(28) & bit != 0 : nil, takenAt: takenAt, at: now)
    }
    errors = frame.word(30)
    for index in 0..<min(Int(frame.byte(32)), temperatures.count) {
      let place = Self.shortestStatus + 2 * index
      guard place + 2 <= frame.payloadCount else { break }
      let tenths = frame.signedWord(place)
      temperatures[index].take(
        Self.temperatureRange.contains(tenths) ? tenths : nil, takenAt: takenAt, at: now)
    }
  }

  // MARK: Readings of the pilot that was before

  /// Peaks of a pilot that was commanded before the present one would be taken for the vehicle's answer to this one: a
  /// steady pilot has no low part, which is a missing diode under an offer, and −12 V of the station's own are no vehicle.
  /// Until the MCU has confirmed the new pilot they are not taken; a high part that has left C and D while the contactor
  /// is commanded closed always is, because nothing may hold up an opening.
  private func isOfThePresentPilot(_ positive: Int16) -> Bool {
    pilotFollows == .confirmed || command.contactor == .closed && !Self.chargingPeaks.contains(positive)
  }

  /// The wanted pilot was another one until now. Towards steady +12 V the high part stays what it was.
  mutating func pilotChanged(from before: PilotOutput) {
    switch (before, command.pilot) {
    case (_, .steadyNegative), (.steadyPositive, .steadyPositive), (.pulseWidth, .steadyPositive),
      (.pulseWidth, .pulseWidth):
      break
    case (.steadyNegative, .steadyPositive), (.steadyNegative, .pulseWidth), (.steadyPositive, .pulseWidth):
      pilotFollows = .unsent
    }
  }

  /// The present command has gone out.
  mutating func sent(_ sequence: UInt16, at now: MonotonicInstant) {
    isOwed = false
    if unconfirmed == nil { unconfirmed = (sequence: sequence, since: now) }
    if pilotFollows == .unsent { pilotFollows = .sent(sequence) }
  }

  /// The MCU has obeyed the commands up to this one; answers whether one was waited for.
  mutating func confirmed(_ sequence: UInt16) -> Bool {
    func isDone(_ number: UInt16) -> Bool { Int16(bitPattern: sequence &- number) >= 0 }
    if case .sent(let number) = pilotFollows, isDone(number) { pilotFollows = .confirmed }
    guard let oldest = unconfirmed, isDone(oldest.sequence) else { return false }
    unconfirmed = nil
    return true
  }

  /// The MCU is not heard, is another than before, or has opened another session.
  mutating func sessionEnded() {
    unconfirmed = nil
    pilotFollows = .unsent
    pilot.forget()
    auxiliary.forget()
    lock.forget()
    proximity.forget()
    isTripped.forget()
    for index in inputs.indices { inputs[index].forget() }
    for index in temperatures.indices { temperatures[index].forget() }
  }
}

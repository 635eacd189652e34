import ChargerBase

/// A car as somebody drives it up to the post.
public struct CarSpecification: Sendable, Equatable {
  /// What its charger takes at most, per phase.
  public var current: Current
  /// Phases that its charger uses, 1…3.
  public var phases: UInt8
  /// From the plug going in until the pilot makes contact.
  public var connectDelay: Duration
  /// From the first offer until the car asks for energy (closes S2).
  public var chargeDelay: Duration
  /// The car stops and is unplugged this long after it was plugged in; nil: it stays.
  public var leaveAfter: Duration?
  /// What its battery still takes; nil: any amount.
  public var batteryRoom: Energy?
  /// From a changed duty cycle until the car heeds it (a vehicle has at most 5 s).
  public var reaction: Duration

  public init(
    current: Current = Current(amperes: 16), phases: UInt8 = 3, connectDelay: Duration = .zero,
    chargeDelay: Duration = .seconds(1), leaveAfter: Duration? = nil, batteryRoom: Energy? = nil,
    reaction: Duration = .milliseconds(300)
  ) {
    self.current = current.clamped(to: .zero...Current(amperes: 80))
    self.phases = phases.clamped(to: 1...3)
    self.connectDelay = max(.zero, connectDelay)
    self.chargeDelay = max(.zero, chargeDelay)
    self.leaveAfter = leaveAfter.map { max(.zero, $0) }
    self.batteryRoom = batteryRoom.map { max(.zero, $0) }
    self.reaction = max(.zero, reaction)
  }
}

/// A car's side of the pilot, held by hand: the names are the states of IEC 61851-1, `DF` is B without a diode.
public enum CarState: String, Sendable, CaseIterable {
  /// Nothing on the pilot; with a cable still in the station it means unplugged at the car.
  case unplugged = "A"
  case connected = "B"
  case ready = "C"
  case readyWithVentilation = "D"
  case shorted = "E"
  case negative = "F"
  case diodeMissing = "DF"
}

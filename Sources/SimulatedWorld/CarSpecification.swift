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
  /// Where it is not as a car should be.
  public var quirks: CarQuirks

  public init(
    current: Current = Current(amperes: 16), phases: UInt8 = 3, connectDelay: Duration = .zero,
    chargeDelay: Duration = .seconds(1), leaveAfter: Duration? = nil, batteryRoom: Energy? = nil,
    reaction: Duration = .milliseconds(300), quirks: CarQuirks = CarQuirks()
  ) {
    self.current = current.clamped(to: .zero...Current(amperes: 80))
    self.phases = phases.clamped(to: 1...3)
    self.connectDelay = max(.zero, connectDelay)
    self.chargeDelay = max(.zero, chargeDelay)
    self.leaveAfter = leaveAfter.map { max(.zero, $0) }
    self.batteryRoom = batteryRoom.map { max(.zero, $0) }
    self.reaction = max(.zero, reaction)
    self.quirks = quirks
  }
}

/// What real cars do that the standard does not ask for, and what broken ones do. The defaults are a good car's.
/// Values outside the ranges are taken as their nearest end.
public struct CarQuirks: Sendable, Equatable {
  /// From the end of the current to the opening of S2.
  public var opensS2After = Duration.zero
  /// Opens S2 while current still flows, instead of bringing it down first.
  public var opensS2UnderLoad = false
  /// Leaves S2 closed until it is unplugged.
  public var neverOpensS2 = false
  /// How much longer than its reaction it goes on under a lowered or withdrawn offer.
  public var ignoresLowerOfferFor = Duration.zero
  public var hasDiode = true
  /// Falls asleep after so long without an offer; nil: never.
  public var sleepsAfter: Duration?
  /// An offer wakes it only after another one and then a steady pilot for so long.
  public var wakesAfterPause = Duration.seconds(3)
  /// What it draws of what it may, in percent, 10…300.
  public var drawsPercent: Int64 = 100
  /// Goes from A to C at once and does not read the duty cycle.
  public var isSimplified = false
  /// Asks for ventilation: state D instead of C.
  public var needsVentilation = false
  /// Stops by itself after so long under current; nil: never.
  public var stopsAfter: Duration?
  /// Asks again so long after it has stopped by itself; nil: not again.
  public var resumesAfter: Duration?
  /// Its pilot contact bounces for so long after it was made.
  public var bouncesFor = Duration.zero
  /// Its resistors against their nominal value, in percent, 50…200.
  public var resistorPercent: Int64 = 100
  /// How fast its current rises and falls, in amperes per second, 0.1…100.
  public var rise = Current(amperes: 2)
  public var fall = Current(amperes: 20)
  /// What flows off beside the conductors while it has voltage.
  public var leakage = Current.zero

  public init() {}

  /// With every value in its range.
  var bounded: CarQuirks {
    var copy = self
    copy.opensS2After = max(.zero, opensS2After)
    copy.ignoresLowerOfferFor = max(.zero, ignoresLowerOfferFor)
    copy.sleepsAfter = sleepsAfter.map { max(.milliseconds(100), $0) }
    copy.wakesAfterPause = max(.zero, wakesAfterPause)
    copy.drawsPercent = drawsPercent.clamped(to: 10...300)
    copy.stopsAfter = stopsAfter.map { max(.milliseconds(100), $0) }
    copy.resumesAfter = resumesAfter.map { max(.milliseconds(100), $0) }
    copy.bouncesFor = bouncesFor.clamped(to: .zero...Duration.seconds(60))
    copy.resistorPercent = resistorPercent.clamped(to: 50...200)
    copy.rise = rise.clamped(to: Current(milliamperes: 100)...Current(amperes: 100))
    copy.fall = fall.clamped(to: Current(milliamperes: 100)...Current(amperes: 100))
    copy.leakage = leakage.clamped(to: .zero...Current(amperes: 10))
    return copy
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

import ChargerBase

/// Every time that a safety rule or a sequence of IEC 61851-1 Annex A depends on, in one place. A laboratory can
/// replace any of them through the board profile. *Unverified* marks what was not checked against the paid standard.
public struct TimingTable: Sendable, Hashable {
  /// Vehicle opens S2 (C or D to B), sequence 8.1: contactor commanded open within 100 ms of the edge, filter included.
  public var openAfterVehicleStops = Duration.milliseconds(100)
  /// Unplugged from C or D, sequence 2.2: 100 ms (*unverified* number).
  public var openAfterUnplug = Duration.milliseconds(100)
  /// State C with an offer and a permit, sequence 4: closed within 3 s.
  public var closeAfterRequest = Duration.seconds(3)
  /// Offer withdrawn in C2, vehicle does not react, sequence 10.2: opened under load after 6 s.
  public var openUnderLoadAfterWithdrawal = Duration.seconds(6)
  /// A state must be seen this long before it counts (*unverified*; must leave room in the 100 ms above).
  public var pilotFilter = Duration.milliseconds(30)
  /// Contactor travel: feedback must follow the command within this time (product value).
  public var contactorTravel = Duration.milliseconds(250)
  /// Shortest time between opening and the next closing (product value, spares the contacts).
  public var contactorRest = Duration.seconds(1)
  /// A pilot, contactor or meter driver that has said nothing for so long counts as silent (product values).
  public var pilotSilence = Duration.milliseconds(500)
  public var contactorSilence = Duration.milliseconds(500)
  public var meterSilence = Duration.seconds(10)
  /// After the station has changed its own signal, the pilot is not judged by what the change itself explains for this
  /// long: 10 ms to apply it, 20 ms to read it back, and a margin (product value).
  public var pilotSettling = Duration.milliseconds(60)
  /// The vehicle must have followed a lower duty cycle after 5 s (*unverified*); until then its old share of a shared
  /// supply is not given to another.
  public var vehicleFollowsOffer = Duration.seconds(5)
  /// Least time between two changes of the duty cycle upwards (product value).
  public var offerRaiseInterval = Duration.seconds(1)
  /// A fault, an emergency stop, a trip or a silent driver on the energy path: contactor commanded open within 100 ms of
  /// the input that tells it (product limit; sources for state E and F differ, *unverified*).
  public var openAfterFault = Duration.milliseconds(100)
  /// A lower limit is on the pilot within this time of its becoming known (product limit; the standard's 10 s for an
  /// outside command are *unverified*).
  public var lowerOfferAfterLimit = Duration.seconds(5)

  // Lock
  /// The position contact must show the wanted position this long after the drive was started (product value).
  public var lockTravel = Duration.seconds(2)
  /// Rest between two attempts, and how many there are (product values).
  public var lockRetryPause = Duration.seconds(1)
  public var lockAttempts: UInt8 = 3
  public var lockSilence = Duration.seconds(1)
  /// State F, or the pilot's loss, held this long lets the plug go (a peer's choice, not the standard's).
  public var unlockAfterStateF = Duration.seconds(5)

  // Residual current
  /// The monitor must show a trip this long after the test current, and must be free of it this long after its end and
  /// the reset (product values).
  public var residualCurrentTestTrip = Duration.seconds(1)
  public var residualCurrentTestRecovery = Duration.seconds(1)
  public var residualCurrentSilence = Duration.milliseconds(500)

  // Supply and load
  /// A vehicle that draws more than its offer by more than the tolerance, after it had `vehicleFollowsOffer` to follow,
  /// is cut off after this time (product values; IEC 61851-1 leaves them to the station).
  public var overCurrentTime = Duration.seconds(5)
  public var overCurrentTolerancePercent: Int64 = 10
  public var overCurrentTolerance = Current(amperes: 1)
  /// A voltage outside its band for this long is a fault, and inside again for the second time no more (product values).
  public var voltageFault = Duration.seconds(1)
  public var voltageRecovery = Duration.seconds(10)
  /// Temperatures and proximity (product values).
  public var temperatureSilence = Duration.seconds(10)
  public var proximitySilence = Duration.seconds(2)
  /// A resistance must be seen this long before it counts.
  public var proximityFilter = Duration.milliseconds(200)
  public var safetyInputSilence = Duration.milliseconds(500)

  // Shared supply
  /// Where the supply has no 6 A for every EVSE that wants it, the one that has charged longest makes room for the one
  /// that has waited longest once in this time (product value: few openings of contactors, yet everybody gets energy).
  public var supplyTurn = Duration.seconds(900)
  /// What a vehicle leaves of its share for so long is lent to others (product value; doubled with every lending, up to
  /// sixteen times, until the vehicle leaves).
  public var supplyLendAfter = Duration.seconds(60)

  // Starts
  /// After the mains is back each EVSE waits a random part of this before its contactor may close (product value).
  public var mainsReturnSpread = Duration.seconds(10)
  /// Between the contactor's opening and the phase switch's move, and again before the next offer (product value: the
  /// vehicle's on-board charger must have let go of the old phases).
  public var phaseSwitchRest = Duration.seconds(5)
  public var phaseSwitchTravel = Duration.milliseconds(500)
  public var phaseSwitchSilence = Duration.seconds(1)

  public init() {}
}

/// The voltages that tell the pilot states apart, in the high part of the period (hardware facts: nominal 12, 9, 6, 3,
/// 0 and −12 V; the limits between them are *unverified* against the standard and lie at the midpoints).
public struct PilotThresholds: Sendable, Hashable {
  public var aAbove = Voltage(millivolts: 10_500)
  public var bAbove = Voltage(millivolts: 7_500)
  public var cAbove = Voltage(millivolts: 4_500)
  public var dAbove = Voltage(millivolts: 1_500)
  /// Between this and `dAbove` lies state E; below it the pilot is at −12 V (F).
  public var eAbove = Voltage(millivolts: -1_500)
  /// Half the width of the band in which the present state is kept.
  public var hysteresis = Voltage(millivolts: 300)
  /// The low part must be at or under this with a vehicle connected, else its diode is missing.
  public var diodeBelow = Voltage(millivolts: -10_500)

  public init() {}
}

import ChargerBase

/// Every time that a safety rule or a sequence of IEC 61851-1 Annex A depends on, in one place. A laboratory can
/// replace any of them through the board profile. *Unverified* marks what was not checked against the paid standard.
public struct TimingTable: Sendable, Equatable {
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

  public init() {}
}

/// The voltages that tell the pilot states apart, in the high part of the period (hardware facts: nominal 12, 9, 6, 3,
/// 0 and −12 V; the limits between them are *unverified* against the standard and lie at the midpoints).
public struct PilotThresholds: Sendable, Equatable {
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

import ChargerBase
import EVSEControl

/// The timing table in small whole numbers of ticks.
///
/// Every comparison of the control machines is of the form "is it at least `span` since", and no other number enters one.
/// What matters is therefore only which spans end before, with and after which others. The numbers keep the order of the
/// table's spans weakly (filter ≤ settling ≤ travel ≤ silence ≤ rest ≤ … ≤ sequence 10.2's 6 s ≤ …): a span that is longer
/// in the table is never shorter here, and the environment may act in every tick, so that each deadline is met before it,
/// in it and after it by every input. A clock whose
/// span is over makes no difference and is forgotten; so the clocks are few and the abstraction is exact for this table.
struct Ticks: Hashable, Sendable {
  var pilotFilter: UInt8 = 1
  var pilotSettling: UInt8 = 1
  var proximityFilter: UInt8 = 1
  var contactorTravel: UInt8 = 1
  var silence: UInt8 = 2
  var contactorRest: UInt8 = 2
  var offerRaise: UInt8 = 2
  var lockRetryPause: UInt8 = 1
  var lockTravel: UInt8 = 2
  var lockAttempts: UInt8 = 2
  var residualCurrentTest: UInt8 = 1
  var voltageFault: UInt8 = 1
  var vehicleFollows: UInt8 = 2
  var overCurrent: UInt8 = 2
  var phaseTravel: UInt8 = 1
  var phaseRest: UInt8 = 2
  var unlockAfterStateF: UInt8 = 2
  var openUnderLoad: UInt8 = 2
  var meterSilence: UInt8 = 2
  var voltageRecovery: UInt8 = 2
  var mainsReturnSpread: UInt8 = 2
  var wakeUpAfter: UInt8 = 2
  var wakeUpSteady: UInt8 = 1
  /// Never: what is lent of a share and taken back is the allocator's own program.
  var supplyLendAfter: UInt8 = 120
  var supplyTurn: UInt8 = 2

  /// Every span one tick: a coarser order, for configurations with much in them.
  static let short = Ticks(
    silence: 1, contactorRest: 1, offerRaise: 1, lockTravel: 1, lockAttempts: 1, vehicleFollows: 1, overCurrent: 1,
    phaseRest: 1,
    unlockAfterStateF: 1, openUnderLoad: 1, meterSilence: 1, voltageRecovery: 1, mainsReturnSpread: 1, wakeUpAfter: 1,
    supplyTurn: 1)

  /// The same with a rest of the phase switch that outlasts its travel, as in the table.
  static let restingPhases: Ticks = {
    var ticks = short
    ticks.phaseRest = 2
    return ticks
  }()

  /// The longest span: nothing that is longer ago makes a difference.
  var horizon: UInt8 {
    var longest: UInt8 = 0
    let spans = [
      pilotFilter, pilotSettling, proximityFilter, contactorTravel, silence, contactorRest, offerRaise, lockRetryPause,
      lockTravel, residualCurrentTest, voltageFault, vehicleFollows, overCurrent, phaseTravel, phaseRest,
      unlockAfterStateF, openUnderLoad, meterSilence, voltageRecovery, mainsReturnSpread, wakeUpAfter, wakeUpSteady,
      supplyTurn, pilotFilter * 2, vehicleFollows + overCurrent + contactorTravel,
    ]
    for span in spans { longest = max(longest, span) }
    return longest
  }

  /// How long one tick is; spans of the code itself that are no part of the table would be far shorter.
  static let tick = Duration.seconds(1)

  static func span(_ ticks: UInt8) -> Duration { tick * Int(ticks) }

  var table: TimingTable {
    var table = TimingTable()
    table.openAfterVehicleStops = Self.span(pilotFilter)
    table.openAfterUnplug = Self.span(pilotFilter)
    table.openAfterFault = Self.span(pilotFilter)
    table.closeAfterRequest = Self.span(openUnderLoad)
    table.openUnderLoadAfterWithdrawal = Self.span(openUnderLoad)
    table.pilotFilter = Self.span(pilotFilter)
    table.contactorTravel = Self.span(contactorTravel)
    table.contactorRest = Self.span(contactorRest)
    table.pilotSilence = Self.span(silence)
    table.contactorSilence = Self.span(silence)
    table.meterSilence = Self.span(meterSilence)
    table.pilotSettling = Self.span(pilotSettling)
    table.vehicleFollowsOffer = Self.span(vehicleFollows)
    table.offerRaiseInterval = Self.span(offerRaise)
    table.lowerOfferAfterLimit = Self.span(vehicleFollows)
    table.lockTravel = Self.span(lockTravel)
    table.lockRetryPause = Self.span(lockRetryPause)
    table.lockAttempts = lockAttempts
    table.lockSilence = Self.span(silence)
    table.unlockAfterStateF = Self.span(unlockAfterStateF)
    table.residualCurrentTestTrip = Self.span(residualCurrentTest)
    table.residualCurrentTestRecovery = Self.span(residualCurrentTest)
    table.residualCurrentSilence = Self.span(silence)
    table.overCurrentTime = Self.span(overCurrent)
    table.voltageFault = Self.span(voltageFault)
    table.voltageRecovery = Self.span(voltageRecovery)
    table.temperatureSilence = Self.span(meterSilence)
    table.proximitySilence = Self.span(silence)
    table.proximityFilter = Self.span(proximityFilter)
    table.safetyInputSilence = Self.span(silence)
    table.mainsReturnSpread = Self.span(mainsReturnSpread)
    table.phaseSwitchRest = Self.span(phaseRest)
    table.phaseSwitchTravel = Self.span(phaseTravel)
    table.phaseSwitchSilence = Self.span(silence)
    table.supplyLendAfter = Self.span(supplyLendAfter)
    table.supplyTurn = Self.span(supplyTurn)
    return table
  }
}

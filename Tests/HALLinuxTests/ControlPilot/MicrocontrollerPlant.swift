import ChargerBase
import SimulatedPeripherals

/// A simulated MCU with a charging point around its pins: a vehicle, a contactor, a lock, a plug, a monitor.
struct MicrocontrollerPlant: Sendable {
  enum Vehicle: Sendable {
    case none, connected, ready, withoutDiode
  }

  var mcu: PilotMicrocontroller
  var vehicle = Vehicle.none
  /// The high part of the pilot whatever lies on it, for those who test something else.
  var forcedPeak: Int?
  /// Holds the contacts whatever the coil does.
  var heldContacts: Bool?
  private(set) var isClosed = false
  var isBoltJammed = false
  var isEngaged = false
  var residualCurrentFlows = false
  private(set) var isTripped = false

  static let contactorTravel = Duration.milliseconds(30)
  static let lockTravel = Duration.milliseconds(200)
  static let tripDelay = Duration.milliseconds(10)

  private var coilSince = MonotonicInstant.zero
  private var lastCoil = false
  private var driveSince: MonotonicInstant?
  private var leakSince: MonotonicInstant?
  private var resets = 0

  init(_ configuration: PilotMicrocontroller.Configuration = PilotMicrocontroller.Configuration()) {
    mcu = PilotMicrocontroller(configuration)
  }

  /// Lets time pass at the pins and in the MCU; gives what the MCU sends.
  mutating func advance(to now: MonotonicInstant) -> [UInt8] {
    let driven = mcu.driven[0]
    movePilot(driven.pilot)
    moveContactor(driven.isCoilOn, at: now)
    moveLock(driven.lockDrive, at: now)
    moveMonitor(driven, at: now)
    let bytes = mcu.advance(to: now)
    return bytes
  }

  private mutating func movePilot(_ pilot: PilotMicrocontroller.Driven.Pilot) {
    let high =
      switch vehicle {
      case .none: 12_000
      case .connected, .withoutDiode: 9_000
      case .ready: 6_000
      }
    switch pilot {
    case .steadyNegative: (mcu.sensed[0].positivePeakMillivolts, mcu.sensed[0].negativePeakMillivolts) = (-12_000, nil)
    case .steadyPositive: (mcu.sensed[0].positivePeakMillivolts, mcu.sensed[0].negativePeakMillivolts) = (high, nil)
    case .pulseWidth:
      mcu.sensed[0].positivePeakMillivolts = high
      mcu.sensed[0].negativePeakMillivolts = vehicle == .withoutDiode ? -high : -12_000
    }
    if let forcedPeak { mcu.sensed[0].positivePeakMillivolts = forcedPeak }
  }

  private mutating func moveContactor(_ isCoilOn: Bool, at now: MonotonicInstant) {
    if isCoilOn != lastCoil {
      lastCoil = isCoilOn
      coilSince = now
    }
    if let heldContacts {
      isClosed = heldContacts
    } else if now - coilSince >= Self.contactorTravel || coilSince == .zero {
      isClosed = isCoilOn
    }
    mcu.sensed[0].isAuxiliaryContactClosed = isClosed
  }

  private mutating func moveLock(_ drive: PilotMicrocontroller.Driven.LockDrive, at now: MonotonicInstant) {
    guard drive != .off else {
      driveSince = nil
      mcu.sensed[0].isLocked = isEngaged
      return
    }
    let since = driveSince ?? now
    driveSince = since
    if now - since >= Self.lockTravel, !isBoltJammed { isEngaged = drive == .locking }
    mcu.sensed[0].isLocked = isEngaged
  }

  private mutating func moveMonitor(_ driven: PilotMicrocontroller.Driven, at now: MonotonicInstant) {
    if driven.residualCurrentResets != resets {
      resets = driven.residualCurrentResets
      isTripped = false
      leakSince = nil
    }
    if residualCurrentFlows || driven.isTestCurrentOn {
      let since = leakSince ?? now
      leakSince = since
      if now - since >= Self.tripDelay { isTripped = true }
    } else {
      leakSince = nil
    }
    mcu.sensed[0].isTripped = isTripped
  }
}

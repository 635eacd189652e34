import ChargerBase

/// Everything at one connector, for people and tests.
public struct ConnectorView: Sendable, Equatable {
  public var id: ConnectorID
  public var hasFixedCable: Bool
  public var car: CarSpecification?
  public var held: CarState?
  public var asksForEnergy: Bool
  public var drawn: Current
  /// Still taken in by the battery; nil: any amount, or no car.
  public var batteryRoom: Energy?
  public var signal: PilotSignal
  public var peaks: PilotPeaks
  public var isContactorCommandedClosed: Bool
  public var coilPower: CoilPower
  public var isPreCharging: Bool
  public var isContactorClosed: Bool
  /// What the auxiliary contact shows.
  public var isContactorShownClosed: Bool
  /// How often the contacts have parted, and how often while more than 1 A flowed.
  public var contactorOpenings: Int
  public var contactorOpeningsUnderLoad: Int
  /// Nil without a lock.
  public var isLockCommanded: Bool?
  public var isLockEngaged: Bool?
  /// Nil without a proximity contact.
  public var proximity: ProximityContact?
  public var faults: [SimulatedFault]
}

/// Everything at one EVSE, for people and tests.
public struct EVSEView: Sendable, Equatable {
  public var id: EVSEID
  public var phases: Int
  /// As the meter shows it, faults and all.
  public var meter: MeterValues
  /// What has flowed since the world began, whatever the meter says.
  public var delivered: Energy
  public var ambient: Temperature
  /// In the configuration's order.
  public var temperatures: [Temperature]
  /// Nil without a residual current monitor.
  public var isResidualCurrentTripped: Bool?
  public var isTestCurrentOn: Bool
  public var residualCurrent: Current
  /// Nil without a phase switch.
  public var connectedPhases: Int?
  public var phaseSwitchingsUnderLoad: Int
  /// Sets that the meter has signed; nil for one that does not sign.
  public var signedSets: UInt64?
  /// Nil without a parking bay sensor.
  public var isParkingBayOccupied: Bool?
  public var light: String
  public var lines: [String]
  public var faults: [SimulatedFault]
  public var connectors: [ConnectorView]
}

/// A safety contact, for people and tests.
public struct SafetyContactView: Sendable, Equatable {
  public var kind: SafetyContact
  /// Nil: the whole station's.
  public var evse: EVSEID?
  public var isActive: Bool
  public var isSilent: Bool
}

/// The dead-man relay that the station feeds, for people and tests.
public struct WatchdogView: Sendable, Equatable {
  public var isInstalled: Bool
  /// It was fed and lets energy flow.
  public var holds: Bool
  public var expiries: Int
}

extension SimulatedWorld {
  public var safetyContactViews: [SafetyContactView] {
    safetyContacts.map {
      SafetyContactView(
        kind: $0.configuration.kind, evse: $0.configuration.evse, isActive: isActive($0), isSilent: $0.isSilent)
    }
  }

  public var watchdogView: WatchdogView {
    WatchdogView(isInstalled: watchdog.isInstalled, holds: watchdog.holdsUntil != nil, expiries: watchdog.expiries)
  }

  /// The world as somebody with every cover open would see it: also what is silent towards the station.
  public var view: [EVSEView] {
    evses.map { evse in
      EVSEView(
        id: evse.id, phases: evse.phases, meter: evse.meterValues(mainsUp: isMainsUp, at: now),
        delivered: evse.meter.delivered, ambient: evse.ambient, temperatures: evse.heat.map { $0.temperature(at: now) },
        isResidualCurrentTripped: evse.residualCurrent?.isTripped,
        isTestCurrentOn: evse.residualCurrent?.isTestCurrentOn ?? false,
        residualCurrent: evse.residualCurrent?.leakage ?? .zero, connectedPhases: evse.phaseSwitch?.connected,
        phaseSwitchingsUnderLoad: evse.phaseSwitchingsUnderLoad, signedSets: evse.signing?.pagination,
        isParkingBayOccupied: evse.parkingBay?.isOccupied, light: evse.light, lines: evse.lines,
        faults: evse.faults,
        connectors: evse.connectors.map { connector in
          ConnectorView(
            id: connector.id, hasFixedCable: connector.hasFixedCable, car: connector.car?.specification,
            held: connector.car?.held, asksForEnergy: connector.car?.asksForEnergy ?? false,
            drawn: Current(milliamperes: connector.milliamperes), batteryRoom: connector.car?.batteryRoom,
            signal: connector.signal, peaks: connector.peaks,
            isContactorCommandedClosed: connector.contactor.isCommandedClosed,
            coilPower: connector.contactor.power, isPreCharging: connector.contactor.isPreCharging,
            isContactorClosed: connector.contactor.isClosed,
            isContactorShownClosed: connector.contactor.shownClosed,
            contactorOpenings: connector.contactor.openings,
            contactorOpeningsUnderLoad: connector.contactor.openingsUnderLoad,
            isLockCommanded: connector.lock?.isCommandedLocked, isLockEngaged: connector.lock?.isEngaged,
            proximity: connector.hasProximity ? connector.proximity : nil, faults: connector.faults)
        })
    }
  }
}

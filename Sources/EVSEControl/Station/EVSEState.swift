import ChargerBase
import HAL

extension StationControl {
  /// What the connectors of one EVSE have in common: limits, meter, and all that watches over its energy path.
  package struct EVSE: Hashable, Sendable {
    package let id: EVSEID
    package let connectors: Range<Int>
    package let meterIsNeeded: Bool
    package let testsResidualCurrent: Bool
    /// Phases wired to the EVSE.
    package let wiredPhases: UInt8
    package internal(set) var limits: CurrentLimits
    package internal(set) var meter: MeterMonitor
    /// The connector in use.
    package internal(set) var occupant: Int?
    // Each is nil where the EVSE has none.
    package internal(set) var residualCurrent: ResidualCurrentSupervisor?
    package internal(set) var temperature: TemperatureSupervisor?
    package internal(set) var voltage: VoltageSupervisor?
    package internal(set) var overCurrent: OverCurrentSupervisor?
    package internal(set) var phaseSwitch: PhaseSwitching?
    /// The mains is missing, or was until this call.
    var mainsWasLost = false
    /// When this EVSE's turn comes after the mains has returned.
    package internal(set) var mainsReturnsAt: MonotonicInstant?

    init(_ configuration: EVSEControlConfiguration, connectors: Range<Int>, at now: MonotonicInstant) {
      id = configuration.id
      self.connectors = connectors
      meterIsNeeded = configuration.meterNeeded
      testsResidualCurrent = configuration.hasResidualCurrentMonitor && configuration.testsResidualCurrent
      wiredPhases = configuration.phases
      limits = CurrentLimits(.hardware, configuration.maximumCurrent, phases: configuration.phases)
      meter = MeterMonitor(at: now)
      residualCurrent = configuration.hasResidualCurrentMonitor ? ResidualCurrentSupervisor(at: now) : nil
      if configuration.temperatureSensors > 0 {
        temperature = TemperatureSupervisor(
          curve: configuration.temperatureCurve, sensors: configuration.temperatureSensors,
          maximum: configuration.maximumCurrent, at: now)
      }
      voltage = configuration.voltageBand.map {
        VoltageSupervisor(band: $0, meterIsBehindContactor: configuration.meterIsBehindContactor, at: now)
      }
      overCurrent = configuration.watchesOverCurrent ? OverCurrentSupervisor(at: now) : nil
      phaseSwitch = configuration.hasPhaseSwitch && configuration.phases > 1 ? PhaseSwitching(at: now) : nil
    }

    /// Phases that are connected now; where that is not known, all that are wired.
    package var connectedPhases: UInt8 { phaseSwitch?.feedback?.rawValue ?? wiredPhases }

    mutating func observe(at now: MonotonicInstant, timing: TimingTable, contactorIsClosed: Bool, mainsIsPresent: Bool)
    {
      residualCurrent?.evaluate(at: now, timing: timing)
      temperature?.evaluate(at: now, timing: timing)
      let circumstances = VoltageSupervisor.Circumstances(
        contactorIsClosed: contactorIsClosed, phases: connectedPhases, mainsIsPresent: mainsIsPresent)
      voltage?.evaluate(at: now, timing: timing, in: circumstances)
      overCurrent?.evaluate(at: now, timing: timing)
      if meter.isSilent(at: now, timing: timing) { limits.forgetVoltage() }
      if !mainsIsPresent { mainsWasLost = true }
      if let mainsReturnsAt, now >= mainsReturnsAt || !mainsIsPresent { self.mainsReturnsAt = nil }
    }

    /// The vehicle that used the EVSE has left, or another connector's turn has come.
    mutating func sessionEnded() {
      residualCurrent?.sessionEnded()
      overCurrent?.vehicleLeft()
    }

    mutating func clearFaults(at now: MonotonicInstant) {
      residualCurrent?.clearFaults(at: now)
      phaseSwitch?.clearFaults()
      overCurrent?.vehicleLeft()
    }

    /// The faults of the whole EVSE; what a vehicle draws too much is its connector's own.
    func faults(at now: MonotonicInstant, timing: TimingTable) -> FaultSet {
      var found = FaultSet()
      if meterIsNeeded && meter.isSilent(at: now, timing: timing) { found.insert(FaultSet(.meterSilent)) }
      if let residualCurrent { found.formUnion(residualCurrent.faults) }
      if let temperature { found.formUnion(temperature.faults) }
      if let voltage { found.formUnion(voltage.faults) }
      if let phaseSwitch { found.formUnion(phaseSwitch.faults) }
      return found
    }

    /// What is watched was read and speaks.
    func driversAreAlive(at now: MonotonicInstant, timing: TimingTable) -> Bool {
      if meterIsNeeded && !meter.isFresh(at: now, timing: timing) { return false }
      // One that has tripped or failed its test is alive, and a fault.
      if let residualCurrent, !residualCurrent.isHealthy && residualCurrent.faults.isEmpty { return false }
      if let residualCurrent, !residualCurrent.isAlive { return false }
      if let temperature, !temperature.isReadable { return false }
      if let phaseSwitch, !phaseSwitch.isAlive || phaseSwitch.feedback == nil { return false }
      return true
    }

    func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
      meter.deadlines(&soonest, timing: timing)
      limits.deadlines(&soonest)
      residualCurrent?.deadlines(&soonest, timing: timing)
      temperature?.deadlines(&soonest, timing: timing)
      voltage?.deadlines(&soonest, timing: timing)
      overCurrent?.deadlines(&soonest, timing: timing)
      phaseSwitch?.deadlines(&soonest, timing: timing)
      if let mainsReturnsAt { soonest.add(mainsReturnsAt) }
    }

    /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
    mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
      meter.forgetPast(at: now, timing: timing)
      residualCurrent?.forgetPast()
      temperature?.forgetPast()
      voltage?.forgetPast()
      overCurrent?.forgetPast(at: now, timing: timing)
      phaseSwitch?.forgetPast(at: now, timing: timing)
    }

    mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
      meter.visitInstants(visit)
      limits.visitInstants(visit)
      residualCurrent?.visitInstants(visit)
      temperature?.visitInstants(visit)
      voltage?.visitInstants(visit)
      overCurrent?.visitInstants(visit)
      phaseSwitch?.visitInstants(visit)
      mainsReturnsAt.visitInstant(visit)
    }
  }
}

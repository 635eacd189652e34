import ChargerBase
import HAL
import HALConformance
import HALSimulated
import SimulatedWorld

extension SimulatedRig: ControlPilotRig {
  func makePilot() throws -> any ControlPilot { drivers.pilot(for: connector) }

  func setVehicle(_ vehicle: RigVehicle) throws {
    let isThere = try look { $0.view.first?.connectors.first?.car != nil }
    switch vehicle {
    case .none: if isThere { try act(.plugOut(connector)) }
    case .connected, .ready, .withoutDiode:
      if !isThere { try act(.plugIn(connector, CarSpecification())) }
      try act(.holdCar(connector, vehicle == .ready ? .ready : vehicle == .connected ? .connected : .diodeMissing))
    }
  }

  func outputAtTerminal() throws -> PilotOutput? {
    switch try look({ $0.pilotSignal(of: connector) }) {
    case .steadyPositive: .steadyPositive
    case .steadyNegative: .steadyNegative
    case .pulseWidth(let duty): .pulseWidth(DutyCycle(hundredthsOfPercent: duty))
    case nil: nil
    }
  }
}

extension SimulatedRig: ContactorRig {
  func makeContactor() throws -> any Contactor { drivers.contactor(for: connector) }
  func isClosed() throws -> Bool { try look { $0.view.first?.connectors.first?.isContactorClosed } ?? false }

  func holdContacts(_ position: ContactorPosition?) throws {
    try fault(.contactorStuck, position == .open)
    try fault(.contactorWelded, position == .closed)
  }

  var contactorTravel: Duration { .milliseconds(40) }
}

extension SimulatedRig: ConnectorLockRig {
  func makeLock() throws -> any ConnectorLock { drivers.lock(for: connector) }
  func isEngaged() throws -> Bool { try look { $0.view.first?.connectors.first?.isLockEngaged } ?? false }
  func isDriven() throws -> Bool { try look { $0.isLockDriven(of: connector) } }
  func jamBolt(_ isJammed: Bool) throws { try fault(.lockFailure, isJammed) }
  func openByHand() throws { try act(.unlockByHand(connector)) }
  var lockTravel: Duration { .milliseconds(300) }
  var longestDrive: Duration { .milliseconds(300) }
}

extension SimulatedRig: ProximityPilotRig {
  func makeProximity() throws -> any ProximityPilot { drivers.proximity(for: connector) }

  func setPlug(_ resistance: Resistance?) throws {
    if try look({ $0.view.first?.connectors.first?.car != nil }) { try act(.plugOut(connector)) }
    guard let resistance else { return }
    try act(.plugIn(connector, CarSpecification(), cable: CableSpecification(proximity: .resistance(resistance))))
  }
}

extension SimulatedRig: EnergyMeterRig {
  func makeMeter(signingTimeout: Duration?) throws -> any EnergyMeter {
    drivers.meter(for: connector.evse, signingTimeout: signingTimeout)
  }

  func setRegisters(importRegister: Energy, exportRegister: Energy) throws {
    try act(.setMeter(connector.evse, [.importRegister(importRegister), .exportRegister(exportRegister)]))
  }

  func setMeterSilent(_ isSilent: Bool) throws { try fault(.meterSilent, isSilent) }

  func withhold(_ isWithheld: Bool) throws {
    try fault(.meterValuesMissing, isWithheld)
    try fault(.meterRegistersMissing, isWithheld)
  }

  func lacksWithheld(_ reading: MeterReading) -> Bool {
    reading.importRegister == nil && reading.voltage == PhaseValues() && reading.power == PhaseValues()
  }

  func setSigning(_ signing: RigSigning) throws {
    try fault(.signingFailure, signing == .fails)
    try fault(.signingSilent, signing == .neverAnswers)
  }
}

extension SimulatedRig: ResidualCurrentMonitorRig {
  func makeMonitor() throws -> any ResidualCurrentMonitor { drivers.residualCurrentMonitor(for: connector.evse) }
  func setResidualCurrent(_ flows: Bool) throws { try fault(.groundFault, flows) }
  func isTestCurrentFlowing() throws -> Bool { try look { $0.view.first?.isTestCurrentOn } ?? false }
  var tripDelay: Duration { .milliseconds(10) }
}

extension SimulatedRig: TemperatureSensorRig {
  func makeSensor() throws -> any TemperatureSensor { drivers.temperatureSensor(0, of: connector.evse) }
  func setTemperature(_ temperature: Temperature) throws { try act(.ambient(temperature, connector.evse)) }
  func breakSensor(_ isBroken: Bool) throws { try fault(.temperatureSilent, isBroken) }
  var temperatureSilence: Duration { Self.silence.temperature }
}

extension SimulatedRig: SafetyInputRig {
  func makeInput() throws -> any SafetyInput { drivers.safetyInput(.emergencyStop, of: nil) }
  func setActive(_ isActive: Bool) throws { try fault(.emergencyStop, isActive) }
}

extension SimulatedRig: PhaseSwitchRig {
  func makePhaseSwitch() throws -> any PhaseSwitch { drivers.phaseSwitch(for: connector.evse) }
  func connected() throws -> ConnectedPhases { try look { $0.view.first?.connectedPhases } == 1 ? .one : .three }
  func holdRelays(_ isHeld: Bool) throws { try fault(.phaseSwitchStuck, isHeld) }
  var phaseSwitchTravel: Duration { .milliseconds(100) }
}

extension SimulatedRig: SystemWatchdogRig {
  func makeWatchdog(timeout: Duration) throws -> any SystemWatchdog { drivers.watchdog(timeout: timeout) }
  func holds() throws -> Bool { try look { $0.isWatchdogHolding } }
}

extension SimulatedRig: StationLaneRig {
  var evse: EVSEID { connector.evse }
  var readerName: String { "middle" }
  func makeReader() throws -> any TokenReader { drivers.reader(named: readerName) }

  func present(_ token: PresentedToken) throws {
    try act(.presentToken(WorldToken(value: token.value, kind: token.kind.rawValue), .reader(readerName)))
  }

  /// In the world a card that is held is presented once, however long it stays.
  func hold(_ token: PresentedToken) throws { try present(token) }

  func setReaderSilent(_ isSilent: Bool) throws { try fault(.readerSilent, isSilent) }
  func makeLight() throws -> any IndicatorLight { drivers.light(for: evse) }

  func lightSeen() throws -> LightPattern? {
    let words = try look { $0.light(of: connector.evse) }?.split(separator: " ").map(String.init) ?? []
    guard let colour = words.first.flatMap({ LightPattern.Colour(rawValue: $0) }) else { return nil }
    return LightPattern(colour, words.dropFirst().first.flatMap { LightPattern.Rhythm(rawValue: $0) } ?? .steady)
  }

  func makeDisplay() throws -> any DriverDisplay { drivers.display() }
  func linesSeen(_ evse: EVSEID?) throws -> [String] { try look { $0.lines(of: evse) } }
}

extension SimulatedRig: ControlLaneRig {
  func makeSubject(_ kind: String) throws -> ControlLaneSubject {
    var isOdd = false
    func toggle() -> Bool {
      isOdd.toggle()
      return isOdd
    }
    func silencer(_ fault: SimulatedFault) -> (Bool) throws -> Void { { try self.fault(fault, $0) } }
    let silence = Self.silence
    switch kind {
    case "ControlPilot":
      let driver = drivers.pilot(for: connector)
      driver.apply(.steadyPositive)
      return ControlLaneSubject(
        driver, newestAt: { driver.measurement?.takenAt },
        change: { try self.setVehicle(toggle() ? .ready : .connected) }, setSilent: silencer(.pilotSilent),
        silence: silence.pilot)
    case "Contactor":
      let driver = drivers.contactor(for: connector)
      return ControlLaneSubject(
        driver, newestAt: { driver.feedback?.takenAt }, change: { try self.fault(.contactorWelded, toggle()) },
        setSilent: silencer(.contactorSilent), silence: silence.contactor)
    case "ConnectorLock":
      let driver = drivers.lock(for: connector)
      return ControlLaneSubject(
        driver, newestAt: { driver.feedback?.takenAt }, change: { driver.command(toggle() ? .locked : .unlocked) },
        setSilent: silencer(.lockSilent), silence: silence.lock)
    case "ProximityPilot":
      let driver = drivers.proximity(for: connector)
      return ControlLaneSubject(
        driver, newestAt: { driver.measurement?.takenAt },
        change: { try self.setPlug(toggle() ? Resistance(ohms: 220) : nil) }, setSilent: silencer(.proximitySilent),
        silence: silence.proximity)
    case "EnergyMeter":
      let driver = drivers.meter(for: connector.evse)
      return ControlLaneSubject(
        driver, newestAt: { driver.latest?.takenAt },
        change: { try self.setRegisters(importRegister: Energy(wattHours: toggle() ? 5 : 7), exportRegister: .zero) },
        setSilent: silencer(.meterSilent), silence: silence.meter)
    case "ResidualCurrentMonitor":
      let driver = drivers.residualCurrentMonitor(for: connector.evse)
      return ControlLaneSubject(
        driver, newestAt: { driver.reading?.takenAt },
        change: {
          let trips = toggle()
          try self.fault(.groundFault, trips)
          if !trips { driver.reset() }
        }, setSilent: silencer(.residualCurrentSilent), silence: silence.residualCurrent)
    case "TemperatureSensor":
      let driver = drivers.temperatureSensor(0, of: connector.evse)
      return ControlLaneSubject(
        driver, newestAt: { driver.reading?.takenAt },
        change: { try self.setTemperature(Temperature(celsius: toggle() ? 30 : 40)) },
        setSilent: silencer(.temperatureSilent), silence: silence.temperature)
    case "PhaseSwitch":
      let driver = drivers.phaseSwitch(for: connector.evse)
      return ControlLaneSubject(
        driver, newestAt: { driver.feedback?.takenAt }, change: { driver.command(toggle() ? .three : .one) },
        setSilent: silencer(.phaseSwitchSilent), silence: silence.phaseSwitch)
    case "SafetyInput":
      let driver = drivers.safetyInput(.emergencyStop, of: nil)
      return ControlLaneSubject(
        driver, newestAt: { driver.state?.takenAt }, change: { try self.fault(.emergencyStop, toggle()) },
        setSilent: silencer(.safetyContactSilent), silence: silence.safetyInput)
    case "SystemWatchdog":
      let driver = drivers.watchdog(timeout: .milliseconds(500))
      return ControlLaneSubject(
        driver, newestAt: { nil }, change: nil, setSilent: nil, silence: .milliseconds(500))
    default: throw ConformanceViolation("no driver of the kind \(kind)")
    }
  }
}

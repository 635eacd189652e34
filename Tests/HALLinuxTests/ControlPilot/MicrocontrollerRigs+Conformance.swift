import ChargerBase
import HAL
import HALConformance
import SimulatedPeripherals

@testable import HALLinux

extension MicrocontrollerRig: ControlPilotRig {
  func makePilot() throws -> any ControlPilot { MicrocontrollerPilot(link, connector: 1) }

  func setVehicle(_ vehicle: RigVehicle) throws {
    try plant {
      switch vehicle {
      case .none: $0.vehicle = .none
      case .connected: $0.vehicle = .connected
      case .ready: $0.vehicle = .ready
      case .withoutDiode: $0.vehicle = .withoutDiode
      }
    }
  }

  func outputAtTerminal() throws -> PilotOutput? {
    switch try plant({ $0.mcu.driven[0].pilot }) {
    case .steadyPositive: .steadyPositive
    case .steadyNegative: .steadyNegative
    case .pulseWidth(let duty): .pulseWidth(DutyCycle(hundredthsOfPercent: duty))
    }
  }
}

extension MicrocontrollerRig: ContactorRig {
  /// The MCU closes for a vehicle in state C only.
  func makeContactor() throws -> any Contactor {
    try plant { $0.forcedPeak = 6_000 }
    return MicrocontrollerContactor(link, connector: 1)
  }

  func isClosed() throws -> Bool { try plant { $0.isClosed } }
  func holdContacts(_ position: ContactorPosition?) throws {
    try plant { $0.heldContacts = position.map { $0 == .closed } }
  }
  var contactorTravel: Duration { MicrocontrollerPlant.contactorTravel + .milliseconds(2) }
}

extension MicrocontrollerRig: ConnectorLockRig {
  func makeLock() throws -> any ConnectorLock { MicrocontrollerLock(link, connector: 1) }
  func isEngaged() throws -> Bool { try plant { $0.isEngaged } }
  func isDriven() throws -> Bool { try plant { $0.mcu.driven[0].lockDrive != .off } }
  func jamBolt(_ isJammed: Bool) throws { try plant { $0.isBoltJammed = isJammed } }
  func openByHand() throws { try plant { $0.isEngaged = false } }
  var lockTravel: Duration { MicrocontrollerPlant.lockTravel + .milliseconds(5) }
  var longestDrive: Duration { .milliseconds(650) }
}

extension MicrocontrollerRig: ProximityPilotRig {
  func makeProximity() throws -> any ProximityPilot { MicrocontrollerProximity(link, connector: 1) }
  func setPlug(_ resistance: Resistance?) throws {
    try plant { $0.mcu.sensed[0].proximity = resistance.map { .ohms(Int($0.thousandths / 1_000)) } ?? .open }
  }
}

extension MicrocontrollerRig: ResidualCurrentMonitorRig {
  func makeMonitor() throws -> any ResidualCurrentMonitor {
    MicrocontrollerResidualCurrentMonitor(link, connector: 1)
  }
  func setResidualCurrent(_ flows: Bool) throws { try plant { $0.residualCurrentFlows = flows } }
  func isTestCurrentFlowing() throws -> Bool { try plant { $0.mcu.driven[0].isTestCurrentOn } }
  var tripDelay: Duration { MicrocontrollerPlant.tripDelay }
}

extension MicrocontrollerRig: TemperatureSensorRig {
  func makeSensor() throws -> any TemperatureSensor { MicrocontrollerTemperature(link, connector: 1, sensor: 1) }
  func setTemperature(_ temperature: Temperature) throws {
    try plant { $0.mcu.sensed[0].temperatures = [Int(temperature.thousandths / 100)] }
  }
  func breakSensor(_ isBroken: Bool) throws {
    try plant { $0.mcu.sensed[0].temperatures = [isBroken ? nil : 250] }
  }
  var temperatureSilence: Duration { link.configuration.silentAfter + .milliseconds(50) }
}

extension MicrocontrollerRig: SafetyInputRig {
  func makeInput() throws -> any SafetyInput {
    MicrocontrollerSafetyInput(link, connector: 1, kind: .emergencyStop)
  }
  func setActive(_ isActive: Bool) throws { try plant { $0.mcu.sensed[0].isEmergencyStopActive = isActive } }
}

extension MicrocontrollerRig: ControlLaneRig {
  /// The kinds that an MCU has.
  static let kinds = [
    "ControlPilot", "Contactor", "ConnectorLock", "ProximityPilot", "ResidualCurrentMonitor", "TemperatureSensor",
    "SafetyInput",
  ]

  func makeSubject(_ kind: String) throws -> ControlLaneSubject {
    var isOdd = false
    func toggle() -> Bool {
      isOdd.toggle()
      return isOdd
    }
    let silence = link.configuration.silentAfter + .milliseconds(10)
    let setSilent: (Bool) throws -> Void = { isSilent in
      try self.plant {
        if isSilent { $0.mcu.faults.insert(.silent) } else { $0.mcu.faults.remove(.silent) }
      }
    }
    func subject<Driver: ControlLaneDriver>(
      _ driver: Driver, _ newestAt: @escaping (Driver) -> MonotonicInstant?, _ change: @escaping (Driver) throws -> Void
    ) -> ControlLaneSubject {
      ControlLaneSubject(
        driver, newestAt: { newestAt(driver) }, change: { try change(driver) }, setSilent: setSilent, silence: silence)
    }
    switch kind {
    case "ControlPilot":
      let driver = MicrocontrollerPilot(link, connector: 1)
      driver.apply(.steadyPositive)
      return subject(driver, { $0.measurement?.takenAt }) { _ in
        try self.setVehicle(toggle() ? .ready : .connected)
      }
    case "Contactor":
      return subject(MicrocontrollerContactor(link, connector: 1), { $0.feedback?.takenAt }) { _ in
        try self.holdContacts(toggle() ? .closed : nil)
      }
    case "ConnectorLock":
      return subject(MicrocontrollerLock(link, connector: 1), { $0.feedback?.takenAt }) {
        $0.command(toggle() ? .locked : .unlocked)
      }
    case "ProximityPilot":
      return subject(MicrocontrollerProximity(link, connector: 1), { $0.measurement?.takenAt }) { _ in
        try self.setPlug(toggle() ? Resistance(ohms: 220) : nil)
      }
    case "ResidualCurrentMonitor":
      return subject(MicrocontrollerResidualCurrentMonitor(link, connector: 1), { $0.reading?.takenAt }) {
        let trips = toggle()
        try self.setResidualCurrent(trips)
        if !trips { $0.reset() }
      }
    case "TemperatureSensor":
      return subject(MicrocontrollerTemperature(link, connector: 1, sensor: 1), { $0.reading?.takenAt }) { _ in
        try self.setTemperature(Temperature(celsius: toggle() ? 30 : 40))
      }
    case "SafetyInput":
      return subject(MicrocontrollerSafetyInput(link, connector: 1, kind: .door), { $0.state?.takenAt }) { _ in
        try self.plant { $0.mcu.sensed[0].isDoorOpen = toggle() }
      }
    default: throw ConformanceViolation("an MCU has no \(kind)")
    }
  }
}

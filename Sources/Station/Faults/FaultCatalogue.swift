import EVSEControl
import OCPPCore

/// Every fault of the control lane with its codes, its place in the device model and its words.
///
/// Components and variables are those of OCPP 2.0.1 Part 2, appendix 3; there is none for the proximity contact or the
/// wiring of a safety contact, so the connector and the switch that they belong to stand for them. The codes CX… are
/// ChargeX's minimum required error codes (INL/RPT-23-74813).
package enum FaultCatalogue {
  package static func entry(for fault: ControlFault) -> FaultEntry {
    switch fault {
    case .contactorWelded, .contactorStuck, .contactorDriverSilent, .phaseSwitchFailure, .phaseSwitchDriverSilent:
      switching(fault)
    case .pilotShort, .diodeMissing, .pilotOutOfRange, .pilotDriverSilent, .ventilationMissing, .proximityInvalid,
      .proximityDriverSilent:
      vehicleSide(fault)
    case .lockFailure, .lockDriverSilent: lock(fault)
    case .residualCurrent, .residualCurrentTest, .residualCurrentDriverSilent, .overCurrent, .emergencyStop, .doorOpen,
      .tilted, .safetyInputSilent:
      protection(fault)
    case .meterSilent, .overVoltage, .underVoltage, .mainsLost, .overTemperature, .temperatureDriverSilent:
      supply(fault)
    }
  }

  /// All of them, the worst first.
  package static let all = ControlFault.allCases.map(entry).sorted { worse($0, $1) }

  /// The worse fault comes first; among equals the order of `ControlFault`.
  package static func worse(_ left: FaultEntry, _ right: FaultEntry) -> Bool {
    (left.severity.rawValue, left.fault.rawValue) < (right.severity.rawValue, right.fault.rawValue)
  }

  /// The entries of a set of faults, the worst first.
  package static func entries(of faults: FaultSet) -> [FaultEntry] { all.filter { faults.contains($0.fault) } }

  private static let service = "Call service."

  private static func switching(_ fault: ControlFault) -> FaultEntry {
    switch fault {
    case .contactorWelded:
      FaultEntry(
        fault: fault, code: "contactorWelded", technicianCode: "CX017", component: "PowerContactor",
        variable: "Problem", severity: .danger,
        text: "The contactor stays closed although it was told to open: the plug may carry voltage.",
        remedy: "Switch the post off at its breaker and call service; the contactor must be replaced.")
    case .contactorStuck:
      FaultEntry(
        fault: fault, code: "contactorStuck", technicianCode: "CX017", component: "PowerContactor",
        variable: "Problem", severity: .hardwareFailure,
        text: "The contactor did not close, or fell out by itself.",
        remedy: "Call service: check the coil, its supply and the auxiliary contact.")
    case .contactorDriverSilent:
      FaultEntry(
        fault: fault, code: "contactorDriverSilent", technicianCode: "CX017", component: "PowerContactor",
        variable: "Problem", severity: .hardwareFailure, text: "The contactor's feedback cannot be read.",
        remedy: "Call service: check the wiring of the auxiliary contact.")
    case .phaseSwitchFailure:
      FaultEntry(
        fault: fault, code: "phaseSwitchFailure", component: "AcPhaseSelector", variable: "Problem",
        severity: .hardwareFailure, text: "The change between one and three phases failed.",
        remedy: "Call service: check the phase relays and their auxiliary contacts.")
    default:
      FaultEntry(
        fault: fault, code: "phaseSwitchDriverSilent", component: "AcPhaseSelector", variable: "Problem",
        severity: .hardwareFailure, text: "The phase switch does not answer.",
        remedy: "Call service: check the wiring of the phase relays.")
    }
  }

  private static func vehicleSide(_ fault: ControlFault) -> FaultEntry {
    switch fault {
    case .pilotShort:
      FaultEntry(
        fault: fault, code: "pilotShort", technicianCode: "CX014", component: "CPPWMController", variable: "Problem",
        severity: .error, text: "The control pilot is shorted to earth or has no supply (state E).",
        remedy: "Unplug, check cable and plug for water and damage, and plug in again.")
    case .diodeMissing:
      FaultEntry(
        fault: fault, code: "diodeMissing", technicianCode: "CX014", component: "CPPWMController", variable: "Problem",
        severity: .error, text: "What is plugged in lacks the diode that every vehicle has on its control pilot.",
        remedy: "Use another cable; if it stays, the vehicle's inlet must be checked.")
    case .pilotOutOfRange:
      FaultEntry(
        fault: fault, code: "pilotOutOfRange", technicianCode: "CX014", component: "CPPWMController",
        variable: "Problem", severity: .error,
        text: "The control pilot shows a voltage that belongs to no vehicle state.",
        remedy: "Unplug, check cable and plug, and plug in again.")
    case .pilotDriverSilent:
      FaultEntry(
        fault: fault, code: "pilotDriverSilent", technicianCode: "CX014", component: "CPPWMController",
        variable: "Problem", severity: .hardwareFailure, text: "The control pilot circuit does not answer.",
        remedy: service)
    case .ventilationMissing:
      FaultEntry(
        fault: fault, code: "ventilationMissing", component: "AreaVentilation", variable: "Problem", severity: .warning,
        text: "The vehicle asks for ventilation, and this post has none.",
        remedy: "Charge this vehicle at a post outdoors or with ventilation.")
    case .proximityInvalid:
      FaultEntry(
        fault: fault, code: "proximityInvalid", technicianCode: "CX023", component: "Connector", variable: "Problem",
        severity: .error, text: "The cable does not tell what current it carries.",
        remedy: "Push the plug in fully, or use another cable.")
    default:
      FaultEntry(
        fault: fault, code: "proximityDriverSilent", technicianCode: "CX023", component: "Connector",
        variable: "Problem", severity: .hardwareFailure, text: "The socket's cable detection does not answer.",
        remedy: service)
    }
  }

  private static func lock(_ fault: ControlFault) -> FaultEntry {
    switch fault {
    case .lockFailure:
      FaultEntry(
        fault: fault, code: "lockFailure", technicianCode: "CX001", component: "ConnectorPlugRetentionLock",
        variable: "Problem", severity: .error,
        text: "The plug could not be locked or unlocked, or its lock was opened by hand.",
        remedy: "Pull or push the plug and try again; if it stays, call service.")
    default:
      FaultEntry(
        fault: fault, code: "lockDriverSilent", technicianCode: "CX001", component: "ConnectorPlugRetentionLock",
        variable: "Problem", severity: .hardwareFailure, text: "The plug's lock does not answer.", remedy: service)
    }
  }

  private static func protection(_ fault: ControlFault) -> FaultEntry {
    switch fault {
    case .residualCurrent:
      FaultEntry(
        fault: fault, code: "residualCurrent", technicianCode: "CX002", component: "RCD", variable: "Tripped",
        severity: .danger, text: "Current leaks to earth, so the energy was cut off.",
        remedy: "Unplug and have vehicle and cable checked; service looks at the post and clears the fault.")
    case .residualCurrentTest:
      FaultEntry(
        fault: fault, code: "residualCurrentTest", technicianCode: "CX002", component: "RCD", variable: "Problem",
        severity: .hardwareFailure, text: "The residual current protection did not pass its test.",
        remedy: "Call service: the residual current monitor must be checked or replaced.")
    case .residualCurrentDriverSilent:
      FaultEntry(
        fault: fault, code: "residualCurrentDriverSilent", technicianCode: "CX002", component: "RCD",
        variable: "Problem", severity: .hardwareFailure,
        text: "The residual current protection does not answer.", remedy: service)
    case .overCurrent:
      FaultEntry(
        fault: fault, code: "overCurrent", technicianCode: "CX004", component: "OverCurrentProtection",
        variable: "Tripped", severity: .critical,
        text: "The vehicle drew more current than it was offered, and was cut off.",
        remedy: "Unplug the vehicle to go on; if it happens again, have the vehicle's charger checked.")
    case .emergencyStop:
      FaultEntry(
        fault: fault, code: "emergencyStop", technicianCode: "CX008", component: "EmergencyStopSensor",
        variable: "Active", severity: .critical, text: "The emergency stop was pushed.",
        remedy: "Release it and unplug the vehicle to go on.")
    case .doorOpen:
      FaultEntry(
        fault: fault, code: "doorOpen", component: "CaseAccessSensor", variable: "Active", severity: .alert,
        text: "A door or cover of the post is open.", remedy: "Close it to go on.")
    case .tilted:
      FaultEntry(
        fault: fault, code: "tilted", component: "TiltSensor", variable: "Protecting", severity: .critical,
        text: "The post is tilted or was hit.", remedy: "Service must inspect the post before it is used again.")
    default:
      FaultEntry(
        fault: fault, code: "safetyInputSilent", component: "Switch", variable: "Problem", severity: .hardwareFailure,
        text: "A safety contact of the post cannot be read.",
        remedy: "Call service: check the wiring of emergency stop, door, tilt and mains contacts.")
    }
  }

  private static func supply(_ fault: ControlFault) -> FaultEntry {
    switch fault {
    case .meterSilent:
      FaultEntry(
        fault: fault, code: "meterSilent", component: "FiscalMetering", variable: "Problem", severity: .error,
        text: "The energy meter does not answer, so no energy can be billed.",
        remedy: "Call service: check the meter's supply and its bus.")
    case .overVoltage:
      FaultEntry(
        fault: fault, code: "overVoltage", technicianCode: "CX005", component: "ElectricalFeed", variable: "Problem",
        severity: .error, text: "The mains voltage is too high.",
        remedy: "Wait for the mains; if it stays, have an electrician check the neutral.")
    case .underVoltage:
      FaultEntry(
        fault: fault, code: "underVoltage", technicianCode: "CX006", component: "ElectricalFeed", variable: "Problem",
        severity: .error, text: "The mains voltage is too low.",
        remedy: "Wait for the mains; if it stays, have an electrician check the supply.")
    case .mainsLost:
      FaultEntry(
        fault: fault, code: "mainsLost", technicianCode: "CX015", component: "ElectricalFeed", variable: "Active",
        severity: .error, text: "There is no mains supply.", remedy: "Wait for the mains, or check the breaker.")
    case .overTemperature:
      FaultEntry(
        fault: fault, code: "overTemperature", technicianCode: "CX003", component: "TemperatureSensor",
        variable: "Protecting", severity: .alert, text: "The post is too hot.",
        remedy: "Let it cool down; if it is not a hot day, have the plug contacts checked.")
    default:
      FaultEntry(
        fault: fault, code: "temperatureDriverSilent", component: "TemperatureSensor",
        variable: "Problem", severity: .hardwareFailure, text: "A temperature sensor does not answer.",
        remedy: service)
    }
  }
}

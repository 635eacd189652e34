import EVSEControl
import OCPPCore

/// How a fault of the control lane is told to an operator, a technician and a driver: stable code, the device model's
/// component and variable (OCPP 2.0.1 Part 2 appendix), and a sentence.
package enum FaultCatalogue {
  /// The code is the fault's own name: two faults never share one, so that the end of one does not end the other.
  package static func entry(for fault: ControlFault) -> StationFault {
    switch fault {
    case .contactorWelded:
      StationFault(
        code: "contactorWelded", component: "Contactor", variable: "Problem",
        text: "The contactor stays closed although it was told to open. The post must be switched off and repaired.")
    case .contactorStuck:
      StationFault(
        code: "contactorStuck", component: "Contactor", variable: "Problem",
        text: "The contactor did not close. The post needs service.")
    case .pilotShort:
      StationFault(
        code: "pilotShort", component: "ControlPilot", variable: "Problem",
        text: "The control pilot is shorted to earth or has no supply. Check the cable and the plug.")
    case .diodeMissing:
      StationFault(
        code: "diodeMissing", component: "ControlPilot", variable: "Problem",
        text: "What is plugged in lacks the diode that every vehicle has on its control pilot.")
    case .pilotOutOfRange:
      StationFault(
        code: "pilotOutOfRange", component: "ControlPilot", variable: "Problem",
        text: "The control pilot shows a voltage that belongs to no vehicle state. Check the cable and the plug.")
    case .pilotDriverSilent:
      StationFault(
        code: "pilotDriverSilent", component: "ControlPilot", variable: "Problem",
        text: "The control pilot circuit does not answer. The post needs service.")
    case .contactorDriverSilent:
      StationFault(
        code: "contactorDriverSilent", component: "Contactor", variable: "Problem",
        text: "The contactor's feedback is not being read. The post needs service.")
    case .meterSilent:
      StationFault(
        code: "meterSilent", component: "FiscalMetering", variable: "Problem",
        text: "The energy meter does not answer, so no energy can be billed. Check its bus and supply.")
    case .ventilationMissing:
      StationFault(
        code: "ventilationMissing", component: "ControlPilot", variable: "Problem",
        text: "The vehicle asks for ventilation, and this post has none.")
    }
  }

  /// The public minimum required error code (MREC) of the charging industry, where it has one: what a technician looks up.
  package static func technicianCode(for fault: ControlFault) -> String? {
    switch fault {
    case .pilotShort, .diodeMissing, .pilotOutOfRange, .pilotDriverSilent: "CX014"
    case .contactorWelded, .contactorStuck, .contactorDriverSilent: "CX017"
    case .meterSilent, .ventilationMissing: nil
    }
  }
}

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
    case .lockFailure:
      StationFault(
        code: "lockFailure", component: "ConnectorPlugRetentionLock", variable: "Problem",
        text: "The plug could not be locked or unlocked. Push the plug in fully and try again.")
    case .lockDriverSilent:
      StationFault(
        code: "lockDriverSilent", component: "ConnectorPlugRetentionLock", variable: "Problem",
        text: "The plug's lock does not answer. The post needs service.")
    case .residualCurrent:
      StationFault(
        code: "residualCurrent", component: "RCD", variable: "Tripped",
        text: "Current leaks to earth. Unplug, and have the vehicle and the cable checked; the post needs service.")
    case .residualCurrentTest:
      StationFault(
        code: "residualCurrentTest", component: "RCD", variable: "Problem",
        text: "The residual current protection did not pass its test. The post needs service.")
    case .residualCurrentDriverSilent:
      StationFault(
        code: "residualCurrentDriverSilent", component: "RCD", variable: "Problem",
        text: "The residual current protection does not answer. The post needs service.")
    case .overCurrent:
      StationFault(
        code: "overCurrent", component: "OverCurrentBreaker", variable: "Tripped",
        text: "The vehicle drew more current than it was offered, and was cut off. Unplug it to go on.")
    case .overVoltage:
      StationFault(
        code: "overVoltage", component: "ElectricalFeed", variable: "Problem",
        text: "The mains voltage is too high. Charging goes on by itself when it is normal again.")
    case .underVoltage:
      StationFault(
        code: "underVoltage", component: "ElectricalFeed", variable: "Problem",
        text: "The mains voltage is too low. Charging goes on by itself when it is normal again.")
    case .overTemperature:
      StationFault(
        code: "overTemperature", component: "TemperatureSensor", variable: "Problem",
        text: "The post is too hot. Charging goes on by itself when it has cooled down.")
    case .temperatureDriverSilent:
      StationFault(
        code: "temperatureDriverSilent", component: "TemperatureSensor", variable: "Problem",
        text: "A temperature sensor does not answer. The post needs service.")
    case .emergencyStop:
      StationFault(
        code: "emergencyStop", component: "EmergencyStopSensor", variable: "Active",
        text: "The emergency stop was pushed. Release it and unplug the vehicle to go on.")
    case .doorOpen:
      StationFault(
        code: "doorOpen", component: "AccessBarrier", variable: "Active",
        text: "A door or cover of the post is open. Close it to go on.")
    case .tilted:
      StationFault(
        code: "tilted", component: "TiltSensor", variable: "Active",
        text: "The post is tilted or was hit. It must be inspected before it is used again.")
    case .mainsLost:
      StationFault(
        code: "mainsLost", component: "ElectricalFeed", variable: "Problem",
        text: "There is no mains supply. Charging goes on by itself when it is back.")
    case .safetyInputSilent:
      StationFault(
        code: "safetyInputSilent", component: "Controller", variable: "Problem",
        text: "A safety contact of the post cannot be read. The post needs service.")
    case .proximityInvalid:
      StationFault(
        code: "proximityInvalid", component: "CableBreakawaySensor", variable: "Problem",
        text: "The cable does not tell what current it carries. Check the plug, or use another cable.")
    case .proximityDriverSilent:
      StationFault(
        code: "proximityDriverSilent", component: "CableBreakawaySensor", variable: "Problem",
        text: "The socket's cable detection does not answer. The post needs service.")
    case .phaseSwitchFailure:
      StationFault(
        code: "phaseSwitchFailure", component: "PowerContactor", variable: "Problem",
        text: "The change between one and three phases failed. The post needs service.")
    case .phaseSwitchDriverSilent:
      StationFault(
        code: "phaseSwitchDriverSilent", component: "PowerContactor", variable: "Problem",
        text: "The phase switch does not answer. The post needs service.")
    }
  }

  /// The public minimum required error code (MREC) of the charging industry, where it has one: what a technician looks up.
  package static func technicianCode(for fault: ControlFault) -> String? {
    switch fault {
    case .pilotShort, .diodeMissing, .pilotOutOfRange, .pilotDriverSilent: "CX014"
    case .contactorWelded, .contactorStuck, .contactorDriverSilent: "CX017"
    case .lockFailure, .lockDriverSilent: "CX001"
    case .residualCurrent, .residualCurrentTest, .residualCurrentDriverSilent: "CX002"
    case .overTemperature: "CX003"
    case .overCurrent: "CX004"
    case .overVoltage: "CX005"
    case .underVoltage: "CX006"
    case .emergencyStop: "CX008"
    case .mainsLost: "CX015"
    case .proximityInvalid, .proximityDriverSilent: "CX023"
    case .meterSilent, .ventilationMissing, .temperatureDriverSilent, .doorOpen, .tilted, .safetyInputSilent,
      .phaseSwitchFailure, .phaseSwitchDriverSilent:
      nil
    }
  }
}

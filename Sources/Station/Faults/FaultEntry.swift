import EVSEControl
import OCPPCore

/// How one fault of the control lane is told to an operator, a technician and a driver.
package struct FaultEntry: Sendable, Equatable {
  package var fault: ControlFault
  /// The fault's own name: two faults never share one, so that the end of one does not end the other.
  package var code: String
  /// The public minimum required error code (MREC) of the charging industry, where it has one: what a technician looks up.
  package var technicianCode: String?
  /// The device model's component and variable (OCPP 2.0.1 Part 2, appendix 3).
  package var component: String
  package var variable: String
  package var severity: FaultSeverity
  /// One sentence or two for a person: what is wrong.
  package var text: String
  /// What helps.
  package var remedy: String

  /// What ends the fault, by the control lane's own rule.
  package var ending: String {
    switch fault.clearing {
    case .byItself: "It ends by itself when its cause is gone."
    case .afterUnplugging: "It ends after unplugging."
    case .byService: "Service must clear it."
    }
  }

  /// Somebody may have laid hands on the station: a security event of its own (A04).
  package var isTampering: Bool { fault == .doorOpen || fault == .tilted }

  package var stationFault: StationFault {
    StationFault(
      code: code, component: component, variable: variable, text: text, technicianCode: technicianCode,
      severity: Int32(severity.rawValue), tier: tier)
  }

  /// The tier of the device model that carries the fault.
  private var tier: StationFault.Tier {
    switch fault.scope {
    case .connector: .connector
    case .evse: .evse
    case .station: .station
    }
  }
}

/// The severities of OCPP's monitors and events (2.0.1 Part 2, SetMonitoringLevel): the smaller, the worse.
package enum FaultSeverity: UInt8, Sendable, Comparable {
  /// Lives are in danger.
  case danger = 0
  case hardwareFailure = 1
  case systemFailure = 2
  case critical = 3
  case error = 4
  case alert = 5
  case warning = 6

  package static func < (left: FaultSeverity, right: FaultSeverity) -> Bool { left.rawValue < right.rawValue }
}

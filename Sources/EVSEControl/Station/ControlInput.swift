import ChargerBase
import HAL

/// What reaches the control machines. Connectors and EVSEs are named by their place in `StationControl`.
public enum ControlInput: Sendable, Equatable {
  case pilot(connector: Int, PilotMeasurement)
  case contactorFeedback(connector: Int, ContactorFeedback)
  case meter(evse: Int, MeterReading)
  /// A driver has fallen silent, or speaks again; its next reading counts then.
  case pilotHealth(connector: Int, DriverHealth)
  case contactorHealth(connector: Int, DriverHealth)
  case meterHealth(evse: Int, DriverHealth)
  case command(ControlCommand)
  /// `nextDeadline` has come; more calls than needed do no harm.
  case time
}

import ChargerBase
import HAL

/// What reaches the control machines. Connectors, EVSEs and safety inputs are named by their place in the configuration.
public enum ControlInput: Sendable, Equatable {
  case pilot(connector: Int, PilotMeasurement)
  case contactorFeedback(connector: Int, ContactorFeedback)
  case lockFeedback(connector: Int, LockFeedback)
  case proximity(connector: Int, ProximityMeasurement)
  case meter(evse: Int, MeterReading)
  case residualCurrent(evse: Int, ResidualCurrentReading)
  case temperature(evse: Int, sensor: Int, TemperatureReading)
  case phaseSwitchFeedback(evse: Int, PhaseSwitchFeedback)
  case safetyInput(Int, SafetyInputState)
  case signedReading(evse: Int, SignedReadingAnswer)
  /// A driver has fallen silent, or speaks again; its next reading counts then.
  case health(ControlDriver, DriverHealth)
  /// Nobody has listened to the drivers for so long that the hardware may have acted by itself, as its dead-man does: all
  /// of them count as fallen silent, until each speaks again.
  case standstill
  case command(ControlCommand)
  /// `nextDeadline` has come; more calls than needed do no harm.
  case time
}

/// A driver of the control lane, by its place.
public enum ControlDriver: Sendable, Hashable {
  case pilot(connector: Int)
  case contactor(connector: Int)
  case lock(connector: Int)
  case proximity(connector: Int)
  case meter(evse: Int)
  case residualCurrent(evse: Int)
  case temperature(evse: Int, sensor: Int)
  case phaseSwitch(evse: Int)
  case safetyInput(Int)
}

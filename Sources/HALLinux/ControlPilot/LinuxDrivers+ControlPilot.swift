extension LinuxDrivers {
  /// What hangs on a companion MCU, or on Linux's own PWM and converters.
  public static let controlPilot = [
    mcuPilot, mcuContactor, mcuLock, mcuProximity, mcuResidualCurrent, mcuTemperature, mcuSafetyInput,
  ]

  private static let mcuOptions = [
    Option(name: "port", meaning: "the serial port of the MCU", standard: nil),
    Option(name: "baud", meaning: "its rate in bits per second", standard: "115200"),
    Option(name: "connector", meaning: "the MCU's own number of the connector", standard: "1"),
    Option(
      name: "silenceMilliseconds", meaning: "how long the MCU may say nothing before its drivers are silent",
      standard: "250"),
    Option(name: "heartbeatMilliseconds", meaning: "how often the station gives a sign of life", standard: "50"),
  ]

  public static let mcuPilot = Description(
    kind: .pilot, name: "mcu", summary: "control pilot of a companion MCU on a serial line", options: mcuOptions)
  public static let mcuContactor = Description(
    kind: .contactor, name: "mcu", summary: "contactor that a companion MCU drives and opens by itself",
    options: mcuOptions)
  public static let mcuLock = Description(
    kind: .lock, name: "mcu", summary: "plug lock that a companion MCU drives", options: mcuOptions)
  public static let mcuProximity = Description(
    kind: .proximity, name: "mcu", summary: "proximity contact that a companion MCU measures", options: mcuOptions)
  public static let mcuResidualCurrent = Description(
    kind: .residualCurrent, name: "mcu", summary: "residual current monitor on a companion MCU", options: mcuOptions)
  public static let mcuTemperature = Description(
    kind: .temperature, name: "mcu", summary: "temperature sensor on a companion MCU",
    options: mcuOptions + [Option(name: "sensor", meaning: "the MCU's own number of the sensor", standard: "1")])
  public static let mcuSafetyInput = Description(
    kind: .safetyInput, name: "mcu", summary: "emergency stop, door, tilt or mains contact on a companion MCU",
    options: mcuOptions)
}

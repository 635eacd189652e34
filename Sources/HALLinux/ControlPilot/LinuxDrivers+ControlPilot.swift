extension LinuxDrivers {
  /// What hangs on a companion MCU, or on Linux's own PWM and converters.
  public static let controlPilot = [
    mcuPilot, mcuContactor, mcuLock, mcuProximity, mcuResidualCurrent, mcuTemperature, mcuSafetyInput, pwmPilot,
    iioProximity, iioTemperature,
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

  private static let root = Option(name: "root", meaning: "the folder under which sys stands", standard: "/")
  private static let adc = Option(
    name: "adc", meaning: "the converter, by its name or as iio:device0", standard: nil)
  private static let stuck = Option(
    name: "stuckAfterMilliseconds", meaning: "the very same number for so long is no measurement; 0: it may be",
    standard: "0")

  public static let pwmPilot = Description(
    kind: .pilot, name: "pwm-iio", summary: "control pilot by Linux's PWM and a converter behind peak-hold hardware",
    options: [
      root,
      Option(name: "pwmChip", meaning: "the number behind pwmchip", standard: "0"),
      Option(name: "pwmChannel", meaning: "the chip's channel", standard: "0"),
      Option(name: "polarity", meaning: "whether the kernel inverts: normal or inversed", standard: "normal"),
      Option(
        name: "outputStage", meaning: "whether a high level makes +12 V (direct) or -12 V (inverting)",
        standard: "direct"),
      adc,
      Option(
        name: "capture", meaning: "what stands before the converter: peakHold, sampler, unsynchronised", standard: nil),
      Option(name: "positiveChannel", meaning: "the converter's channel of the positive peak", standard: nil),
      Option(name: "negativeChannel", meaning: "the converter's channel of the negative peak", standard: nil),
      Option(name: "dividerRatio", meaning: "volts on the pilot for a volt at the converter", standard: "1"),
      Option(name: "offsetMillivolts", meaning: "the pilot's voltage when the converter sees none", standard: "0"),
      Option(
        name: "negativeDividerRatio", meaning: "the same for the negative peak; left out: as dividerRatio",
        standard: "1"),
      Option(
        name: "negativeOffsetMillivolts", meaning: "the same for the negative peak; left out: as offsetMillivolts",
        standard: "0"),
      Option(name: "sampleMilliseconds", meaning: "how often the converter is read", standard: "5"),
      Option(
        name: "silenceMilliseconds", meaning: "how long there may be no good value before the driver is silent",
        standard: "250"),
      stuck,
    ])

  public static let iioProximity = Description(
    kind: .proximity, name: "iio", summary: "proximity contact at a converter, under a pull-up resistor",
    options: [
      root, adc,
      Option(name: "channel", meaning: "the converter's channel", standard: nil),
      Option(name: "pullUpOhms", meaning: "the pull-up resistor", standard: nil),
      Option(name: "referenceMillivolts", meaning: "what it hangs on", standard: nil),
      Option(name: "dividerRatio", meaning: "volts at the contact for a volt at the converter", standard: "1"),
      Option(name: "openAboveOhms", meaning: "a higher resistance is an open contact", standard: "10000"),
      Option(name: "sampleMilliseconds", meaning: "how often the converter is read", standard: "50"),
      Option(
        name: "silenceMilliseconds", meaning: "how long there may be no good value before the driver is silent",
        standard: "1000"),
      stuck,
    ])

  public static let iioTemperature = Description(
    kind: .temperature, name: "iio", summary: "temperature that the kernel knows, or a thermistor at a converter",
    options: [
      root, adc,
      Option(name: "channel", meaning: "the converter's channel", standard: nil),
      Option(name: "sensor", meaning: "whether the kernel scales it (scaled), or thermistor", standard: "scaled"),
      Option(name: "pullUpOhms", meaning: "a thermistor's pull-up resistor", standard: nil),
      Option(name: "referenceMillivolts", meaning: "what it hangs on", standard: nil),
      Option(name: "nominalOhms", meaning: "a thermistor's resistance at 25 °C", standard: "10000"),
      Option(name: "betaKelvins", meaning: "a thermistor's B constant", standard: "3950"),
      Option(name: "sampleMilliseconds", meaning: "how often the converter is read", standard: "500"),
      Option(
        name: "silenceMilliseconds", meaning: "how long there may be no good value before the driver is silent",
        standard: "5000"),
      stuck,
    ])
}

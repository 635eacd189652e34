extension LinuxDrivers {
  static let modbusLineOptions = [
    Option(
      name: "port", meaning: "the serial port's device; several meters on one line name the same", standard: "none"),
    Option(name: "baud", meaning: "bits per second", standard: "9600"),
    Option(name: "parity", meaning: "`none`, `even` or `odd`", standard: "none"),
    Option(name: "stopBits", meaning: "1 or 2", standard: "1"),
    Option(
      name: "rs485",
      meaning: "who switches the transceiver: `deviceTree` (or the hardware), or `kernel` on this program's order",
      standard: "deviceTree"),
    Option(name: "host", meaning: "Modbus TCP in place of `port`: the peer's name or address", standard: "none"),
    Option(name: "tcpPort", meaning: "the peer's TCP port", standard: "502"),
    Option(name: "device", meaning: "the meter's number on its line", standard: nil),
    Option(name: "responseTimeoutMilliseconds", meaning: "how long an answer may take to begin", standard: "300"),
    Option(
      name: "byteTimeoutMilliseconds",
      meaning: "how much longer than its bytes an answer may take, and quiet on the line after an error",
      standard: "50"),
    Option(name: "pauseMilliseconds", meaning: "quiet before each request", standard: "5"),
    Option(name: "retries", meaning: "attempts after the first, for all requests of one reading", standard: "2"),
    Option(
      name: "silenceMilliseconds", meaning: "without a reading for so long, the meter counts as silent",
      standard: "5000"),
  ]

  public static let modbusMeter = Description(
    kind: .meter, name: "modbus", summary: "meter on a Modbus line, read by a register map",
    options: [Option(name: "map", meaning: "the register map: `meters/MAP.json` beside the profile", standard: nil)]
      + modbusLineOptions)

  public static let iskraMeter = Description(
    kind: .meter, name: "iskra-wm3m4c", summary: "Iskra WM3M4 or WM3M4C on a Modbus line, signing in OCMF",
    options: [
      Option(
        name: "map", meaning: "the register map: `meters/MAP.json` beside the profile", standard: "iskra-wm3m4c"),
      Option(name: "signingTimeoutMilliseconds", meaning: "how long a signature may take", standard: "20000"),
    ] + modbusLineOptions)

  public static let modbus = [modbusMeter, iskraMeter]
}

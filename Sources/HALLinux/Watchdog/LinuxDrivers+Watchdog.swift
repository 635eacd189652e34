extension LinuxDrivers {
  public static let watchdog = [linuxWatchdog]

  public static let linuxWatchdog = Description(
    kind: .watchdog, name: "linux", summary: "hardware watchdog that resets the system",
    options: [
      Option(name: "device", meaning: "the watchdog's device", standard: "/dev/watchdog"),
      Option(name: "timeoutSeconds", meaning: "how long one feed lasts, 1 to 300", standard: "10"),
    ])
}

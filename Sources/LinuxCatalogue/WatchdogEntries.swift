import BoardProfile
import ChargerBase
import HALLinux

extension LinuxCatalogue {
  static func addWatchdog(to catalogue: inout DriverCatalogue) {
    catalogue.addWatchdog(LinuxDrivers.linuxWatchdog.name) { options in
      let standard = LinuxWatchdog.Configuration()
      let device = options.string("device", default: standard.device)
      let seconds = options.integer("timeoutSeconds", in: 1...300, default: Int64(standard.timeoutSeconds))
      if !device.hasPrefix("/") { options.report("device", "is \"\(device)\"", allowed: "a path, as /dev/watchdog0") }
      // What the hardware makes of it is judged at the start; what cannot be right is told before.
      if let rule = options.deadMan, rule.means == .watchdogRelay, .seconds(seconds) > rule.within {
        let most = rule.within.wholeMilliseconds / 1_000
        options.report(
          "timeoutSeconds",
          "is \(seconds), longer than the dead-man rule's withinMilliseconds, \(rule.within.wholeMilliseconds)",
          allowed: most > 0 ? "at most \(most)" : "1, under a dead-man rule of 1000 ms or more")
      }
      options.claim("watchdog \(device)")
      return {
        try LinuxWatchdog(LinuxWatchdog.Configuration(device: device, timeoutSeconds: Int32(clamping: seconds)))
      }
    }
  }
}

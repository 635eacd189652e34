import BoardProfile
import HALLinux

extension LinuxCatalogue {
  static func addWatchdog(to catalogue: inout DriverCatalogue) {
    catalogue.addWatchdog(LinuxDrivers.linuxWatchdog.name) { options in
      let standard = LinuxWatchdog.Configuration()
      let device = options.string("device", default: standard.device)
      let seconds = options.integer("timeoutSeconds", in: 1...300, default: Int64(standard.timeoutSeconds))
      if !device.hasPrefix("/") { options.report("device", "is \"\(device)\"", allowed: "a path, as /dev/watchdog0") }
      options.claim("watchdog \(device)")
      return {
        try LinuxWatchdog(LinuxWatchdog.Configuration(device: device, timeoutSeconds: Int32(clamping: seconds)))
      }
    }
  }
}

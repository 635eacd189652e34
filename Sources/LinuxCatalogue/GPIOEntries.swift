import BoardProfile
import HALLinux

extension LinuxCatalogue {
  /// What hangs on GPIO lines.
  static func addGPIO(to catalogue: inout DriverCatalogue) {
    catalogue.addContactor(LinuxDrivers.gpioContactor.name) { options in
      let chip = options.string("chip")
      let coil = GPIOLineAddress(
        chip: chip, lineText: options.string("coilLine"),
        isActiveLow: options.boolean("coilActiveLow", default: false))
      let feedback = GPIOLineAddress(
        chip: options.string("feedbackChip", default: chip), lineText: options.string("feedbackLine"),
        isActiveLow: options.boolean("feedbackActiveLow", default: false))
      options.claim("GPIO \(coil)")
      options.claim("GPIO \(feedback)")
      return { try GPIOContactor(GPIOContactor.Configuration(coil: coil, feedback: feedback)) }
    }
  }
}

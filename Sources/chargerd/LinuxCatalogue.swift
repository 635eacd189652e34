import BoardProfile
import HALLinux

/// The drivers of HALLinux by the names that profiles give them; their options are described in `LinuxDrivers`.
enum LinuxCatalogue {
  static func make() -> DriverCatalogue {
    var catalogue = DriverCatalogue()
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
    return catalogue
  }
}

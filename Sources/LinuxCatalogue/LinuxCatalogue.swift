import BoardProfile
import HALLinux

/// The drivers of HALLinux by the names that profiles give them; their options are described in `LinuxDrivers`.
///
/// A board maker's own program takes this catalogue and adds the drivers that its board has besides.
public enum LinuxCatalogue {
  public static func make() -> DriverCatalogue {
    var catalogue = DriverCatalogue()
    addControlPilot(to: &catalogue)
    addGPIO(to: &catalogue)
    addModbus(to: &catalogue)
    addSmartCards(to: &catalogue)
    addSysfsPilot(to: &catalogue)
    addWatchdog(to: &catalogue)
    return catalogue
  }
}

extension DriverOptions {
  /// Takes a piece of hardware for this driver alone, unless one of the names that make it up is missing: that was told
  /// already, and two drivers without a name do not share one.
  func claim(_ hardware: String, named names: String...) {
    if names.allSatisfy({ !$0.isEmpty }) { claim(hardware) }
  }

  /// Takes a serial port for whatever is spoken on it: meters and a microcontroller cannot share one. Called by the first
  /// driver of those that do share it.
  func claimSerialPort(_ device: String) { claim("the serial port \(device)", named: device) }
}

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
    addWatchdog(to: &catalogue)
    return catalogue
  }
}

import BoardProfile

/// The drivers of HALLinux by the names that profiles give them.
enum LinuxCatalogue {
  static func make() -> DriverCatalogue { DriverCatalogue() }
}

import CLinux

/// The sockets that the tool knows.
enum SocketKind {
  case station, world, csms

  var variable: String {
    switch self {
    case .station: "CHARGER_STATION_SOCKET"
    case .world: "CHARGER_WORLD_SOCKET"
    case .csms: "CHARGER_CSMS_SOCKET"
    }
  }

  var defaultPath: String {
    switch self {
    case .station: "/run/chargerd/station.sock"
    case .world: "/run/chargerd/world.sock"
    case .csms: "/run/chargerd/csms.sock"
    }
  }

  var option: String {
    switch self {
    case .station: "--socket"
    case .world: "--world"
    case .csms: "--csms"
    }
  }

  /// What serves it, and how it is started.
  var remedy: String {
    switch self {
    case .station: "Start chargerd (or, on the bench, scripts/run) with --control, and name the same socket here"
    case .csms: "Start bench-csms --control SOCKET (scripts/run does), and name the same socket here"
    case .world: "Start bench-world --board FILE --socket SOCKET (scripts/run does), and name the same socket here"
    }
  }

  /// The option's value, else the environment's, else the default.
  func path(option: String?) -> String {
    if let option { return option }
    if let value = getenv(variable), value.pointee != 0 { return String(cString: value) }
    return defaultPath
  }
}

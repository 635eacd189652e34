import ChargerBase
import Glibc

/// What the program tells the service manager that started it (systemd's protocol, sd_notify(3)).
package enum ServiceState: Sendable, Equatable {
  /// The station serves: the first cycle of the control lane is done.
  case ready
  /// The program ends by itself or was asked to.
  case stopping
  /// Proof of life.
  case alive
  /// One line for people who ask the service manager.
  case status(String)

  var assignment: String {
    switch self {
    case .ready: "READY=1"
    case .stopping: "STOPPING=1"
    case .alive: "WATCHDOG=1"
    case .status(let text): "STATUS=" + Self.line(text)
    }
  }

  /// A line feed in a text would begin another assignment.
  private static func line(_ text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(200) { line.append(scalar.value < 32 ? " " : scalar) }
    return String(line)
  }
}

/// The service manager, when there is one: it says by environment variables where it listens and how often it wants
/// proof of life. Telling it something never waits.
package final class ServiceManager: Sendable {
  private let socket: DatagramSocket
  /// Without proof of life for this long the program is killed and started again; nil when it is not watched.
  package let watchdogTimeout: Duration?

  /// - Parameters:
  ///   - path: NOTIFY_SOCKET.
  ///   - watchdogTimeout: WATCHDOG_USEC.
  package init?(path: String, watchdogTimeout: Duration? = nil) {
    guard let socket = DatagramSocket(path: path) else { return nil }
    self.socket = socket
    self.watchdogTimeout = watchdogTimeout
  }

  /// The one that started this process; nil without one. The variables stay where they are: a program that executes
  /// itself anew is the same service.
  package convenience init?(
    environment variable: (String) -> String? = ServiceManager.environment, processID: Int32 = getpid()
  ) {
    guard let path = variable("NOTIFY_SOCKET"), !path.isEmpty else { return nil }
    self.init(path: path, watchdogTimeout: Self.watchdogTimeout(variable, processID))
  }

  package static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// A watchdog that was meant for another process (WATCHDOG_PID) is not ours.
  private static func watchdogTimeout(_ variable: (String) -> String?, _ processID: Int32) -> Duration? {
    guard let microseconds = variable("WATCHDOG_USEC").flatMap({ Int64($0) }), microseconds > 0 else { return nil }
    if let watched = variable("WATCHDOG_PID"), Int32(watched) != processID { return nil }
    return .microseconds(microseconds)
  }

  /// False when the service manager could not be told.
  @discardableResult
  package func tell(_ states: ServiceState...) -> Bool {
    socket.send(Array(states.map { $0.assignment }.joined(separator: "\n").utf8))
  }
}

import BoardProfile
import OCPPTransport

/// What makes one executable out of this library: its name, its drivers, its options.
public struct DaemonProgram {
  public var name: String
  public var version: String
  public var extraOptions: [ExtraOption]
  /// Builds the surroundings after the command line was read; a thrown `UsageError` ends the program with 64.
  public var makeSurroundings: (DaemonArguments) throws -> DaemonSurroundings

  public init(
    name: String, version: String = Version.text, extraOptions: [ExtraOption] = [],
    makeSurroundings: @escaping (DaemonArguments) throws -> DaemonSurroundings
  ) {
    self.name = name
    self.version = version
    self.extraOptions = extraOptions
    self.makeSurroundings = makeSurroundings
  }
}

/// What a program gives its station to run in.
public struct DaemonSurroundings {
  public var catalogue: DriverCatalogue
  /// A switch in the network path: the bench's alone.
  public var networkIsUp: (@Sendable () -> Bool)?
  /// Stands in for the kernel's boot id, so that a bench can play power cuts.
  public var bootID: String?
  /// Stands in for the watchdog's boot status; nil asks the kernel.
  public var resetByWatchdog: Bool?
  /// Added to the system's civil time.
  public var wallOffset: Duration

  public init(
    catalogue: DriverCatalogue, networkIsUp: (@Sendable () -> Bool)? = nil, bootID: String? = nil,
    resetByWatchdog: Bool? = nil, wallOffset: Duration = .zero
  ) {
    self.catalogue = catalogue
    self.networkIsUp = networkIsUp
    self.bootID = bootID
    self.resetByWatchdog = resetByWatchdog
    self.wallOffset = wallOffset
  }
}

/// The firmware's version, as BootNotification and `--version` tell it.
public enum Version {
  public static let text = "0.1.0"
}

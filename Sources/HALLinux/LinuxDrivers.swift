/// What this module has to offer, under the names that board profiles use.
///
/// A program adds each driver to its catalogue under this name and reads these options; the list is also what the
/// program's help and the documentation show, so that they cannot promise a driver that is not there.
public enum LinuxDrivers {
  public enum Kind: String, Sendable, CaseIterable {
    case pilot, contactor, lock, proximity, meter, residualCurrent, temperature, safetyInput, phaseSwitch
    case light, parkingBay, startButton, reader, watchdog
  }

  public struct Option: Sendable, Equatable {
    public let name: String
    public let meaning: String
    /// As it would stand in a profile, `none` where leaving it out means that the thing is not there; nil when the
    /// option must be given.
    public let standard: String?
  }

  public struct Description: Sendable, Equatable {
    public let kind: Kind
    public let name: String
    public let summary: String
    public let options: [Option]
  }

  /// Bus by bus; each list stands in its bus's folder.
  public static let all = controlPilot + gpio + modbus + smartCard + watchdog
}

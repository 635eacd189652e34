import ChargerBase
import HAL

/// What the MCU says of itself when it is greeted.
public struct MicrocontrollerIdentity: Sendable, Equatable {
  /// The protocol's version.
  public let major: UInt8
  public let minor: UInt8
  /// Another number after each of its resets.
  public let boot: UInt16
  /// The session that it has opened; 0 when it has refused one.
  public let session: UInt16
  public let resetReason: ResetReason
  /// It opens the contactors by itself when it has not heard the station for so long.
  public let silence: Duration
  /// From its decision to open main contacts.
  public let opening: Duration
  public let connectors: Int
  public let parts: Parts
  public let temperatureSensors: Int
  /// Its firmware's version, as `1.4.0`.
  public let firmware: String
  /// The number of the greeting that it answers; nil for an MCU of version 1.0, which does not tell.
  public let greeting: UInt16?

  public enum ResetReason: UInt8, Sendable {
    case unknown, powerOn, brownOut, watchdog, software, pin, fault
  }

  /// What it has at its connectors.
  public struct Parts: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static let auxiliaryContact = Parts(rawValue: 1)
    public static let lock = Parts(rawValue: 2)
    public static let proximity = Parts(rawValue: 4)
    public static let residualCurrent = Parts(rawValue: 8)
    public static let emergencyStop = Parts(rawValue: 16)
    public static let door = Parts(rawValue: 32)
    public static let tilt = Parts(rawValue: 64)
    public static let mainsLoss = Parts(rawValue: 128)

    private static let names: [(Parts, String)] = [
      (.auxiliaryContact, "auxiliary contact"), (.lock, "lock"), (.proximity, "proximity contact"),
      (.residualCurrent, "residual current monitor"), (.emergencyStop, "emergency stop"), (.door, "door contact"),
      (.tilt, "tilt switch"), (.mainsLoss, "mains contact"),
    ]

    /// For people.
    var text: String { Self.names.filter { contains($0.0) }.map(\.1).joined(separator: ", ") }
  }

  /// From the program's death to open main contacts, at most.
  public var deadMan: Duration { silence + opening }

  static let shortest = 18
  /// With the number of the greeting, from version 1.1 on.
  private static let shortestWithGreeting = 20
  /// What stays in its place in every version of the protocol.
  static let shortestOfAnyVersion = 2

  /// Nil for a frame that is too short for its version, or says what no MCU may.
  init?(_ frame: MicrocontrollerFrameParser) {
    guard frame.payloadCount >= Self.shortest else { return nil }
    major = frame.byte(0)
    minor = frame.byte(1)
    boot = frame.word(2)
    session = frame.word(4)
    resetReason = ResetReason(rawValue: frame.byte(6)) ?? .unknown
    silence = .milliseconds(Int64(frame.word(7)))
    opening = .milliseconds(Int64(frame.word(9)))
    connectors = Int(frame.byte(11))
    parts = Parts(rawValue: frame.word(12))
    temperatureSensors = Int(frame.byte(14))
    firmware = "\(frame.byte(15)).\(frame.byte(16)).\(frame.byte(17))"
    greeting = minor >= 1 && frame.payloadCount >= Self.shortestWithGreeting ? frame.word(18) : nil
  }
}

extension MicrocontrollerLink {
  /// What is asked of an MCU before it gets a command.
  public struct Needs: Sendable, Equatable {
    /// The longest time from the program's death to the open contactor; nil where nobody relies on it.
    public var deadMan: Duration?
    /// The highest number of a connector that has drivers.
    public var connectors = 1
    public var parts = MicrocontrollerIdentity.Parts()
    /// The highest number of a sensor at a connector.
    public var temperatureSensors = 0

    public init() {}
  }
}

extension MicrocontrollerIdentity.Parts {
  /// The part that a safety input needs.
  public init(_ kind: SafetyInputKind) {
    switch kind {
    case .emergencyStop: self = .emergencyStop
    case .door: self = .door
    case .tilt: self = .tilt
    case .mainsLoss: self = .mainsLoss
    }
  }
}

/// Why an MCU gets no commands: its contactors stay open. Two errors are equal when their codes are.
public struct MicrocontrollerError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: UInt8, Sendable {
    /// It speaks another major version of the protocol.
    case otherVersion
    /// It opens the contactors later than the profile's dead-man rule says.
    case deadManTooSlow
    /// The profile names what it does not have.
    case missingPart
    /// What it says of itself makes no sense.
    case unusableIdentity
    /// It has refused the session.
    case sessionRefused
  }

  public let code: Code
  public let port: String
  let what: String

  public static func == (left: MicrocontrollerError, right: MicrocontrollerError) -> Bool { left.code == right.code }

  public var description: String { "the MCU on \(port) \(what)" }
}

extension MicrocontrollerLink.Needs {
  static let major: UInt8 = 1
  static let minor: UInt8 = 1

  /// Nil for an MCU that may have commands.
  func refusal(of identity: MicrocontrollerIdentity, on port: String) -> MicrocontrollerError? {
    func no(_ code: MicrocontrollerError.Code, _ what: String) -> MicrocontrollerError {
      MicrocontrollerError(code: code, port: port, what: what)
    }
    if !(Duration.milliseconds(50)...Duration.seconds(5)).contains(identity.silence)
      || !(Duration.milliseconds(1)...Duration.seconds(1)).contains(identity.opening)
      || !(1...MicrocontrollerLink.capacity).contains(identity.connectors)
    {
      return no(
        .unusableIdentity,
        "says that it has \(identity.connectors) connectors, opens after \(identity.silence.wholeMilliseconds) ms of silence and needs \(identity.opening.wholeMilliseconds) ms for it; allowed: 1…8 connectors, 50…5000 ms, 1…1000 ms"
      )
    }
    if let deadMan, identity.deadMan > deadMan {
      return no(
        .deadManTooSlow,
        "opens its contactors \(identity.silence.wholeMilliseconds) ms after this program's last sign of life and needs \(identity.opening.wholeMilliseconds) ms for it, longer than the dead-man rule's withinMilliseconds of \(deadMan.wholeMilliseconds)"
      )
    }
    if identity.connectors < connectors {
      return no(
        .missingPart, "has \(identity.connectors) connectors, and the profile names its connector \(connectors)")
    }
    let missing = parts.subtracting(identity.parts)
    if !missing.isEmpty { return no(.missingPart, "has no \(missing.text), and the profile names one") }
    if identity.temperatureSensors < temperatureSensors {
      return no(
        .missingPart,
        "has \(identity.temperatureSensors) temperature sensors at a connector, and the profile names sensor \(temperatureSensors)"
      )
    }
    if identity.session == 0 { return no(.sessionRefused, "refuses a session") }
    return nil
  }

  static func otherVersion(_ major: UInt8, _ minor: UInt8, on port: String) -> MicrocontrollerError {
    MicrocontrollerError(
      code: .otherVersion, port: port,
      what: "speaks version \(major).\(minor) of the pilot protocol, this program \(Self.major).\(Self.minor)")
  }
}

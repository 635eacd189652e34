import ChargerBase

/// Where a current limit comes from. The smallest wins, and the winner is told.
public enum LimitSource: UInt8, Sendable, CaseIterable {
  /// What the EVSE's own hardware carries.
  case hardware
  /// The rating of the cable, by its proximity contact or by the profile.
  case cable
  /// What the installer has set for the station.
  case installer
  /// The EVSE's share of a supply that several EVSEs use.
  case supply
  /// Set for this EVSE by configuration.
  case evse
  case chargingProfile
  /// A grid operator's or energy manager's input.
  case external
  /// Derating by heat.
  case temperature
  /// What the kind of vehicle allows: one without state B of its own takes 10 A at most.
  case vehicle
  /// The connector's own board, where it carries less than the EVSE.
  case board
}

/// One named limit of an EVSE's current: who set it, why, how much, on which phases, and until when.
public struct CurrentLimit: Sendable, Hashable {
  public enum Value: Sendable, Hashable {
    /// The same on every phase.
    case perPhase(Current)
    /// Of all phases together; turned into a current by the voltage measured, or 230 V.
    case total(Power)
  }

  public var source: LimitSource
  /// Who set it: two owners' limits of one source stand beside each other. At most 15 UTF-8 bytes (longer names are
  /// cut), so that passing it on allocates nothing.
  public private(set) var owner: String
  public var value: Value
  /// The most phases that may be used; nil for all.
  public var phases: UInt8?
  /// When the limit lapses by itself; nil for never.
  public var expiry: MonotonicInstant?

  public init(
    _ source: LimitSource, owner: String = "", _ value: Value, phases: UInt8? = nil, expiry: MonotonicInstant? = nil
  ) {
    self.source = source
    self.owner = Self.cut(owner)
    self.value = value
    self.phases = phases
    self.expiry = expiry
  }

  /// Limits that one EVSE can hold beside those that the control lane finds itself.
  public static let capacity = 16

  static func cut(_ owner: String) -> String {
    guard owner.utf8.count > 15 else { return owner }
    var cut = ""
    for character in owner {
      guard cut.utf8.count + character.utf8.count <= 15 else { break }
      cut.append(character)
    }
    return cut
  }
}

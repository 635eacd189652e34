/// An EVSE's number within the station, from 1 (OCPP 2.0.1 Part 1, three-tier model).
public struct EVSEID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let number: Int32
  public init(_ number: Int32) { self.number = number }
  public static func < (left: EVSEID, right: EVSEID) -> Bool { left.number < right.number }
  public var description: String { "EVSE \(number)" }
}

/// A connector's place: its EVSE and its number there, from 1.
public struct ConnectorID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let evse: EVSEID
  public let number: Int32

  public init(evse: EVSEID, number: Int32) {
    self.evse = evse
    self.number = number
  }

  public static func < (left: ConnectorID, right: ConnectorID) -> Bool {
    (left.evse, left.number) < (right.evse, right.number)
  }

  public var description: String { "\(evse) connector \(number)" }
}

import ChargerBase
import EVSEControl
import OCPPCore

/// Where Station's decisions go: the control lane, the program, the people watching. Calls come on the network loop
/// and must return at once.
public protocol StationOutlet: AnyObject {
  /// False when the queue to the control lane is full; Station then offers the command again.
  func send(_ command: ControlCommand) -> Bool
  func reset(_ scope: ResetScope)
  func linkChanged(_ status: LinkStatus)
  func timeSet(_ wall: WallTime, at instant: MonotonicInstant)
  func noted(_ event: StationEvent)
  /// A contactor has opened; the counts are those of its whole life.
  func contactorOperated(_ connector: ConnectorID, _ operations: ContactorOperations)
}

extension StationOutlet {
  public func contactorOperated(_ connector: ConnectorID, _ operations: ContactorOperations) {}
}

/// Something that happened, in words for a person, for the log and the station socket.
public struct StationEvent: Sendable, Equatable {
  public var kind: String
  public var evse: EVSEID?
  public var connector: Int32?
  public var text: String

  public init(kind: String, evse: EVSEID? = nil, connector: Int32? = nil, text: String) {
    self.kind = kind
    self.evse = evse
    self.connector = connector
    self.text = text
  }
}

/// The versions of OCPP that one set of message types serves.
public enum OCPPVersion: UInt8, Sendable, Hashable, CaseIterable {
  case v201
  case v21

  /// The WebSocket subprotocol (Part 4 §3.1.2).
  public var subprotocol: String {
    switch self {
    case .v201: "ocpp2.0.1"
    case .v21: "ocpp2.1"
    }
  }

  public init?(subprotocol: some StringProtocol) {
    guard let version = Self.allCases.first(where: { $0.subprotocol == subprotocol }) else { return nil }
    self = version
  }
}

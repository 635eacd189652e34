import OCPPTransport

/// The bench's switch as the link's gate.
final class NetworkSwitch: LinkGate {
  private let isClosed: @Sendable () -> Bool

  init(_ isUp: @escaping @Sendable () -> Bool) { isClosed = isUp }

  var isUp: Bool { isClosed() }
}

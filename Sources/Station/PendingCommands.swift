import ChargerBase
import EVSEControl

/// Commands on their way to the control lane. A full queue loses none: what was refused is offered again shortly, in
/// order, and a newer command for the same purpose takes the place of an older one, which bounds the list.
package struct PendingCommands: Sendable {
  // At most one entry per connector or EVSE and purpose.
  private var waiting: [ControlCommand] = []
  package private(set) var retryAt: MonotonicInstant = .distantFuture

  package init() {}

  package var isEmpty: Bool { waiting.isEmpty }

  package mutating func append(_ command: ControlCommand) {
    waiting.removeAll { Self.replaces(command, $0) }
    waiting.append(command)
  }

  /// Offers the commands in order until one is refused; that one is offered again 5 ms later.
  package mutating func flush(at now: MonotonicInstant, send: (ControlCommand) -> Bool) {
    var sent = 0
    while sent < waiting.count, send(waiting[sent]) { sent += 1 }
    waiting.removeFirst(sent)
    retryAt = waiting.isEmpty ? .distantFuture : now + .milliseconds(5)
  }

  private static func replaces(_ newer: ControlCommand, _ older: ControlCommand) -> Bool {
    switch (newer, older) {
    case (.grant(let left, _), .grant(let right, _)), (.grant(let left, _), .revoke(let right)),
      (.revoke(let left), .grant(let right, _)), (.revoke(let left), .revoke(let right)),
      (.setOperative(let left, _), .setOperative(let right, _)):
      left == right
    case (.setLimit(let left, let limit), .setLimit(let right, let other)):
      left == right && limit.source == other.source && limit.owner == other.owner
    case (.setLimit(let left, let limit), .liftLimit(let right, let source, let owner)),
      (.liftLimit(let right, let source, let owner), .setLimit(let left, let limit)):
      left == right && limit.source == source && limit.owner == owner
    case (.liftLimit(let left, let source, let owner), .liftLimit(let right, let other, let another)):
      left == right && source == other && owner == another
    case (.pause(let left, _), .pause(let right, _)), (.startNotBefore(let left, _), .startNotBefore(let right, _)),
      (.digitalCommunication(let left, _), .digitalCommunication(let right, _)),
      (.keepLocked(let left, _), .keepLocked(let right, _)), (.unlock(let left, _), .unlock(let right, _)),
      (.unlock(let left, _), .keepLocked(let right, _)),
      (.clearLatchedFaults(let left), .clearLatchedFaults(let right)):
      left == right
    case (.signReading(let left, _), .signReading(let right, _)), (.reset(let left), .reset(let right)): left == right
    case (.shutDown, .shutDown): true
    default: false
    }
  }
}

import CLinux
import ChargerBase
import EVSEControl

/// The way down: commands from the upper side, in order, to the control lane.
///
/// Bounded to `capacity` commands. Its last places are kept for what ends energy, and a shutdown needs no place at all,
/// so a flood of other commands cannot keep energy on.
final class CommandQueue: @unchecked Sendable {
  // Unchecked: all state is touched under `lock` only.
  struct Entry {
    var command: ControlCommand
    /// When it was sent.
    var at: MonotonicInstant
  }

  static let capacity = 256
  static let keptForSafety = 64

  /// Readable while commands wait.
  let descriptor: Int32
  private let lock = LaneLock()
  private var waiting = BoundedRing<Entry>(capacity: CommandQueue.capacity)
  private var shutDownAt: MonotonicInstant?
  private var refused: UInt64 = 0

  init?() {
    descriptor = linux_eventfd()
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// Answers false when there is no room: the command was not taken.
  func send(_ command: ControlCommand, at now: MonotonicInstant) -> Bool {
    let isTaken = lock.locked {
      if command == .shutDown {
        shutDownAt = shutDownAt ?? now
        return true
      }
      let room = Self.capacity - waiting.count
      let isTaken = room > (command.endsEnergy ? 0 : Self.keptForSafety)
      if isTaken { _ = waiting.append(Entry(command: command, at: now)) } else { refused += 1 }
      return isTaken
    }
    if isTaken { linux_eventfd_signal(descriptor) }
    return isTaken
  }

  /// The next command in order; a shutdown comes last.
  func next() -> Entry? {
    lock.locked {
      if let entry = waiting.popFirst() { return entry }
      defer { shutDownAt = nil }
      return shutDownAt.map { Entry(command: .shutDown, at: $0) }
    }
  }

  /// Commands refused since the start.
  var refusedCount: UInt64 { lock.locked { refused } }
}

extension ControlCommand {
  var endsEnergy: Bool {
    switch self {
    case .revoke, .shutDown, .setOperative(_, false), .pause(_, true), .unlock, .reset: true
    case .grant, .setLimit, .liftLimit, .setOperative(_, true), .clearLatchedFaults, .pause(_, false), .startNotBefore,
      .keepLocked, .digitalCommunication, .signReading:
      false
    }
  }
}

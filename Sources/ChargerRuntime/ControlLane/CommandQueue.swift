import CLinux
import ChargerBase
import EVSEControl
import Synchronization

/// The way down: commands from the upper side, in order, to the control lane.
///
/// Bounded to `capacity` commands. Its last places are kept for what ends energy, and a shutdown needs no place at all,
/// so a flood of other commands cannot keep energy on.
///
/// The lock's holder inherits the priority of who waits for it (on Linux `Mutex` is a futex with priority inheritance), so
/// that the control thread never waits behind a thread of middle priority; sections under it only move values.
final class CommandQueue: Sendable {
  struct Entry: Sendable {
    var command: ControlCommand
    /// When it was sent.
    var at: MonotonicInstant
  }

  static let capacity = 256
  static let keptForSafety = 64

  /// Readable while commands wait.
  let descriptor: Int32
  private struct State: Sendable {
    var waiting = BoundedRing<Entry>(capacity: CommandQueue.capacity)
    var shutDownAt: MonotonicInstant?
    var refused: UInt64 = 0
  }
  private let state = Mutex(State())

  init?() {
    descriptor = linux_eventfd()
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// Answers false when there is no room: the command was not taken.
  func send(_ command: ControlCommand, at now: MonotonicInstant) -> Bool {
    let isTaken = state.withLock { state in
      if command == .shutDown {
        state.shutDownAt = state.shutDownAt ?? now
        return true
      }
      let room = Self.capacity - state.waiting.count
      let isTaken = room > (command.endsEnergy ? 0 : Self.keptForSafety)
      if isTaken { _ = state.waiting.append(Entry(command: command, at: now)) } else { state.refused += 1 }
      return isTaken
    }
    if isTaken { linux_eventfd_signal(descriptor) }
    return isTaken
  }

  /// The next command in order; a shutdown comes last.
  func next() -> Entry? {
    state.withLock { state in
      if let entry = state.waiting.popFirst() { return entry }
      defer { state.shutDownAt = nil }
      return state.shutDownAt.map { Entry(command: .shutDown, at: $0) }
    }
  }

  /// Commands refused since the start.
  var refusedCount: UInt64 { state.withLock { $0.refused } }
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

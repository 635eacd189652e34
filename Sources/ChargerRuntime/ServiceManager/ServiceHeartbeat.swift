import ChargerBase
import NIOCore

/// Gives the service manager its proof of life: sent by the network loop, and only while the control lane's cycles go on.
/// When either of them hangs the proof stays away, and the program is killed and started again; energy has ended before
/// by the lease and the profile's dead-man (DESIGN §2, §5).
final class ServiceHeartbeat {
  /// Three proofs in each timeout: one that is late does no harm.
  static let proofsPerTimeout = 3

  private let manager: ServiceManager
  private let controlStatus: () -> ControlLaneStatus
  private let now: () -> MonotonicInstant
  private var judge = LaneJudge()
  private var task: Scheduled<Void>?

  /// - Parameter now: the clock of `ControlLaneStatus.lastCycleAt`.
  init(
    _ manager: ServiceManager, controlStatus: @escaping () -> ControlLaneStatus,
    now: @escaping () -> MonotonicInstant
  ) {
    self.manager = manager
    self.controlStatus = controlStatus
    self.now = now
  }

  /// On the loop whose life is to be proven.
  func start(on loop: any EventLoop) {
    guard let timeout = manager.watchdogTimeout, task == nil else { return }
    beat(on: loop, every: .nanoseconds(max(timeout / Self.proofsPerTimeout, .milliseconds(1)).wholeNanoseconds))
  }

  /// On the loop.
  func stop() {
    task?.cancel()
    task = nil
  }

  private func beat(on loop: any EventLoop, every period: TimeAmount) {
    if judge.isAlive(controlStatus(), at: now()) { manager.tell(.alive) }
    task = loop.assumeIsolated().scheduleTask(in: period) { [weak self] in self?.beat(on: loop, every: period) }
  }
}

/// Whether the control lane lives, by what it publishes of itself.
struct LaneJudge {
  /// A living lane never waits longer than `ControlLane.longestCycle`; a loaded machine gets four times as much.
  static let longestSilence = ControlLane.longestCycle * 4

  private var cycles: UInt64 = 0

  /// The lane has turned since it was asked last, or has just done so.
  mutating func isAlive(_ status: ControlLaneStatus, at now: MonotonicInstant) -> Bool {
    defer { cycles = status.cycles }
    return status.cycles > cycles && now - status.lastCycleAt <= Self.longestSilence
  }
}

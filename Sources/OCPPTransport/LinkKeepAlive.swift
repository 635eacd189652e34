import NIOCore

/// Pings at an interval and notices when nothing comes back (Part 4 §5.2).
final class LinkKeepAlive {
  private let eventLoop: any EventLoop
  private let pongTimeout: Duration
  private let ping: () -> Void
  private let lost: (Duration) -> Void
  private var interval = Duration.zero
  private var nextPing: Scheduled<Void>?
  private var pongDeadline: Scheduled<Void>?

  init(
    eventLoop: any EventLoop, pongTimeout: Duration, ping: @escaping () -> Void, lost: @escaping (Duration) -> Void
  ) {
    self.eventLoop = eventLoop
    self.pongTimeout = pongTimeout
    self.ping = ping
    self.lost = lost
  }

  /// Takes effect at once; zero or less stops pinging.
  func setInterval(_ interval: Duration) {
    stop()
    self.interval = interval
    schedulePing()
  }

  /// Whatever the peer sends shows that it is there.
  func peerWasHeard() {
    pongDeadline?.cancel()
    pongDeadline = nil
  }

  func stop() {
    nextPing?.cancel()
    nextPing = nil
    peerWasHeard()
  }

  private func schedulePing() {
    guard interval > .zero else { return }
    nextPing = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(interval)) { [weak self] in self?.firePing() }
  }

  private func firePing() {
    schedulePing()
    if pongDeadline == nil {
      pongDeadline = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pongTimeout)) { [weak self] in
        guard let self else { return }
        pongDeadline = nil
        lost(pongTimeout)
      }
    }
    ping()
  }
}

import ChargerBase
import OCPPPorts
import OCPPTypes

/// The network between station and CSMS: it keeps the contract of `CSMSLink`, takes its time, and can be down, lossy or
/// slow.
package final class SimulatedLink: CSMSLink {
  package var latency = Duration.milliseconds(5)
  /// Bytes pass and dials succeed. Going down loses what is under way; nobody is told until a ping is missed.
  package var isUp = true { didSet { if !isUp { scheduleLoss() } } }
  /// Pongs are waited for this long.
  package var pongTimeout = Duration.seconds(5)
  package private(set) var dials: [(at: MonotonicInstant, target: LinkTarget)] = []
  package private(set) var pingInterval = Duration.zero
  package private(set) var open: LinkAttempt?
  package private(set) var violations: [String] = []
  /// Bytes that the station has sent.
  package private(set) var sentBytes = 0
  /// What becomes of a frame of the station on its way; a test of the judges falsifies some.
  package var onTheWay: ([UInt8]) -> [UInt8]? = { $0 }

  private let clock: SimulatedClock
  private let queue: EventQueue
  private let csms: SimulatedCSMS
  private var dialing: LinkAttempt?
  /// Where events go; set by the harness.
  package var receiver: (LinkEvent) -> Void = { _ in }

  package init(clock: SimulatedClock, queue: EventQueue, csms: SimulatedCSMS) {
    self.clock = clock
    self.queue = queue
    self.csms = csms
    csms.deliver = { [weak self] bytes in self?.fromCSMS(bytes) }
    csms.hangUp = { [weak self] code in self?.closeByCSMS(code) }
  }

  // MARK: CSMSLink

  package func open(_ target: LinkTarget, attempt: LinkAttempt) {
    if dialing != nil || open != nil { violations.append("dialed while a link exists") }
    dialing = attempt
    dials.append((clock.now, target))
    pingInterval = target.pingInterval
    guard isUp else {
      return after(target.connectTimeout) { [self] in
        guard dialing == attempt else { return }
        dialing = nil
        receiver(.failed(attempt, LinkFailure(.timeout, detail: "no answer")))
      }
    }
    after(latency) { [self] in
      guard dialing == attempt else { return }
      dialing = nil
      if let failure = csms.refusal {
        receiver(.failed(attempt, failure))
      } else {
        open = attempt
        csms.opened(target.versions.first ?? .v201)
        receiver(.opened(attempt, target.versions.first ?? .v201))
      }
    }
  }

  package func send(_ frame: [UInt8]) {
    guard let attempt = open else { return }
    sentBytes += frame.count
    guard isUp else { return }
    after(latency) { [self] in
      guard open == attempt, isUp, let frame = onTheWay(frame) else { return }
      csms.received(frame)
    }
  }

  package func close(code: UInt16, reason: String) {
    if let attempt = dialing {
      dialing = nil
      after(latency) { [self] in receiver(.failed(attempt, LinkFailure(.network, detail: "closed while dialing"))) }
    } else if let attempt = open {
      after(latency) { [self] in
        guard open == attempt else { return }
        close(attempt, LinkClose(cause: .local, code: code, detail: reason))
      }
    }
  }

  package func setPingInterval(_ interval: Duration) { pingInterval = interval }

  // MARK: The other side

  private func fromCSMS(_ bytes: [UInt8]) {
    guard let attempt = open, isUp else { return }
    after(latency) { [self] in
      guard open == attempt, isUp else { return }
      receiver(.frame(attempt, bytes))
    }
  }

  private func closeByCSMS(_ code: UInt16) {
    guard let attempt = open else { return }
    after(latency) { [self] in
      guard open == attempt else { return }
      close(attempt, LinkClose(cause: .remote, code: code, detail: "closed by the CSMS"))
    }
  }

  /// The connection breaks at once, without a word.
  package func drop() {
    guard let attempt = open else { return }
    close(attempt, LinkClose(cause: .lost, code: nil, detail: "connection lost"))
  }

  /// Without a process behind it the socket is gone.
  package func stationDied() {
    dialing = nil
    guard open != nil else { return }
    open = nil
    csms.closed()
  }

  private func scheduleLoss() {
    guard let attempt = open, pingInterval > .zero else { return }
    after(pingInterval + pongTimeout) { [self] in
      guard open == attempt, !isUp else { return }
      close(attempt, LinkClose(cause: .lost, code: nil, detail: "no pong"))
    }
  }

  private func close(_ attempt: LinkAttempt, _ close: LinkClose) {
    open = nil
    csms.closed()
    receiver(.closed(attempt, close))
  }

  private func after(_ delay: Duration, _ body: @escaping () -> Void) {
    queue.schedule(at: clock.now + delay, body)
  }
}

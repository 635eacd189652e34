import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

// The connection and the registration: what the session machine says is done here (B01–B04, G02, Part 4 §5.3).

extension ChargePoint {
  /// Where the CSMS gives no interval (B02.FR.07): not under half a minute.
  static let minimumBootRetry = Duration.seconds(30)
  /// G02.FR.07: at least once a day, for the clock's sake.
  static let secondsBetweenTimeSyncs: Int64 = 86_400

  var sessionSettings: SessionStateMachine.Settings {
    SessionStateMachine.Settings(
      waitMinimum: deviceModel.seconds(.retryBackOffWaitMinimum),
      repeatTimes: deviceModel.integer(.retryBackOffRepeatTimes),
      randomRange: deviceModel.seconds(.retryBackOffRandomRange),
      attemptsPerSlot: deviceModel.integer(.networkProfileConnectionAttempts),
      bootRetryInterval: max(Self.minimumBootRetry, deviceModel.seconds(.retryBackOffWaitMinimum)))
  }

  func linkEvent(_ event: LinkEvent) {
    switch event {
    case .opened(let attempt, let version):
      self.version = version
      let actions = session.opened(attempt, at: now)
      if session.openAttempt == attempt { networkOpened() }
      perform(actions)
    case .failed(let attempt, let failure):
      let reason = "\(failure.kind): \(failure.detail)"
      let actions = session.failed(
        attempt, reason, at: now, settings: sessionSettings, random: randomSource.next)
      note(EngineEvent(.link, "no connection: \(reason)"))
      security?.linkFailed(failure)
      perform(actions)
    case .frame(let attempt, let bytes):
      guard attempt == session.openAttempt else { return }
      receive(bytes, on: attempt)
    case .closed(let attempt, let close):
      let reason = "\(close.cause)\(close.code.map { " \($0)" } ?? "") \(close.detail)"
      interruptCalls()
      perform(
        session.closed(attempt, reason, at: now, settings: sessionSettings, random: randomSource.next))
      note(EngineEvent(.link, "connection closed: \(reason)"))
      resets?.linkClosed()
    }
  }

  func perform(_ actions: [SessionStateMachine.Action]) {
    for action in actions {
      switch action {
      case .dial(let attempt, let slot): dial(attempt, slot)
      case .close(let code, let reason):
        if !cancelPendingDial() { link.close(code: code, reason: reason) }
        // What is on its way is not answered any more, and must not count.
        interruptCalls()
      case .sendBootNotification(let reason): wantsBootNotification = reason
      case .wentOnline(let offlineFor): wentOnline(offlineFor)
      case .wentOffline: wentOffline()
      case .linkChanged: publishLinkStatus()
      }
    }
  }

  private func wentOnline(_ offlineFor: Duration?) {
    note(EngineEvent(.link, "registered, messages flow"))
    lastSentAt = now
    if hasBeenOnline { queueResumesAt = now + queueResumeDelay }
    hasBeenOnline = true
    publishLinkStatus()
    availability?.wentOnline(offlineFor: offlineFor)
    for block in blocks { block.onlineChanged(true) }
  }

  private func wentOffline() {
    outbox.markOffline()
    publishLinkStatus()
    for block in blocks { block.onlineChanged(false) }
  }

  func publishLinkStatus() {
    linkStatus.isConnected = session.openAttempt != nil
    linkStatus.isAccepted = session.isOnline
    linkStatus.version = session.openAttempt == nil ? nil : version
    linkStatus.lastFailure = session.lastFailure?.reason
    linkStatus.lastFailureAt = session.lastFailure.flatMap { wall(at: $0.at) }
    linkStatus.registration = session.status
    delegate?.chargePoint(self, linkChanged: linkStatus)
  }

  // MARK: BootNotification

  func sendBootNotification(_ reason: BootReason) {
    let identity = configuration.identity
    let request = BootNotificationRequest(
      chargingStation: ChargingStation(
        model: identity.model, vendorName: identity.vendorName, serialNumber: identity.serialNumber, modem: modem,
        firmwareVersion: identity.firmwareVersion), reason: reason)
    send(.bootNotification, kind: .bootNotification) { writer, version in
      request.encode(into: &writer, version: version)
    }
  }

  func bootNotificationAnswered(_ payload: ArraySlice<UInt8>, sentAt: MonotonicInstant) {
    do throws(MessageViolation) {
      let response = try BootNotificationResponse.decode(payload, version: version, limits: limits)
      learnTime(response.currentTime, sentAt: sentAt)
      if response.status == .accepted, response.interval > 0 { adoptHeartbeatInterval(response.interval) }
      delegate?.chargePoint(self, bootNotificationAnswered: response)
      note(EngineEvent(.boot, "BootNotification: \(response.status.rawName), interval \(response.interval) s"))
      perform(
        session.bootNotificationAnswered(
          response.status, interval: response.interval, at: now, settings: sessionSettings))
    } catch {
      faultyAnswer(to: .bootNotification, error)
      bootNotificationFailed("a faulty answer")
    }
  }

  func bootNotificationFailed(_ why: String) {
    note(EngineEvent(.boot, "BootNotification failed: \(why)"))
    perform(session.bootNotificationFailed(at: now, settings: sessionSettings))
  }

  /// B01.FR.04: the interval is the CSMS's, and stays after a restart.
  private func adoptHeartbeatInterval(_ interval: Int32) {
    guard interval != deviceModel.integer(.heartbeatInterval) else { return }
    switch deviceModel.change(StationVariable.heartbeatInterval.key, .actual, to: String(interval), locally: true) {
    case .change(let change):
      if let document = change.document { writer.write([document], .relaxed, .untilStored) }
      applied(change)
    case .refused: note(EngineEvent(.configuration, "a heartbeat interval of \(interval) s cannot be kept"))
    }
  }

  // MARK: Heartbeat and time

  var heartbeatDueAt: MonotonicInstant {
    let bySilence = lastSentAt.advanced(bySeconds: Int64(max(0, deviceModel.integer(.heartbeatInterval))))
    guard deviceModel.members(.timeSource).contains("Heartbeat") else { return bySilence }
    return min(bySilence, lastTimeSyncAt.advanced(bySeconds: Self.secondsBetweenTimeSyncs))
  }

  func heartbeatAnswered(_ payload: ArraySlice<UInt8>, sentAt: MonotonicInstant) {
    do throws(MessageViolation) {
      let response = try HeartbeatResponse.decode(payload, version: version, limits: limits)
      learnTime(response.currentTime, sentAt: sentAt)
    } catch {
      faultyAnswer(to: .heartbeat, error)
    }
  }

  /// The CSMS's time, corrected by half of the round trip (B01.FR.06, G02.FR.06).
  private func learnTime(_ told: WallTime, sentAt: MonotonicInstant) {
    lastTimeSyncAt = now
    guard deviceModel.members(.timeSource).contains("Heartbeat") else { return }
    let wall = told + .nanoseconds(sentAt.duration(to: now).wholeNanoseconds / 2)
    let before = self.wall(at: now)
    clock.learn(wall, at: now)
    guard let present = self.wall(at: now) else { return }
    rememberTime(present)
    delegate?.chargePoint(self, timeIs: wall, at: now)
    if let before { security?.timeChanged(by: present - before) }
  }

  /// Stored before any record is sent that gets its time from it: told again it says the same (DESIGN §4).
  func rememberTime(_ wall: WallTime) {
    guard let document = clock.remember(wall, at: now) else { return }
    unstoredOffsets += 1
    writer.write([document], .full, .untilStored) { [weak self] _ in self?.unstoredOffsets -= 1 }
  }

  func wall(at instant: MonotonicInstant) -> WallTime? {
    clock.wall(
      at: instant, system: (timeSource.trustedWallTime, timeSource.now), sources: deviceModel.members(.timeSource))
  }
}

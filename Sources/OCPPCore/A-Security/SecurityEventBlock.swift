import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// A04: security events, logged all and, where they are critical, queued with guaranteed delivery in a lane of their own.
final class SecurityEventBlock: TimedBlock, OutboxRecordCodec {
  /// Characters of SecurityEventNotification's type and techInfo at most.
  private static let maximumType = 50
  private static let maximumTechInfo = 255
  /// Messages of the CSMS that cannot be read are logged this often; those between are counted.
  static let invalidMessageInterval = Duration.seconds(60)

  private unowned let engine: ChargePoint
  private(set) var log: SecurityLog
  /// What was told of the way to the CSMS, until it is open again: one event for a cause, however often it is dialed.
  private var toldFailures: [(event: SecurityEvent, detail: String)] = []
  private var nextInvalidMessageAt = MonotonicInstant.zero
  private var invalidMessages: (count: Int, last: String) = (0, "")
  private var isMemoryShort = false

  init(_ engine: ChargePoint) {
    self.engine = engine
    log = SecurityLog(engine.snapshotDocuments)
  }

  var incomingActions: [OCPPAction] { [] }

  func handle(_ call: IncomingCall) throws(MessageViolation) {}

  // MARK: Raising

  /// An event that the engine has found itself: the firmware around hears of it too.
  func raise(_ event: SecurityEvent, _ info: String? = nil) {
    record(type: event.rawValue, info, isCritical: event.isCritical)
    engine.delegate?.chargePoint(engine, securityEvent: event, info)
  }

  /// Member 29: an event of the firmware around; at most 50 characters of type and 255 of info are kept.
  func record(type: String, _ info: String?, isCritical: Bool, at wall: WallTime? = nil) {
    engine.note(EngineEvent(.security, info.map { "\(type): \($0)" } ?? type))
    keep(type, info, isCritical: isCritical, at: wall)
  }

  /// Into the log, and into the queue where it is critical.
  private func keep(_ type: String, _ info: String?, isCritical: Bool, at wall: WallTime? = nil) {
    let type = String(type.prefix(Self.maximumType))
    let info = info.map { String($0.prefix(Self.maximumTechInfo)) }
    var time = engine.eventTime
    if let wall { time = EventTime(boot: time.boot, instant: time.instant, wall: wall) }
    let line = log.append(type, info, isCritical: isCritical, at: time)
    guard isCritical else { return engine.save([line], durability: .relaxed, whenDone: nil) }
    var record = RecordWriter()
    record.write(type, field: 1)
    record.write(time, field: 2)
    record.write(info, field: 3)
    engine.append(
      OutboxRecord(kind: .securityEvent, lane: .security, body: record.bytes), documents: [line], whenDurable: nil)
  }

  /// Exactly one critical event for each start.
  func recordStart(_ reason: BootReason) {
    switch reason {
    case .powerUp, .unknown: raise(.startupOfTheDevice, reason.rawName)
    case .firmwareUpdate: raise(.firmwareUpdated)
    default: raise(.resetOrReboot, reason.rawName)
    }
  }

  /// Each is noted, the first is logged at once; a CSMS that sends nothing else fills no log.
  func invalidMessage(_ detail: String) {
    engine.note(EngineEvent(.security, "\(SecurityEvent.invalidMessages.rawValue): \(detail)"))
    guard engine.now < nextInvalidMessageAt else { return raiseInvalidMessages(detail) }
    invalidMessages = (invalidMessages.count.addingSaturating(1), detail)
  }

  private func raiseInvalidMessages(_ detail: String) {
    nextInvalidMessageAt = engine.now + Self.invalidMessageInterval
    let count = invalidMessages.count
    invalidMessages = (0, "")
    let info = count > 1 ? "\(count) messages, the last: \(detail)" : detail
    keep(SecurityEvent.invalidMessages.rawValue, info, isCritical: false)
    engine.delegate?.chargePoint(engine, securityEvent: .invalidMessages, info)
  }

  func timeChanged(by change: Duration) {
    let seconds = change.wholeSeconds
    guard seconds.magnitude > UInt64(clamping: engine.deviceModel.integer(.timeAdjustmentReportingThreshold)) else {
      return
    }
    raise(.settingSystemTime, "by \(seconds) s")
  }

  func linkFailed(_ failure: LinkFailure) {
    let event: SecurityEvent
    switch (failure.kind, failure.tlsProblem) {
    case (.unauthorized, _): event = .failedToAuthenticateAtCsms
    case (.tls, .version): event = .invalidTLSVersion
    case (.tls, .cipherSuite): event = .invalidTLSCipherSuite
    case (.tls, .other): event = .csmsFailedToAuthenticate
    case (.tls, .certificate), (.tls, nil): event = .invalidCsmsCertificate
    default: return
    }
    guard !toldFailures.contains(where: { $0.event == event && $0.detail == failure.detail }) else { return }
    toldFailures.removeAll { $0.event == event }
    toldFailures.append((event, failure.detail))
    raise(event, failure.detail)
  }

  func onlineChanged(_ isOnline: Bool) { if isOnline { toldFailures = [] } }

  /// The password has its own event, which is raised with its consequences.
  func variableChanged(_ variable: VariableKey) {
    let password = StationVariable.basicAuthPassword.key
    guard CaseFolding.isEqual(variable.component, password.component), variable != password else { return }
    raise(.reconfigurationOfSecurityParameters, variable.variable)
  }

  /// Called at the end of every turn: the disk or the queue is getting full. Once for each time that it does: what ends it
  /// is room for a good while, not a record that has gone.
  func settle() {
    if isMemoryShort {
      isMemoryShort = !engine.writer.isHealthy || !engine.outbox.isRelieved
    } else if !engine.canBeginTransaction {
      let failure = engine.writer.failure
      guard failure == nil || failure?.kind == .full else { return }
      isMemoryShort = true
      raise(.memoryExhaustion, failure?.detail ?? "the queue to the CSMS is nearly full")
    }
  }

  var nextDeadline: MonotonicInstant { invalidMessages.count > 0 ? nextInvalidMessageAt : .distantFuture }

  func advance(to now: MonotonicInstant) {
    if invalidMessages.count > 0, nextInvalidMessageAt <= now { raiseInvalidMessages(invalidMessages.last) }
  }

  // MARK: Sending

  var kind: OutboxRecordKind { .securityEvent }

  func encode(_ body: ArraySlice<UInt8>, isOffline: Bool, version: OCPPVersion) -> EncodedCall? {
    var reader = RecordReader(body)
    var type: String?
    var time: EventTime?
    var info: String?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: type = value.string
      case 2: time = value.eventTime
      case 3: info = value.string
      default: break
      }
    }
    guard let type, let time, let wall = engine.wallTime(of: time) ?? engine.wall(at: engine.now) else { return nil }
    let request = SecurityEventNotificationRequest(type: type, timestamp: wall, techInfo: info)
    return EncodedCall(action: .securityEventNotification) { writer in
      request.encode(into: &writer, version: version)
    }
  }

  func answered(_ body: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, version: OCPPVersion) -> Bool {
    (try? SecurityEventNotificationResponse.decode(payload, version: version)) != nil
  }
}

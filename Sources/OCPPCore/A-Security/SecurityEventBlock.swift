import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// The security events that this engine can raise (Part 2 appendix 1), by the name in messages.
enum SecurityEvent: String, Sendable, CaseIterable {
  case startupOfTheDevice = "StartupOfTheDevice"
  case resetOrReboot = "ResetOrReboot"
  case firmwareUpdated = "FirmwareUpdated"
  case settingSystemTime = "SettingSystemTime"
  case failedToAuthenticateAtCsms = "FailedToAuthenticateAtCsms"
  case reconfigurationOfSecurityParameters = "ReconfigurationOfSecurityParameters"
  case invalidMessages = "InvalidMessages"
  case memoryExhaustion = "MemoryExhaustion"
  case invalidCsmsCertificate = "InvalidCsmsCertificate"
  case tamperDetectionActivated = "TamperDetectionActivated"

  /// Critical events go to the CSMS (A04.FR.01), all go to the security log (A04.FR.04).
  var isCritical: Bool {
    switch self {
    case .failedToAuthenticateAtCsms, .reconfigurationOfSecurityParameters, .invalidMessages: false
    default: true
    }
  }
}

/// A04: security events, queued with guaranteed delivery in a lane of their own.
final class SecurityEventBlock: FunctionalBlock, OutboxRecordCodec {
  /// Characters of SecurityEventNotification's techInfo at most.
  private static let maximumTechInfo = 255

  private unowned let engine: ChargePoint

  init(_ engine: ChargePoint) { self.engine = engine }

  var incomingActions: [OCPPAction] { [] }

  func handle(_ call: IncomingCall) throws(MessageViolation) {}

  // MARK: Raising

  func raise(_ event: SecurityEvent, _ info: String? = nil) {
    record(type: event.rawValue, info, isCritical: event.isCritical)
  }

  /// Member 29: an event of the firmware around; at most 50 characters of type and 255 of info are kept.
  func record(type: String, _ info: String?, isCritical: Bool) {
    engine.note(EngineEvent(.security, info.map { "\(type): \($0)" } ?? type))
    guard isCritical else { return }
    var record = RecordWriter()
    record.write(String(type.prefix(50)), field: 1)
    record.write(engine.eventTime, field: 2)
    record.write(info.map { String($0.prefix(Self.maximumTechInfo)) }, field: 3)
    engine.append(
      OutboxRecord(kind: .securityEvent, lane: .security, body: record.bytes), documents: [], whenDurable: nil)
  }

  /// Exactly one critical event for each start.
  func recordStart(_ reason: BootReason) {
    switch reason {
    case .powerUp, .unknown: raise(.startupOfTheDevice, reason.rawName)
    case .firmwareUpdate: raise(.firmwareUpdated)
    default: raise(.resetOrReboot, reason.rawName)
    }
  }

  func invalidMessage(_ detail: String) { raise(.invalidMessages, detail) }

  func timeChanged(by change: Duration) {
    let seconds = change.wholeSeconds
    guard seconds.magnitude > UInt64(clamping: engine.deviceModel.integer(.timeAdjustmentReportingThreshold)) else {
      return
    }
    raise(.settingSystemTime, "by \(seconds) s")
  }

  func linkFailed(_ failure: LinkFailure) {
    switch failure.kind {
    case .unauthorized: raise(.failedToAuthenticateAtCsms, failure.detail)
    case .tls:
      // One event for a cause, however often the dial is repeated.
      guard failure.detail != lastCertificateFailure else { return }
      lastCertificateFailure = failure.detail
      raise(.invalidCsmsCertificate, failure.detail)
    default: break
    }
  }

  private var lastCertificateFailure: String?

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

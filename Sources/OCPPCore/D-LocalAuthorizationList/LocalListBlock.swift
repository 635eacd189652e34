import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// D01, D02: the local authorization list, which the CSMS keeps. It lies in the store's token tables, its version with
/// it; a step is applied whole or not at all, and answered when it is durable.
///
/// | what comes | answer |
/// | --- | --- |
/// | the list is turned off | Failed, NotEnabled |
/// | a version of 0 or less | Failed, InvalidValue (D01.FR.18) |
/// | Differential, and the version is not above the list's | VersionMismatch (D01.FR.19) |
/// | a token twice | Failed, InvalidValue (D01.FR.06) |
/// | Full, and an entry that says nothing of its token | Failed, MissingParam |
/// | more entries than Entries may be | Failed, TooManyElements |
/// | more bytes than Storage may be, or no room on the disk | Failed, OutOfStorage |
/// | the store cannot be written | Failed, InternalError |
/// | else | Accepted |
package final class LocalListBlock: FunctionalBlock {
  /// LocalAuthListCtrlr.ItemsPerMessage.
  package static let itemsPerMessage = 8_000
  /// Elements of an array in any frame, a little above it: what is too much for a list is told as such.
  private static let maximumItems = 8_192

  /// What a frame may hold so that a list fits in: longer arrays than other messages have, and no larger objects.
  static func limits(_ configuration: ChargePointConfiguration) -> JSONLimits {
    JSONLimits(
      maximumBytes: configuration.maximumFrameBytes, maximumItems: maximumItems,
      maximumMembers: JSONLimits.standard.maximumMembers)
  }

  private unowned let services: any EngineServices
  private var isUpdating = false

  package init(_ services: any EngineServices) {
    self.services = services
    showTables()
  }

  package var incomingActions: [OCPPAction] { [.sendLocalList, .getLocalListVersion] }

  package func handle(_ call: IncomingCall) throws(MessageViolation) {
    if call.action == .sendLocalList { return try sendLocalList(call) }
    _ = try GetLocalListVersionRequest.decode(call.payload, version: call.version)
    let version = isEnabled ? services.tokenTables.listVersion : 0
    let response = GetLocalListVersionResponse(versionNumber: version)
    call.respond { writer, version in response.encode(into: &writer, version: version) }
  }

  private var isEnabled: Bool { services.deviceModel.bool(.localListEnabled) }

  // MARK: - D01

  private func sendLocalList(_ call: IncomingCall) throws(MessageViolation) {
    var entries: [TokenListUpdate.Entry] = []
    var removals = 0
    let request = try SendLocalListRequest.read(
      call.payload, version: call.version, limits: Self.limits(services.configuration),
      maximumEntries: Self.itemsPerMessage
    ) { token, information in
      entries.append(.init(TokenDigest(token), body: information.map { TokenFacts($0).stored }))
      if information == nil { removals += 1 }
    }
    func answer(_ status: SendLocalListStatus, _ reason: String? = nil, _ detail: String? = nil) {
      let information = reason.map { StatusInfo(reasonCode: $0, additionalInfo: detail) }
      let response = SendLocalListResponse(status: status, statusInfo: information)
      call.respond { writer, version in response.encode(into: &writer, version: version) }
    }
    guard isEnabled else { return answer(.failed, "NotEnabled") }
    guard request.versionNumber > 0 else { return answer(.failed, "InvalidValue", "the version is not above 0") }
    if isUpdating { return answer(.failed, "InvalidMessageSeq", "the list before is being written") }
    let isFull = request.updateType == .full
    guard isFull || request.versionNumber > services.tokenTables.listVersion else { return answer(.versionMismatch) }
    guard !isFull || removals == 0 else {
      return answer(.failed, "MissingParam", "a full list says something of every token")
    }
    entries.sort { $0.digest < $1.digest }
    guard !zip(entries, entries.dropFirst()).contains(where: { $0.digest == $1.digest }) else {
      return answer(.failed, "InvalidValue", "a token comes twice")
    }
    isUpdating = true
    services.updateTokenList(
      TokenListUpdate(version: request.versionNumber, replacesAll: isFull, entries: entries)
    ) { [weak self] failure in
      self?.isUpdating = false
      guard let failure else { return answer(.accepted) }
      switch failure.kind {
      case .limit: answer(.failed, "TooManyElements", failure.detail)
      case .full: answer(.failed, "OutOfStorage", failure.detail)
      default: answer(.failed, "InternalError")
      }
    }
  }

  // MARK: - What the device model says

  /// Entries and Storage are what the tables hold.
  package func showTables() {
    let tables = services.tokenTables
    services.deviceModel.set(.localListEntries, String(tables.listEntries))
    services.deviceModel.set(.localListStorage, String(tables.listBytes))
    services.deviceModel.set(.authCacheStorage, String(tables.cacheBytes))
  }
}

import OCPPJSON
import OCPPTypes

// B07: the reports whose content the standard fixes.

extension ProvisioningBlock {
  func getBaseReport(_ call: IncomingCall) throws(MessageViolation) {
    let request = try GetBaseReportRequest.decode(call.payload, version: call.version, limits: engine.limits)
    func respond(_ status: GenericDeviceModelStatus, _ reason: String?) {
      call.respond { writer, version in
        GetBaseReportResponse(status: status, statusInfo: reason.map { StatusInfo(reasonCode: $0) })
          .encode(into: &writer, version: version)
      }
    }
    begin(report: request.requestId, places: engine.deviceModel.places(in: request.reportBase), respond: respond)
  }
}

extension DeviceModel {
  /// The entries that belong to a base report, in their order.
  func places(in base: ReportBase) -> [Int] {
    switch base {
    case .fullInventory: return Array(entries.indices)
    // B07.FR.07: what the operator can set.
    case .configurationInventory:
      return entries.indices.filter { place in entries[place].attributes.contains { $0.mutability != .readOnly } }
    case .summaryInventory: return summaryPlaces()
    }
  }

  /// B07.FR.09: the availability of station, EVSEs and connectors, and all that components in an abnormal state tell.
  private func summaryPlaces() -> [Int] {
    var abnormal: Set<ComponentKey> = []  // allowed: looked up, never iterated
    for entry in entries where entry.isAbnormal { abnormal.insert(ComponentKey(entry.key)) }
    return entries.indices.filter { place in
      let key = entries[place].key
      if CaseFolding.isEqual(key.variable, "AvailabilityState") { return true }
      return !abnormal.isEmpty && abnormal.contains(ComponentKey(key))
    }
  }
}

extension DeviceModel.Entry {
  private static let abnormalNames = ["Problem", "Tripped", "Overload", "Fallback"]

  /// Says that its component is not as it should be.
  fileprivate var isAbnormal: Bool {
    actual == "true" && Self.abnormalNames.contains { CaseFolding.isEqual($0, key.variable) }
  }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

extension ChargingStation {
  static func card(_ text: String) -> IdToken { IdToken(idToken: text, type: .iso14443) }

  static func entry(
    _ text: String, _ status: AuthorizationStatus? = .accepted, group: String? = nil, expiry: WallTime? = nil
  ) -> AuthorizationData {
    AuthorizationData(
      idToken: card(text),
      idTokenInfo: status.map {
        IdTokenInfo(
          status: $0, cacheExpiryDateTime: expiry,
          groupIdToken: group.map { IdToken(idToken: $0, type: .central) })
      })
  }

  /// Sends a list and gives the status of the answer.
  @discardableResult
  func sendList(
    _ kind: UpdateKind, version: Int32, _ entries: [AuthorizationData]? = nil
  ) -> JSONValue? {
    let request = SendLocalListRequest(versionNumber: version, updateType: kind, localAuthorizationList: entries)
    return csms(.sendLocalList, request.encode(version: .v201))?["status"]
  }

  var listVersion: JSONValue? {
    csms(.getLocalListVersion, GetLocalListVersionRequest().encode(version: .v201))?["versionNumber"]
  }

  func value(_ component: String, _ variable: String) -> String? {
    chargePoint.requestValue(VariableKey(component, variable))
  }

  /// By SetVariables.
  func set(_ component: String, _ variable: String, _ value: String) {
    let item: JSONValue = [
      "attributeValue": .string(value), "component": ["name": .string(component)],
      "variable": ["name": .string(variable)],
    ]
    let id = harness.csms.call(.setVariables, ["setVariableData": [item]])
    wait(1)
    let status = harness.csms.result(id)?["setVariableResult"]?.array?.first?["attributeStatus"]
    if status != "Accepted" { Issue.record("\(component).\(variable) = \(value): \(String(describing: status))") }
  }

  var isOnline: Bool { harness.csms.isConnected }

  /// The link goes down, and the station knows.
  func goOffline() {
    harness.link.isUp = false
    wait(90)
  }

  var asked: Int { harness.csms.calls(.authorize).count }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport

/// A station with a profile in slot 1, and a CSMS that sets others.
struct NetworkProfileBench {
  let harness: EngineHarness

  init(
    securityProfile: Int32 = 1, certificates: ChargePointConfiguration.Certificates = .init(), attempts: Int = 2,
    settings: [ChargePointConfiguration.DeviceModelEntry] = []
  ) {
    var configuration = EngineHarness.standardConfiguration(
      deviceModel: [
        EngineHarness.setting("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "\(attempts)"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRandomRange", "0"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRepeatTimes", "0"),
      ] + settings)
    configuration.networkProfiles = [
      .init(
        slot: 1, url: securityProfile >= 2 ? "wss://first" : "ws://first", identity: "CS-1",
        basicAuthPassword: Array("sixteen-characters".utf8), securityProfile: securityProfile)
    ]
    configuration.certificates = certificates
    harness = EngineHarness(configuration: configuration)
  }

  static func profile(
    _ url: String, securityProfile: Int32 = 1, timeout: Int32 = 30, interface: String = "Wired0",
    version: String = "OCPP20", transport: String = "JSON", more: [JSONMember] = []
  ) -> JSONValue {
    .object(
      [
        JSONMember("ocppVersion", .string(version)), JSONMember("ocppTransport", .string(transport)),
        JSONMember("ocppCsmsUrl", .string(url)), JSONMember("messageTimeout", .number(Decimal(Int64(timeout)))),
        JSONMember("securityProfile", .number(Decimal(Int64(securityProfile)))),
        JSONMember("ocppInterface", .string(interface)),
      ] + more)
  }

  /// `status`, or `status reasonCode`.
  func set(_ slot: Int32, _ profile: JSONValue) -> String? {
    let id = harness.csms.call(
      .setNetworkProfile, ["configurationSlot": .number(Decimal(Int64(slot))), "connectionData": profile])
    harness.run(for: .seconds(1))
    guard let result = harness.csms.result(id), let status = result["status"]?.string else {
      return harness.csms.errorCode(id)
    }
    guard let reason = result["statusInfo"]?["reasonCode"]?.string else { return status }
    return "\(status) \(reason)"
  }

  func write(_ variable: String, _ value: String, of component: String = "OCPPCommCtrlr") -> String? {
    let id = harness.csms.call(
      .setVariables,
      [
        "setVariableData": [
          [
            "component": ["name": .string(component)], "variable": ["name": .string(variable)],
            "attributeValue": .string(value),
          ]
        ]
      ])
    harness.run(for: .seconds(1))
    let result = harness.csms.result(id)?["setVariableResult"]?[0]
    guard let status = result?["attributeStatus"]?.string else { return harness.csms.errorCode(id) }
    guard let reason = result?["attributeStatusInfo"]?["reasonCode"]?.string else { return status }
    return "\(status) \(reason)"
  }

  func prioritize(_ slots: String) -> String? { write("NetworkConfigurationPriority", slots) }

  func read(_ variable: String, of component: String = "OCPPCommCtrlr") -> String? {
    harness.chargePoint.requestValue(VariableKey(component, variable))
  }

  /// The CSMS resets the station, which comes back by itself.
  func reset() {
    harness.csms.call(.reset, ["type": "OnIdle"])
    harness.run(for: .seconds(10))
    harness.restart(.clean, reason: .remoteReset)
  }

  func refuse() { harness.csms.refusal = LinkFailure(.refused, detail: "closed") }
  func accept() { harness.csms.refusal = nil }

  /// The hosts dialed since the dial of that number.
  func hosts(from number: Int) -> [String] {
    harness.link.dials.dropFirst(number).map { dial in
      String(dial.target.url.split(separator: "/").last ?? "")
    }
  }
}

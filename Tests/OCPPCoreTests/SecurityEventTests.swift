import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("A04 Security events")
struct SecurityEventTests {
  private func sent(_ harness: EngineHarness) -> [String] {
    harness.csms.calls(.securityEventNotification).compactMap { $0.json["type"]?.string }
  }

  private func logged(_ harness: EngineHarness) -> [String] { harness.chargePoint.securityLog.map(\.type) }

  /// Part 2, appendix 1.
  private static let critical = [
    "FirmwareUpdated", "SettingSystemTime", "StartupOfTheDevice", "ResetOrReboot", "SecurityLogWasCleared",
    "MemoryExhaustion", "TamperDetectionActivated", "InvalidFirmwareSignature", "InvalidFirmwareSigningCertificate",
    "InvalidCsmsCertificate", "InvalidChargingStationCertificate", "InvalidTLSVersion", "InvalidTLSCipherSuite",
    "MaintenanceLoginAccepted", "MaintenanceLoginFailed",
  ]
  private static let others = [
    "FailedToAuthenticateAtCsms", "CsmsFailedToAuthenticate", "ReconfigurationOfSecurityParameters", "InvalidMessages",
    "AttemptedReplayAttacks",
  ]

  @Test("A04.FR.01, A04.FR.04, T-68, M-29 Every event of the standard is logged; the critical ones go to the CSMS")
  func listed() {
    #expect(Set(SecurityEvent.allCases.map(\.rawValue)) == Set(Self.critical + Self.others))
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    let before = harness.chargePoint.securityLog.count
    for type in Self.critical + Self.others { harness.chargePoint.securityEvent(type, info: "test") }
    harness.run(for: .seconds(5))
    #expect(sent(harness) == Self.critical)
    #expect(logged(harness).dropFirst(before) == (Self.critical + Self.others)[...])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "M-29 The firmware may say what is critical and when it was; long texts are cut, events of its own are critical")
  func ownWord() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    let long = String(repeating: "é", count: 400)
    harness.chargePoint.securityEvent("InvalidMessages", isCritical: true)
    harness.chargePoint.securityEvent("MaintenanceLoginFailed", isCritical: false)
    harness.chargePoint.securityEvent(long, info: long, time: WallTime(rfc3339: "2026-01-02T03:04:05Z"))
    harness.run(for: .seconds(1))
    let calls = harness.csms.calls(.securityEventNotification)
    #expect(calls.map { $0.json["type"]?.string?.count } == [15, 50])
    #expect(calls.last?.json["techInfo"]?.string?.count == 255)
    #expect(calls.last?.json["timestamp"]?.string?.hasPrefix("2026-01-02T03:04:05") == true)
    #expect(logged(harness).contains("MaintenanceLoginFailed"))
    #expect(harness.delegate.securityEvents == [.startupOfTheDevice])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("A04.FR.02, T-68 Offline and over a power cut critical events are kept, and each is delivered")
  func guaranteed() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.csms.refusal = LinkFailure(.network, detail: "no route")
    harness.link.drop()
    harness.run(for: .seconds(5))
    for number in 0..<40 { harness.chargePoint.securityEvent("TamperDetectionActivated", info: "\(number)") }
    harness.run(for: .seconds(1))
    harness.restart(.powerCut)
    harness.csms.refusal = nil
    harness.run(for: .seconds(300))
    let tampering = harness.csms.calls(.securityEventNotification)
      .filter { $0.json["type"] == "TamperDetectionActivated" }.compactMap { $0.json["techInfo"]?.string }
    #expect(tampering == (0..<40).map { "\($0)" })
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("A04.FR.04, T-68 The log survives restarts, also what is not critical, and is bounded: the oldest go")
  func logIsRolling() {
    let harness = EngineHarness().start()
    for number in 0..<600 {
      harness.chargePoint.securityEvent("AttemptedReplayAttacks", info: "\(number)")
      if number % 100 == 0 { harness.run(for: .seconds(1)) }
    }
    harness.run(for: .seconds(1))
    let before = harness.chargePoint.securityLog
    #expect(before.count == 512)
    #expect(before.last?.information == "599" && before.last?.time != nil)
    #expect(zip(before, before.dropFirst()).allSatisfy { $0.number + 1 == $1.number })
    harness.restart(.kill, reason: .applicationReset)
    let after = harness.chargePoint.securityLog
    #expect(after.count == 512)
    #expect(after.last?.type == "ResetOrReboot" && after.last?.number == (before.last?.number ?? 0) + 1)
    #expect(Array(after.dropLast()) == Array(before.dropFirst()))
    #expect(harness.store.snapshot().documents.filter { $0.key.hasPrefix("security ") }.count == 512)
  }

  @Test(
    "A04.FR.01 Each start is one critical event, by its reason",
    arguments: [
      (BootReason.powerUp, "StartupOfTheDevice"), (.watchdog, "ResetOrReboot"), (.applicationReset, "ResetOrReboot"),
      (.firmwareUpdate, "FirmwareUpdated"),
    ])
  func starts(_ reason: BootReason, _ type: String) {
    let harness = EngineHarness().start(reason)
    harness.run(for: .seconds(5))
    #expect(sent(harness) == [type])
    #expect(harness.delegate.securityEvents.map(\.rawValue) == [type])
  }

  @Test(
    "A00.FR.316, A00.FR.323 What is wrong with the way to the CSMS has its own event, once for each cause",
    arguments: [
      (LinkFailure(.tls, detail: "TLS 1.0", tlsProblem: .version), "InvalidTLSVersion", true),
      (LinkFailure(.tls, detail: "RC4", tlsProblem: .cipherSuite), "InvalidTLSCipherSuite", true),
      (LinkFailure(.tls, detail: "expired", tlsProblem: .certificate), "InvalidCsmsCertificate", true),
      (LinkFailure(.tls, detail: "alert", tlsProblem: .other), "CsmsFailedToAuthenticate", false),
      (LinkFailure(.unauthorized, detail: "401"), "FailedToAuthenticateAtCsms", false),
    ])
  func linkFailures(_ failure: LinkFailure, _ type: String, _ isCritical: Bool) {
    let harness = EngineHarness()
    harness.csms.refusal = failure
    harness.start()
    harness.run(for: .seconds(900))
    #expect(logged(harness) == ["StartupOfTheDevice", type])
    harness.csms.refusal = nil
    harness.run(for: .seconds(900))
    #expect(sent(harness) == ["StartupOfTheDevice"] + (isCritical ? [type] : []))
    harness.csms.refusal = failure
    harness.link.drop()
    harness.run(for: .seconds(60))
    #expect(logged(harness).filter { $0 == type }.count == 2)
  }

  @Test("A network that is away is no security event")
  func plainFailures() {
    let harness = EngineHarness()
    harness.csms.refusal = LinkFailure(.timeout, detail: "no answer")
    harness.start()
    harness.run(for: .seconds(300))
    #expect(logged(harness) == ["StartupOfTheDevice"])
  }

  @Test("InvalidMessages: the first at once, then one a minute with their number, however many come")
  func invalidMessages() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    for _ in 0..<200 {
      harness.csms.sendRaw("[2,\"x\",\"Reset\",{\"type\":1}]")
      harness.run(for: .milliseconds(300))
    }
    harness.run(for: .seconds(120))
    let lines = harness.chargePoint.securityLog.filter { $0.type == "InvalidMessages" }
    #expect(lines.count == 2)
    #expect(lines.last?.information?.hasPrefix("199 messages") == true, "\(lines)")
    #expect(sent(harness).isEmpty)
  }

  @Test("SettingSystemTime when the clock moves by more than TimeAdjustmentReportingThreshold, and not by less")
  func systemTime() {
    let harness = EngineHarness().start()
    harness.run(for: .seconds(5))
    harness.csms.forgetCalls()
    harness.csms.clockError = .seconds(15)
    harness.run(for: .seconds(400))
    #expect(sent(harness).isEmpty)
    harness.csms.clockError = .seconds(75)
    harness.run(for: .seconds(400))
    #expect(sent(harness) == ["SettingSystemTime"])
  }

  @Test("ReconfigurationOfSecurityParameters is logged when the CSMS sets a password, without the password")
  func reconfiguration() {
    let harness = EngineHarness().start()
    harness.csms.call(
      .setVariables,
      [
        "setVariableData": [
          [
            "component": ["name": "SecurityCtrlr"], "variable": ["name": "BasicAuthPassword"],
            "attributeValue": "correct horse battery",
          ]
        ]
      ])
    harness.run(for: .seconds(30))
    let lines = harness.chargePoint.securityLog.filter { $0.type == "ReconfigurationOfSecurityParameters" }
    #expect(lines.count == 1)
    #expect(harness.chargePoint.securityLog.allSatisfy { $0.information?.contains("horse") != true })
    #expect(harness.delegate.changedVariables.map(\.variable).contains("BasicAuthPassword"))
  }

  @Test("MemoryExhaustion is told once when the disk is full, and again only after there was room")
  func memoryExhaustion() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    for _ in 0..<2 {
      harness.store.failure = StoreFailure(.full, detail: "no space left")
      harness.chargePoint.securityEvent("TamperDetectionActivated")
      harness.run(for: .seconds(120))
      harness.store.failure = nil
      harness.run(for: .seconds(200))
    }
    #expect(sent(harness).filter { $0 == "MemoryExhaustion" }.count == 2)
    harness.store.failure = StoreFailure(.inputOutput, detail: "broken")
    harness.chargePoint.securityEvent("TamperDetectionActivated")
    harness.run(for: .seconds(120))
    #expect(harness.delegate.securityEvents.filter { $0 == .memoryExhaustion }.count == 2)
  }

  @Test(
    "A04.FR.01 MemoryExhaustion when the store's space is critical: once, however it wavers, until there is ample room")
  func criticalSpace() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    func told() -> Int { sent(harness).filter { $0 == "MemoryExhaustion" }.count }
    func become(_ space: StoreSpace) {
      harness.store.space = space
      harness.run(for: .seconds(5))
    }
    become(.short)
    #expect(told() == 0)
    for _ in 0..<10 {
      become(.critical)
      become(.short)
    }
    #expect(told() == 1)
    become(.ample)
    become(.critical)
    #expect(told() == 2)
    become(.exhausted)
    #expect(told() == 2)
    #expect(harness.chargePoint.securityLog.filter { $0.type == "MemoryExhaustion" }.count == 2)
  }
}

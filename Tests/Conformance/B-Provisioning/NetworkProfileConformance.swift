import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("B09 Setting a new NetworkConnectionProfile")
struct NetworkProfileConformance {
  private typealias Bench = NetworkProfileBench

  @Test("B09.FR.01, M-10 A valid profile is stored in its slot, survives a power cut, and can be asked for")
  func stores() throws {
    let bench = NetworkProfileBench()
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("ws://second", timeout: 45, interface: "Wireless1")) == "Accepted")
    bench.harness.restart(.powerCut)
    let profile = try #require(bench.harness.chargePoint.networkProfile(slot: 2))
    #expect(profile.url == "ws://second")
    #expect(profile.interface == .wireless1)
    #expect(profile.messageTimeout == .seconds(45))
    #expect(profile.identity == "CS-1")
    #expect(bench.harness.chargePoint.networkProfile(slot: 0) == nil)
    #expect(bench.harness.chargePoint.networkProfile(slot: 3) == nil)
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
  }

  @Test("B09.FR.05, TC_B_43_CS A slot that the station does not have is Rejected with InvalidConfSlot")
  func refusesUnknownSlot() {
    let bench = NetworkProfileBench()
    bench.harness.start()
    for slot: Int32 in [999, 0, -1, .max] {
      #expect(bench.set(slot, Bench.profile("ws://second")) == "Rejected InvalidConfSlot")
    }
  }

  @Test("DESIGN §4 A profile that the store takes longer for than the CSMS waits is not used, now or after a restart")
  func lateProfile() {
    for former in [nil, "ws://former"] as [String?] {
      let bench = NetworkProfileBench()
      bench.harness.start()
      if let former { #expect(bench.set(2, Bench.profile(former)) == "Accepted") }
      let before = bench.harness.store.content.documents.filter { $0.kind == .network }
      bench.harness.store.latency = .seconds(25)
      let id = bench.harness.csms.call(
        .setNetworkProfile, ["configurationSlot": 2, "connectionData": Bench.profile("ws://late")])
      bench.harness.run(for: .seconds(22))
      guard case .error("InternalError", _)? = bench.harness.csms.answers[id] else {
        return #expect(Bool(false), "\(String(describing: bench.harness.csms.answers[id]))")
      }
      bench.harness.run(for: .seconds(10))
      bench.harness.store.latency = .milliseconds(1)
      bench.harness.run(for: .seconds(60))
      #expect(bench.harness.store.content.documents.filter { $0.kind == .network } == before)
      bench.harness.restart(.powerCut)
      // An empty slot cannot be chosen; the former profile can.
      #expect(bench.prioritize("2,1") == (former == nil ? "Rejected InvalidNetworkConf" : "RebootRequired"))
    }
  }

  @Test("B09.FR.06, B09.FR.05 Every slot of the list of possible values can be set; there are two at least")
  func hasSlots() {
    let bench = NetworkProfileBench()
    bench.harness.start()
    bench.harness.csms.call(.getBaseReport, ["requestId": 1, "reportBase": "FullInventory"])
    bench.harness.run(for: .seconds(5))
    var values: String?
    for report in bench.harness.csms.calls(.notifyReport) {
      for entry in report.json["reportData"]?.array ?? []
      where entry["variable"]?["name"] == "NetworkConfigurationPriority" {
        values = entry["variableCharacteristics"]?["valuesList"]?.string
      }
    }
    let slots = (values ?? "").split(separator: ",").compactMap { Int32($0) }
    #expect(slots.count >= 2)
    for slot in slots { #expect(bench.set(slot, Bench.profile("ws://host-\(slot)")) == "Accepted") }
  }

  @Test(
    "B09.FR.02 Content that the station cannot use is Rejected with InvalidNetworkConf, and changes nothing",
    arguments: [
      Bench.profile("http://second"), Bench.profile("wss://second"), Bench.profile("second"), Bench.profile("ws://"),
      Bench.profile("ws:///path"), Bench.profile("ws://a b"), Bench.profile("ws://sec\u{F6}nd"),
      Bench.profile("ws://second", securityProfile: 2), Bench.profile("wss://second", securityProfile: 4),
      Bench.profile("ws://second", timeout: 0), Bench.profile("ws://second", timeout: -5),
      Bench.profile("ws://second", timeout: .max), Bench.profile("ws://second", version: "OCPP16"),
      Bench.profile("ws://second", version: "OCPP12"), Bench.profile("ws://second", transport: "SOAP"),
      Bench.profile(
        "ws://second",
        more: [
          JSONMember("apn", ["apn": "internet", "apnAuthentication": "AUTO"])
        ]),
      Bench.profile(
        "ws://second",
        more: [
          JSONMember("vpn", ["server": "s", "user": "u", "password": "p", "key": "k", "type": "IKEv2"])
        ]),
    ])
  func refusesInvalid(profile: JSONValue) {
    let bench = NetworkProfileBench()
    bench.harness.start()
    #expect(bench.set(2, profile) == "Rejected InvalidNetworkConf")
    #expect(bench.harness.chargePoint.networkProfile(slot: 2) == nil)
    #expect(bench.prioritize("1,2") == "Rejected InvalidNetworkConf")
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
  }

  @Test("B09.FR.02 The firmware's own objection counts, and its consent to an APN as well")
  func asksFirmware() {
    let bench = NetworkProfileBench()
    bench.harness.start()
    let modem = Bench.profile(
      "ws://second", interface: "Wireless0",
      more: [JSONMember("apn", ["apn": "internet", "apnAuthentication": "AUTO"])])
    bench.harness.delegate.validateNetwork = { $0.ocppInterface == .wireless0 }
    #expect(bench.set(2, Bench.profile("ws://second")) == "Rejected InvalidNetworkConf")
    #expect(bench.set(2, modem) == "Accepted")
    #expect(bench.harness.chargePoint.networkProfile(slot: 2)?.apn?.apn == "internet")
    bench.harness.restart(.kill)
    #expect(bench.harness.chargePoint.networkProfile(slot: 2)?.apn?.apn == "internet")
  }

  @Test("B09.FR.03 A profile that cannot be stored is answered with Failed, and is not used")
  func tellsFailure() {
    let bench = NetworkProfileBench()
    bench.harness.start()
    bench.harness.store.failure = StoreFailure(.full, detail: "full")
    #expect(bench.set(2, Bench.profile("ws://second")) == "Failed StorageFailure")
    bench.harness.store.failure = nil
    #expect(bench.harness.chargePoint.networkProfile(slot: 2) == nil)
  }

  @Test(
    "B09.FR.04, TC_A_22_CS A profile under the security profile in use is Rejected with NoSecurityDowngrade",
    arguments: [(2, 1), (3, 2), (3, 1), (2, 0)] as [(Int32, Int32)])
  func refusesDowngrade(present: Int32, wanted: Int32) {
    let bench = NetworkProfileBench(securityProfile: present)
    bench.harness.start()
    #expect(
      bench.set(2, Bench.profile(wanted >= 2 ? "wss://second" : "ws://second", securityProfile: wanted))
        == "Rejected NoSecurityDowngrade")
    #expect(bench.harness.chargePoint.networkProfile(slot: 2) == nil)
  }

  @Test("B09.FR.31 AllowSecurityProfileDowngrade opens the way from 3 to 2, and never to 1")
  func allowsDowngradeToTwo() {
    let bench = NetworkProfileBench(securityProfile: 3)
    bench.harness.start()
    #expect(bench.write("AllowSecurityProfileDowngrade", "true", of: "SecurityCtrlr") == "Accepted")
    #expect(bench.set(2, Bench.profile("wss://second", securityProfile: 2)) == "Accepted")
    #expect(bench.set(3, Bench.profile("ws://third", securityProfile: 1)) == "Rejected NoSecurityDowngrade")
    #expect(bench.write("AllowSecurityProfileDowngrade", "false", of: "SecurityCtrlr") == "Accepted")
    #expect(bench.set(3, Bench.profile("wss://third", securityProfile: 2)) == "Rejected NoSecurityDowngrade")
  }

  @Test("B09.FR.01 A new profile for the slot in use counts from the next start, and the present link stays")
  func keepsSlotInUse() {
    let bench = NetworkProfileBench()
    bench.harness.start()
    #expect(bench.set(1, Bench.profile("ws://moved")) == "Accepted")
    #expect(bench.harness.chargePoint.networkProfile(slot: 1)?.url == "ws://moved")
    bench.harness.link.drop()
    bench.harness.run(for: .seconds(30))
    #expect(bench.harness.link.dials.last?.target.url == "ws://first")
    bench.reset()
    #expect(bench.harness.link.dials.last?.target.url == "ws://moved")
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
  }

  @Test("Part 4 §4.1.1 The message timeout of the profile in use is MessageTimeout, and is obeyed")
  func obeysMessageTimeout() {
    let bench = NetworkProfileBench()
    bench.harness.csms.stationMessageTimeout = .seconds(7)
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("ws://second", timeout: 7)) == "Accepted")
    #expect(bench.prioritize("2,1") == "RebootRequired")
    bench.reset()
    let id = bench.harness.csms.call(
      .getVariables,
      [
        "getVariableData": [
          ["component": ["name": "OCPPCommCtrlr"], "variable": ["name": "MessageTimeout", "instance": "Default"]]
        ]
      ])
    bench.harness.run(for: .seconds(1))
    #expect(bench.harness.csms.result(id)?["getVariableResult"]?[0]?["attributeValue"] == "7")
    bench.harness.csms.script = { $0.action == .statusNotification ? .silent : .standard }
    let before = bench.harness.chargePoint.statistics.timeouts
    bench.harness.chargePoint.handle(
      .connected(ConnectorID(evse: EVSEID(1), number: 1), true, at: bench.harness.clock.now))
    bench.harness.run(for: .seconds(6))
    #expect(bench.harness.chargePoint.statistics.timeouts == before)
    bench.harness.run(for: .seconds(2))
    #expect(bench.harness.chargePoint.statistics.timeouts == before + 1)
  }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("B10 Migrate to a new CSMS")
struct MigrationConformance {
  private typealias Bench = NetworkProfileBench

  @Test("B10.FR.01, FR.04, FR.06, A05.FR.05, TC_B_45_CS The next start begins with the first slot of the new list")
  func migrates() {
    let bench = NetworkProfileBench()
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("ws://second")) == "Accepted")
    #expect(bench.prioritize("2,1") == "RebootRequired")
    #expect(bench.read("ActiveNetworkProfile") == "1")
    let before = bench.harness.link.dials.count
    bench.reset()
    #expect(bench.hosts(from: before) == ["second"])
    #expect(bench.read("ActiveNetworkProfile") == "2")
    #expect(bench.harness.csms.calls(.bootNotification).last?.json["reason"] == "RemoteReset")
    // The simulated link reports a dial while another link stands.
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
  }

  @Test("B10.FR.02 A list with a slot that holds no profile is Rejected, and the old one stays")
  func refusesEmptySlot() {
    let bench = NetworkProfileBench()
    bench.harness.start()
    for slots in ["2,1", "1,2", "3", "9", "", "1,1", "one"] {
      #expect(bench.prioritize(slots)?.hasPrefix("Rejected") == true, "\(slots)")
    }
    #expect(bench.read("NetworkConfigurationPriority") == "1")
    #expect(bench.set(2, Bench.profile("ws://second")) == "Accepted")
    #expect(bench.prioritize("2,1") == "RebootRequired")
  }

  @Test("B10.FR.03, B10.FR.04, TC_B_46_CS Each slot gets its attempts, then the next one has its turn")
  func fallsBack() {
    let bench = NetworkProfileBench(attempts: 2)
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("ws://second")) == "Accepted")
    #expect(bench.prioritize("2,1") == "RebootRequired")
    let before = bench.harness.link.dials.count
    bench.refuse()
    bench.reset()
    _ = bench.harness.run(upTo: .seconds(300)) { bench.harness.link.dials.count >= before + 2 }
    bench.harness.run(for: .seconds(1))
    bench.accept()
    bench.harness.run(for: .seconds(60))
    #expect(bench.hosts(from: before) == ["second", "second", "first"])
    #expect(bench.harness.chargePoint.status.isAccepted)
    #expect(bench.read("ActiveNetworkProfile") == "1")
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
  }

  @Test(
    "B10.FR.07, TC_B_49_CS After a whole round of failures the last good profile is tried first, after a restart too")
  func returnsToLastGood() {
    let bench = NetworkProfileBench(attempts: 1)
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("ws://second")) == "Accepted")
    #expect(bench.prioritize("2,1") == "RebootRequired")
    let before = bench.harness.link.dials.count
    bench.refuse()
    bench.reset()
    bench.harness.run(for: .seconds(15))
    #expect(bench.hosts(from: before) == ["second", "first"])
    bench.accept()
    bench.harness.run(for: .seconds(20))
    #expect(bench.hosts(from: before) == ["second", "first", "first"])
    #expect(bench.harness.chargePoint.status.isAccepted)
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
  }

  @Test(
    "B10.FR.07, B10.FR.08, B10.FR.09, T-67 A station whose every slot fails goes round for ever, one outside the list too"
  )
  func neverStops() {
    let bench = NetworkProfileBench(attempts: 2)
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("ws://second")) == "Accepted")
    #expect(bench.set(3, Bench.profile("ws://third")) == "Accepted")
    // The slot that worked last is not in the list any more.
    #expect(bench.prioritize("2,3") == "RebootRequired")
    let before = bench.harness.link.dials.count
    bench.refuse()
    bench.reset()
    bench.harness.run(for: .seconds(86_400))
    let hosts = bench.hosts(from: before)
    #expect(
      Array(hosts.prefix(12)) == [
        "second", "second", "third", "third", "first", "first", "second", "second", "third", "third", "first", "first",
      ])
    #expect(hosts.count > 7_000)
    bench.accept()
    bench.harness.run(for: .seconds(30))
    #expect(bench.harness.chargePoint.status.isAccepted)
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
  }

  @Test("B10.FR.03, T-67 After a loss on the last slot of the list every other slot has its turn as well")
  func triesEarlierSlots() {
    let bench = NetworkProfileBench(attempts: 1)
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("ws://second")) == "Accepted")
    #expect(bench.prioritize("1,2") == "RebootRequired")
    bench.reset()
    bench.harness.chargePoint.connectWebSocket(slot: 2)
    bench.harness.run(for: .seconds(2))
    #expect(bench.read("ActiveNetworkProfile") == "2")
    let before = bench.harness.link.dials.count
    bench.refuse()
    bench.harness.link.drop()
    bench.harness.run(for: .seconds(45))
    #expect(bench.hosts(from: before) == ["second", "first", "second", "first"])
  }

  @Test("B10.FR.10, T-5 After a switch of the profile the station registers anew; after a plain reconnect it does not")
  func registersAfterSwitch() {
    let bench = NetworkProfileBench(attempts: 1)
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("ws://second")) == "Accepted")
    #expect(bench.prioritize("1,2") == "RebootRequired")
    bench.reset()
    bench.harness.csms.forgetCalls()
    bench.harness.link.drop()
    bench.harness.run(for: .seconds(30))
    #expect(bench.hosts(from: bench.harness.link.dials.count - 1) == ["first"])
    #expect(bench.harness.csms.calls(.bootNotification).isEmpty)
    bench.refuse()
    bench.harness.link.drop()
    let dials = bench.harness.link.dials.count
    _ = bench.harness.run(upTo: .seconds(60)) { bench.harness.link.dials.count > dials }
    bench.harness.run(for: .seconds(1))
    bench.accept()
    bench.harness.run(for: .seconds(30))
    #expect(bench.hosts(from: dials) == ["first", "second"])
    let boots = bench.harness.csms.calls(.bootNotification)
    #expect(boots.map { $0.json["reason"] } == ["Unknown"])
    #expect(bench.harness.csms.calls.first { $0.connection == boots.last?.connection }?.action == .bootNotification)
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
  }

  @Test("B10.FR.10 What the old CSMS has told to wait for does not hold at the new one")
  func forgetsRefusal() {
    let bench = NetworkProfileBench(attempts: 1)
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("ws://second")) == "Accepted")
    #expect(bench.prioritize("1,2") == "RebootRequired")
    bench.harness.csms.bootAnswers = [(.rejected, 5_000), (.accepted, 300)]
    bench.harness.restart(.kill)
    #expect(bench.harness.chargePoint.status.registration == .rejected)
    bench.harness.chargePoint.connectWebSocket(slot: 2)
    bench.harness.run(for: .seconds(5))
    #expect(bench.harness.chargePoint.status.isAccepted)
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
  }

  @Test("The command line's URL counts for the slot that is active at start, for this run only")
  func overridesURL() {
    let bench = NetworkProfileBench()
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("ws://second")) == "Accepted")
    #expect(bench.prioritize("1,2") == "RebootRequired")
    bench.harness.configuration.urlOverride = .init(url: "ws://bench")
    bench.harness.restart(.clean)
    #expect(bench.harness.link.dials.last?.target.url == "ws://bench")
    #expect(bench.harness.chargePoint.networkProfile(slot: 1)?.url == "ws://first")
    // What the CSMS selects later applies as usual, in the same run.
    #expect(bench.prioritize("2,1") == "RebootRequired")
    bench.harness.configuration.urlOverride = .init(url: "ws://bench", slot: bench.harness.chargePoint.overriddenSlot)
    bench.reset()
    #expect(bench.harness.link.dials.last?.target.url == "ws://second")
    bench.harness.chargePoint.connectWebSocket(slot: 1)
    bench.harness.run(for: .seconds(2))
    #expect(bench.harness.link.dials.last?.target.url == "ws://bench")
    bench.harness.configuration.urlOverride = nil
    bench.harness.restart(.clean)
    bench.harness.chargePoint.connectWebSocket(slot: 1)
    bench.harness.run(for: .seconds(2))
    #expect(bench.harness.link.dials.last?.target.url == "ws://first")
  }
}

@Suite("A05 Upgrade of the security profile")
struct SecurityProfileUpgradeConformance {
  private typealias Bench = NetworkProfileBench

  @Test("A05.FR.02, TC_A_20_CS Without a root certificate of the CSMS a list with a higher profile is Rejected")
  func needsRoot() {
    let bench = NetworkProfileBench()
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("wss://second", securityProfile: 2)) == "Accepted")
    #expect(bench.prioritize("2,1") == "Rejected InvalidNetworkConf")
    bench.reset()
    #expect(bench.harness.link.dials.last?.target.url == "ws://first")
    #expect(bench.read("SecurityProfile", of: "SecurityCtrlr") == "1")
  }

  @Test("A05.FR.03, TC_A_21_CS Without a certificate of the station a list with profile 3 is Rejected")
  func needsCertificate() {
    let bench = NetworkProfileBench(securityProfile: 2, certificates: .init(hasCSMSRoot: true))
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("wss://second", securityProfile: 3)) == "Accepted")
    #expect(bench.prioritize("2,1") == "Rejected InvalidNetworkConf")
  }

  @Test(
    "A05.FR.04, A05.FR.05, A05.FR.06, TC_A_19_CS, T-66 Success with the higher profile removes the lower ones for good")
  func removesLowerProfiles() {
    let bench = NetworkProfileBench(certificates: .init(hasCSMSRoot: true))
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("wss://second", securityProfile: 2)) == "Accepted")
    #expect(bench.set(3, Bench.profile("ws://third", securityProfile: 1)) == "Accepted")
    #expect(bench.prioritize("2,1,3") == "RebootRequired")
    #expect(bench.read("SecurityProfile", of: "SecurityCtrlr") == "1")
    bench.reset()
    #expect(bench.harness.link.dials.last?.target.securityProfile == 2)
    for _ in 0..<2 {
      #expect(bench.read("SecurityProfile", of: "SecurityCtrlr") == "2")
      #expect(bench.read("NetworkConfigurationPriority") == "2")
      #expect(bench.harness.chargePoint.networkProfile(slot: 1) == nil)
      #expect(bench.harness.chargePoint.networkProfile(slot: 3) == nil)
      #expect(bench.prioritize("1,2")?.hasPrefix("Rejected") == true)
      bench.harness.restart(.powerCut)
    }
    // However long the new CSMS is away, no dial goes back.
    bench.refuse()
    bench.harness.link.drop()
    let before = bench.harness.link.dials.count
    bench.harness.run(for: .seconds(3_600))
    #expect(Set(bench.hosts(from: before)) == ["second"])
    #expect(bench.harness.violations.isEmpty, "\(bench.harness.violations)")
  }

  @Test("A05.FR.06, T-66 Until the higher profile has had a link, the lower one is kept to fall back to")
  func keepsLowerUntilSuccess() {
    let bench = NetworkProfileBench(certificates: .init(hasCSMSRoot: true), attempts: 1)
    bench.harness.start()
    #expect(bench.set(2, Bench.profile("wss://second", securityProfile: 2)) == "Accepted")
    #expect(bench.prioritize("2,1") == "RebootRequired")
    let before = bench.harness.link.dials.count
    bench.refuse()
    bench.reset()
    bench.harness.run(for: .seconds(5))
    bench.accept()
    bench.harness.run(for: .seconds(30))
    #expect(bench.hosts(from: before) == ["second", "first"])
    #expect(bench.read("SecurityProfile", of: "SecurityCtrlr") == "1")
    #expect(bench.read("NetworkConfigurationPriority") == "2,1")
  }

  @Test("A05.FR.08 With AllowSecurityProfileDowngrade a list with profile 2 is taken at profile 3")
  func goesFromThreeToTwo() {
    let bench = NetworkProfileBench(securityProfile: 3)
    bench.harness.start()
    #expect(bench.write("AllowSecurityProfileDowngrade", "true", of: "SecurityCtrlr") == "Accepted")
    #expect(bench.set(2, Bench.profile("wss://second", securityProfile: 2)) == "Accepted")
    #expect(bench.prioritize("2,1") == "RebootRequired")
    bench.reset()
    #expect(bench.read("SecurityProfile", of: "SecurityCtrlr") == "2")
    #expect(bench.harness.chargePoint.networkProfile(slot: 1) != nil)
  }

  /// A lower profile can stand in a slot because the installer put it there.
  private func stationWithLowerSlot(_ present: Int32, lower: Int32) -> NetworkProfileBench {
    let bench = NetworkProfileBench(securityProfile: present)
    // In use is slot 1; a slot of the configuration that is less secure goes with its first link, so it comes later.
    bench.harness.start()
    bench.harness.configuration.networkProfiles.append(
      .init(slot: 7, url: lower >= 2 ? "wss://lower" : "ws://lower", identity: "CS-1", securityProfile: lower))
    bench.harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    bench.harness.restart(.kill)
    return bench
  }

  @Test(
    "A05.FR.09, A05.FR.10 A list with a lower profile is Rejected; to profile 1 even where a downgrade is allowed",
    arguments: [(3, 1, true), (2, 1, true), (3, 1, false), (2, 1, false), (3, 2, false)] as [(Int32, Int32, Bool)])
  func refusesLowerList(present: Int32, lower: Int32, allowed: Bool) {
    let bench = stationWithLowerSlot(present, lower: lower)
    #expect(bench.harness.chargePoint.networkProfile(slot: 7) != nil)
    func set(_ component: String, _ variable: String, _ value: String) -> SetVariableResult? {
      var result: SetVariableResult?
      bench.harness.chargePoint.setVariables([
        SetVariableData(
          attributeValue: value, component: Component(name: component), variable: Variable(name: variable))
      ]) { result = $0.first }
      bench.harness.run(for: .seconds(1))
      return result
    }
    #expect(
      set("SecurityCtrlr", "AllowSecurityProfileDowngrade", allowed ? "true" : "false")?.attributeStatus == .accepted)
    let answer = set("OCPPCommCtrlr", "NetworkConfigurationPriority", "7,1")
    #expect(answer?.attributeStatus == .rejected)
    #expect(answer?.attributeStatusInfo?.reasonCode == "NoSecurityDowngrade")
  }
}

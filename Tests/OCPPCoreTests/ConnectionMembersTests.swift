import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("Members 1 to 12: construction, life and connection")
struct ConnectionMembersTests {
  private func twoSlots(
    _ second: OCPPInterface = .wireless0, attempts: Int = 3, repeatTimes: Int = 0
  ) -> EngineHarness {
    var configuration = EngineHarness.standardConfiguration(deviceModel: [
      EngineHarness.setting("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "\(attempts)"),
      EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRandomRange", "0"),
      EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRepeatTimes", "\(repeatTimes)"),
    ])
    configuration.networkProfiles = [
      .init(slot: 1, url: "ws://first", identity: "CS", interface: .wired0),
      .init(slot: 2, url: "ws://second", identity: "CS", interface: second),
    ]
    return EngineHarness(configuration: configuration)
  }

  private func urls(_ harness: EngineHarness, from number: Int) -> [String] {
    harness.link.dials.dropFirst(number).map { $0.target.url }
  }

  // MARK: 1 to 3

  @Test("M-1 A configuration that contradicts itself is told, problem by problem, before a station is built from it")
  func refusesContradictions() {
    #expect(EngineHarness.standardConfiguration().problems.isEmpty)
    var configuration = EngineHarness.standardConfiguration()
    configuration.evses = []
    #expect(configuration.problems.count == 1)
    configuration.evses = [.init(id: 2), .init(id: 1), .init(id: 1)]
    #expect(configuration.problems.count == 2)
    configuration.evses = [
      .init(id: 0, connectors: []), .init(id: 3, connectors: [.init(number: 1), .init(number: 1)]),
    ]
    #expect(configuration.problems.count == 3)
    configuration = EngineHarness.standardConfiguration()
    configuration.networkProfiles += configuration.networkProfiles
    configuration.identity.vendorName = ""
    configuration.identity.serialNumber = String(repeating: "9", count: 26)
    #expect(configuration.problems.count == 3)
  }

  @Test("M-1 A station is built from its ports alone: nothing is sent, written or dialed before the start")
  func isBuiltQuietly() {
    let harness = EngineHarness()
    harness.run(for: .seconds(3_600))
    #expect(harness.link.dials.isEmpty)
    #expect(harness.store.content.documents.isEmpty)
    #expect(harness.chargePoint.nextDeadline == .distantFuture)
    #expect(harness.chargePoint.getVariables([]).isEmpty)
    #expect(harness.chargePoint.requestValue(VariableKey("EVSE", "Available", evse: 2)) == "true")
    #expect(harness.chargePoint.requestValue(VariableKey("EVSE", "Available", evse: 3)) == nil)
  }

  @Test("M-2, M-3 At each start the configuration's values are fresh, and what the CSMS has written survives them")
  func buildsDeviceModel() {
    let harness = EngineHarness(
      configuration: EngineHarness.standardConfiguration(deviceModel: [
        EngineHarness.setting("OCPPCommCtrlr", "OfflineThreshold", "11"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "12"),
      ])
    ).start()
    let offline = VariableKey("OCPPCommCtrlr", "OfflineThreshold")
    let wait = VariableKey("OCPPCommCtrlr", "RetryBackOffWaitMinimum")
    harness.csms.call(
      .setVariables,
      [
        "setVariableData": [
          [
            "component": ["name": "OCPPCommCtrlr"], "variable": ["name": "OfflineThreshold"], "attributeValue": "99",
          ]
        ]
      ])
    harness.run(for: .seconds(1))
    harness.configuration.deviceModel = [
      EngineHarness.setting("OCPPCommCtrlr", "OfflineThreshold", "21"),
      EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "22"),
    ]
    harness.restart(.powerCut)
    #expect(harness.chargePoint.requestValue(offline) == "99")
    #expect(harness.chargePoint.requestValue(wait) == "22")
  }

  // MARK: 4 and 5

  @Test("M-4 A start tells every connector's operative state and raises exactly one critical security event")
  func startsOnce() {
    for (reason, event) in [
      (BootReason.powerUp, "StartupOfTheDevice"), (.watchdog, "ResetOrReboot"), (.firmwareUpdate, "FirmwareUpdated"),
    ] {
      let harness = EngineHarness().start(reason)
      harness.chargePoint.start(bootReason: reason)
      harness.run(for: .seconds(5))
      #expect(harness.delegate.operative.count == 2)
      #expect(harness.csms.calls(.securityEventNotification).map { $0.json["type"]?.string } == [event])
      #expect(harness.link.dials.count == 1)
    }
  }

  @Test("M-4 A BootNotification that is repeated after Pending keeps the reason of the boot")
  func keepsReason() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.pending, 30), (.rejected, 30), (.accepted, 300)]
    harness.start(.firmwareUpdate)
    harness.run(for: .seconds(70))
    #expect(
      harness.csms.calls(.bootNotification).map { $0.json["reason"]?.string }
        == ["FirmwareUpdate", "FirmwareUpdate", "FirmwareUpdate"])
    #expect(harness.chargePoint.status.isAccepted)
  }

  @Test("M-4 A start without connecting does everything but dial")
  func startsOffline() {
    let harness = EngineHarness()
    harness.chargePoint.start(bootReason: .powerUp, connects: false)
    harness.run(for: .seconds(3_600))
    #expect(harness.link.dials.isEmpty)
    #expect(harness.chargePoint.waitingRecords == 1)
    harness.chargePoint.connectWebSocket()
    harness.run(for: .seconds(5))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.chargePoint.waitingRecords == 0)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-5 A stop closes the link once and for good, in every state of it, and may be repeated")
  func stopsInEveryState() {
    for state in 0..<5 {
      let harness = EngineHarness()
      harness.csms.bootAnswers = state == 1 ? [(.pending, 600)] : [(.accepted, 300)]
      if state == 2 { harness.csms.refusal = LinkFailure(.refused, detail: "closed") }
      if state == 3 { harness.link.isUp = false }
      if state == 4 { harness.delegate.configureNetwork = { _ in .later } }
      harness.start()
      harness.chargePoint.stop()
      harness.chargePoint.stop()
      harness.run(for: .seconds(40))
      #expect(harness.chargePoint.isQuiet, "state \(state)")
      #expect(harness.chargePoint.nextDeadline == .distantFuture, "state \(state)")
      #expect(harness.link.dials.count <= 1)
      #expect(harness.violations.isEmpty, "\(harness.violations)")
    }
  }

  // MARK: 6 to 9

  @Test("M-6 Connecting to a slot closes the link and dials that slot; a slot without a profile changes nothing")
  func connectsToSlot() {
    let harness = twoSlots().start()
    harness.chargePoint.connectWebSocket(slot: 2)
    harness.run(for: .seconds(2))
    #expect(urls(harness, from: 0) == ["ws://first", "ws://second"])
    harness.chargePoint.connectWebSocket(slot: 4)
    harness.run(for: .seconds(2))
    #expect(urls(harness, from: 0).count == 2)
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-6 A dial that is under way gives way to the slot that is wanted")
  func changesSlotWhileDialing() {
    let harness = twoSlots()
    harness.link.isUp = false
    harness.start()
    harness.link.isUp = true
    harness.chargePoint.connectWebSocket(slot: 2)
    harness.run(for: .seconds(2))
    #expect(urls(harness, from: 0) == ["ws://first", "ws://second"])
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-6 A station without any profile dials nobody, and says so")
  func hasNoProfile() {
    var configuration = EngineHarness.standardConfiguration()
    configuration.networkProfiles = []
    let harness = EngineHarness(configuration: configuration).start()
    harness.run(for: .seconds(3_600))
    #expect(harness.link.dials.isEmpty)
    #expect(!harness.chargePoint.status.isConnected)
    #expect(
      harness.chargePoint.networkConnectionSlots.allSatisfy { harness.chargePoint.networkProfile(slot: $0) == nil })
  }

  @Test("M-7 Disconnected stays disconnected, keeps what waits, and connecting again sends it")
  func staysDisconnected() {
    let station = StubbedStation()
    let harness = station.harness.start()
    harness.chargePoint.disconnectWebSocket()
    harness.chargePoint.disconnectWebSocket()
    harness.run(for: .seconds(1))
    station.act { $0.begin(1, id: "T1") }
    harness.run(for: .seconds(3_600))
    #expect(harness.link.dials.count == 1)
    #expect(harness.chargePoint.waitingRecords == 1)
    harness.chargePoint.connectWebSocket()
    harness.run(for: .seconds(2))
    #expect(station.ids() == ["T1#0"])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-8 When the interface of the link goes down, the next slot is dialed at once, without waiting for a ping")
  func leavesInterface() {
    let harness = twoSlots().start()
    harness.link.isUp = false
    harness.run(for: .seconds(1))
    harness.link.isUp = true
    harness.chargePoint.networkDisconnected(interface: .wired0)
    harness.run(for: .seconds(1))
    #expect(urls(harness, from: 0) == ["ws://first", "ws://second"])
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.chargePoint.status.configurationSlot == 2)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-8 Another interface is nobody's business, and with a single slot the usual back-off holds")
  func ignoresOtherInterface() {
    let harness = twoSlots().start()
    harness.chargePoint.networkDisconnected(interface: .wireless0)
    harness.chargePoint.networkDisconnected(interface: .wired1)
    harness.run(for: .seconds(30))
    #expect(harness.link.dials.count == 1)
    #expect(harness.chargePoint.status.isAccepted)
    let single = EngineHarness().start()
    single.chargePoint.networkDisconnected(interface: .wired0)
    single.run(for: .seconds(9))
    #expect(single.link.dials.count == 1)
    #expect(!single.chargePoint.status.isConnected)
    single.run(for: .seconds(30))
    #expect(single.chargePoint.status.isAccepted)
    #expect(single.violations.isEmpty, "\(single.violations)")
  }

  @Test("M-8 A dial through an interface that goes down gives way to the next slot, a wait for it as well")
  func leavesDial() {
    let harness = twoSlots(attempts: 5)
    harness.link.isUp = false
    harness.start()
    harness.link.isUp = true
    harness.chargePoint.networkDisconnected(interface: .wired0)
    harness.run(for: .seconds(1))
    #expect(urls(harness, from: 0) == ["ws://first", "ws://second"])
    let waiting = twoSlots(attempts: 5)
    waiting.csms.refusal = LinkFailure(.refused, detail: "closed")
    waiting.start()
    waiting.csms.refusal = nil
    waiting.chargePoint.networkDisconnected(interface: .wired0)
    waiting.run(for: .seconds(1))
    #expect(urls(waiting, from: 0) == ["ws://first", "ws://second"])
    #expect(waiting.chargePoint.status.isAccepted)
  }

  @Test(
    "M-9 After a reconnect what waits is held for the delay, the CSMS speaks first; the first connect is not delayed")
  func delaysQueue() {
    let station = StubbedStation()
    let harness = station.harness
    harness.chargePoint.setMessageQueueResumeDelay(.seconds(60))
    harness.start()
    station.act { $0.begin(1, id: "T1") }
    harness.run(for: .seconds(1))
    #expect(station.ids() == ["T1#0"])
    harness.link.drop()
    station.act { $0.update("T1") }
    #expect(harness.run(upTo: .seconds(60)) { harness.chargePoint.status.isAccepted })
    let reconnected = harness.clock.now
    station.act { $0.update("T1") }
    let id = harness.csms.call(.triggerMessage, ["requestedMessage": "Heartbeat"])
    harness.run(for: .seconds(58))
    #expect(harness.csms.result(id)?["status"] == "Accepted")
    #expect(harness.csms.calls(.heartbeat).count == 1)
    #expect(station.ids() == ["T1#0"])
    harness.run(for: .seconds(3))
    #expect(station.ids() == ["T1#0", "T1#1", "T1#2"])
    #expect(harness.csms.calls(.transactionEvent).dropFirst().allSatisfy { $0.at - reconnected >= .seconds(60) })
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-9 A link that drops within the delay begins it anew and loses nothing")
  func delaysQueueAnew() {
    let station = StubbedStation()
    let harness = station.harness
    harness.chargePoint.setMessageQueueResumeDelay(.seconds(60))
    harness.start()
    station.act { $0.begin(1, id: "T1") }
    for _ in 0..<5 {
      harness.run(for: .seconds(40))
      harness.link.drop()
      station.act { $0.update("T1") }
    }
    harness.run(for: .seconds(120))
    #expect(station.ids() == (0..<6).map { "T1#\($0)" })
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  // MARK: 10 to 12 and the hook

  @Test("M-10, M-11, M-12 Profiles, their places and the list of slots are those of the device model")
  func tellsSlots() {
    let harness = twoSlots().start()
    #expect(harness.chargePoint.networkConnectionSlots == [1, 2])
    #expect(harness.chargePoint.priority(ofSlot: 1) == 0)
    #expect(harness.chargePoint.priority(ofSlot: 2) == 1)
    #expect(harness.chargePoint.priority(ofSlot: 3) == nil)
    #expect(harness.chargePoint.networkProfile(slot: 2)?.url == "ws://second")
    #expect(harness.chargePoint.networkProfile(slot: 3) == nil)
  }

  @Test("Before each dial the firmware brings up the network of the profile, and says from where to dial")
  func configuresNetwork() {
    let harness = twoSlots()
    var asked: [Int32] = []
    harness.delegate.configureNetwork = { request in
      asked.append(request.profile.slot)
      return .ready(localAddress: "192.0.2.7")
    }
    harness.start()
    #expect(asked == [1])
    #expect(harness.link.dials.first?.target.localAddress == "192.0.2.7")
    harness.link.drop()
    harness.run(for: .seconds(15))
    #expect(asked == [1, 1])
  }

  @Test("A network that comes up late is waited for; one that never does, or fails, is a failed attempt on its slot")
  func waitsForNetwork() {
    let harness = twoSlots(attempts: 1)
    var requests: [NetworkConfigurationRequest] = []
    harness.delegate.configureNetwork = { request in
      requests.append(request)
      return .later
    }
    harness.start()
    harness.run(for: .seconds(58))
    #expect(harness.link.dials.isEmpty)
    harness.run(for: .seconds(15))
    // The time is up: the next slot.
    #expect(requests.map { $0.profile.slot } == [1, 2])
    harness.chargePoint.networkConfigured(requests[0].attempt, .ready())
    harness.run(for: .seconds(1))
    #expect(harness.link.dials.isEmpty)
    harness.chargePoint.networkConfigured(requests[1].attempt, .ready())
    harness.chargePoint.networkConfigured(requests[1].attempt, .ready())
    harness.run(for: .seconds(1))
    #expect(urls(harness, from: 0) == ["ws://second"])
    #expect(harness.chargePoint.status.isAccepted)
    harness.delegate.configureNetwork = { _ in .failed("no carrier") }
    harness.link.drop()
    harness.run(for: .seconds(60))
    #expect(harness.link.dials.count == 1)
    #expect(harness.chargePoint.status.lastFailure?.contains("no carrier") == true)
    harness.delegate.configureNetwork = nil
    harness.run(for: .seconds(60))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("T-5 A BootNotification follows when its content has changed: at once on a link, else at the next one")
  func tellsNewSIM() {
    let harness = EngineHarness().start()
    harness.chargePoint.modemChanged(iccid: "893", imsi: "262")
    harness.run(for: .seconds(2))
    let boots = { harness.csms.calls(.bootNotification).map { $0.json["chargingStation"]?["modem"]?["iccid"]?.string } }
    #expect(boots() == [nil, "893"])
    harness.chargePoint.modemChanged(iccid: "893", imsi: "262")
    harness.link.drop()
    harness.run(for: .seconds(30))
    #expect(boots().count == 2)
    harness.link.drop()
    harness.chargePoint.modemChanged(iccid: "894", imsi: "262")
    harness.run(for: .seconds(30))
    #expect(boots() == [nil, "893", "894"])
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  // MARK: 33, 43, 44

  @Test("M-33 The effects of a variable's value follow, and nothing is written")
  func followsVariable() {
    let harness = EngineHarness().start()
    harness.link.setPingInterval(.seconds(1))
    let commits = harness.store.fullCommits + harness.store.relaxedCommits
    harness.chargePoint.variableChanged(VariableKey("OCPPCommCtrlr", "WebSocketPingInterval"))
    #expect(harness.link.pingInterval == .seconds(60))
    harness.chargePoint.variableChanged(VariableKey("OCPPCommCtrlr", "Nothing"))
    harness.run(for: .seconds(1))
    #expect(harness.store.fullCommits + harness.store.relaxedCommits == commits)
    #expect(harness.chargePoint.status.isAccepted)
  }

  @Test("M-33 A password that the firmware has changed is used: the link is made anew")
  func followsPassword() {
    let harness = EngineHarness().start()
    var done = false
    harness.chargePoint.setVariables([
      SetVariableData(
        attributeValue: "another-password", component: Component(name: "SecurityCtrlr"),
        variable: Variable(name: "BasicAuthPassword"))
    ]) { done = $0.first?.attributeStatus == .accepted }
    harness.run(for: .seconds(2))
    #expect(done)
    #expect(harness.link.dials.last?.target.basicAuthPassword == Array("another-password".utf8))
    #expect(harness.link.dials.count == 2)
  }

  @Test("M-43 NotImplemented answers a CALL, and never an answer")
  func sendsNotImplemented() {
    let harness = EngineHarness().start()
    harness.chargePoint.sendNotImplementedError(messageID: "x1", isCall: true)
    harness.chargePoint.sendNotImplementedError(messageID: "x2", isCall: false)
    harness.run(for: .seconds(1))
    #expect(harness.csms.errorCode("x1") == "NotImplemented")
    #expect(harness.csms.errorCode("x2") == nil)
  }

  @Test(
    "M-44 Every action reaches its block once accepted, a few while Pending, none while Rejected; each has one answer")
  func dispatches() {
    for (registration, expected) in [
      (RegistrationStatus.accepted, ["", "", "NotSupported", "NotImplemented", "NotSupported"]),
      (.pending, ["", "SecurityError", "SecurityError", "SecurityError", "SecurityError"]),
      (.rejected, ["SecurityError", "SecurityError", "SecurityError", "SecurityError", "SecurityError"]),
    ] {
      let harness = EngineHarness()
      harness.csms.bootAnswers = [(registration, 600)]
      harness.start()
      let ids = [
        harness.csms.callRaw(
          "SetVariables",
          #"{"setVariableData":[{"component":{"name":"x"},"variable":{"name":"y"},"attributeValue":"1"}]}"#),
        harness.csms.callRaw("DataTransfer", #"{"vendorId":"v"}"#),
        harness.csms.callRaw("PublishFirmware", "{}"), harness.csms.callRaw("Whatever", "{}"),
        // A message that only a station sends.
        harness.csms.callRaw("Heartbeat", "{}"),
      ]
      harness.run(for: .seconds(25))
      #expect(ids.map { harness.csms.errorCode($0) ?? "" } == expected, "\(registration)")
      #expect(ids.allSatisfy { harness.csms.answers[$0] != nil })
    }
  }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("Part 4 §5.3 Connection and reconnection")
struct ConnectionTests {
  private func harness(waitMinimum: Int, repeatTimes: Int = 3, randomRange: Int = 0) -> EngineHarness {
    EngineHarness(
      configuration: EngineHarness.standardConfiguration(deviceModel: [
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "\(waitMinimum)"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRepeatTimes", "\(repeatTimes)"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRandomRange", "\(randomRange)"),
      ]))
  }

  private func waits(_ harness: EngineHarness) -> [Duration] {
    let dials = harness.link.dials.map { $0.at }
    return zip(dials, dials.dropFirst()).map { $1 - $0 }
  }

  @Test("T-4 Part 4 §5.3 The wait doubles after each failure up to RepeatTimes, then stays")
  func doublesWait() {
    let harness = harness(waitMinimum: 10)
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.start()
    harness.run(for: .seconds(400))
    let expected: [Duration] = [10, 20, 40, 80, 80, 80].map { .seconds($0) }
    for (wait, expected) in zip(waits(harness), expected) {
      #expect(wait >= expected && wait < expected + .milliseconds(100))
    }
  }

  @Test("DESIGN §3 The last failed attempt is told with its time, until a link stands")
  func tellsWhenItFailed() throws {
    let harness = harness(waitMinimum: 3_600, repeatTimes: 0)
    harness.start()
    #expect(harness.chargePoint.status.lastFailure == nil && harness.chargePoint.status.lastFailureAt == nil)
    harness.run(for: .seconds(100))
    let dropped = harness.clock.wall
    harness.link.drop()
    harness.run(for: .seconds(500))
    #expect(harness.chargePoint.status.lastFailure != nil)
    let told = try #require(harness.chargePoint.status.lastFailureAt)
    #expect(abs((told - dropped).wholeSeconds) <= 1)
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    #expect(harness.run(upTo: .seconds(7_200)) { harness.chargePoint.status.lastFailure?.contains("closed") == true })
    let refused = try #require(harness.chargePoint.status.lastFailureAt)
    #expect(abs((refused - harness.clock.wall).wholeSeconds) <= 1)
    harness.csms.refusal = nil
    harness.run(for: .seconds(7_200))
    #expect(harness.chargePoint.status.isConnected && harness.chargePoint.status.lastFailureAt == nil)
  }

  @Test("T-4 Part 4 §5.3 Each wait has a random part of its own, within RandomRange")
  func randomizesWait() {
    let harness = harness(waitMinimum: 10, repeatTimes: 0, randomRange: 20)
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.start()
    harness.run(for: .seconds(600))
    let waits = waits(harness)
    #expect(waits.count > 15)
    #expect(waits.allSatisfy { $0 >= .seconds(10) && $0 <= .milliseconds(30_100) })
    #expect(Set(waits.map { $0.wholeMilliseconds }).count > 10)
  }

  @Test("TC_B_57, T-4, T-5 After a success the wait begins anew with the minimum, without a BootNotification")
  func resetsWaitAfterSuccess() {
    let harness = harness(waitMinimum: 10)
    harness.start()
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.link.drop()
    harness.run(for: .seconds(100))
    harness.csms.refusal = nil
    harness.run(for: .seconds(60))
    #expect(harness.chargePoint.status.isAccepted)
    harness.csms.close(code: 1001)
    let before = harness.link.dials.count
    harness.run(for: .seconds(9))
    #expect(harness.link.dials.count == before)
    harness.run(for: .seconds(2))
    #expect(harness.link.dials.count == before + 1)
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.csms.calls(.bootNotification).count == 1)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B10.FR.03, B10.FR.07 Each slot gets its attempts; after a whole round the last good one is kept")
  func failsOver() {
    var configuration = EngineHarness.standardConfiguration(deviceModel: [
      EngineHarness.setting("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "2"),
      EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRandomRange", "0"),
    ])
    configuration.networkProfiles = [
      .init(slot: 1, url: "ws://first", identity: "CS"), .init(slot: 2, url: "ws://second", identity: "CS"),
    ]
    let harness = EngineHarness(configuration: configuration)
    harness.start()
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.link.drop()
    harness.run(for: .seconds(900))
    let urls = harness.link.dials.dropFirst().map { $0.target.url }
    #expect(
      Array(urls.prefix(6)) == [
        "ws://first", "ws://first", "ws://second", "ws://second", "ws://first", "ws://first",
      ])
  }

  @Test("B10.FR.10, T-5 Another network profile means a BootNotification of its own")
  func registersAnewOnOtherSlot() {
    var configuration = EngineHarness.standardConfiguration()
    configuration.networkProfiles = [
      .init(slot: 1, url: "ws://first", identity: "CS"), .init(slot: 2, url: "ws://second", identity: "CS"),
    ]
    let harness = EngineHarness(configuration: configuration).start()
    harness.chargePoint.connectWebSocket(slot: 2)
    harness.run(for: .seconds(2))
    #expect(harness.csms.calls(.bootNotification).count == 2)
    #expect(harness.csms.calls(.statusNotification).count == 4)
    #expect(harness.chargePoint.requestValue(VariableKey("OCPPCommCtrlr", "ActiveNetworkProfile")) == "2")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B04.FR.01, T-11 Offline longer than OfflineThreshold: every connector is reported")
  func reportsAllAfterLongOffline() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.link.drop()
    harness.run(for: .seconds(61))
    harness.csms.refusal = nil
    harness.run(for: .seconds(200))
    #expect(harness.csms.calls(.statusNotification).count == 2)
  }

  @Test("B04.FR.02, T-11 Offline for a short time: only connectors whose state changed are reported")
  func reportsChangedAfterShortOffline() throws {
    let harness = harness(waitMinimum: 10)
    harness.start()
    harness.csms.forgetCalls()
    harness.link.drop()
    let plugged = ConnectorID(evse: EVSEID(2), number: 1)
    harness.chargePoint.handle(.connected(plugged, true, at: harness.clock.now))
    let changedAt = harness.clock.wall
    harness.run(for: .seconds(20))
    let reports = harness.csms.calls(.statusNotification)
    #expect(reports.map { $0.json["evseId"] } == [2])
    #expect(reports.first?.json["connectorStatus"] == "Occupied")
    #expect(reports.first?.json["timestamp"]?.wallTime.map { abs(($0 - changedAt).wholeSeconds) } == 0)
  }

  @Test("G02.FR.02, G02.FR.05 A Heartbeat comes after the interval of silence, and other messages put it off")
  func sendsHeartbeat() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.accepted, 100)]
    harness.start()
    harness.run(for: .seconds(60))
    harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(1), number: 1), true, at: harness.clock.now))
    harness.run(for: .seconds(90))
    #expect(harness.csms.calls(.heartbeat).isEmpty)
    harness.run(for: .seconds(250))
    let beats = harness.csms.calls(.heartbeat)
    #expect(beats.count == 3)
    for (earlier, later) in zip(beats, beats.dropFirst()) {
      let gap = later.at - earlier.at
      #expect(gap >= .seconds(100) && gap < .seconds(101))
    }
  }

  @Test("A silent network is noticed by the missing pong, and the station comes back by itself")
  func survivesSilentNetwork() {
    let harness = EngineHarness().start()
    harness.link.isUp = false
    harness.run(for: .seconds(300))
    #expect(!harness.chargePoint.status.isConnected)
    harness.link.isUp = true
    harness.run(for: .seconds(600))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.csms.calls(.bootNotification).count == 1)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("A flapping CSMS neither loses nor stops the station")
  func survivesFlapping() {
    let harness = EngineHarness().start()
    for round in 0..<50 {
      harness.run(for: .milliseconds(137 * (round % 7) + 1))
      harness.link.drop()
      harness.run(for: .seconds(21))
    }
    harness.run(for: .seconds(60))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-6, M-7: disconnected stays disconnected, connecting again resumes")
  func obeysDisconnect() {
    let harness = EngineHarness().start()
    harness.chargePoint.disconnectWebSocket()
    harness.run(for: .seconds(3_600))
    #expect(!harness.csms.isConnected)
    #expect(harness.link.dials.count == 1)
    harness.chargePoint.connectWebSocket()
    harness.run(for: .seconds(1))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.csms.calls(.bootNotification).count == 1)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-5: stopping closes the link, writes what is left, and may be repeated")
  func stops() {
    let harness = EngineHarness().start()
    harness.chargePoint.stop()
    harness.chargePoint.stop()
    harness.run(for: .seconds(5))
    #expect(!harness.csms.isConnected)
    #expect(harness.chargePoint.isQuiet)
    #expect(harness.chargePoint.nextDeadline == .distantFuture)
  }
}

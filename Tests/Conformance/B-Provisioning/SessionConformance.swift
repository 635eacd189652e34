import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("Part 4, B01 to B04 and G02: the session")
struct SessionConformance {
  private func station(_ settings: [(String, String)] = []) -> EngineHarness {
    EngineHarness(
      configuration: EngineHarness.standardConfiguration(
        deviceModel: settings.map { EngineHarness.setting("OCPPCommCtrlr", $0.0, $0.1) }))
  }

  private let getThreshold: JSONValue = [
    "getVariableData": [["component": ["name": "OCPPCommCtrlr"], "variable": ["name": "OfflineThreshold"]]]
  ]

  // MARK: Part 4

  @Test("T-1, T-2 While a call waits for its answer no second one is sent, and every call of the CSMS is answered")
  func oneCallInFlight() {
    let harness = station().start()
    harness.csms.script = { _ in .delayed(.seconds(25)) }
    for evse: Int32 in 1...2 {
      harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(evse), number: 1), true, at: harness.clock.now))
    }
    var asked: [String] = []
    for _ in 0..<20 {
      asked.append(harness.csms.call(.getVariables, getThreshold))
      harness.run(for: .seconds(1))
    }
    #expect(asked.allSatisfy { harness.csms.result($0) != nil })
    harness.run(for: .seconds(60))
    #expect(harness.chargePoint.statistics.timeouts == 0)
    // The simulated CSMS counts a second call in flight as a violation.
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("T-2 Two calls that cross each other, on a link of any slowness, both get their answers")
  func callsCross() {
    for latency in [1, 50, 500, 5_000] {
      let harness = station()
      harness.link.latency = .milliseconds(latency)
      harness.start()
      harness.run(for: .seconds(60))
      harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(1), number: 1), true, at: harness.clock.now))
      let id = harness.csms.call(.getVariables, getThreshold)
      harness.run(for: .seconds(25))
      #expect(harness.csms.result(id) != nil)
      #expect(harness.csms.calls(.statusNotification).count == 3)
      #expect(harness.chargePoint.statistics.timeouts == 0)
      #expect(harness.violations.isEmpty, "\(harness.violations)")
    }
  }

  @Test("T-3 What is empty is left out of a message: no null, no {} and no [] in anything that the station sends")
  func leavesOutEmpty() throws {
    let harness = station().start()
    for evse: Int32 in 1...2 {
      harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(evse), number: 1), true, at: harness.clock.now))
    }
    let ids = [
      harness.csms.call(.getBaseReport, ["requestId": 1, "reportBase": "FullInventory"]),
      harness.csms.call(.getVariables, getThreshold), harness.csms.call(.dataTransfer, ["vendorId": "v"]),
      harness.csms.call(.triggerMessage, ["requestedMessage": "Heartbeat"]),
      harness.csms.call(.reset, ["type": "OnIdle", "evseId": 9]),
    ]
    harness.run(for: .seconds(30))
    func isClean(_ value: JSONValue, isTop: Bool = true) -> Bool {
      switch value {
      case .null: false
      case .array(let items): !items.isEmpty && items.allSatisfy { isClean($0, isTop: false) }
      case .object(let members):
        (isTop || !members.isEmpty) && members.allSatisfy { isClean($0.value, isTop: false) }
      default: true
      }
    }
    #expect(harness.csms.calls.count > 8)
    for call in harness.csms.calls { #expect(isClean(call.json), "\(call.action): \(call.json)") }
    for id in ids {
      let answer = try #require(harness.csms.result(id))
      #expect(isClean(answer), "\(answer)")
    }
  }

  @Test("T-4, TC_B_57_CS The wait doubles from the minimum up to RepeatTimes, stays there, and a success resets it")
  func backsOff() {
    let harness = station([
      ("RetryBackOffWaitMinimum", "10"), ("RetryBackOffRandomRange", "0"), ("RetryBackOffRepeatTimes", "2"),
    ])
    harness.start()
    func waits(from number: Int, since start: MonotonicInstant) -> [Int64] {
      var last = start
      return harness.link.dials.dropFirst(number).map { dial in
        defer { last = dial.at }
        return (dial.at - last).wholeSeconds
      }
    }
    for _ in 0..<3 {
      let before = harness.link.dials.count
      harness.csms.refusal = LinkFailure(.refused, detail: "closed")
      let lostAt = harness.clock.now
      harness.link.drop()
      harness.run(for: .seconds(155))
      #expect(waits(from: before, since: lostAt) == [10, 20, 40, 40, 40])
      harness.csms.refusal = nil
      harness.run(for: .seconds(50))
      #expect(harness.chargePoint.status.isAccepted)
    }
    #expect(harness.csms.calls(.bootNotification).count == 1)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("T-4 The random part of the wait spreads stations that lose the CSMS at the same moment")
  func spreads() {
    var dials: [Int64] = []
    for seed in 1...40 {
      let harness = EngineHarness(
        seed: UInt64(seed),
        configuration: EngineHarness.standardConfiguration(deviceModel: [
          EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "10"),
          EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRandomRange", "30"),
        ])
      ).start()
      let lostAt = harness.clock.now
      harness.link.drop()
      harness.run(for: .seconds(45))
      if let dial = harness.link.dials.last { dials.append((dial.at - lostAt).wholeMilliseconds) }
    }
    #expect(dials.allSatisfy { $0 >= 10_000 && $0 <= 40_010 })
    #expect(dials.filter { $0 < 20_000 }.count >= 4)
    #expect(dials.filter { $0 > 30_000 }.count >= 4)
    #expect(Set(dials).count > 35)
  }

  // MARK: Registration

  @Test("B01.FR.03, TC_B_01_CS After every kind of restart the station registers anew")
  func registersAfterRestart() {
    let harness = station().start()
    for (number, end) in [EngineHarness.End.clean, .kill, .powerCut].enumerated() {
      harness.restart(end, reason: .localReset)
      #expect(harness.csms.calls(.bootNotification).count == number + 2)
      #expect(harness.csms.calls(.bootNotification).last?.json["reason"] == "LocalReset")
    }
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "B01.FR.07 What a ChangeAvailability made Unavailable is so after a power cut, and reported at the registration")
  func keepsUnavailable() {
    let harness = station().start()
    harness.csms.call(.changeAvailability, ["operationalStatus": "Inoperative", "evse": ["id": 2]])
    harness.run(for: .seconds(2))
    harness.csms.forgetCalls()
    harness.restart(.powerCut)
    let reports = harness.csms.calls(.statusNotification)
    #expect(reports.map { $0.json["connectorStatus"]?.string } == ["Available", "Unavailable"])
  }

  @Test("T-6, B01.FR.08 Before the registration records of earlier runs wait, in any number, and then all are sent")
  func holdsOldRecords() {
    let harness = station()
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.start()
    for _ in 0..<4 { harness.restart(.kill) }
    harness.csms.refusal = nil
    harness.csms.bootAnswers = [(.pending, 100), (.rejected, 100), (.accepted, 300)]
    #expect(harness.run(upTo: .seconds(400)) { harness.chargePoint.status.isConnected })
    harness.run(for: .seconds(190))
    #expect(harness.csms.calls.allSatisfy { $0.action == .bootNotification })
    harness.run(for: .seconds(30))
    #expect(harness.csms.calls(.securityEventNotification).count == 5)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B02.FR.01, B02.FR.02, B02.FR.06, T-7, TC_B_02_CS While Pending only what was asked for is sent, on one link")
  func pends() {
    let harness = station()
    harness.csms.bootAnswers = [(.pending, 300), (.accepted, 300)]
    harness.start()
    let connections = harness.csms.connections
    harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(1), number: 1), true, at: harness.clock.now))
    harness.chargePoint.securityEvent("TamperDetectionActivated")
    harness.run(for: .seconds(60))
    #expect(harness.csms.calls.map { $0.action } == [.bootNotification])
    harness.csms.call(.getBaseReport, ["requestId": 5, "reportBase": "FullInventory"])
    harness.csms.call(.triggerMessage, ["requestedMessage": "Heartbeat"])
    harness.run(for: .seconds(60))
    let sent = harness.csms.calls.dropFirst().map { $0.action }
    #expect(sent.contains(.notifyReport))
    #expect(sent.filter { $0 == .heartbeat }.count == 1)
    #expect(sent.allSatisfy { $0 == .notifyReport || $0 == .heartbeat })
    harness.run(for: .seconds(200))
    #expect(harness.csms.connections == connections)
    #expect(harness.chargePoint.status.isAccepted)
    // What was held comes now.
    #expect(harness.csms.calls(.securityEventNotification).count == 2)
    #expect(harness.csms.calls(.statusNotification).first?.json["connectorStatus"] == "Occupied")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B02.FR.05, T-8 While Pending a remote start and stop are Rejected, and nothing of them is left once accepted")
  func rejectsRemoteStart() {
    let harness = station()
    harness.csms.bootAnswers = [(.pending, 60), (.accepted, 300)]
    harness.start()
    let ids = [
      harness.csms.call(
        .requestStartTransaction,
        ["remoteStartId": 1, "evseId": 1, "idToken": ["idToken": "A", "type": "Central"]]),
      harness.csms.call(.requestStopTransaction, ["transactionId": "x"]),
    ]
    harness.run(for: .seconds(1))
    #expect(ids.allSatisfy { harness.csms.result($0)?["status"] == "Rejected" })
    harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(1), number: 1), true, at: harness.clock.now))
    harness.run(for: .seconds(100))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(!harness.csms.calls(.transactionEvent).contains { $0.json["triggerReason"] == "RemoteStart" })
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B02.FR.04, B02.FR.08, B03.FR.06 A lost link does not shorten the interval that the CSMS has set")
  func keepsIntervalOverLoss() {
    for status in [RegistrationStatus.pending, .rejected] {
      let harness = station()
      harness.csms.bootAnswers = [(status, 500), (.accepted, 300)]
      harness.start()
      for _ in 0..<10 {
        harness.run(for: .seconds(40))
        harness.link.drop()
      }
      harness.run(for: .seconds(150))
      let boots = harness.csms.calls(.bootNotification)
      #expect(boots.count == 2)
      #expect(boots.count == 2 && boots[1].at - boots[0].at >= .seconds(500))
      #expect(harness.violations.isEmpty, "\(harness.violations)")
    }
  }

  @Test("B03.FR.02, B03.FR.06, B03.FR.08, T-9, TC_B_03_CS, TC_B_30_CS While Rejected: silence, and SecurityError")
  func isSilentWhileRejected() {
    let harness = station()
    harness.csms.bootAnswers = [(.rejected, 300), (.accepted, 300)]
    harness.start()
    harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(1), number: 1), true, at: harness.clock.now))
    harness.chargePoint.securityEvent("TamperDetectionActivated")
    let ids = [
      harness.csms.call(.getVariables, getThreshold),
      harness.csms.call(.triggerMessage, ["requestedMessage": "BootNotification"]),
      harness.csms.call(.getBaseReport, ["requestId": 5, "reportBase": "FullInventory"]),
      harness.csms.call(.requestStopTransaction, ["transactionId": "x"]),
    ]
    harness.run(for: .seconds(295))
    #expect(ids.map { harness.csms.errorCode($0) } == Array(repeating: "SecurityError", count: 4))
    #expect(harness.csms.calls.map { $0.action } == [.bootNotification])
    harness.run(for: .seconds(20))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.csms.calls(.securityEventNotification).count == 2)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "B02.FR.07, B02.FR.08, B03.FR.05, B03.FR.06, T-10 Interval 0: a wait of our own; above 0: exactly that, short ones too"
  )
  func obeysInterval() {
    for status in [RegistrationStatus.pending, .rejected] {
      let harness = station()
      harness.csms.bootAnswers = [(status, 0), (status, 1), (status, 7), (status, -5), (.accepted, 300)]
      harness.start()
      harness.run(for: .seconds(200))
      let boots = harness.csms.calls(.bootNotification).map { $0.at }
      let waits = zip(boots, boots.dropFirst()).map { ($1 - $0).wholeSeconds }
      #expect(waits.count == 4)
      guard waits.count == 4 else { continue }
      #expect(waits[0] >= 30)
      #expect(waits[1] == 1)
      #expect(waits[2] == 7)
      #expect(waits[3] >= 30)
    }
  }

  // MARK: Offline

  @Test("B04.FR.01, T-11, TC_B_51_CS With OfflineThreshold 0 every offline time reports every connector")
  func zeroThreshold() {
    let harness = station([("OfflineThreshold", "0"), ("RetryBackOffWaitMinimum", "1")])
    harness.start()
    for _ in 0..<3 {
      harness.csms.forgetCalls()
      harness.link.drop()
      harness.run(for: .seconds(30))
      #expect(harness.csms.calls(.statusNotification).count == 2)
    }
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B04.FR.01, B04.FR.02, TC_B_52_CS The offline time is that from the loss to the link, not to each failed dial")
  func countsWholeOfflineTime() {
    let harness = station([
      ("OfflineThreshold", "100"), ("RetryBackOffWaitMinimum", "30"), ("RetryBackOffRandomRange", "0"),
      ("RetryBackOffRepeatTimes", "0"),
    ])
    harness.start()
    harness.csms.forgetCalls()
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.link.drop()
    harness.run(for: .seconds(95))
    harness.csms.refusal = nil
    harness.run(for: .seconds(30))
    #expect(harness.csms.calls(.statusNotification).count == 2)
    harness.csms.forgetCalls()
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.link.drop()
    harness.run(for: .seconds(65))
    harness.csms.refusal = nil
    harness.run(for: .seconds(30))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.csms.calls(.statusNotification).isEmpty)
  }

  // MARK: Heartbeat and time

  @Test("G02.FR.01, G02.FR.02 The interval of the answer rules the heartbeat at once, and 0 leaves it as it was")
  func heartbeatInterval() {
    let harness = station([("HeartbeatInterval", "120")])
    harness.csms.bootAnswers = [(.accepted, 0)]
    harness.start()
    harness.run(for: .seconds(365))
    #expect(harness.csms.calls(.heartbeat).count == 3)
    harness.csms.forgetCalls()
    harness.csms.bootAnswers = [(.accepted, 20)]
    harness.restart(.kill)
    harness.run(for: .seconds(65))
    #expect(harness.csms.calls(.heartbeat).count == 3)
  }

  @Test("G02.FR.05 Answers to the CSMS put the heartbeat off as well")
  func answersMoveHeartbeat() {
    let harness = station()
    harness.csms.bootAnswers = [(.accepted, 60)]
    harness.start()
    for _ in 0..<20 {
      harness.csms.call(.getVariables, getThreshold)
      harness.run(for: .seconds(50))
    }
    #expect(harness.csms.calls(.heartbeat).isEmpty)
    harness.run(for: .seconds(61))
    #expect(harness.csms.calls(.heartbeat).count == 1)
  }

  @Test("G02.FR.07 However busy the station is, a Heartbeat sets its clock once a day; not where another source does")
  func dailyHeartbeat() {
    for (source, beats) in [("Heartbeat", 3), ("RealTimeClock", 0)] {
      let harness = EngineHarness(
        configuration: EngineHarness.standardConfiguration(deviceModel: [
          EngineHarness.setting("ClockCtrlr", "TimeSource", source)
        ]))
      harness.csms.bootAnswers = [(.accepted, 3_600)]
      harness.start()
      for _ in 0..<150 {
        harness.run(for: .seconds(1_800))
        harness.csms.call(.getVariables, getThreshold)
      }
      #expect(harness.csms.calls(.heartbeat).count == beats, "\(source)")
    }
  }

  @Test("G02.FR.06, B01.FR.06 Each Heartbeat sets the clock, corrected by half of its own round trip")
  func heartbeatSetsClock() throws {
    let harness = station()
    harness.csms.bootAnswers = [(.accepted, 60)]
    harness.start()
    harness.link.latency = .seconds(4)
    harness.csms.clockError = .seconds(-900)
    harness.run(for: .seconds(80))
    #expect(harness.csms.calls(.heartbeat).count == 1)
    let (wall, instant) = try #require(harness.delegate.times.last)
    let truth = harness.clock.epoch + .nanoseconds(instant.nanoseconds) + .seconds(-900)
    // The CSMS takes its time as well, and reads its clock when it answers.
    #expect(abs((wall - truth).wholeMilliseconds) <= 10)
  }

  @Test("G02.FR.06 A program that is started anew goes on in the CSMS's time, before it has heard the CSMS again")
  func timeAcrossRestart() throws {
    let harness = EngineHarness(
      configuration: EngineHarness.standardConfiguration(deviceModel: [
        EngineHarness.setting("ClockCtrlr", "TimeSource", "Heartbeat,RealTimeClock")
      ]))
    harness.clock.isSystemTimeTrusted = true
    harness.csms.clockError = .seconds(900)
    harness.start()
    harness.run(for: .seconds(10))
    harness.link.isUp = false
    harness.restart(.kill, away: .seconds(5))
    harness.run(for: .seconds(10))
    let time = harness.chargePoint.eventTime
    let truth = harness.clock.epoch + .nanoseconds(time.instant.nanoseconds) + .seconds(900)
    let wall = try #require(time.wall)
    #expect(abs((wall - truth).wholeMilliseconds) <= 1_000)
  }

  @Test(
    "G02.FR.06 The CSMS's time outlives the program too where the system's clock had said the same, and is set then")
  func timeAcrossRestartAndSettingOfTheClock() throws {
    for difference in [0, 3, -4] {
      let harness = station()
      harness.clock.isSystemTimeTrusted = true
      harness.csms.clockError = .seconds(difference)
      harness.start()
      harness.run(for: .seconds(10))
      let epoch = harness.clock.epoch
      harness.link.isUp = false
      harness.clock.epoch = epoch + .seconds(-3_600)
      harness.restart(.kill, away: .seconds(5))
      harness.run(for: .seconds(10))
      let time = harness.chargePoint.eventTime
      let truth = epoch + .nanoseconds(time.instant.nanoseconds) + .seconds(difference)
      let wall = try #require(time.wall)
      #expect(abs((wall - truth).wholeMilliseconds) <= 100, "\(difference)")
    }
  }
}

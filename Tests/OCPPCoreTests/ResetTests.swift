import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("B11, B12 Reset")
struct ResetTests {
  private func reset(_ harness: EngineHarness, _ payload: JSONValue) -> String? {
    let id = harness.csms.call(.reset, payload)
    harness.run(for: .seconds(1))
    return harness.csms.result(id)?["status"]?.string
  }

  @Test(
    "B11.FR.01, FR.03, FR.04, B01.FR.03 An idle station answers, closes the link and resets; the boot says why",
    arguments: [
      "Immediate", "OnIdle",
    ])
  func resetsIdleStation(kind: String) {
    let station = StubbedStation()
    station.harness.start()
    #expect(reset(station.harness, ["type": .string(kind)]) == "Accepted")
    #expect(station.harness.delegate.resets == [.station])
    #expect(!station.harness.csms.isConnected)
    station.harness.restart(.kill, reason: .powerUp)
    #expect(station.harness.csms.calls(.bootNotification).last?.json["reason"] == "RemoteReset")
    station.harness.run(for: .seconds(5))
    #expect(station.harness.csms.calls(.securityEventNotification).last?.json["type"] == "ResetOrReboot")
    station.harness.restart(.kill, reason: .powerUp)
    #expect(station.harness.csms.calls(.bootNotification).last?.json["reason"] == "PowerUp")
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test(
    "B12.FR.01, FR.03, T-46 OnIdle waits for the last transaction, also over a power cut", arguments: [false, true])
  func waitsForIdle(losesPower: Bool) {
    let station = StubbedStation()
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.begin(2, id: "T2") }
    station.harness.run(for: .seconds(1))
    #expect(reset(station.harness, ["type": "OnIdle"]) == "Scheduled")
    if losesPower {
      station.harness.delegate.onReset = { _ in }
      station.harness.end(.powerCut)
      station.harness.restart(.powerCut)
      // The stand-in forgets its transactions: the station is idle, and the promise is kept.
      station.harness.run(for: .seconds(5))
    } else {
      station.act { $0.end(EVSEID(1)) }
      station.harness.run(for: .seconds(5))
      #expect(station.harness.delegate.resets.isEmpty)
      station.act { $0.end(EVSEID(2)) }
      station.harness.run(for: .seconds(5))
      #expect(station.ids().contains("T2#1"))
    }
    #expect(station.harness.delegate.resets == [.station])
    station.harness.restart(.kill)
    #expect(station.harness.csms.calls(.bootNotification).last?.json["reason"] == "ScheduledReset")
  }

  @Test("B12.FR.02, B12.FR.04, T-46 Immediate ends the transactions, tells the CSMS and resets")
  func endsTransactions() {
    let station = StubbedStation()
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(1))
    #expect(reset(station.harness, ["type": "Immediate"]) == "Accepted")
    #expect(station.ids() == ["T1#0", "T1#1"])
    #expect(station.harness.delegate.resets == [.station])
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("B12.FR.05, T-47 An Ended that stays unanswered is sent again after the reset")
  func resendsAfterReset() {
    let station = StubbedStation()
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(1))
    station.harness.csms.script = { $0.action == .transactionEvent ? .silent : .standard }
    #expect(reset(station.harness, ["type": "Immediate"]) == "Accepted")
    station.harness.run(for: .seconds(20))
    #expect(station.harness.delegate.resets.isEmpty)
    station.harness.run(for: .seconds(20))
    #expect(station.harness.delegate.resets == [.station])
    station.harness.csms.script = { _ in .standard }
    station.harness.restart(.kill)
    station.harness.run(for: .seconds(60))
    #expect(station.ids() == ["T1#0", "T1#1", "T1#1"])
    #expect(station.harness.csms.calls(.transactionEvent).last?.json["offline"] == true)
  }

  @Test("B11.FR.09, B12.FR.09 An EVSE that cannot be reset alone is refused; an unknown one too")
  func refusesEVSEReset() {
    let station = StubbedStation()
    station.harness.start()
    #expect(reset(station.harness, ["type": "Immediate", "evseId": 1]) == "Rejected")
    #expect(reset(station.harness, ["type": "OnIdle", "evseId": 9]) == "Rejected")
    #expect(station.harness.delegate.resets.isEmpty)
  }

  @Test("B11.FR.08, B11.FR.10, B12.FR.07 An EVSE that can be reset alone is, after its own transaction")
  func resetsEVSE() {
    let station = StubbedStation()
    station.harness.configuration.evses[0].allowsReset = true
    station.harness.restart(.kill)
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.begin(2, id: "T2") }
    station.harness.run(for: .seconds(1))
    #expect(reset(station.harness, ["type": "OnIdle", "evseId": 1]) == "Scheduled")
    station.act { $0.end(EVSEID(1)) }
    station.harness.run(for: .seconds(5))
    #expect(station.harness.delegate.resets == [.evse(EVSEID(1))])
    #expect(station.harness.csms.isConnected)
  }

  @Test("B11.FR.08 While an EVSE is reset nothing begins at it, and after 3 s it is as it was")
  func restoresEVSE() {
    let station = StubbedStation()
    station.harness.configuration.evses[0].allowsReset = true
    station.harness.restart(.kill)
    #expect(reset(station.harness, ["type": "Immediate", "evseId": 1]) == "Accepted")
    let second = ConnectorID(evse: EVSEID(2), number: 1)
    #expect(station.harness.delegate.resets == [.evse(EVSEID(1))])
    #expect(station.harness.delegate.operative[first] == false)
    #expect(station.harness.delegate.operative[second] == true)
    #expect(station.harness.chargePoint.isResetPending)
    station.harness.run(for: .seconds(3))
    #expect(station.harness.delegate.operative[first] == true)
    #expect(!station.harness.chargePoint.isResetPending)
    // A station's reset that overtakes it and does not happen leaves nothing behind.
    #expect(reset(station.harness, ["type": "Immediate", "evseId": 1]) == "Accepted")
    #expect(reset(station.harness, ["type": "Immediate"]) == "Accepted")
    station.harness.run(for: .seconds(600))
    #expect(station.harness.delegate.operative[first] == true && station.harness.delegate.operative[second] == true)
  }

  @Test(
    "A Reset that the store takes longer for than the CSMS waits is answered as failed, and not carried out",
    arguments: ["Immediate", "OnIdle"])
  func lateCommit(kind: String) {
    let station = StubbedStation()
    let harness = station.harness
    harness.start()
    station.act { $0.begin(1, id: "T1") }
    harness.run(for: .seconds(5))
    harness.store.latency = .seconds(25)
    let id = harness.csms.call(.reset, ["type": .string(kind)])
    harness.run(for: .seconds(22))
    guard case .error("InternalError", _)? = harness.csms.answers[id] else {
      return #expect(Bool(false), "\(String(describing: harness.csms.answers[id]))")
    }
    harness.run(for: .seconds(10))
    harness.store.latency = .milliseconds(1)
    harness.run(for: .seconds(120))
    #expect(harness.delegate.resets.isEmpty && !harness.chargePoint.isResetPending)
    #expect(station.ids() == ["T1#0"])
    harness.restart(.powerCut)
    #expect(harness.csms.calls(.bootNotification).last?.json["reason"] == "PowerUp")
    harness.run(for: .seconds(60))
    #expect(harness.delegate.resets.isEmpty)
    #expect(reset(harness, ["type": "Immediate"]) == "Accepted")
  }

  @Test("A promise stands when a second order of the same place comes too late for the store")
  func lateCommitKeepsPromise() {
    let station = StubbedStation()
    let harness = station.harness
    harness.start()
    station.act { $0.begin(1, id: "T1") }
    #expect(reset(harness, ["type": "OnIdle"]) == "Scheduled")
    harness.store.latency = .seconds(25)
    harness.csms.call(.reset, ["type": "Immediate"])
    harness.run(for: .seconds(60))
    harness.store.latency = .milliseconds(1)
    harness.run(for: .seconds(60))
    #expect(harness.delegate.resets.isEmpty && harness.chargePoint.isResetPending)
    harness.restart(.powerCut)
    harness.run(for: .seconds(10))
    #expect(harness.delegate.resets == [.station])
    harness.restart(.kill)
    #expect(harness.csms.calls(.bootNotification).last?.json["reason"] == "ScheduledReset")
  }

  @Test("B11.FR.06 A reset that the firmware cannot do now is Rejected")
  func refusesImpossibleReset() {
    let station = StubbedStation()
    station.harness.start()
    station.harness.delegate.allowsReset = { _ in false }
    #expect(reset(station.harness, ["type": "Immediate"]) == "Rejected")
  }

  @Test("A reset that cannot be stored is Rejected: nothing is promised that a power cut would forget")
  func refusesUnstoredReset() {
    let station = StubbedStation()
    station.harness.start()
    station.harness.store.failure = StoreFailure(.readOnly, detail: "read-only")
    #expect(reset(station.harness, ["type": "OnIdle"]) == "Rejected")
    #expect(station.harness.delegate.resets.isEmpty)
  }

  @Test("ResetRetries: a reset that does not happen is asked for again, then given up and the station goes on")
  func retriesReset() {
    let station = StubbedStation([EngineHarness.setting("OCPPCommCtrlr", "ResetRetries", "2")])
    station.harness.start()
    #expect(reset(station.harness, ["type": "Immediate"]) == "Accepted")
    station.harness.run(for: .seconds(600))
    #expect(station.harness.delegate.resets.count == 3)
    #expect(station.harness.chargePoint.status.isAccepted)
  }

  private let first = ConnectorID(evse: EVSEID(1), number: 1)

  @Test("B11.FR.07, T-48 Idle is more than no transaction: a plug that is held, a reservation, an update, an upload")
  func waitsForIdleness() throws {
    let station = StubbedStation()
    let harness = station.harness
    harness.start()
    let first = first
    func set(_ kind: Int, _ isOn: Bool) throws {
      switch kind {
      case 0:
        harness.chargePoint.handle(.connected(first, true, at: harness.clock.now))
        harness.chargePoint.handle(.lock(first, isLocked: isOn, at: harness.clock.now))
      case 1: isOn ? try harness.chargePoint.reserved(first) : try harness.chargePoint.reservationCleared(first)
      case 2: harness.chargePoint.setActivity(.firmwareUpdate, isRunning: isOn)
      default: harness.chargePoint.logStatus(isOn ? .uploading : .uploaded, requestID: 1)
      }
    }
    for kind in 0..<4 {
      try set(kind, true)
      #expect(reset(harness, ["type": "OnIdle"]) == "Scheduled", "\(kind)")
      harness.run(for: .seconds(100))
      #expect(harness.delegate.resets.count == kind)
      try set(kind, false)
      harness.run(for: .seconds(10))
      #expect(harness.delegate.resets.count == kind + 1, "\(kind)")
      harness.restart(.kill)
      #expect(harness.csms.calls(.bootNotification).last?.json["reason"] == "ScheduledReset")
    }
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B12.FR.10, B11.FR.06 Immediate is Rejected while firmware is installed, or when the firmware around says so")
  func refusesImmediate() {
    let station = StubbedStation()
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.harness.chargePoint.setActivity(.firmwareUpdate, isRunning: true)
    let id = station.harness.csms.call(.reset, ["type": "Immediate"])
    station.harness.run(for: .seconds(1))
    #expect(station.harness.csms.result(id)?["status"] == "Rejected")
    #expect(station.harness.csms.result(id)?["statusInfo"]?["reasonCode"] == "FwUpdateInProgress")
    station.harness.chargePoint.setActivity(.firmwareUpdate, isRunning: false)
    station.harness.delegate.allowsReset = { _ in false }
    #expect(reset(station.harness, ["type": "Immediate"]) == "Rejected")
    station.harness.run(for: .seconds(60))
    #expect(station.harness.delegate.resets.isEmpty)
    #expect(station.ids() == ["T1#0"])
  }

  @Test("B12.FR.01 Resets that were promised for several EVSEs and the station all stand, over a power cut too")
  func keepsEveryPromise() {
    let station = StubbedStation()
    for index in 0..<2 { station.harness.configuration.evses[index].allowsReset = true }
    station.harness.restart(.kill)
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.begin(2, id: "T2") }
    #expect(reset(station.harness, ["type": "OnIdle", "evseId": 1]) == "Scheduled")
    #expect(reset(station.harness, ["type": "OnIdle", "evseId": 2]) == "Scheduled")
    #expect(reset(station.harness, ["type": "OnIdle", "evseId": 2]) == "Scheduled")
    station.act { $0.end(EVSEID(2)) }
    station.harness.run(for: .seconds(5))
    #expect(station.harness.delegate.resets == [.evse(EVSEID(2))])
    #expect(reset(station.harness, ["type": "OnIdle"]) == "Scheduled")
    station.harness.restart(.powerCut)
    // The stub has forgotten its transactions: everything is idle, and the station's reset includes the EVSE's.
    station.harness.run(for: .seconds(20))
    #expect(station.harness.delegate.resets == [.evse(EVSEID(2)), .station])
    station.harness.restart(.kill)
    #expect(station.harness.csms.calls(.bootNotification).last?.json["reason"] == "ScheduledReset")
    station.harness.restart(.kill)
    #expect(station.harness.csms.calls(.bootNotification).last?.json["reason"] == "PowerUp")
    #expect(!station.harness.chargePoint.isResetPending)
  }

  @Test("A power cut in the reset of an EVSE is a power cut: the boot does not say that the CSMS had asked for it")
  func powerCutInEVSEReset() {
    let station = StubbedStation()
    station.harness.configuration.evses[0].allowsReset = true
    station.harness.restart(.kill)
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(1))
    station.harness.csms.script = { $0.action == .transactionEvent ? .silent : .standard }
    #expect(reset(station.harness, ["type": "Immediate", "evseId": 1]) == "Accepted")
    station.harness.csms.script = { _ in .standard }
    station.harness.restart(.powerCut)
    #expect(station.harness.csms.calls(.bootNotification).last?.json["reason"] == "PowerUp")
    #expect(!station.harness.chargePoint.isResetPending)
  }

  @Test(
    "B11.FR.02, B12.FR.06 An EVSE that the CSMS has made Unavailable is so after its reset, and after the station's")
  func staysUnavailable() {
    let station = StubbedStation()
    station.harness.configuration.evses[0].allowsReset = true
    station.harness.restart(.kill)
    station.harness.csms.call(.changeAvailability, ["operationalStatus": "Inoperative", "evse": ["id": 1]])
    station.harness.run(for: .seconds(1))
    #expect(reset(station.harness, ["type": "Immediate", "evseId": 1]) == "Accepted")
    station.harness.run(for: .seconds(5))
    #expect(station.harness.delegate.resets == [.evse(EVSEID(1))])
    #expect(station.harness.delegate.operative[first] == false)
    #expect(station.harness.chargePoint.connectorStatus(first) == .unavailable)
    #expect(reset(station.harness, ["type": "Immediate"]) == "Accepted")
    station.harness.restart(.kill)
    #expect(station.harness.chargePoint.connectorStatus(first) == .unavailable)
    #expect(station.harness.delegate.operative[ConnectorID(evse: EVSEID(2), number: 1)] == true)
  }

  @Test("A second Reset of the same place while one is under way is Rejected, and the first goes on")
  func oneAtATime() {
    let station = StubbedStation()
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(1))
    station.harness.csms.script = { $0.action == .transactionEvent ? .silent : .standard }
    #expect(reset(station.harness, ["type": "Immediate"]) == "Accepted")
    #expect(reset(station.harness, ["type": "Immediate"]) == "Rejected")
    #expect(reset(station.harness, ["type": "OnIdle"]) == "Rejected")
    station.harness.run(for: .seconds(40))
    #expect(station.harness.delegate.resets == [.station])
  }
}

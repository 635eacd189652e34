import ChargerBase
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("Transactions start and stop where TxStartPoint and TxStopPoint say")
struct SessionStartStopTests {
  @Test(
    """
    TC_E_03_CS E01.FR.07, FR.10, FR.16, FR.18 E02.FR.01, FR.07, FR.13, FR.20 E07.FR.01, FR.02, FR.05, FR.11 \
    C01.FR.02, FR.03 T-14 T-20 Plugged in first, then the card: one transaction, complete in every event
    """
  )
  func plugFirst() throws {
    let bench = SessionBench()
    bench.plugIn()
    #expect(bench.events.isEmpty, "PowerPathClosed needs the driver as well")
    #expect(bench.engine.lastShown(at: 1) == .presentToken)
    bench.tap("CARD")
    bench.wait(10)
    bench.tap("CARD")
    bench.wait(3)
    bench.plugOut()

    #expect(
      bench.story == ["Started/Authorized", "Updated/ChargingStateChanged", "Ended/StopAuthorized"])
    #expect(bench.events.map { $0.seqNo } == [0, 1, 2])
    #expect(Set(bench.events.map { $0.transactionID }).count == 1)
    let started = try #require(bench.events.first)
    #expect(started.evse == 1 && started.connector == 1)
    #expect(started.token?.idToken == "CARD")
    #expect(started.chargingState == .evConnected)
    #expect(bench.events[1].chargingState == .charging)
    #expect(bench.events[1].evse == nil && bench.events[1].token == nil, "told once")
    let ended = try #require(bench.last)
    #expect(ended.stoppedReason == .local)
    #expect(ended.token?.idToken == "CARD")
    #expect(ended.secondsCharging == 10)
    #expect(ended.chargingState == .evConnected)
    #expect(bench.engine.asked == ["CARD"], "C01.FR.02 asked once, and not for the stop (C01.FR.03)")
  }

  @Test("TC_E_04_CS E03.FR.01 Card first, then plugged in: the next event carries the token")
  func cardFirst() throws {
    let bench = SessionBench()
    bench.tap("CARD", evses: [1])
    #expect(bench.engine.lastShown(at: 1) == .plugIn)
    #expect(bench.events.isEmpty)
    bench.wait(20)
    bench.plugIn()
    bench.wait(5)
    #expect(bench.story == ["Started/CablePluggedIn", "Updated/ChargingStateChanged"])
    #expect(bench.events[0].token?.idToken == "CARD")
    #expect(bench.isGranted())
    #expect(bench.engine.lastShown(at: 1) == .charging)
  }

  struct StartCase: Sendable {
    var points: String
    var story: [String]
  }

  @Test(
    "TC_E_01, 02, 09, 10_CS E01.FR.02, FR.03, FR.05, FR.06 E02.FR.06 T-16 Each start point, plugged in first",
    arguments: [
      StartCase(
        points: "EVConnected", story: ["Started/CablePluggedIn", "Updated/Authorized", "Updated/ChargingStateChanged"]),
      StartCase(points: "Authorized", story: ["Started/Authorized", "Updated/ChargingStateChanged"]),
      StartCase(points: "PowerPathClosed", story: ["Started/Authorized", "Updated/ChargingStateChanged"]),
      StartCase(points: "EnergyTransfer", story: ["Started/ChargingStateChanged"]),
      StartCase(
        points: "EVConnected,Authorized,PowerPathClosed",
        story: ["Started/CablePluggedIn", "Updated/Authorized", "Updated/ChargingStateChanged"]),
      StartCase(points: "ParkingBayOccupancy", story: ["Started/Authorized", "Updated/ChargingStateChanged"]),
    ])
  func startPoints(_ example: StartCase) {
    let bench = SessionBench([(.txStartPoint, example.points)])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.story == example.story)
    #expect(bench.events.filter { $0.token != nil }.count == 1, "the token is told once")
    #expect(bench.events.last?.seqNo == Int32(example.story.count - 1))
  }

  @Test("TC_E_12_CS TC_E_19_CS E01.FR.01 E06.FR.01 T-17 The parking bay starts and stops a transaction")
  func parkingBay() {
    let bench = SessionBench([(.txStartPoint, "ParkingBayOccupancy"), (.txStopPoint, "ParkingBayOccupancy")])
    bench.tell(.parkingBay(EVSEID(1), occupied: true, at: bench.engine.now))
    bench.settle()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.tap("CARD")
    bench.wait(2)
    bench.plugOut()
    bench.tell(.parkingBay(EVSEID(1), occupied: false, at: bench.engine.now))
    bench.settle()
    #expect(
      bench.story == [
        "Started/EVDetected", "Updated/CablePluggedIn", "Updated/Authorized", "Updated/ChargingStateChanged",
        "Updated/StopAuthorized", "Updated/ChargingStateChanged", "Updated/EVCommunicationLost", "Ended/EVDeparted",
      ])
    #expect(bench.last?.stoppedReason == .local)
  }

  @Test(
    "TC_E_14_CS E06.FR.02 E07.FR.02 T-17 T-18 With EVConnected alone, the card stops energy, unplugging the transaction"
  )
  func stopAtUnplug() {
    let bench = SessionBench([(.txStopPoint, "EVConnected")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.tap("CARD")
    #expect(!bench.isGranted())
    bench.wait(2)
    bench.plugOut()
    #expect(
      bench.story == [
        "Started/Authorized", "Updated/ChargingStateChanged", "Updated/StopAuthorized",
        "Updated/ChargingStateChanged", "Ended/EVCommunicationLost",
      ])
    #expect(bench.events[3].chargingState == .evConnected)
    #expect(bench.last?.chargingState == .idle)
    #expect(bench.last?.stoppedReason == .local, "what had begun to end it")
  }

  @Test("TC_E_22_CS E06.FR.07 T-17 With EnergyTransfer, the vehicle's pause ends the transaction")
  func energyTransferStops() {
    let bench = SessionBench([(.txStopPoint, "EnergyTransfer")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.vehicle(wantsEnergy: false)
    bench.wait(3)
    #expect(bench.story.last == "Ended/ChargingStateChanged")
    #expect(bench.last?.chargingState == .suspendedEV || bench.last?.chargingState == .evConnected)
    #expect(bench.last?.stoppedReason == .stoppedByEV)
    #expect(!bench.isGranted())
  }

  @Test("TC_E_08_CS With EnergyTransfer, the card's stop is told, and the end follows when energy has stopped")
  func energyTransferStopsByCard() {
    let bench = SessionBench([(.txStopPoint, "EnergyTransfer")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.story.suffix(2) == ["Updated/StopAuthorized", "Ended/ChargingStateChanged"])
    #expect(bench.last?.stoppedReason == .local)
    #expect(bench.last?.chargingState == .evConnected)
  }

  @Test("TC_E_17, 37_CS E09.FR.01 E06.FR.06 T-17 T-24 The plug pulled at the vehicle ends the transaction")
  func vehicleSideDisconnect() {
    for points in ["Authorized", "PowerPathClosed", "EVConnected,Authorized"] {
      let bench = SessionBench([(.txStopPoint, points)])
      bench.plugIn()
      bench.tap("CARD")
      bench.wait(5)
      bench.plugOut()
      bench.wait(3)
      #expect(bench.story.last == "Ended/EVCommunicationLost", "\(points)")
      #expect(bench.last?.stoppedReason == .evDisconnected)
      #expect(bench.last?.chargingState == .idle)
      bench.plugIn()
      bench.wait(3)
      #expect(!bench.isGranted(), "E09.FR.01 the next vehicle needs its own driver")
    }
  }

  @Test(
    "TC_E_24, 25_CS E09.FR.02, FR.03 E06.FR.10 E07.FR.07 T-24 The cable is unlocked when its owner may have it",
    arguments: [true, false])
  func unlocks(_ unlocksOnDisconnect: Bool) {
    let bench = SessionBench([(.unlockOnEVSideDisconnect, unlocksOnDisconnect ? "true" : "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.plugOut()
    bench.wait(3)
    #expect(bench.engine.actions.contains(.unlock(bench.connector(1))) == unlocksOnDisconnect)
    bench.engine.actions = []
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(3)
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.engine.actions.contains(.unlock(bench.connector(1))), "E06.FR.10 after an ordinary end")
  }

  @Test("TC_E_26_CS T-25 StopTxOnEVSideDisconnect false: the transaction waits for the vehicle and goes on")
  func suspendsOnDisconnect() {
    let bench = SessionBench([(.txStopPoint, "Authorized"), (.stopTxOnEVSideDisconnect, "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    bench.plugOut()
    #expect(!bench.isGranted())
    bench.wait(30)
    bench.plugIn()
    bench.wait(2)
    #expect(
      bench.story.suffix(3) == [
        "Updated/EVCommunicationLost", "Updated/CablePluggedIn", "Updated/ChargingStateChanged",
      ])
    #expect(bench.last?.chargingState == .charging)
    #expect(bench.isGranted())
  }

  @Test("TC_E_27_CS E10.FR.02 T-25 At a fixed cable the wait for the vehicle ends after EVConnectionTimeOut")
  func fixedCableTimesOut() {
    let bench = SessionBench(
      hasFixedCable: true, [(.txStopPoint, "Authorized"), (.stopTxOnEVSideDisconnect, "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    bench.plugOut()
    bench.wait(62)
    #expect(bench.story.last == "Ended/EVCommunicationLost")
    #expect(bench.last?.stoppedReason == .evDisconnected)
  }

  @Test("TC_E_39_CS E03.FR.05 C01.FR.26 T-21 Not plugged in in time: Ended by EVConnectTimeout")
  func connectionTimeout() {
    let bench = SessionBench([(.txStartPoint, "Authorized"), (.evConnectionTimeOut, "30")])
    bench.tap("CARD", evses: [1])
    #expect(bench.story == ["Started/Authorized"])
    #expect(bench.events[0].chargingState == .idle)
    #expect(bench.events[0].connector == nil)
    bench.wait(31)
    #expect(bench.story == ["Started/Authorized", "Ended/EVConnectTimeout"])
    #expect(bench.last?.stoppedReason == .timeout)
    bench.plugIn()
    bench.wait(2)
    #expect(!bench.isGranted(), "the authorization has ended")
    bench.tap("CARD")
    #expect(bench.isGranted(), "TC_E_05_CS and the EVSE serves the next")
  }

  @Test("E03.FR.15 T-21 With ParkingBayOccupancy as stop point the timeout only ends the authorization")
  func connectionTimeoutInBay() {
    let bench = SessionBench([
      (.txStartPoint, "ParkingBayOccupancy"), (.txStopPoint, "ParkingBayOccupancy"), (.evConnectionTimeOut, "30"),
    ])
    bench.tell(.parkingBay(EVSEID(1), occupied: true, at: bench.engine.now))
    bench.tap("CARD")
    bench.wait(31)
    #expect(bench.story == ["Started/EVDetected", "Updated/Authorized", "Updated/EVConnectTimeout"])
    bench.plugIn()
    #expect(!bench.isGranted())
  }

  @Test("E01.FR.14 E01.FR.08 One transaction at a time at an EVSE; the next has an id of its own")
  func oneAfterTheOther() {
    let bench = SessionBench()
    for _ in 0..<3 {
      bench.plugIn()
      bench.tap("CARD")
      bench.wait(5)
      bench.plugOut()
      bench.wait(3)
    }
    let started = bench.events.filter { $0.kind == .started }
    #expect(started.count == 3)
    #expect(Set(started.map { $0.transactionID }).count == 3)
    #expect(started.allSatisfy { $0.seqNo == 0 })
    #expect(!bench.disk.hasOpenTransactions, "Ended takes the stored transaction with it")
  }

  @Test(
    "E06.FR.08 E06.FR.16 An emergency stop ends the transaction as an abnormal condition; a missing reading does not")
  func faults() {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    bench.fault("meterSilent")
    bench.wait(2)
    #expect(bench.last?.kind == .updated)
    bench.fault("meterSilent", active: false)
    bench.fault("CX008")
    bench.wait(3)
    #expect(bench.story.last == "Ended/AbnormalCondition")
    #expect(bench.last?.stoppedReason == .emergencyStop)
    #expect(!bench.isGranted())
    bench.tap("CARD")
    #expect(!bench.isGranted(), "nothing begins while it is pressed")
  }

  @Test("Energy waits for the disk: no grant and no picture of it before the Started event is durable")
  func durableFirst() {
    let bench = SessionBench()
    bench.plugIn()
    bench.engine.holdsCommits = true
    bench.tap("CARD")
    #expect(!bench.isGranted())
    #expect(bench.engine.lastShown(at: 1) != .preparing && bench.engine.lastShown(at: 1) != .charging)
    bench.engine.holdsCommits = false
    bench.settle()
    #expect(bench.isGranted())
  }

  @Test("No transaction begins while the outbox is full, and no energy flows without one")
  func outboxFull() {
    let bench = SessionBench()
    bench.engine.canBeginTransaction = false
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.events.isEmpty && !bench.isGranted())
    #expect(bench.engine.lastShown(at: 1) == .rejected(.notAtThisTime))
  }

  @Test("No energy without a transaction, although TxStartPoint lists what has happened already")
  func secondDriverAtTheSameVehicle() {
    let bench = SessionBench([(.txStartPoint, "EVConnected")])
    bench.plugIn()
    bench.tap("ONE")
    bench.wait(3)
    bench.tap("ONE")
    bench.wait(3)
    bench.tap("TWO")
    bench.wait(2)
    #expect(bench.isGranted())
    #expect(bench.events.filter { $0.kind == .started }.count == 2)
    #expect(bench.events.last { $0.kind == .started }?.token?.idToken == "TWO")
  }

  @Test("G03 An inoperative connector begins nothing; a running transaction stays")
  func inoperative() {
    let bench = SessionBench()
    bench.plugIn()
    bench.sessions.operativeChanged(bench.connector(1), isOperative: false)
    bench.tap("CARD")
    #expect(bench.events.isEmpty)
    #expect(bench.engine.lastShown(at: 1) != .charging)
    bench.sessions.operativeChanged(bench.connector(1), isOperative: true)
    bench.wait(6)
    bench.tap("CARD")
    #expect(bench.isGranted())
    bench.sessions.operativeChanged(bench.connector(1), isOperative: false)
    bench.wait(2)
    #expect(bench.isGranted())
  }

  @Test("B12.FR.04 An immediate reset ends every transaction before it is told to be done")
  func reset() {
    let bench = SessionBench(evseCount: 2)
    for evse: Int32 in [1, 2] {
      bench.plugIn(evse)
      bench.tap("CARD\(evse)")
    }
    bench.wait(3)
    #expect(bench.sessions.isBusy(.station))
    var isDone = false
    bench.engine.holdsCommits = true
    bench.sessions.endTransactions(in: .station) { isDone = true }
    bench.wait(3)
    #expect(!isDone)
    bench.engine.holdsCommits = false
    bench.wait(3)
    #expect(isDone)
    let ended = bench.events.filter { $0.kind == .ended }
    #expect(ended.count == 2)
    #expect(ended.allSatisfy { $0.trigger == .resetCommand && $0.stoppedReason == .immediateReset })
    // With all the energy, also that of the time until the contactor was open.
    #expect(Set(ended.map { $0.readings.last?.energyImport }) == [bench.register(1), bench.register(2)])
  }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// Resets on the whole engine with sessions that charge.
@Suite("Certification, B11 and B12 Reset")
struct ResetConformance {
  /// Two EVSEs that can be reset alone, both charging.
  private func charging(_ cards: [String] = ["CARD", "OTHER"]) -> ChargingStation {
    let station = ChargingStation(evses: 2, starts: false)
    for index in 0..<2 { station.harness.configuration.evses[index].allowsReset = true }
    station.restart(.kill)
    for (place, card) in cards.enumerated() where !card.isEmpty {
      station.plugIn(Int32(place) + 1)
      station.tap(card, evses: [Int32(place) + 1])
    }
    station.wait(5)
    return station
  }

  private func reset(_ station: ChargingStation, _ payload: JSONValue) -> String? {
    let id = station.harness.csms.call(.reset, payload)
    station.wait(1)
    return station.harness.csms.result(id)?["status"]?.string
  }

  @Test("TC_B_25_CS, B11.FR.01, B11.FR.08, T-46 The reset of an idle EVSE does not touch the transaction beside it")
  func idleEVSE() throws {
    for kind in ["Immediate", "OnIdle"] {
      let station = charging(["", "OTHER"])
      let neighbour = try #require(station.chargePoint.transactionID(at: EVSEID(2)))
      #expect(reset(station, ["type": .string(kind), "evseId": 1]) == "Accepted")
      station.wait(10)
      #expect(station.harness.delegate.resets == [.evse(EVSEID(1))])
      #expect(station.chargePoint.transactionID(at: EVSEID(2)) == neighbour)
      #expect(station.places[1].isClosed && station.harness.csms.isConnected)
      #expect(!station.story.contains { $0.hasPrefix("Ended") })
      // And the EVSE charges again.
      station.plugIn(1)
      station.tap("CARD", evses: [1])
      station.wait(3)
      #expect(station.places[0].isClosed)
      #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
    }
  }

  @Test("TC_B_27_CS, B12.FR.02, B12.FR.08 Immediate for one EVSE ends its transaction alone, with ImmediateReset")
  func immediateEVSE() throws {
    let station = charging()
    let ending = try #require(station.chargePoint.transactionID(at: EVSEID(1)))
    let neighbour = try #require(station.chargePoint.transactionID(at: EVSEID(2)))
    #expect(reset(station, ["type": "Immediate", "evseId": 1]) == "Accepted")
    station.wait(5)
    let ended = station.events.filter { $0.eventType == .ended }
    #expect(ended.map(\.transactionInfo.transactionId) == [ending])
    #expect(ended.first?.triggerReason == .resetCommand)
    #expect(ended.first?.transactionInfo.stoppedReason == .immediateReset)
    #expect(station.chargePoint.transactionID(at: EVSEID(2)) == neighbour && station.places[1].isClosed)
    #expect(!station.places[0].isClosed)
    #expect(station.harness.delegate.resets == [.evse(EVSEID(1))])
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("TC_B_26_CS, B12.FR.01, B12.FR.07 OnIdle for one EVSE waits for the natural end of its transaction alone")
  func onIdleEVSE() throws {
    let station = charging()
    #expect(reset(station, ["type": "OnIdle", "evseId": 1]) == "Scheduled")
    station.wait(60)
    #expect(station.harness.delegate.resets.isEmpty && station.places[0].isClosed)
    station.tap("CARD", evses: [1])
    station.wait(5)
    #expect(station.harness.delegate.resets == [.evse(EVSEID(1))])
    let ended = try #require(station.events.first { $0.eventType == .ended })
    #expect(ended.transactionInfo.stoppedReason == .local || ended.transactionInfo.stoppedReason == nil)
    #expect(station.places[1].isClosed)
  }

  @Test("T-46, B12.FR.02, B12.FR.04, B11.FR.04 Immediate for the station ends all with ImmediateReset, then boots")
  func immediateStation() {
    let station = charging()
    #expect(reset(station, ["type": "Immediate"]) == "Accepted")
    station.wait(3)
    let ended = station.events.filter { $0.eventType == .ended }
    #expect(ended.count == 2)
    #expect(
      ended.allSatisfy { $0.triggerReason == .resetCommand && $0.transactionInfo.stoppedReason == .immediateReset })
    #expect(station.harness.delegate.resets == [.station])
    #expect(station.places.allSatisfy { !$0.isClosed })
    station.restart(.clean)
    #expect(station.harness.csms.calls(.bootNotification).last?.json["reason"] == "RemoteReset")
    #expect(station.harness.csms.calls(.statusNotification).suffix(2).count == 2)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("T-47, B12.FR.05 What the CSMS did not answer before the reset is sent again after the boot, and nothing twice")
  func unansweredEnded() {
    let station = charging(["CARD"])
    station.harness.csms.script = { $0.action == .transactionEvent ? .silent : .standard }
    #expect(reset(station, ["type": "Immediate"]) == "Accepted")
    station.wait(45)
    #expect(station.harness.delegate.resets == [.station])
    station.harness.csms.script = { _ in .standard }
    station.restart(.clean)
    station.wait(120)
    let ended = station.events.filter { $0.eventType == .ended }
    #expect(ended.count == 1)
    #expect(ended.first?.transactionInfo.stoppedReason == .immediateReset)
    #expect(station.harness.csms.calls(.transactionEvent).last?.json["eventType"] == "Ended")
    #expect(station.harness.csms.calls(.transactionEvent).last?.json["offline"] == true)
    #expect(station.chargePoint.waitingRecords == 0)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test(
    "B12.FR.04, DESIGN §4 A store that fails holds a reset for a minute at most; the Ended event is made anew after it")
  func endedCannotBeStored() {
    let station = charging(["CARD"])
    station.wait(30)
    station.harness.store.commitsBeforeFailure = 1
    station.harness.store.failure = StoreFailure(.inputOutput, detail: "broken")
    #expect(reset(station, ["type": "Immediate"]) == "Accepted")
    station.wait(50)
    #expect(station.harness.delegate.resets.isEmpty && !station.places[0].isClosed)
    station.wait(60)
    #expect(station.harness.delegate.resets == [.station])
    station.harness.store.failure = nil
    station.restart(.kill)
    station.wait(60)
    let ended = station.events.filter { $0.eventType == .ended }
    #expect(ended.count == 1)
    #expect(ended.first?.triggerReason == .resetCommand)
    #expect(ended.first?.transactionInfo.stoppedReason == .immediateReset)
    #expect(station.harness.csms.calls(.bootNotification).last?.json["reason"] == "RemoteReset")
    #expect(station.chargePoint.waitingRecords == 0)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("B12.FR.03, T-46 OnIdle survives a power cut in the transaction that it waits for")
  func onIdleOverPowerCut() {
    let station = charging(["CARD"])
    #expect(reset(station, ["type": "OnIdle"]) == "Scheduled")
    station.restart(.powerCut)
    station.wait(30)
    #expect(station.harness.delegate.resets.isEmpty)
    station.tap("CARD", evses: [1])
    station.plugOut(1)
    station.wait(10)
    #expect(station.harness.delegate.resets == [.station])
    station.restart(.clean)
    #expect(station.harness.csms.calls(.bootNotification).last?.json["reason"] == "ScheduledReset")
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("Nothing begins at an EVSE between the end of its transaction and its reset; beside it everything goes on")
  func nothingBegins() {
    let station = charging(["CARD"])
    station.harness.csms.script = { call in
      call.action == .transactionEvent && call.json["eventType"] == "Ended" ? .error("InternalError") : .standard
    }
    #expect(reset(station, ["type": "Immediate", "evseId": 1]) == "Accepted")
    station.tap("OTHER", evses: [1])
    station.wait(2)
    #expect(station.chargePoint.transactionID(at: EVSEID(1)) == nil && !station.places[0].isClosed)
    #expect(station.harness.delegate.resets.isEmpty)
    station.plugIn(2)
    station.tap("APP", evses: [2])
    station.wait(2)
    #expect(station.places[1].isClosed)
    station.wait(40)
    #expect(station.harness.delegate.resets == [.evse(EVSEID(1))])
  }
}

import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("C16 Stopping with a master pass")
struct MasterPassConformance {
  private typealias Station = ChargingStation

  /// Two vehicles charge; POLICE is a master pass.
  private func station(
    _ settings: [(String, String, String)] = [], hasDisplayChoice: Bool = false, charging: Int32 = 2
  ) -> ChargingStation {
    let station = ChargingStation(
      [("AuthCtrlr", "MasterPassGroupId", "MasterGroup")] + settings, evses: 2, hasDisplayChoice: hasDisplayChoice)
    station.harness.csms.tokens["POLICE"] = .accepted
    station.harness.csms.groups["POLICE"] = "MASTERGROUP"
    for (evse, token) in zip(1...charging, ["CARD", "OTHER"]) {
      station.plugIn(evse)
      station.tap(token, evses: [evse])
      station.wait(2)
    }
    return station
  }

  private func stops(_ station: ChargingStation) -> [TransactionEventRequest] {
    station.events.filter { $0.triggerReason == .stopAuthorized }
  }

  private var asksWhat: (DriverFeedback, EVSEID?) -> Bool {
    { feedback, _ in if case .chooseWhatToStop(let evses) = feedback { !evses.isEmpty } else { false } }
  }

  @Test("TC_C_49_CS T-37 C16.FR.02 C16.FR.07 Without a display to choose on, a master pass ends every transaction")
  func everyTransaction() {
    let station = station()
    station.tap("POLICE", evses: [1])
    station.wait(5)
    #expect(station.places.allSatisfy { !$0.isClosed })
    let stops = stops(station)
    #expect(stops.count == 2)
    #expect(stops.allSatisfy { $0.idToken?.idToken == "POLICE" && $0.transactionInfo.stoppedReason == .masterPass })
    #expect(stops.allSatisfy { $0.eventType == .ended })
    #expect(station.harness.delegate.feedback.allSatisfy { !asksWhat($0.0, $0.1) })
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_C_47_CS T-37 C16.FR.01 C16.FR.07 With a display a master pass asks; all are ended when all are chosen")
  func allChosen() {
    let station = station(hasDisplayChoice: true)
    station.tap("POLICE", evses: [1])
    station.wait(5)
    #expect(station.places.allSatisfy { $0.isClosed }, "nothing ends before the choice")
    #expect(station.harness.delegate.feedback.contains { $0.0 == .chooseWhatToStop([EVSEID(1), EVSEID(2)]) })
    station.choose(.everyEVSE)
    station.wait(5)
    #expect(stops(station).count == 2)
    #expect(stops(station).allSatisfy { $0.transactionInfo.stoppedReason == .masterPass })
    #expect(station.harness.delegate.feedback.contains { $0.0 == .chooseWhatToStop([]) && $0.1 == nil })
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_C_48_CS T-37 C16.FR.01 C16.FR.07 With a display one transaction is ended when it is chosen")
  func oneChosen() {
    let station = station(hasDisplayChoice: true)
    station.tap("POLICE", evses: [1])
    station.choose(.evse(EVSEID(2)))
    station.wait(5)
    #expect(station.places.map(\.isClosed) == [true, false])
    #expect(stops(station).map { $0.idToken?.idToken } == ["POLICE"])
    #expect(stops(station).first?.transactionInfo.stoppedReason == .masterPass)
    // The question is gone: another choice ends nothing.
    station.choose(.everyEVSE)
    station.wait(3)
    #expect(station.places[0].isClosed)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("T-37 A choice that is cancelled, that nobody makes, or that comes without a master pass ends nothing")
  func cancelled() {
    let station = station(hasDisplayChoice: true)
    station.choose(.everyEVSE)
    station.tap("POLICE")
    station.choose(.cancel)
    station.choose(.everyEVSE)
    station.tap("POLICE")
    station.wait(61)
    #expect(station.harness.delegate.feedback.filter { $0.0 == .chooseWhatToStop([]) }.count == 2)
    station.choose(.everyEVSE)
    station.wait(3)
    #expect(station.places.allSatisfy { $0.isClosed })
    #expect(stops(station).isEmpty)
  }

  @Test(
    "TC_C_45_CS T-37 C16.FR.03 C12.FR.09 A master pass starts nothing: not by the CSMS's word, the cache's or the list's",
    arguments: ["csms", "cache", "list", "remote", "remoteGroup"])
  func startsNothing(_ way: String) {
    let station = ChargingStation([
      ("AuthCtrlr", "MasterPassGroupId", "MasterGroup"), ("AuthCtrlr", "LocalPreAuthorize", "true"),
    ])
    station.harness.csms.tokens["POLICE"] = .accepted
    station.harness.csms.groups["POLICE"] = "MasterGroup"
    station.plugIn()
    switch way {
    case "cache": station.tap("POLICE")
    case "list": station.sendList(.full, version: 1, [Station.entry("POLICE", group: "MasterGroup")])
    case "remote", "remoteGroup":
      let request = RequestStartTransactionRequest(
        idToken: Station.card("POLICE"), remoteStartId: 7, evseId: 1,
        groupIdToken: way == "remote" ? nil : IdToken(idToken: "mastergroup", type: .central))
      let answer = station.csms(.requestStartTransaction, request.encode(version: .v201))
      if way == "remoteGroup" { #expect(answer?["status"] == "Rejected") }
    default: break
    }
    if !way.hasPrefix("remote") { station.tap("POLICE") }
    station.wait(5)
    #expect(station.asked == (way == "list" || way == "remoteGroup" ? 0 : 1))
    #expect(!station.places[0].isClosed)
    #expect(station.events.isEmpty)
    // The vehicle is still there for its driver.
    station.tap("CARD")
    station.wait(3)
    #expect(station.places[0].isClosed)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_C_14_CS C12.FR.09 C16.FR.04 A master pass of the cache ends transactions without a question, also offline")
  func cached() {
    let station = station([("AuthCtrlr", "LocalPreAuthorize", "true")], charging: 1)
    station.tap("POLICE")
    station.wait(5)
    station.plugOut()
    station.wait(3)
    station.plugIn()
    station.tap("CARD", evses: [1])
    station.wait(3)
    let asked = station.asked
    station.tap("POLICE")
    station.wait(5)
    #expect(station.asked == asked)
    #expect(stops(station).map { $0.transactionInfo.stoppedReason } == [.masterPass, .masterPass])
    #expect(station.harness.violations.isEmpty)
  }

  @Test("C16.FR.05 A master pass of the list ends transactions without a link")
  func listedOffline() {
    let station = station(charging: 1)
    station.sendList(.full, version: 1, [Station.entry("POLICE", group: "MasterGroup")])
    station.goOffline()
    #expect(station.places[0].isClosed)
    station.tap("POLICE")
    station.wait(5)
    #expect(!station.places[0].isClosed)
  }

  @Test("C16.FR.07 Where Authorized is no stop point the transaction goes on without energy, and ends as MasterPass")
  func otherStopPoint() {
    let station = station([("TxCtrlr", "TxStopPoint", "EVConnected")], charging: 1)
    station.tap("POLICE")
    station.wait(3)
    #expect(!station.places[0].isClosed)
    #expect(stops(station).map { $0.eventType } == [.updated])
    station.plugOut()
    station.wait(3)
    #expect(station.events.last?.eventType == .ended)
    #expect(station.events.last?.transactionInfo.stoppedReason == .masterPass)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("Without MasterPassGroupId no group is a master's")
  func unset() {
    let station = station([("AuthCtrlr", "MasterPassGroupId", "")])
    station.tap("POLICE", evses: [1])
    station.wait(3)
    #expect(station.places.allSatisfy { $0.isClosed })
  }
}

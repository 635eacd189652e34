import ChargerBase
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("The CSMS starts, stops, asks and unlocks")
struct SessionRemoteControlTests {
  @Test(
    """
    TC_F_01_CS F01.FR.01, FR.03, FR.04, FR.13, FR.17, FR.19, FR.25 C05.FR.03, FR.05 T-39 T-40 \
    Remote start at a waiting vehicle: answer, Authorize, then RemoteStart with its id
    """
  )
  func plugFirst() throws {
    let bench = SessionBench([(.txStartPoint, "EVConnected")])
    bench.plugIn()
    let transactionID = bench.sessions.transactionID(at: EVSEID(1))
    let answer = try #require(bench.remoteStart("APP", id: 77, evse: 1))
    #expect(answer.status == .accepted)
    #expect(answer.transactionId == transactionID, "F01.FR.13")
    #expect(bench.engine.asked == ["APP"], "F01.FR.01")
    #expect(bench.story.prefix(2) == ["Started/CablePluggedIn", "Updated/RemoteStart"])
    #expect(bench.events[1].remoteStartID == 77)
    #expect(bench.events[1].token?.idToken == "APP")
    bench.wait(2)
    #expect(bench.events.filter { $0.remoteStartID != nil }.count == 1)
    #expect(bench.engine.actions.contains(.grant(bench.connector(1), .remoteStart, nil)))
  }

  @Test("TC_F_02_CS F02.FR.01 F02.FR.21 Remote start first: the event of the plugging in is RemoteStart")
  func remoteFirst() throws {
    let bench = SessionBench()
    #expect(bench.remoteStart("APP", id: 5, evse: 1)?.status == .accepted)
    bench.wait(10)
    bench.plugIn()
    #expect(bench.story.first == "Started/RemoteStart")
    #expect(bench.events.first?.remoteStartID == 5)
    #expect(bench.events.first?.chargingState == .evConnected)
  }

  @Test("TC_F_03_CS F01.FR.02 F02.FR.10 AuthorizeRemoteStart false: nobody is asked")
  func withoutAuthorize() {
    let bench = SessionBench([(.authorizeRemoteStart, "false"), (.txStartPoint, "Authorized")])
    #expect(bench.remoteStart("APP", id: 5, evse: 1)?.status == .accepted)
    #expect(bench.engine.asked.isEmpty)
    #expect(bench.story == ["Started/RemoteStart"])
  }

  @Test("C03.FR.01 C05.FR.01 A Central token is not asked about")
  func central() {
    let bench = SessionBench()
    bench.plugIn()
    let request = RequestStartTransactionRequest(
      idToken: IdToken(idToken: "X", type: .central), remoteStartId: 1, evseId: 1)
    #expect(bench.call(.requestStartTransaction, request.encode(version: .v201)) != nil)
    #expect(bench.engine.asked.isEmpty)
    #expect(bench.story.first == "Started/RemoteStart")
  }

  @Test("TC_F_04_CS E03.FR.05 F02.FR.07 A remote start that nobody follows ends by the timeout, and is forgotten")
  func remoteStartTimesOut() {
    let bench = SessionBench([(.txStartPoint, "Authorized"), (.evConnectionTimeOut, "20")])
    #expect(bench.remoteStart("APP", id: 5, evse: 1)?.status == .accepted)
    bench.wait(21)
    #expect(bench.story == ["Started/RemoteStart", "Ended/EVConnectTimeout"])
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.events.last { $0.kind == .started }?.trigger == .authorized)
    #expect(bench.events.last?.remoteStartID == nil)
  }

  @Test("F02.FR.08 With ParkingBayOccupancy as stop point the timeout ends a remote start's authorization alone")
  func remoteStartTimesOutInBay() {
    let bench = SessionBench([
      (.txStartPoint, "ParkingBayOccupancy"), (.txStopPoint, "ParkingBayOccupancy"), (.evConnectionTimeOut, "30"),
    ])
    bench.tell(.parkingBay(EVSEID(1), occupied: true, at: bench.engine.now))
    bench.settle()
    #expect(bench.remoteStart("APP", id: 5, evse: 1)?.status == .accepted)
    bench.wait(31)
    #expect(bench.story == ["Started/EVDetected", "Updated/RemoteStart", "Updated/EVConnectTimeout"])
    bench.plugIn()
    #expect(!bench.isGranted())
  }

  @Test(
    "F01.FR.20 F02.FR.22 Without an EVSE: the waiting vehicle, or of the free EVSEs the next that is plugged in"
  )
  func withoutEVSE() {
    let bench = SessionBench(evseCount: 2)
    bench.plugIn(2)
    #expect(bench.remoteStart("APP", id: 1, evse: nil)?.status == .accepted)
    #expect(bench.sessions.transactionID(at: EVSEID(2)) != nil)

    let other = SessionBench(evseCount: 2)
    #expect(other.remoteStart("APP", id: 2, evse: nil)?.status == .accepted)
    other.plugIn(2)
    #expect(other.events.map { $0.evse }.first == 2)
    #expect(other.events.first?.remoteStartID == 2)
  }

  @Test(
    "F01.FR.23 F01.FR.24 F02.FR.25 F02.FR.26 T-40 Rejected: unknown, faulted, unavailable, taken, offline, full")
  func rejected() {
    let bench = SessionBench(evseCount: 2)
    #expect(bench.remoteStart("APP", id: 1, evse: 9)?.status == .rejected)
    bench.fault("groundFault")
    #expect(bench.remoteStart("APP", id: 1, evse: 1)?.status == .rejected)
    bench.fault("groundFault", active: false)
    bench.sessions.operativeChanged(bench.connector(1), isOperative: false)
    #expect(bench.remoteStart("APP", id: 1, evse: 1)?.status == .rejected)
    bench.sessions.operativeChanged(bench.connector(1), isOperative: true)
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.remoteStart("APP", id: 1, evse: 1)?.status == .rejected)
    bench.engine.isOnline = false
    #expect(bench.remoteStart("APP", id: 1, evse: 2)?.status == .rejected)
    bench.engine.isOnline = true
    bench.engine.canBeginTransaction = false
    #expect(bench.remoteStart("APP", id: 1, evse: 2)?.status == .rejected)
    bench.engine.canBeginTransaction = true
    #expect(bench.remoteStart("APP", id: 1, evse: 2)?.status == .accepted)
    #expect(bench.remoteStart("APP2", id: 2, evse: 2)?.status == .rejected, "kept for the first")
  }

  @Test("F01.FR.01 A remote start whose token is refused starts nothing")
  func refusedToken() {
    let bench = SessionBench()
    bench.engine.verdict = { _ in .refused(.blocked) }
    bench.plugIn()
    #expect(bench.remoteStart("APP", id: 1, evse: 1)?.status == .accepted)
    #expect(bench.events.isEmpty && !bench.isGranted())
  }

  @Test(
    "TC_F_08_CS TC_E_21, 35_CS F03.FR.03, FR.07, FR.09 Remote stop: Accepted, then Ended, RemoteStop, Remote"
  )
  func remoteStop() throws {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    let id = try #require(bench.sessions.transactionID(at: EVSEID(1)))
    #expect(bench.remoteStop(id)?.status == .accepted)
    bench.wait(3)
    #expect(bench.story.last == "Ended/RemoteStop")
    #expect(bench.last?.stoppedReason == .remote)
    #expect(bench.last?.token == nil)
    #expect(bench.remoteStop(id)?.status == .rejected)
  }

  @Test("F03.FR.02 With EVConnected alone a remote stop ends the energy, and is told")
  func remoteStopStands() throws {
    let bench = SessionBench([(.txStopPoint, "EVConnected")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    let id = try #require(bench.sessions.transactionID(at: EVSEID(1)))
    #expect(bench.remoteStop(id)?.status == .accepted)
    bench.wait(2)
    #expect(bench.story.suffix(2) == ["Updated/RemoteStop", "Updated/ChargingStateChanged"])
    #expect(!bench.isGranted())
    bench.plugOut()
    #expect(bench.last?.stoppedReason == .remote)
  }

  @Test("TC_F_09_CS F03.FR.08 An unknown transaction cannot be stopped")
  func remoteStopUnknown() {
    let bench = SessionBench()
    #expect(bench.remoteStop("nobody's")?.status == .rejected)
  }

  private func status(_ bench: SessionBench, _ id: String?) throws -> GetTransactionStatusResponse {
    let payload = GetTransactionStatusRequest(transactionId: id).encode(version: .v201)
    let answer = try #require(bench.call(.getTransactionStatus, payload))
    return try GetTransactionStatusResponse.decode(answer[...], version: .v201)
  }

  @Test("TC_E_28, 29, 30, 31, 32, 33, 34_CS E14.FR.01–FR.08 T-28 The status of a transaction")
  func transactionStatus() throws {
    let bench = SessionBench()
    #expect(
      try status(bench, "nobody's") == GetTransactionStatusResponse(messagesInQueue: false, ongoingIndicator: false))
    #expect(try status(bench, nil) == GetTransactionStatusResponse(messagesInQueue: false))
    bench.plugIn()
    bench.tap("CARD")
    let id = try #require(bench.sessions.transactionID(at: EVSEID(1)))
    bench.engine.queuedEvents = { $0 == nil || $0 == id }
    #expect(try status(bench, id) == GetTransactionStatusResponse(messagesInQueue: true, ongoingIndicator: true))
    #expect(try status(bench, nil) == GetTransactionStatusResponse(messagesInQueue: true))
    bench.plugOut()
    bench.wait(3)
    bench.engine.queuedEvents = { _ in false }
    #expect(try status(bench, id) == GetTransactionStatusResponse(messagesInQueue: false, ongoingIndicator: false))
  }

  @Test(
    "TC_F_13, 14_CS F06.FR.04, FR.07, FR.10, FR.11 A triggered TransactionEvent, for one EVSE and for all"
  )
  func triggeredEvent() {
    let bench = SessionBench(evseCount: 2)
    #expect(bench.sessions.trigger(.transactionEvent, at: nil) == .rejected)
    for evse: Int32 in [1, 2] {
      bench.plugIn(evse)
      bench.tap("CARD\(evse)")
    }
    bench.wait(3)
    let count = bench.events.count
    #expect(bench.sessions.trigger(.transactionEvent, at: EVSEID(2)) == .accepted)
    #expect(bench.events.count == count, "F06.FR.04 the answer goes first")
    bench.settle()
    #expect(bench.events.count == count + 1)
    #expect(bench.last?.trigger == .trigger && bench.last?.evse == 2 && bench.last?.chargingState == .charging)
    #expect(bench.last?.readings.map { $0.context } == [.trigger])
    #expect(bench.sessions.trigger(.transactionEvent, at: nil) == .accepted)
    bench.settle()
    #expect(bench.events.count == count + 3)
  }

  @Test("TC_F_11_CS TC_F_12_CS F06.FR.06 F06.FR.09 Triggered MeterValues: the newest values, or Rejected")
  func triggeredMeterValues() throws {
    let bench = SessionBench(evseCount: 2)
    #expect(bench.sessions.trigger(.meterValues, at: nil) == .accepted)
    bench.settle()
    let requests = bench.engine.sent.map { try? MeterValuesRequest.decode($0[...], version: .v201) }
    #expect(requests.map { $0?.evseId } == [1, 2])
    #expect(requests.first??.meterValue.first?.sampledValue.first?.context == .trigger)
    bench.metersAreSilent = true
    bench.wait(20)
    #expect(bench.sessions.trigger(.meterValues, at: EVSEID(1)) == .rejected)
    #expect(bench.sessions.trigger(.heartbeat, at: nil) == .notImplemented)
  }
}

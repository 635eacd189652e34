import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("E13: transaction events that the CSMS does not take")
struct OutboxRetryTests {
  private static func retries(_ attempts: Int, every seconds: Int) -> [ChargePointConfiguration.DeviceModelEntry] {
    [
      EngineHarness.setting("OCPPCommCtrlr", "MessageAttempts", "\(attempts)", instance: "TransactionEvent"),
      EngineHarness.setting("OCPPCommCtrlr", "MessageAttemptInterval", "\(seconds)", instance: "TransactionEvent"),
    ]
  }

  /// A station whose first Updated meets `reply` so many times.
  private func station(
    _ settings: [ChargePointConfiguration.DeviceModelEntry], refusing times: Int, with reply: SimulatedCSMS.Reply
  ) -> StubbedStation {
    let station = StubbedStation(settings)
    station.harness.start()
    station.harness.csms.transactions.allowsGaps = true
    var left = times
    station.harness.csms.script = { call in
      guard call.action == .transactionEvent, call.json["seqNo"] == 1, left > 0 else { return .standard }
      left -= 1
      return reply
    }
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.update("T1", count: 2) }
    station.harness.run(for: .seconds(1_000))
    return station
  }

  private func expectMaximum(_ station: StubbedStation, attempts: Int, timeout: Duration) {
    #expect(station.ids() == ["T1#0"] + Array(repeating: "T1#1", count: attempts) + ["T1#2"])
    let calls = station.harness.csms.calls(.transactionEvent).filter { $0.json["seqNo"] == 1 }
    // The wait is the interval times the transmissions before; the same event, under another message id.
    for (number, pair) in zip(calls, calls.dropFirst()).enumerated() {
      let wait = timeout + .seconds(10 * Int64(number + 1))
      #expect(pair.1.at - pair.0.at >= wait && pair.1.at - pair.0.at < wait + .seconds(1))
      #expect(pair.0.json["timestamp"] == pair.1.json["timestamp"])
      #expect(pair.0.messageID != pair.1.messageID)
    }
    #expect(station.harness.chargePoint.waitingRecords == 0)
    #expect(station.harness.store.content.deadLetters.map(\.entry.failedAttempts) == [Int32(attempts)])
    #expect(station.harness.chargePoint.outboxStatus.deadLetters == 1)
    #expect(station.harness.csms.violations.isEmpty, "\(station.harness.csms.violations)")
  }

  @Test(
    "E13.FR.01, E13.FR.02, E13.FR.03, E13.FR.04, TC_E_41_CS, T-26, T-27: after so many silences the event is given up",
    arguments: [1, 3, 5])
  func silence(attempts: Int) {
    let station = station(Self.retries(attempts, every: 10), refusing: 100, with: .silent)
    expectMaximum(station, attempts: attempts, timeout: .seconds(30))
    #expect(station.harness.store.content.deadLetters.first?.reason.contains("no answer") == true)
  }

  @Test(
    "E13.FR.01, E13.FR.02, E13.FR.03, E13.FR.04, TC_E_50_CS, T-26, T-27: after so many CALLERRORs it is given up",
    arguments: [1, 3, 5])
  func errors(attempts: Int) {
    let station = station(Self.retries(attempts, every: 10), refusing: 100, with: .error("InternalError"))
    expectMaximum(station, attempts: attempts, timeout: .zero)
    #expect(station.harness.store.content.deadLetters.first?.reason.contains("InternalError") == true)
  }

  @Test("E13.FR.01, E13.FR.02, E13.FR.03, TC_E_42_CS: taken at the second attempt after silence, nothing is given up")
  func succeedsAfterSilence() {
    let station = station(Self.retries(3, every: 10), refusing: 1, with: .silent)
    #expect(station.ids() == ["T1#0", "T1#1", "T1#1", "T1#2"])
    #expect(station.harness.store.content.deadLetters.isEmpty)
  }

  @Test("E13.FR.01, E13.FR.02, E13.FR.03, TC_E_51_CS: taken at the second attempt after a CALLERROR")
  func succeedsAfterError() {
    let station = station(Self.retries(3, every: 10), refusing: 1, with: .error("GenericError"))
    #expect(station.ids() == ["T1#0", "T1#1", "T1#1", "T1#2"])
    #expect(station.harness.store.content.deadLetters.isEmpty)
  }

  @Test("E13.FR.02, engine rule Retry: a lost link and a failing store cost no attempt, before and after a restart")
  func onlyTheCSMSCounts() {
    let station = StubbedStation(Self.retries(2, every: 10))
    station.harness.start()
    station.harness.csms.script = { $0.action == .transactionEvent ? .close(1001) : .standard }
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(300))
    station.harness.restart(.kill)
    station.harness.run(for: .seconds(300))
    #expect(station.ids().count > 4)
    #expect(station.harness.store.content.deadLetters.isEmpty)
    #expect(station.harness.store.content.entries.filter { $0.lane == .transaction }.map(\.failedAttempts) == [0])
    station.harness.csms.script = { _ in .standard }
    station.harness.run(for: .seconds(300))
    #expect(station.harness.chargePoint.waitingRecords == 0)
  }

  @Test("E13.FR.02: attempts made before a restart count after it")
  func attemptsSurvive() {
    let station = StubbedStation(Self.retries(3, every: 10))
    station.harness.start()
    station.harness.csms.transactions.allowsGaps = true
    station.harness.csms.script = { $0.action == .transactionEvent ? .error("InternalError") : .standard }
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(15))
    #expect(station.ids().count == 2)
    station.harness.restart(.kill)
    station.harness.run(for: .seconds(100))
    #expect(station.ids().count == 3)
    #expect(station.harness.store.content.deadLetters.map(\.entry.failedAttempts) == [3])
    station.harness.restart(.powerCut)
    #expect(station.harness.chargePoint.outboxStatus.deadLetters == 1)
  }

  @Test("E13.FR.04: a Started event that is given up does not stop the rest of its transaction, in its order")
  func poisonedStart() {
    let station = StubbedStation(Self.retries(2, every: 10))
    station.harness.start()
    station.harness.csms.transactions.allowsGaps = true
    station.harness.csms.script = { call in
      call.action == .transactionEvent && call.json["seqNo"] == 0 ? .error("InternalError") : .standard
    }
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.update("T1", count: 40) }
    station.act { $0.end(EVSEID(1)) }
    station.harness.run(for: .seconds(100))
    #expect(station.ids() == ["T1#0", "T1#0"] + (1...41).map { "T1#\($0)" })
  }

  @Test("Engine rule Two queues, T-68: a refused security event waits in a lane of its own and is given up there")
  func securityLane() {
    let station = StubbedStation(Self.retries(2, every: 10))
    station.harness.csms.script = { $0.action == .securityEventNotification ? .error("InternalError") : .standard }
    station.harness.start()
    station.harness.chargePoint.securityEvent("TamperDetectionActivated", info: "door")
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.update("T1", count: 30) }
    station.harness.run(for: .seconds(9))
    #expect(station.ids() == (0...30).map { "T1#\($0)" })
    station.harness.run(for: .seconds(60))
    #expect(station.harness.store.content.deadLetters.map(\.entry.lane) == [.security, .security])
    #expect(station.harness.csms.calls(.securityEventNotification).count == 4)
    #expect(station.harness.chargePoint.waitingRecords == 0)
  }

  @Test("Engine rule Selection: of the heads of the lanes the older record goes first, and BootNotification before all")
  func selection() {
    let station = StubbedStation()
    station.harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.harness.chargePoint.securityEvent("TamperDetectionActivated")
    station.act { $0.update("T1") }
    station.harness.run(for: .seconds(5))
    station.harness.csms.refusal = nil
    station.harness.run(for: .seconds(300))
    let wanted: Set<OCPPAction> = [.bootNotification, .transactionEvent, .securityEventNotification]
    let order = station.harness.csms.calls.map(\.action).filter { wanted.contains($0) }
    #expect(
      order == [
        .bootNotification, .securityEventNotification, .transactionEvent, .securityEventNotification, .transactionEvent,
      ])
  }

  @Test("Engine rule Gate, T-6: before the registration is accepted records wait, and none of them is lost")
  func gate() {
    let station = StubbedStation()
    station.harness.csms.bootAnswers = [(.pending, 20)]
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.update("T1", count: 20) }
    station.harness.run(for: .seconds(15))
    #expect(station.harness.csms.calls.map(\.action) == [.bootNotification])
    station.harness.restart(.kill)
    station.harness.run(for: .seconds(15))
    #expect(station.ids().isEmpty)
    station.harness.csms.bootAnswers = [(.accepted, 300)]
    station.harness.run(for: .seconds(60))
    #expect(station.ids() == (0...20).map { "T1#\($0)" })
  }

  @Test("Engine rule Storage: what is ready together shares one commit, and what has been taken is removed in company")
  func groupCommit() {
    let station = StubbedStation()
    station.harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    station.harness.start()
    station.harness.run(for: .seconds(1))
    let full = station.harness.store.fullCommits
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.update("T1", count: 100) }
    station.harness.run(for: .seconds(1))
    #expect(station.harness.store.fullCommits - full <= 2)
    station.harness.csms.refusal = nil
    let relaxed = station.harness.store.relaxedCommits
    station.harness.run(for: .seconds(300))
    #expect(station.harness.chargePoint.waitingRecords == 0)
    #expect(station.harness.store.content.entries.isEmpty)
    #expect(station.harness.store.relaxedCommits - relaxed < 20)
  }

  @Test("Records whose bodies fill a whole answer of the store are all sent, in order, also after a restart")
  func largeRecords() {
    let station = StubbedStation()
    station.harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    station.harness.start()
    for seqNo in 0..<30 {
      var record = RecordWriter()
      record.write("T1", field: 1)
      record.write(Int64(seqNo), field: 2)
      record.write(station.harness.chargePoint.eventTime, field: 4)
      record.write([UInt8](repeating: 7, count: 200_000), field: 9)
      station.harness.chargePoint.append(
        OutboxRecord(kind: .transactionEvent, lane: .transaction, group: "T1", body: record.bytes), documents: [],
        whenDurable: nil)
    }
    station.harness.chargePoint.advance()
    station.harness.run(for: .seconds(5))
    station.harness.restart(.kill)
    station.harness.csms.transactions.allowsGaps = true
    station.harness.csms.refusal = nil
    station.harness.run(for: .seconds(300))
    #expect(station.ids() == (0..<30).map { "T1#\($0)" })
    #expect(station.harness.chargePoint.waitingRecords == 0)
  }

  @Test("A record or document that no store could take is left out and told, and holds up nothing")
  func oversized() {
    let station = StubbedStation()
    station.harness.start()
    station.harness.chargePoint.append(
      OutboxRecord(
        kind: .transactionEvent, lane: .transaction, group: "T0",
        body: [UInt8](repeating: 0, count: StoreLimits.maximumRecordBytes + 1)),
      documents: [
        .putDocument(
          .transaction, key: "1", body: [UInt8](repeating: 0, count: StoreLimits.maximumDocumentBytes + 1))
      ], whenDurable: nil)
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(10))
    #expect(station.ids() == ["T1#0"])
    #expect(station.harness.chargePoint.acceptsNewTransactions)
    #expect(station.harness.chargePoint.outboxStatus.refused == 1)
    #expect(station.harness.delegate.noted(.storage, "too large"))
    #expect(station.harness.store.violations.isEmpty)
  }
}

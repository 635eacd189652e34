import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("The durable queue")
struct OutboxTests {
  private static let quickRetry = [
    EngineHarness.setting("OCPPCommCtrlr", "MessageAttempts", "3", instance: "TransactionEvent"),
    EngineHarness.setting("OCPPCommCtrlr", "MessageAttemptInterval", "10", instance: "TransactionEvent"),
  ]

  @Test("An event is on disk before it is sent")
  func durableBeforeSent() {
    let station = StubbedStation()
    station.harness.start()
    station.harness.store.latency = .seconds(3)
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .milliseconds(2_900))
    #expect(station.ids().isEmpty)
    station.harness.run(for: .seconds(1))
    #expect(station.ids() == ["T1#0"])
    #expect(station.harness.store.content.entries.filter { $0.lane == .transaction }.count <= 1)
    station.harness.run(for: .seconds(10))
    #expect(station.harness.chargePoint.waitingRecords == 0)
    #expect(station.harness.store.content.entries.isEmpty)
  }

  @Test(
    "E04.FR.01–FR.03, E12.FR.01, FR.02, E08.FR.05–FR.07 Offline events are kept, sent in order later, marked offline"
  )
  func sendsOfflineEvents() {
    let station = StubbedStation()
    station.harness.start()
    station.harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    station.harness.link.drop()
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.update("T1", count: 200) }
    station.act { $0.end(EVSEID(1)) }
    station.harness.run(for: .seconds(60))
    station.harness.csms.refusal = nil
    station.harness.run(for: .seconds(600))
    #expect(station.ids() == (0...201).map { "T1#\($0)" })
    #expect(station.harness.csms.calls(.transactionEvent).allSatisfy { $0.json["offline"] == true })
    #expect(station.harness.chargePoint.waitingRecords == 0)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test(
    "E11.FR.02, FR.07, T-12 What is unanswered when the link goes down is offline when it is sent again"
  )
  func marksUnanswered() {
    let station = StubbedStation()
    station.harness.start()
    station.harness.csms.script = { $0.action == .transactionEvent ? .silent : .standard }
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.update("T1") }
    station.harness.run(for: .seconds(1))
    #expect(station.harness.csms.calls(.transactionEvent).map { $0.json["offline"] } == [false])
    station.harness.link.drop()
    station.harness.csms.script = { _ in .standard }
    station.harness.run(for: .seconds(60))
    #expect(station.ids() == ["T1#0", "T1#0", "T1#1"])
    #expect(station.harness.csms.calls(.transactionEvent).dropFirst().allSatisfy { $0.json["offline"] == true })
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test(
    "E13.FR.02–FR.04, T-26 Errors and silence on a live link count; then it is a dead letter and the next goes")
  func buriesPoisonedEvent() {
    let station = StubbedStation(Self.quickRetry)
    station.harness.start()
    station.harness.csms.transactions.allowsGaps = true
    station.harness.csms.script = { call in
      guard call.action == .transactionEvent, call.json["seqNo"] == 1 else { return .standard }
      return station.harness.csms.calls.count % 2 == 0 ? .error("InternalError") : .silent
    }
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.update("T1", count: 2) }
    station.harness.run(for: .seconds(300))
    #expect(station.ids() == ["T1#0", "T1#1", "T1#1", "T1#1", "T1#2"])
    #expect(station.harness.store.content.deadLetters.count == 1)
    #expect(station.harness.chargePoint.waitingRecords == 0)
    let attempts = station.harness.csms.calls(.transactionEvent).filter { $0.json["seqNo"] == 1 }.map { $0.at }
    // The wait is the interval times the attempts made (E13.FR.02).
    #expect(attempts[1] - attempts[0] >= .seconds(10))
    #expect(attempts[2] - attempts[1] >= .seconds(20))
  }

  @Test("A poisoned transaction does not hold up another, however long both queues are")
  func poisonedDoesNotHoldUp() {
    let station = StubbedStation(Self.quickRetry)
    station.harness.start()
    station.harness.csms.transactions.allowsGaps = true
    station.harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    station.harness.link.drop()
    station.act { $0.begin(1, id: "bad") }
    station.act { $0.update("bad", count: 99) }
    station.act { $0.begin(2, id: "good") }
    station.act { $0.update("good", count: 99) }
    station.harness.run(for: .seconds(30))
    station.harness.csms.refusal = nil
    station.harness.csms.script = { call in
      call.json["transactionInfo"]?["transactionId"] == "bad" && call.json["seqNo"] == 0
        ? .error("GenericError") : .standard
    }
    #expect(station.harness.run(upTo: .seconds(100)) { station.harness.chargePoint.status.isAccepted })
    station.harness.run(for: .seconds(9))
    #expect(station.ids().filter { $0.hasPrefix("good") } == (0..<100).map { "good#\($0)" })
    #expect(station.ids().filter { $0.hasPrefix("bad") } == ["bad#0"])
    station.harness.run(for: .seconds(120))
    #expect(station.ids().filter { $0.hasPrefix("bad") } == ["bad#0", "bad#0"] + (0..<100).map { "bad#\($0)" })
    #expect(station.harness.store.content.deadLetters.count == 1)
    #expect(station.harness.chargePoint.waitingRecords == 0)
    #expect(station.harness.csms.violations.isEmpty, "\(station.harness.csms.violations)")
  }

  @Test("A security event that the CSMS refuses does not hold up billing")
  func securityHasItsOwnLane() {
    let station = StubbedStation()
    station.harness.csms.script = { $0.action == .securityEventNotification ? .error("InternalError") : .standard }
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.update("T1", count: 5) }
    station.harness.run(for: .seconds(5))
    #expect(station.ids().count == 6)
    #expect(station.harness.chargePoint.waitingRecords == 1)
  }

  @Test("Link loss does not consume attempts")
  func linkLossDoesNotCount() {
    let station = StubbedStation(Self.quickRetry)
    station.harness.start()
    station.harness.csms.script = { $0.action == .transactionEvent ? .close(1001) : .standard }
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(600))
    #expect(station.ids().count > 3)
    #expect(station.harness.store.content.deadLetters.isEmpty)
    station.harness.csms.script = { _ in .standard }
    station.harness.run(for: .seconds(600))
    #expect(station.harness.chargePoint.waitingRecords == 0)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test(
    "Killed or without power at any moment, no durable event is lost and none is out of order",
    arguments: [
      EngineHarness.End.kill, .powerCut,
    ])
  func survivesAnyEnd(end: EngineHarness.End) {
    for step in 0..<40 {
      let station = StubbedStation()
      station.harness.start()
      station.act { $0.begin(1, id: "T1") }
      station.act { $0.update("T1", count: 10) }
      station.harness.run(for: .milliseconds(step * 7))
      let durable = station.harness.store.durable.entries.filter { $0.lane == .transaction }.map { $0.number }
      let before = Set(station.ids())
      station.harness.restart(end)
      station.harness.run(for: .seconds(60))
      let sent = Set(station.ids())
      #expect(sent.count >= durable.count && sent.isSuperset(of: before))
      if !durable.isEmpty { #expect(sent == Set((0...10).map { "T1#\($0)" })) }
      #expect(station.harness.chargePoint.waitingRecords == 0)
      #expect(station.harness.violations.isEmpty, "\(step): \(station.harness.violations)")
    }
  }

  @Test("While the store cannot be written nothing new begins, what runs is kept and written later, in order")
  func survivesFailingStore() {
    let station = StubbedStation()
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(1))
    station.harness.store.failure = StoreFailure(.full, detail: "no space")
    station.act { $0.update("T1", count: 20) }
    station.harness.run(for: .seconds(60))
    #expect(!station.harness.chargePoint.acceptsNewTransactions)
    #expect(station.harness.delegate.noted(.storage, "no space"))
    #expect(station.ids() == ["T1#0"])
    station.act { $0.end(EVSEID(1)) }
    station.harness.run(for: .seconds(60))
    station.harness.store.failure = nil
    station.harness.run(for: .seconds(120))
    #expect(station.harness.chargePoint.acceptsNewTransactions)
    #expect(station.ids() == (0...21).map { "T1#\($0)" })
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("E04.FR.07 A long failure of the store thins periodic events, never Started or Ended")
  func thinsInMemory() {
    let station = StubbedStation()
    station.harness.start()
    station.harness.csms.transactions.allowsGaps = true
    station.harness.store.failure = StoreFailure(.inputOutput, detail: "broken")
    station.act { $0.begin(1, id: "T1") }
    for _ in 0..<30 { station.act { $0.update("T1", count: 100) } }
    station.act { $0.end(EVSEID(1)) }
    station.harness.run(for: .seconds(60))
    station.harness.store.failure = nil
    station.harness.run(for: .seconds(300))
    let ids = station.ids()
    #expect(ids.first == "T1#0")
    #expect(ids.last == "T1#3001")
    #expect(ids.count < 600)
    #expect(station.harness.csms.violations.isEmpty, "\(station.harness.csms.violations)")
  }

  @Test("A start reads no record, however many wait")
  func startReadsNothing() {
    let station = StubbedStation()
    station.harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    for _ in 0..<50 { station.act { $0.update("T1", count: 200) } }
    station.harness.run(for: .seconds(5))
    let before = station.harness.store.queries
    station.harness.restart(.kill)
    #expect(station.harness.chargePoint.waitingRecords > 10_000)
    #expect(station.harness.store.queries == before)
  }

  @Test("A faulty answer to an event is a failed attempt and an InvalidMessages event, and is never answered")
  func faultyAnswerCounts() {
    let station = StubbedStation(Self.quickRetry)
    station.harness.start()
    var faulty = true
    station.harness.csms.script = { call in
      guard call.action == .transactionEvent, faulty else { return .standard }
      faulty = false
      return .raw(#"[3,"$id",{"totalCost":"free"}]"#)
    }
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(60))
    #expect(station.ids() == ["T1#0", "T1#0"])
    #expect(station.harness.delegate.noted(.security, "InvalidMessages"))
    #expect(station.harness.csms.errorsWithoutID.isEmpty)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("A04.FR.01, A04.FR.02, T-68: A critical security event made offline reaches the CSMS later, with its own time")
  func deliversSecurityEvents() throws {
    let harness = EngineHarness().start()
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.link.drop()
    harness.run(for: .seconds(100))
    let happened = harness.clock.wall
    harness.chargePoint.securityEvent("TamperDetectionActivated", info: "door")
    harness.chargePoint.securityEvent("InvalidMessages", info: "not critical")
    harness.run(for: .seconds(100))
    harness.csms.refusal = nil
    harness.run(for: .seconds(400))
    let events = harness.csms.calls(.securityEventNotification)
    #expect(events.map { $0.json["type"] } == ["StartupOfTheDevice", "TamperDetectionActivated"])
    let time = try #require(events.last?.json["timestamp"]?.wallTime)
    #expect(abs((time - happened).wholeSeconds) < 1)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }
}

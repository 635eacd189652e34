import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("What gives way when space is short")
struct OutboxThinningTests {
  private static let capacity = 1_000

  private func offlineStation() -> StubbedStation {
    let station = StubbedStation(capacity: Self.capacity)
    station.harness.csms.transactions.allowsGaps = true
    station.harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    station.harness.start()
    return station
  }

  private func update(_ station: StubbedStation, _ ids: [String], rounds: Int) {
    for _ in 0..<rounds {
      for id in ids { station.act { $0.update(id, count: 10) } }
      station.harness.run(for: .seconds(1))
    }
  }

  private func deliver(_ station: StubbedStation) {
    station.harness.csms.refusal = nil
    station.harness.run(for: .seconds(900))
    #expect(station.harness.chargePoint.waitingRecords == 0)
  }

  /// The sequence numbers of a transaction that the CSMS has seen.
  private func numbers(_ station: StubbedStation, _ id: String) -> [Int] {
    station.ids().filter { $0.hasPrefix("\(id)#") }.compactMap { Int($0.dropFirst(id.count + 1)) }
  }

  @Test(
    "E04.FR.07, E04.FR.08, J02.FR.12, J02.FR.13, T-13: stored Updated events give way, every second, Started and Ended never"
  )
  func thinsStoredRecords() {
    let station = offlineStation()
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.begin(2, id: "T2") }
    update(station, ["T1", "T2"], rounds: 95)
    #expect(station.harness.chargePoint.waitingRecords <= Self.capacity)
    #expect(station.harness.delegate.noted(.storage, "give way"))
    station.act { $0.end(EVSEID(1)) }
    station.act { $0.end(EVSEID(2)) }
    station.harness.run(for: .seconds(5))
    let status = station.harness.chargePoint.outboxStatus
    #expect(status.thinned > 800)
    deliver(station)
    for id in ["T1", "T2"] {
      let seen = numbers(station, id)
      #expect(seen.first == 0 && seen.last == 951, "Started and Ended")
      #expect(seen == seen.sorted() && Set(seen).count == seen.count)
      // Spread: nowhere a block is missing.
      let gaps = zip(seen, seen.dropFirst()).map { $1 - $0 }
      #expect(gaps.max() ?? 0 <= 4, "\(gaps)")
    }
    // Every gap at the CSMS is an event that the station has counted.
    #expect(station.ids().count + status.thinned == 2 * 952)
    #expect(station.harness.csms.violations.isEmpty, "\(station.harness.csms.violations)")
  }

  @Test("E04.FR.08, E11.FR.05, E12.FR.05, T-13: the first pass takes the 1st, 3rd, 5th … Updated of each transaction")
  func takesEverySecond() {
    let station = offlineStation()
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.begin(2, id: "T2") }
    update(station, ["T1", "T2"], rounds: 45)
    station.harness.run(for: .seconds(2))
    #expect((440...460).contains(station.harness.chargePoint.outboxStatus.thinned))
    deliver(station)
    let evens = [0] + stride(from: 2, through: 440, by: 2)
    #expect(numbers(station, "T1").prefix(221).elementsEqual(evens))
    #expect(numbers(station, "T2").prefix(221).elementsEqual(evens))
  }

  @Test("E04.FR.08, T-13: a transaction ten times as long as the queue keeps its oldest and its newest part, evenly")
  func keepsEvenSpacing() {
    let station = offlineStation()
    station.act { $0.begin(1, id: "T1") }
    for _ in 0..<200 {
      station.act { $0.update("T1", count: 50) }
      station.harness.run(for: .seconds(1))
    }
    station.act { $0.end(EVSEID(1)) }
    station.harness.run(for: .seconds(5))
    let thinned = station.harness.chargePoint.outboxStatus.thinned
    deliver(station)
    let seen = numbers(station, "T1")
    #expect(seen.count + thinned == 10_002)
    #expect(seen.count > 400 && seen.first == 0 && seen.last == 10_001)
    let gaps = zip(seen, seen.dropFirst()).map { $1 - $0 }
    #expect(gaps.max() ?? 0 <= 32, "\(gaps)")
    // Each tenth of the session is there.
    for tenth in 0..<10 { #expect(seen.count { $0 / 1_001 == tenth } > 20) }
  }

  @Test("E04.FR.08: an Updated that tells what is told once, and one that was tried, stay")
  func keepsWhatBills() {
    let station = offlineStation()
    station.act { $0.begin(1, id: "T1") }
    for _ in 0..<50 {
      station.act { $0.event("T1", .updated, isExpendable: false) }
      station.act { $0.update("T1") }
    }
    station.harness.run(for: .seconds(2))
    for _ in 0..<6 {
      station.harness.store.space = .short
      station.harness.run(for: .seconds(1))
      station.act { $0.update("T1") }
      station.harness.run(for: .seconds(1))
    }
    station.harness.store.space = .ample
    deliver(station)
    let seen = Set(numbers(station, "T1"))
    #expect(seen.isSuperset(of: Set(stride(from: 1, through: 99, by: 2))))
    #expect(!seen.isSuperset(of: Set(stride(from: 2, through: 100, by: 2))))
  }

  @Test("T-13: the count of thinned events survives the end of the program")
  func countSurvives() {
    for end in [EngineHarness.End.kill, .clean, .powerCut] {
      let station = offlineStation()
      station.act { $0.begin(1, id: "T1") }
      update(station, ["T1"], rounds: 150)
      station.act { $0.end(EVSEID(1)) }
      station.harness.run(for: .seconds(5))
      let thinned = station.harness.chargePoint.outboxStatus.thinned
      #expect(thinned > 0)
      station.harness.restart(end)
      let after = station.harness.chargePoint.outboxStatus.thinned
      deliver(station)
      // What a power cut takes back of the thinning is delivered after all, and not counted.
      #expect(after <= thinned)
      #expect(Set(station.ids()).count + after == 1_502)
    }
  }

  @Test("Room is kept for the Ended of every open transaction, whatever else has filled the queue")
  func keepsRoomForEnded() {
    let station = offlineStation()
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.begin(2, id: "T2") }
    for _ in 0..<2_000 {
      station.act { $0.event("T1", .updated, isExpendable: false) }
      guard station.harness.chargePoint.acceptsNewTransactions else { break }
      station.harness.run(for: .milliseconds(10))
    }
    #expect(!station.harness.chargePoint.acceptsNewTransactions)
    #expect(station.harness.chargePoint.waitingRecords >= Self.capacity * 94 / 100)
    update(station, ["T2"], rounds: 50)
    for _ in 0..<3_000 { station.harness.chargePoint.securityEvent("TamperDetectionActivated") }
    station.harness.run(for: .seconds(5))
    let status = station.harness.chargePoint.outboxStatus
    // Neither lane takes the place of the other.
    #expect(status.waiting[1] <= Self.capacity / 10 && status.refused > 2_000)
    station.act { $0.end(EVSEID(1)) }
    station.act { $0.end(EVSEID(2)) }
    station.harness.run(for: .seconds(5))
    deliver(station)
    let ended = station.harness.csms.calls(.transactionEvent).filter { $0.json["eventType"] == "Ended" }
    #expect(ended.count == 2)
    #expect(station.harness.chargePoint.acceptsNewTransactions)
  }

  @Test("While records flow out nothing gives way, unless space is critical")
  func spareWhileOnline() {
    let station = StubbedStation(capacity: Self.capacity)
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.harness.store.space = .short
    station.harness.run(for: .seconds(1))
    station.act { $0.update("T1", count: 100) }
    station.harness.run(for: .seconds(60))
    #expect(station.harness.chargePoint.outboxStatus.thinned == 0)
    #expect(station.ids().count == 101)
  }

  @Test("The store's room counts like the queue's: short thins, critical begins nothing new, and it is told")
  func followsTheStoresRoom() {
    let station = offlineStation()
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(1))
    station.harness.store.space = .critical
    station.harness.run(for: .seconds(1))
    #expect(!station.harness.chargePoint.acceptsNewTransactions)
    #expect(station.harness.chargePoint.outboxStatus.space == .critical)
    #expect(station.harness.delegate.noted(.storage, "critical"))
    station.harness.store.space = .ample
    station.harness.run(for: .seconds(1))
    #expect(station.harness.chargePoint.acceptsNewTransactions)
  }

  @Test("Events that a failing store keeps in memory when power is cut are counted and reported at the next start")
  func countsWhatPowerCutTakes() {
    for end in [EngineHarness.End.powerCut, .kill] {
      let station = StubbedStation()
      station.harness.start()
      station.act { $0.begin(1, id: "T1") }
      station.harness.run(for: .seconds(1))
      station.harness.store.failure = StoreFailure(.other, detail: "no space")
      station.act { $0.update("T1", count: 4) }
      station.harness.run(for: .seconds(10))
      station.act { $0.end(EVSEID(1)) }
      station.harness.run(for: .seconds(10))
      #expect(station.harness.chargePoint.outboxStatus.unwritten == 5)
      #expect(station.harness.chargePoint.outboxStatus.storeFailure == "no space")
      station.harness.end(end)
      station.harness.store.failure = nil
      station.harness.restart(end)
      #expect(station.harness.chargePoint.outboxStatus.lost == 5)
      #expect(station.harness.delegate.noted(.storage, "5 records could not be written"))
      station.harness.run(for: .seconds(10))
      #expect(station.harness.store.unwritten == 0)
      station.harness.restart(.powerCut)
      #expect(station.harness.chargePoint.outboxStatus.lost == 5)
    }
  }

  @Test("A store that recovers in time loses nothing and leaves nothing to count")
  func recoversInTime() {
    let station = StubbedStation()
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(1))
    station.harness.store.failure = StoreFailure(.readOnly, detail: "read-only")
    station.act { $0.update("T1", count: 4) }
    station.harness.run(for: .seconds(10))
    #expect(station.harness.store.unwritten == 4)
    station.harness.store.failure = nil
    station.harness.run(for: .seconds(120))
    #expect(station.harness.store.unwritten == 0)
    station.harness.restart(.powerCut)
    #expect(station.harness.chargePoint.outboxStatus.lost == 0)
    // Removals are lazy: what a power cut brings back is sent twice.
    #expect(station.ids().prefix(5).elementsEqual((0...4).map { "T1#\($0)" }))
  }

  @Test("E04.FR.08: what gives way in memory is neither sent nor counted as waiting")
  func thinsInMemory() {
    let station = StubbedStation()
    station.harness.start()
    station.harness.csms.transactions.allowsGaps = true
    station.harness.store.failure = StoreFailure(.inputOutput, detail: "broken")
    station.act { $0.begin(1, id: "T1") }
    station.act { $0.update("T1", count: 600) }
    station.harness.run(for: .seconds(5))
    let thinned = station.harness.chargePoint.outboxStatus.thinned
    #expect(thinned >= 90)
    station.harness.store.failure = nil
    station.harness.run(for: .seconds(300))
    #expect(station.ids().count == 601 - thinned)
    #expect(station.ids().prefix(3).elementsEqual(["T1#0", "T1#2", "T1#4"]))
    #expect(station.harness.chargePoint.waitingRecords == 0)
  }

  @Test("Engine rule Overflow: a queue of 100,000 records and more is the bound of a station in the field")
  func statedBound() {
    #expect(EngineHarness().chargePoint.outboxStatus.capacity >= 100_000)
  }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// Ten hours on a link that is hardly ever up for long: it breaks, goes silent, is refused, is slow, and the CSMS closes,
/// errs and stays silent. What the station has written into its outbox is counted by the store; what the CSMS has is
/// counted by the CSMS; the two have to be the same, in order, and the bill as well.
@Suite("A flapping link")
struct FlappingLinkStories {
  static let hours = 10

  @Test(
    "E04.FR.03, T-4, T-14: ten hours of flapping lose, invent and reorder nothing",
    arguments: 1...8 as ClosedRange<UInt64>)
  func flaps(seed: UInt64) {
    let story = FlappingStation(seed: seed)
    story.play(hours: Self.hours)
    story.calmDown()
    let harness = story.harness
    #expect(harness.violations.isEmpty, "seed \(seed): \(harness.violations.prefix(5))")
    #expect(harness.chargePoint.waitingRecords == 0, "seed \(seed)")
    #expect(harness.store.content.deadLetters.isEmpty, "seed \(seed)")
    // A story in which nothing happened proves nothing.
    #expect(harness.csms.connections > 300, "seed \(seed): \(harness.csms.connections) links")
    #expect(harness.csms.transactions.books.count >= 20, "seed \(seed)")
    #expect(harness.csms.calls(.bootNotification).count == 1, "seed \(seed)")
    var events = 0
    for book in harness.csms.transactions.books {
      #expect(book.isGapless && book.isEnded, "seed \(seed): \(book.id)")
      #expect(book.entries.map { $0.seqNo } == book.entries.map { $0.seqNo }.sorted(), "seed \(seed): \(book.id)")
      events += book.entries.count
    }
    #expect(events == harness.store.appended[Self.transactionEvent], "seed \(seed): neither lost nor invented")
    #expect(story.billed == story.delivered, "seed \(seed)")
    #expect(harness.csms.transactions.books.contains { $0.repeats > 0 }, "seed \(seed): no answer was ever lost")
  }

  @Test("The same seed flaps in the same way, call for call")
  func repeats() {
    func run() -> [String] {
      let story = FlappingStation(seed: 99)
      story.play(hours: 1)
      return story.harness.csms.calls.map { "\($0.at) \($0.messageID)" }
    }
    let first = run()
    #expect(first.count > 50)
    #expect(first == run())
  }

  /// The stored kind of transaction events.
  private static let transactionEvent: UInt8 = 1
}

/// Two EVSEs that charge one car after the other, and a network that cannot be relied upon.
private final class FlappingStation {
  private struct Place {
    var isConnected = false
    var isClosed = false
    var grant = false
    /// In mWh, absolute.
    var register: Int64 = 5_000_000
    /// Seconds until the driver does the next thing.
    var next: Int
  }

  /// 11 kW for a second.
  private static let milliwattHoursPerSecond: Int64 = 3_055
  private static let firstRegister: Int64 = 5_000_000

  let harness: EngineHarness
  private var random: SeededRandom
  private var places: [Place]
  private var grantsSeen = 0
  private var revocationsSeen = 0
  private var networkChangesIn = 1
  private var second = 0

  init(seed: UInt64) {
    random = SeededRandom(seed: seed &* 15_485_863)
    harness = EngineHarness(
      seed: seed,
      configuration: EngineHarness.standardConfiguration(deviceModel: [
        EngineHarness.setting("SampledDataCtrlr", "TxUpdatedInterval", "30"),
        EngineHarness.setting("OCPPCommCtrlr", "WebSocketPingInterval", "20"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "2"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRandomRange", "5"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRepeatTimes", "3"),
        EngineHarness.setting("OCPPCommCtrlr", "MessageAttempts", "1000", instance: "TransactionEvent"),
        EngineHarness.setting("OCPPCommCtrlr", "MessageAttemptInterval", "1", instance: "TransactionEvent"),
        EngineHarness.setting("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true"),
      ]))
    harness.csms.tokens["CARD"] = .accepted
    places = [Place(next: 5), Place(next: 400)]
    harness.start()
    for index in places.indices {
      harness.chargePoint.handle(StationFact.connected(connector(index), false, at: harness.clock.now))
      tellMeter(index)
    }
  }

  private func connector(_ index: Int) -> ConnectorID { ConnectorID(evse: EVSEID(Int32(index) + 1), number: 1) }
  private func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(random.next() % UInt64(range.count))
  }

  // MARK: Time

  func play(hours: Int) {
    for _ in 0..<(hours * 3_600) {
      changeNetwork()
      pass(isCalm: false)
    }
  }

  /// The network is well, the cars leave, and the CSMS hears of everything.
  func calmDown() {
    harness.link.isUp = true
    harness.link.drop()
    harness.link.latency = .milliseconds(5)
    harness.csms.refusal = nil
    harness.csms.script = { _ in .standard }
    for _ in 0..<3_600 { pass(isCalm: true) }
  }

  private func pass(isCalm: Bool) {
    second += 1
    for index in places.indices { liveThrough(index, isCalm: isCalm) }
    harness.run(for: .milliseconds(997))
    react()
    harness.run(for: .milliseconds(3))
  }

  // MARK: Network

  private func changeNetwork() {
    networkChangesIn -= 1
    guard networkChangesIn <= 0 else { return }
    networkChangesIn = number(1...40)
    // Often in the middle of a message.
    harness.run(for: .milliseconds(Int64(number(0...30))))
    switch number(0...11) {
    case 0, 1, 2: harness.link.drop()
    case 3: harness.csms.close(code: 1012)
    case 4: harness.link.isUp = false
    case 5, 6: harness.link.isUp = true
    case 7: harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    case 8, 9: harness.csms.refusal = nil
    case 10:
      // Another link: on one and the same no byte overtakes another.
      harness.link.drop()
      harness.link.latency = .milliseconds(Int64(number(1...2_000)))
    default: changeMood(number(0...5))
    }
  }

  private func changeMood(_ mood: Int) {
    var count = 0
    harness.csms.script = { call in
      count += 1
      guard call.action == .transactionEvent else { return .standard }
      switch mood {
      case 0 where count % 3 == 0: return .error("InternalError")
      case 1 where count % 4 == 0: return .silent
      case 2: return .delayed(.milliseconds(Int64(count * 7_919 % 35_000)))
      case 3 where count % 5 == 0: return .close(1011)
      default: return .standard
      }
    }
  }

  // MARK: People, cars and meters

  private func liveThrough(_ index: Int, isCalm: Bool) {
    places[index].next -= 1
    if places[index].next <= 0 {
      if places[index].isConnected {
        places[index].isConnected = false
        places[index].next = isCalm ? 1_000_000 : number(20...600)
        switchPower(index, to: false)
        harness.chargePoint.handle(StationFact.connected(connector(index), false, at: harness.clock.now))
      } else if !isCalm {
        places[index].isConnected = true
        places[index].next = number(300...2_400)
        harness.chargePoint.handle(StationFact.connected(connector(index), true, at: harness.clock.now))
        harness.chargePoint.handle(StationFact.charging(connector(index), .evConnected, at: harness.clock.now))
        harness.chargePoint.handle(
          StationFact.tokenPresented(
            PresentedIdToken(idToken: IdToken(idToken: "CARD", type: .iso14443)),
            evses: [connector(index).evse]))
      }
    }
    if places[index].isClosed { places[index].register += Self.milliwattHoursPerSecond }
    if second % 10 == index { tellMeter(index) }
  }

  private func react() {
    while revocationsSeen < harness.delegate.revocations.count {
      places[Int(harness.delegate.revocations[revocationsSeen].evse.number) - 1].grant = false
      revocationsSeen += 1
    }
    while grantsSeen < harness.delegate.grants.count {
      places[Int(harness.delegate.grants[grantsSeen].1.evse.number) - 1].grant = true
      grantsSeen += 1
    }
    for index in places.indices {
      let shouldClose = places[index].isConnected && places[index].grant
      switchPower(index, to: shouldClose)
    }
  }

  private func switchPower(_ index: Int, to isClosed: Bool) {
    guard places[index].isClosed != isClosed else { return }
    places[index].isClosed = isClosed
    // What flowed until the contactor opened is read before the end is told.
    tellMeter(index)
    harness.chargePoint.handle(StationFact.powerPath(connector(index), closed: isClosed, at: harness.clock.now))
    guard places[index].isConnected else { return }
    harness.chargePoint.handle(
      StationFact.charging(connector(index), isClosed ? .charging : .suspendedEVSE, at: harness.clock.now))
  }

  private func tellMeter(_ index: Int) {
    harness.chargePoint.handle(
      StationFact.meter(
        connector(index).evse,
        MeterSample(
          takenAt: harness.clock.now,
          values: [
            MeasuredValue(
              measurand: .energyActiveImportRegister, value: Decimal(thousandths: places[index].register))
          ])))
  }

  // MARK: The bill

  var delivered: Int64 { places.map { $0.register - Self.firstRegister }.reduce(0, +) }

  /// By the first and the last register of each Ended event, in mWh.
  var billed: Int64 {
    harness.csms.transactions.books.reduce(0) { sum, book in
      let registers = (book.ended?.meterValue ?? []).compactMap { value in
        value.sampledValue.first { $0.measurand == .energyActiveImportRegister }?.value.thousandths
      }
      return sum + (registers.last ?? 0) - (registers.first ?? 0)
    }
  }
}

import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("Whatever happens, in any order")
struct ChaosTests {
  private static let nonsense = [
    "{", "[]", "[2]", "[2,\"$\"]", "null", "[3,\"x\",{}]", "[4,\"x\",\"E\",\"\",{}]",
    "[2,\"$\",\"Reset\",{\"type\":1}]",
    "[2,\"$\",\"GetVariables\",{\"getVariableData\":[{}]}]", "[2,\"$\",\"Unknown\",{}]", "[2,\"$\",\"GetLog\",{}]",
    "\u{0}",
  ]

  private struct Dice {
    var generator: SeededRandom
    mutating func roll(_ sides: Int) -> Int { Int(generator.next() % UInt64(sides)) }
  }

  @Test(
    "No seed loses, repeats wrongly, or reorders an event, breaks a rule towards the CSMS, or stops",
    arguments: 0..<100)
  func holds(seed: Int) {
    var dice = Dice(generator: SeededRandom(seed: UInt64(seed)))
    let station = StubbedStation([
      EngineHarness.setting("OCPPCommCtrlr", "MessageAttempts", "1000", instance: "TransactionEvent"),
      EngineHarness.setting("OCPPCommCtrlr", "MessageAttemptInterval", "2", instance: "TransactionEvent"),
      EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "2"),
    ])
    let harness = station.harness
    harness.start()
    var nextTransaction = 0
    var nextNonsense = 0
    var open: [Int32: String] = [:]
    var mood = 0
    var replies = Dice(generator: SeededRandom(seed: UInt64(seed) &+ 1_000))
    harness.csms.script = { _ in
      switch mood {
      case 1: return replies.roll(3) == 0 ? .error("InternalError") : .standard
      case 2: return replies.roll(4) == 0 ? .silent : .standard
      case 3: return .delayed(.milliseconds(replies.roll(40_000)))
      case 4: return replies.roll(6) == 0 ? .close(1011) : .standard
      case 5: return replies.roll(5) == 0 ? .raw(#"[3,"$id",[]]"#) : .standard
      default: return .standard
      }
    }
    for _ in 0..<150 {
      switch dice.roll(16) {
      case 0, 1, 2:
        let evse = Int32(dice.roll(2) + 1)
        if let id = open[evse] {
          station.act { $0.update(id, count: 3) }
        } else if harness.chargePoint.acceptsNewTransactions {
          nextTransaction += 1
          let id = "T\(nextTransaction)"
          open[evse] = id
          station.act { $0.begin(evse, id: id) }
        }
      case 3, 4:
        let evse = Int32(dice.roll(2) + 1)
        guard open.removeValue(forKey: evse) != nil else { break }
        station.act { $0.end(EVSEID(evse)) }
      case 5: harness.link.drop()
      case 6: harness.link.isUp.toggle()
      case 7: mood = dice.roll(6)
      case 8:
        nextNonsense += 1
        harness.csms.sendRaw(
          Self.nonsense[dice.roll(Self.nonsense.count)].replacing("$", with: "n\(nextNonsense)"))
      case 9: harness.csms.call(.getBaseReport, ["requestId": 1, "reportBase": "FullInventory"])
      case 10:
        harness.chargePoint.handle(
          .connected(
            ConnectorID(evse: EVSEID(Int32(dice.roll(2) + 1)), number: 1), dice.roll(2) == 0, at: harness.clock.now))
      case 11: harness.store.failure = dice.roll(3) == 0 ? StoreFailure(.full, detail: "full") : nil
      case 12: harness.csms.refusal = dice.roll(3) == 0 ? LinkFailure(.refused, detail: "closed") : nil
      case 13 where dice.roll(4) == 0:
        open = [:]
        harness.store.failure = nil
        harness.restart(dice.roll(2) == 0 ? .kill : .powerCut)
      case 14:
        harness.csms.call(.changeAvailability, ["operationalStatus": dice.roll(2) == 0 ? "Operative" : "Inoperative"])
      default: harness.run(for: .milliseconds(dice.roll(20_000)))
      }
      harness.run(for: .milliseconds(dice.roll(3_000)))
      #expect(harness.chargePoint.remembersItsDeadlines, "seed \(seed)")
    }
    // And then all is well.
    mood = 0
    harness.store.failure = nil
    harness.csms.refusal = nil
    harness.link.isUp = true
    let drained = harness.run(upTo: .seconds(3_600)) {
      harness.chargePoint.status.isAccepted && harness.chargePoint.waitingRecords == 0
    }
    #expect(drained, "seed \(seed): \(harness.chargePoint.waitingRecords) records wait, \(harness.chargePoint.status)")
    #expect(harness.violations.isEmpty, "seed \(seed): \(harness.violations)")
    #expect(harness.store.content.deadLetters.isEmpty)
    for book in harness.csms.transactions.books { #expect(book.isGapless, "seed \(seed): \(book.id)") }
  }

  @Test("The same seed gives the same run, byte for byte")
  func repeats() {
    func run() -> [String] {
      let station = StubbedStation()
      station.harness.start()
      station.act { $0.begin(1, id: "T1") }
      station.harness.csms.call(.getBaseReport, ["requestId": 1, "reportBase": "FullInventory"])
      for _ in 0..<20 {
        station.act { $0.update("T1") }
        station.harness.run(for: .milliseconds(777))
        station.harness.link.drop()
        station.harness.run(for: .seconds(25))
      }
      return station.harness.csms.calls.map {
        "\($0.at) \($0.messageID) \(String(decoding: $0.payload, as: UTF8.self))"
      }
    }
    let first = run()
    #expect(first.count > 20)
    #expect(first == run())
  }

  @Test("An engine that is let go is gone: nothing keeps it alive")
  func isReleased() {
    weak var engine: ChargePoint?
    do {
      let station = StubbedStation()
      station.harness.start()
      engine = station.harness.chargePoint
      #expect(engine != nil)
    }
    #expect(engine == nil)
  }
}

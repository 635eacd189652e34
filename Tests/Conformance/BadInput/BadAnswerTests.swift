import ChargerBase
import MessageSamples
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// Every wrong way to answer a CALL of the station: nothing billable may be lost, and the engine goes on.
@Suite("Bad input: answers of the CSMS")
struct BadAnswerTests {
  /// What this station sends in `Day`; each of it is answered wrongly below.
  static let sent: [OCPPAction] = [
    .bootNotification, .heartbeat, .statusNotification, .transactionEvent, .authorize, .securityEventNotification,
    .notifyReport,
  ]

  /// A way of answering wrongly; `$id` is the message id of the CALL.
  enum Wrong: Sendable, CustomStringConvertible {
    case payload(String)
    case frame(String)
    case frames([String])
    case error(String)
    case silence
    case close(UInt16)

    var description: String {
      switch self {
      case .payload(let text), .frame(let text): text
      case .frames(let texts): texts.joined(separator: " ")
      case .error(let code): code
      case .silence: "silence"
      case .close(let code): "close \(code)"
      }
    }

    /// The answer is sent, but it is not one: it counts as a faulty message.
    var isInvalid: Bool {
      switch self {
      case .payload, .frame: true
      default: false
      }
    }
  }

  static let ways: [Wrong] =
    OCPPErrorCode.allCases.map { .error($0.rawName) } + [
      .error(""), .error("NoSuchCode"), .error("FormationViolation"), .silence, .close(1000), .close(1001),
      .close(1011),
      // Of another shape.
      .frame(#"[3,"$id"]"#), .frame(#"[3,"$id",{},{}]"#), .frame(#"[3,"$id",{}"#), .frame(#"[4,"$id"]"#),
      .frame(#"[4,"$id","InternalError"]"#), .frame(#"[4,"$id",7,"",{}]"#), .payload("[]"), .payload("null"),
      .payload(#""Accepted""#), .payload("7"), .payload(#"{"unknownMember":1}"#), .payload(#"{"customData":{}}"#),
      // The answer of another call, of nobody, and a CALL in place of an answer.
      .frames([#"[3,"another",{}]"#]), .frames([#"[4,"another","InternalError","",{}]"#]), .frames([#"[3,"",{}]"#]),
      .frames([#"[2,"question","GetVariables",{"getVariableData":[]}]"#]),
    ]

  /// A day with one session, from boot to its end: everything that the station sends is in it.
  struct Day {
    let station: ChargingStation

    init(_ script: @escaping (SimulatedCSMS.ReceivedCall) -> SimulatedCSMS.Reply) {
      station = ChargingStation(
        [
          ("SampledDataCtrlr", "TxUpdatedInterval", "5"), ("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "1"),
          ("OCPPCommCtrlr", "RetryBackOffRandomRange", "0"),
        ], starts: false)
      let harness = station.harness
      harness.csms.script = script
      harness.csms.bootAnswers = [(.accepted, 60)]
    }

    /// Runs it; with `pause` after it for what has to be sent again.
    func run(pause: Duration = .seconds(240)) {
      let harness = station.harness
      harness.start()
      station.announce()
      harness.run(for: .seconds(100))
      _ = harness.csms.call(.getBaseReport, ["requestId": 1, "reportBase": "SummaryInventory"])
      station.plugIn()
      station.tap("CARD")
      station.wait(3)
      // Where nobody has answered for the card, its driver waits and tries again.
      if station.chargePoint.openTransaction(at: EVSEID(1)) == nil { station.wait(60) }
      if station.chargePoint.openTransaction(at: EVSEID(1)) == nil { station.tap("CARD") }
      station.wait(12)
      station.tap("CARD")
      station.plugOut()
      harness.run(for: pause)
    }
  }

  @Test("The day of these tests sends every kind of CALL, and everything is delivered when the CSMS behaves")
  func goodDay() {
    let day = Day { _ in .standard }
    day.run()
    let station = day.station
    for action in Self.sent { #expect(!station.harness.csms.calls(action).isEmpty, "\(action)") }
    expectWhole(station, "a good day")
  }

  @Test(
    "T-1, T-27, E13.FR.02: the first CALL of a kind is answered wrongly in each way; nothing billable is lost and the station goes on",
    arguments: sent)
  func onceWrong(action: OCPPAction) throws {
    var ways = Self.ways
    let sample = try #require(BadInputSamples.response(action))
    let document = try JSONValue(parsing: sample.maximal)
    for change in sample.changes where change.code != nil {
      ways.append(.payload(try change.applied(to: document).description))
    }
    for way in ways {
      var isDone = false
      let day = Day { call in
        guard call.action == action, !isDone else { return .standard }
        isDone = true
        return Self.reply(way)
      }
      day.run()
      #expect(isDone, "\(way)")
      expectWhole(day.station, "\(action) answered with \(way)")
      if way.isInvalid {
        #expect(
          day.station.harness.delegate.noted(.security, "InvalidMessages"), "\(action) answered with \(way)")
      }
      #expect(day.station.harness.csms.errorsWithoutID.isEmpty || !way.isInvalid, "an answer was answered: \(way)")
    }
  }

  @Test("T-27: every answer comes twice; the second one is counted and changes nothing", arguments: sent)
  func twice(action: OCPPAction) {
    var station: ChargingStation?
    let day = Day { call in
      if call.action == action, let station {
        // The right answer and, a moment later, the same again and an error for the same call.
        let harness = station.harness
        harness.queue.schedule(at: harness.clock.now + .milliseconds(40)) {
          harness.csms.sendRaw(#"[3,"\#(call.messageID)",{}]"#)
          harness.csms.sendRaw(#"[4,"\#(call.messageID)","InternalError","",{}]"#)
        }
      }
      return .standard
    }
    station = day.station
    day.run()
    station = nil
    expectWhole(day.station, "\(action) answered three times")
    #expect(day.station.harness.chargePoint.statistics.unexpectedAnswers >= 2)
  }

  @Test(
    "E13.FR.04: a TransactionEvent that is refused for good is kept as a dead letter, and the rest follows",
    arguments: [Wrong.error("InternalError"), .payload("[]"), .silence])
  func refusedForGood(way: Wrong) {
    let day = Day { call in
      call.action == .transactionEvent && call.json["eventType"] == "Started" ? Self.reply(way) : .standard
    }
    day.station.harness.csms.transactions.allowsGaps = true
    day.run(pause: .seconds(900))
    let station = day.station
    #expect(station.harness.store.content.deadLetters.count == 1)
    #expect(station.harness.chargePoint.outboxStatus.deadLetters == 1)
    #expect(station.harness.chargePoint.outboxStatus.waiting[0] == 0)
    #expect(station.events.contains { $0.eventType == .ended })
    #expect(station.books.count == 1)
  }

  private static func reply(_ way: Wrong) -> SimulatedCSMS.Reply {
    switch way {
    case .payload(let text): .raw(#"[3,"$id",\#(text)]"#)
    case .frame(let text): .raw(text)
    case .frames(let texts): .raw(texts[0])
    case .error(let code): .error(code)
    case .silence: .silent
    case .close(let code): .close(code)
    }
  }

  /// One transaction, whole, billed by its meter; nothing waits and nobody complains.
  private func expectWhole(_ station: ChargingStation, _ story: String) {
    let harness = station.harness
    #expect(station.books.count == 1, "\(story)")
    guard let book = station.books.first else { return }
    #expect(book.isGapless, "\(story): \(station.story)")
    #expect(book.started != nil && book.isEnded, "\(story): \(station.story)")
    #expect(station.energy(of: book) == station.delivered, "\(story)")
    let outbox = harness.chargePoint.outboxStatus
    #expect(outbox.waiting == [0, 0, 0] && outbox.deadLetters == 0 && outbox.thinned == 0, "\(story): \(outbox)")
    #expect(harness.csms.isConnected, "\(story)")
    #expect(harness.chargePoint.status.isAccepted, "\(story)")
    #expect(harness.violations.isEmpty, "\(story): \(harness.violations)")
  }
}

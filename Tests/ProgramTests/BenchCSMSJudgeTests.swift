import ChargerBase
import OCPPJSON
import OCPPTypes
import Testing

@testable import bench_csms

/// The text of a `TransactionEvent`.
private func event(
  _ kind: String, _ sequenceNumber: Int, id: String = "T1", evse: Int? = 1, second: Int? = nil, wattHours: Int? = nil,
  extra: [JSONMember] = []
) -> JSONValue {
  let second = second ?? sequenceNumber
  let time = "2026-11-23T09:30:\(second < 10 ? "0" : "")\(second)Z"
  var event: JSONValue = [
    "eventType": .string(kind), "timestamp": .string(time), "triggerReason": "ChargingStateChanged",
    "seqNo": JSONValue(sequenceNumber),
    "transactionInfo": ["transactionId": .string(id), "chargingState": "Charging"],
  ]
  if let evse { event["evse"] = ["id": JSONValue(evse), "connectorId": 1] }
  if let wattHours {
    event["meterValue"] = [
      ["timestamp": .string(time), "sampledValue": [["value": JSONValue(wattHours)]]]
    ]
  }
  for member in extra { event[member.name] = member.value }
  return event
}

@Suite("bench-csms judges what stations say")
final class BenchCSMSJudgeTests {
  var ledger = CSMSLedger(answers: StationAnswers(tokens: TokenBook(blocked: ["BAD1"]), heartbeatInterval: 60))
  let now = WallTime(millisecondsSinceEpoch: 1_800_000_000_000)

  private func hear(_ action: String, _ payload: JSONValue) -> CSMSLedger.Heard {
    ledger.hear(action, payload: payload.bytes[...], from: "CS-1", at: now)
  }

  private func play(_ events: [JSONValue]) -> [String] {
    events.flatMap { hear("TransactionEvent", $0).problems }
  }

  @Test("A whole session in order is complete and correct, told with its energy")
  func wholeSession() {
    #expect(play([event("Started", 0, wattHours: 1_000), event("Updated", 1, wattHours: 2_500)]) == [])
    let last = hear("TransactionEvent", event("Ended", 2, evse: nil, wattHours: 4_210))
    #expect(last.problems == [])
    #expect(last.words == ["EVSE 1: transaction ended (Local), 3.21 kWh, 2 s, 3 events, complete and correct"])
    #expect(ledger.verdict["allCorrect"] == true)
    #expect(ledger.verdict["correct"] == 1)
    #expect(ledger.verdict["energyWh"] == 3_210)
  }

  @Test("A gap in the sequence numbers is a problem, and the transaction is not complete")
  func gap() {
    let problems = play([event("Started", 0), event("Updated", 1), event("Ended", 3)])
    #expect(problems == ["transaction T1: seqNo 3 came where 2 was due"])
    #expect(ledger.verdict["allCorrect"] == false)
    #expect(ledger.verdict["complete"] == 0)
  }

  @Test("An event that comes again with the same facts is no problem; with others it is")
  func repetition() {
    let again = event("Updated", 1, extra: [JSONMember("offline", true)])
    #expect(play([event("Started", 0), event("Updated", 1), again, event("Ended", 2)]) == [])
    #expect(ledger.transactions.records.first?.repetitions == 1)
    // Bytes that were under way when the link broke may come first; the station knows better.
    #expect(ledger.transactions.records.first?.offlineEvents == 1)
    #expect(ledger.verdict["allCorrect"] == true)
    #expect(play([event("Updated", 1, wattHours: 7)]) == ["transaction T1: seqNo 1 came again with other contents"])
  }

  @Test("An energy register that goes back is a problem; an old reading told again at the end is none")
  func energyRegister() {
    let readings: JSONValue = [
      ["timestamp": "2026-11-23T09:30:00Z", "sampledValue": [["value": 100]]],
      ["timestamp": "2026-11-23T09:30:02Z", "sampledValue": [["value": 300]]],
    ]
    #expect(play([event("Started", 0, wattHours: 100), event("Updated", 1, wattHours: 200)]) == [])
    #expect(play([event("Ended", 2, extra: [JSONMember("meterValue", readings)])]) == [])
    #expect(ledger.transactions.records.first?.energy == 200_000)
    let problems = play([event("Started", 0, id: "T2", wattHours: 300), event("Updated", 1, id: "T2", wattHours: 250)])
    #expect(problems == ["transaction T2: the energy register went back from 300 Wh to 250 Wh"])
  }

  @Test("Units and multipliers of energy are heeded")
  func units() {
    func registers(_ sample: JSONValue) -> [Int64] {
      EnergyReading.registers(in: [["timestamp": "2026-11-23T09:30:00Z", "sampledValue": .array([sample])]]).map(
        \.energy)
    }
    #expect(registers(["value": 12, "unitOfMeasure": ["unit": "kWh"]]) == [12_000_000])
    #expect(registers(["value": 12, "unitOfMeasure": ["unit": "Wh", "multiplier": 2]]) == [1_200_000])
    #expect(registers(["value": 12, "unitOfMeasure": ["multiplier": -1]]) == [1_200])
    #expect(registers(["value": 12, "unitOfMeasure": ["multiplier": 40]]) == [])
    #expect(registers(["value": 12, "phase": "L1"]) == [])
    #expect(registers(["value": 12, "measurand": "Power.Active.Import"]) == [])
  }

  @Test("Events after the end, without a start, out of time or on a busy EVSE are problems")
  func disorder() {
    #expect(play([event("Started", 0), event("Updated", 1, second: 20), event("Updated", 2, second: 10)]).count == 1)
    #expect(play([event("Started", 0, id: "T2")]) == ["transaction T2: began on EVSE 1 while T1 is open there"])
    #expect(play([event("Ended", 3, second: 30), event("Updated", 4, second: 31)]).count == 1)
    #expect(play([event("Updated", 0, id: "T3", evse: 2)]) == ["transaction T3: began with Updated instead of Started"])
    #expect(ledger.problems.count == 4)
  }

  @Test("A payload that breaks its schema is answered with the code and place, and noted")
  func schema() {
    let heard = hear("StatusNotification", ["timestamp": "2026-11-23T09:30:00Z", "connectorStatus": "Asleep"])
    guard case .error(let code, _, let path) = heard.reply else {
      Issue.record("answered \(heard.reply)")
      return
    }
    #expect(code == .propertyConstraintViolation)
    #expect(path == "$.connectorStatus")
    #expect(heard.problems.count == 1)
    #expect(hear("Dance", [:]).reply == .error(.notImplemented, "no such action", path: nil))
    #expect(hear("Reset", ["type": "Immediate"]).reply == .error(.notSupported, "not for a CSMS", path: nil))
  }

  @Test("Every question of a station gets an answer that its schema allows")
  func answersFitSchemas() throws {
    let answers = ledger.answers
    var answered = 0
    for action in OCPPAction.allCases where action.isDefined(in: .v201) && action.isInitiatedByStation {
      let answer = try #require(
        answers.answer(action, ["idToken": ["idToken": "A", "type": "Central"]], at: now), "\(action)")
      #expect(SchemaCheck.violation(inResponse: action, answer.bytes[...]) == nil, "\(action)")
      answered += 1
    }
    #expect(answered >= 20)
  }

  @Test("C01 Blocked cards are refused, all others accepted, and no card is told in full")
  func tokens() {
    for (card, status) in [("bad1", "Blocked"), ("04A1B2C3", "Accepted")] {
      let heard = hear("Authorize", ["idToken": ["idToken": .string(card), "type": "ISO14443"]])
      #expect(heard.reply == .result(["idTokenInfo": ["status": .string(status)]]))
      #expect(heard.words == ["ISO14443 \(card.prefix(card.count / 2))…: \(status)"])
    }
  }

  @Test("The time of a message, the status of connectors and the boot are kept for csms.stations")
  func stations() {
    let boot: JSONValue = ["reason": "PowerUp", "chargingStation": ["model": "M", "vendorName": "V"]]
    #expect(hear("BootNotification", boot).words == ["booted: V M (PowerUp), Accepted, heartbeat every 60 s"])
    let status: JSONValue = [
      "timestamp": "2026-11-23T09:30:00Z", "connectorStatus": "Available", "evseId": 1, "connectorId": 1,
    ]
    #expect(hear("StatusNotification", status).words == ["EVSE 1 connector 1: Available"])
    let station = ledger.station("CS-1")?.json
    #expect(station?["registration"] == "Accepted")
    #expect(station?["connectors"] == [["evse": 1, "connector": 1, "status": "Available"]])
  }

  @Test("What stations call themselves cannot take over the terminal or forge a line")
  func terminal() {
    let boot: JSONValue = [
      "reason": "PowerUp", "chargingStation": ["model": "M\u{1B}[2J\r\nX", "vendorName": "V\u{9B}"],
    ]
    let words = hear("BootNotification", boot).words.map(Output.printable)
    #expect(words == ["booted: V\u{FFFD} M\u{FFFD}[2J\u{FFFD}\u{FFFD}X (PowerUp), Accepted, heartbeat every 60 s"])
  }

  @Test("Rules of behaviour apply to their station and action, as often as asked")
  func behaviour() {
    var behaviour = Behaviour()
    var rule = BehaviourRule()
    rule.action = "Heartbeat"
    rule.isSilent = true
    rule.remaining = 2
    let number = behaviour.add(rule)
    #expect(number == 1)
    let applied = [("A", "Authorize"), ("A", "Heartbeat"), ("B", "Heartbeat"), ("A", "Heartbeat")].map {
      behaviour.rule(station: $0, action: $1) != nil
    }
    #expect(applied == [false, true, true, false])
  }
}

@Suite("bench-csms lets stations in")
struct BenchCSMSAdmissionTests {
  private func decide(_ path: String, _ protocols: [String], _ credentials: String?, _ password: String?) -> Admission {
    Admission.decide(path: path, protocols: protocols, credentials: credentials, password: password)
  }

  @Test("The identity is the last part of the path, percent-decoded")
  func identity() {
    #expect(
      decide("/ocpp/CS%20001?x=1", ["ocpp2.0.1"], nil, nil) == .admitted(identity: "CS 001", subprotocol: "ocpp2.0.1"))
    #expect(decide("/", ["ocpp2.0.1"], nil, nil) == .refused(status: 404, reason: "the path names no station"))
    #expect(decide("/%zz", ["ocpp2.0.1"], nil, nil) == .refused(status: 404, reason: "the path names no station"))
  }

  @Test("Part 4 §3.1.2 A station that does not offer ocpp2.0.1 gets no sub-protocol")
  func subprotocol() {
    #expect(decide("/A", ["ocpp2.1, ocpp2.0.1"], nil, nil) == .admitted(identity: "A", subprotocol: "ocpp2.0.1"))
    #expect(decide("/A", ["ocpp1.6"], nil, nil) == .admitted(identity: "A", subprotocol: nil))
  }

  @Test("A00.FR.204 With a password, user and password must be right")
  func basicAuthentication() {
    // The base64 form of "A:secret" and of "B:secret".
    #expect(
      decide("/A", ["ocpp2.0.1"], "Basic QTpzZWNyZXQ=", "secret") == .admitted(identity: "A", subprotocol: "ocpp2.0.1"))
    for wrong in [nil, "Basic QjpzZWNyZXQ=", "Basic ???", "Bearer QTpzZWNyZXQ=", ""] {
      #expect(
        decide("/A", ["ocpp2.0.1"], wrong, "secret") == .refused(status: 401, reason: "wrong or missing password"))
    }
  }
}

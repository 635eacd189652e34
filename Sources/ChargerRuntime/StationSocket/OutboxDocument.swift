import OCPPCore
import OCPPJSON
import OCPPPorts

/// `station.outbox`: what waits for the CSMS, and what will never reach it.
enum OutboxDocument {
  /// Dead letters that are told at most, the newest of them.
  static let maximumDeadLetters = 100

  static func make(_ lane: NetworkLane, deadLetters: [DeadLetter]) -> JSONValue {
    let status = lane.chargePoint?.outboxStatus ?? OutboxStatus(waiting: [0, 0, 0], deadLetters: 0, thinned: 0)
    let names = ["transaction", "security", "general"]
    return .object([
      JSONMember("waiting", .object(zip(names, status.waiting).map { JSONMember($0, JSONValue($1)) })),
      JSONMember("capacity", JSONValue(status.capacity)),
      JSONMember("space", JSONValue("\(status.space)")),
      JSONMember("storeFailure", status.storeFailure.map { JSONValue($0) } ?? .null),
      JSONMember("unwritten", JSONValue(status.unwritten)),
      JSONMember("thinned", JSONValue(status.thinned)),
      JSONMember("refused", JSONValue(status.refused)),
      JSONMember("lost", JSONValue(status.lost)),
      JSONMember("deadLetterCount", JSONValue(status.deadLetters)),
      JSONMember("deadLetters", .array(deadLetters.map(letter))),
    ])
  }

  private static func letter(_ letter: DeadLetter) -> JSONValue {
    let entry = letter.entry
    return .object([
      JSONMember("number", JSONValue(entry.number.rawValue)),
      JSONMember("lane", JSONValue("\(entry.lane)")),
      JSONMember("group", JSONValue(entry.group)),
      JSONMember("attempts", JSONValue(entry.failedAttempts)),
      JSONMember("reason", JSONValue(letter.reason)),
    ])
  }

  /// The part of it that stands in `station.status`.
  static func summary(_ lane: NetworkLane) -> JSONValue {
    let status = lane.chargePoint?.outboxStatus
    return .object([
      JSONMember("waiting", JSONValue(status?.waiting.reduce(0, +) ?? 0)),
      JSONMember("deadLetters", JSONValue(status?.deadLetters ?? 0)),
    ])
  }
}

import OCPPCore
import OCPPJSON

/// `station.outbox`: what waits for the CSMS.
enum OutboxDocument {
  static func summary(_ lane: NetworkLane) -> JSONValue {
    let status = lane.chargePoint?.outboxStatus
    return .object([
      JSONMember("waiting", JSONValue(status?.waiting ?? 0)),
      JSONMember("deadLetters", JSONValue(status?.deadLetters ?? 0)),
      JSONMember("heldInMemory", JSONValue(status?.heldInMemory ?? 0)),
      JSONMember("canBeginTransaction", JSONValue(status?.canBeginTransaction ?? false)),
    ])
  }
}

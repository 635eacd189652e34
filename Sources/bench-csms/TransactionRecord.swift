import ChargerBase
import OCPPJSON

/// What the CSMS knows of one transaction, told event by event.
struct TransactionRecord {
  /// Events whose contents are remembered, to know a repetition from a contradiction.
  static let maximumEvents = 100_000

  let station: String
  let transactionID: String
  var evse: Int?
  var connector: Int?
  var started: WallTime?
  var ended: WallTime?
  var lastTime: WallTime?
  var chargingState: String?
  var stoppedReason: String?
  var firstRegister: Int64?
  var lastRegister: Int64?
  private var lastRegisterTime: WallTime?
  /// A digest of the facts of each event, by sequence number.
  var digests: [Int: UInt64] = [:]
  var nextSequenceNumber = 0
  var hasStarted = false
  var hasEnded = false
  var repetitions = 0
  var offlineEvents = 0
  var problems: [String] = []

  init(station: String, transactionID: String) {
    self.station = station
    self.transactionID = transactionID
  }

  /// In thousandths of a watt-hour; nil while no register was reported.
  var energy: Int64? {
    guard let firstRegister, let lastRegister else { return nil }
    return lastRegister.subtractingSaturating(firstRegister)
  }

  var isComplete: Bool { hasStarted && hasEnded && digests.count == nextSequenceNumber }
  var isCorrect: Bool { isComplete && problems.isEmpty }

  /// Takes one `TransactionEvent` and answers what is wrong with it.
  mutating func take(_ event: JSONValue) -> [String] {
    var found: [String] = []
    func number(_ value: JSONValue?) -> Int? { value?.int }
    let sequenceNumber = number(event["seqNo"]) ?? -1
    let digest = Self.digest(event)
    if let known = digests[sequenceNumber] {
      repetitions += 1
      // The CSMS may see an event more than once, but always with the same facts (E04.FR.03, E13).
      if known != digest { found.append("seqNo \(sequenceNumber) came again with other contents") }
      problems += found
      return found
    }
    let kind = event["eventType"]?.string ?? ""
    if hasEnded { found.append("\(kind) event after the end (seqNo \(sequenceNumber))") }
    if sequenceNumber != nextSequenceNumber {
      found.append("seqNo \(sequenceNumber) came where \(nextSequenceNumber) was due")
    }
    if digests.count < Self.maximumEvents { digests[sequenceNumber] = digest }
    nextSequenceNumber = max(nextSequenceNumber, sequenceNumber.addingSaturating(1))
    found += takeKind(kind, sequenceNumber)
    found += takePlace(event["evse"])
    found += takeTime(event["timestamp"]?.wallTime, kind)
    found += takeRegisters(event["meterValue"])
    if event["offline"]?.bool == true { offlineEvents += 1 }
    if let state = event["transactionInfo"]?["chargingState"]?.string { chargingState = state }
    if kind == "Ended" { stoppedReason = event["transactionInfo"]?["stoppedReason"]?.string ?? "Local" }
    problems += found
    return found
  }

  private mutating func takeKind(_ kind: String, _ sequenceNumber: Int) -> [String] {
    switch kind {
    case "Started":
      defer { hasStarted = true }
      if hasStarted { return ["started twice (seqNo \(sequenceNumber))"] }
    case "Ended":
      hasEnded = true
      if !hasStarted { return ["ended without a start"] }
    default:
      if !hasStarted, sequenceNumber == 0 { return ["began with \(kind) instead of Started"] }
    }
    return []
  }

  private mutating func takePlace(_ place: JSONValue?) -> [String] {
    guard let id = place?["id"]?.int else { return [] }
    defer {
      evse = id
      connector = place?["connectorId"]?.int ?? connector
    }
    if let evse, evse != id { return ["moved from EVSE \(evse) to EVSE \(id)"] }
    return []
  }

  private mutating func takeTime(_ time: WallTime?, _ kind: String) -> [String] {
    guard let time else { return [] }
    let last = lastTime
    lastTime = time
    if kind == "Started" { started = time }
    if kind == "Ended" { ended = time }
    if let last, time < last { return ["time went back from \(last) to \(time)"] }
    return []
  }

  private mutating func takeRegisters(_ meterValues: JSONValue?) -> [String] {
    var found: [String] = []
    for register in EnergyReading.registers(in: meterValues) {
      guard let last = lastRegister else {
        firstRegister = register.energy
        lastRegister = register.energy
        lastRegisterTime = register.time
        continue
      }
      if let time = register.time, let lastTime = lastRegisterTime, time < lastTime {
        // An older reading, told again with the last event.
        if register.energy > last { found.append("an older energy register is higher than the last one") }
        continue
      }
      if register.energy < last {
        let words = "\(EnergyReading.words(last)) to \(EnergyReading.words(register.energy))"
        found.append("the energy register went back from \(words)")
      }
      lastRegister = register.energy
      lastRegisterTime = register.time ?? lastRegisterTime
    }
    return found
  }

  /// FNV-1a over what the event says. `offline` may differ: an event is found unanswered only later.
  static func digest(_ event: JSONValue) -> UInt64 {
    var event = event
    event["offline"] = nil
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in event.bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }
}

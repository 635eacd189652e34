import ChargerBase
import OCPPJSON

/// What the CSMS knows of one transaction, told event by event.
struct TransactionRecord {
  /// Events whose contents are remembered, to know a repetition from a contradiction.
  static let maximumEvents = 100_000
  /// Events of the story; beyond this, those in the middle are left out and counted.
  static let maximumNotes = 1_000
  /// Problems that are kept; further ones are counted.
  static let maximumProblems = 50

  /// Counts the transactions of this CSMS, from 1.
  let number: Int
  let station: String
  let transactionID: String
  var evse: Int?
  var connector: Int?
  var started: WallTime?
  var ended: WallTime?
  var lastTime: WallTime?
  var lastHeard: WallTime?
  var chargingState: String?
  var stoppedReason: String?
  /// Why the last event was sent; of the ended transaction, what ended it.
  var lastTrigger: String?
  var firstRegister: Int64?
  var lastRegister: Int64?
  private var lastRegisterTime: WallTime?
  /// What authorized it, and what ended it when that was another card.
  private(set) var token: JSONValue?
  private(set) var endToken: JSONValue?
  private(set) var remoteStartID: Int?
  /// The station's own count of the seconds in which energy could flow.
  private(set) var timeSpentCharging: Int?
  /// What was told about the card that authorized it, when that was no acceptance.
  var refusal: String?
  /// A digest of the facts of each event, by sequence number.
  var digests: [Int: UInt64] = [:]
  private(set) var notes: [TransactionNote] = []
  private(set) var notesLeftOut = 0
  var nextSequenceNumber = 0
  var hasStarted = false
  var hasEnded = false
  var repetitions = 0
  var offlineEvents = 0
  private(set) var problems: [String] = []
  private(set) var problemCount = 0

  init(number: Int, station: String, transactionID: String) {
    self.number = number
    self.station = station
    self.transactionID = transactionID
  }

  /// In thousandths of a watt-hour; nil while no register was reported.
  var energy: Int64? {
    guard let firstRegister, let lastRegister else { return nil }
    return lastRegister.subtractingSaturating(firstRegister)
  }

  var isComplete: Bool { hasStarted && hasEnded && digests.count == nextSequenceNumber }
  var isCorrect: Bool { isComplete && problemCount == 0 }

  /// From the start to the end, or to `now` while it is open.
  func seconds(at now: WallTime) -> Int64? {
    guard let started else { return nil }
    return max(0, ((ended ?? now) - started).wholeSeconds)
  }

  /// The sequence numbers that are missing below the highest one, as ranges; at most `maximum` of them.
  func gaps(maximum: Int = 20) -> [ClosedRange<Int>] {
    guard digests.count < nextSequenceNumber else { return [] }
    var gaps: [ClosedRange<Int>] = []
    var due = 0
    for number in digests.keys.sorted() where number >= due && gaps.count < maximum {
      if number > due { gaps.append(due...(number - 1)) }
      due = number.addingSaturating(1)
    }
    return gaps
  }

  mutating func add(problems found: [String]) {
    problemCount = problemCount.addingSaturating(found.count)
    problems += found.prefix(max(0, Self.maximumProblems - problems.count))
  }

  /// Takes one `TransactionEvent` and answers what is wrong with it.
  mutating func take(_ event: JSONValue, heard: WallTime) -> [String] {
    let found = problems(of: event, heard: heard)
    add(problems: found)
    return found
  }

  private mutating func problems(of event: JSONValue, heard: WallTime) -> [String] {
    var found: [String] = []
    lastHeard = heard
    let sequenceNumber = event["seqNo"]?.int ?? -1
    let digest = Self.digest(event)
    if let known = digests[sequenceNumber] {
      repetitions += 1
      // The CSMS may see an event more than once, but always with the same facts (E04.FR.03, E13).
      if known != digest { found.append("seqNo \(sequenceNumber) came again with other contents") }
      if event["offline"]?.bool == true { markOffline(sequenceNumber) }
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
    let registers = EnergyReading.registers(in: event["meterValue"])
    found += take(registers)
    if event["offline"]?.bool == true { offlineEvents += 1 }
    takeInfo(event, kind)
    note(event, sequenceNumber, kind, energy: registers.isEmpty ? nil : energy, heard: heard)
    return found
  }

  /// It was heard before the station knew that nobody answers: bytes that were under way when the link broke.
  private mutating func markOffline(_ sequenceNumber: Int) {
    guard let place = notes.lastIndex(where: { $0.sequenceNumber == sequenceNumber }), !notes[place].isOffline else {
      return
    }
    notes[place].isOffline = true
    offlineEvents += 1
  }

  private mutating func takeInfo(_ event: JSONValue, _ kind: String) {
    let info = event["transactionInfo"]
    if let state = info?["chargingState"]?.string { chargingState = state }
    if let seconds = info?["timeSpentCharging"]?.int { timeSpentCharging = seconds }
    if let id = info?["remoteStartId"]?.int { remoteStartID = id }
    lastTrigger = event["triggerReason"]?.string ?? lastTrigger
    if let seen = event["idToken"] {
      if token == nil { token = seen } else if seen != token { endToken = seen }
    }
    // E06: an end without a reason is a local one.
    if kind == "Ended" { stoppedReason = info?["stoppedReason"]?.string ?? "Local" }
  }

  private mutating func note(_ event: JSONValue, _ number: Int, _ kind: String, energy: Int64?, heard: WallTime) {
    if notes.count >= Self.maximumNotes {
      notes.remove(at: Self.maximumNotes / 2)
      notesLeftOut += 1
    }
    notes.append(
      TransactionNote(
        sequenceNumber: number, kind: kind, trigger: event["triggerReason"]?.string ?? "?",
        time: event["timestamp"]?.wallTime, heard: heard,
        chargingState: event["transactionInfo"]?["chargingState"]?.string, energy: energy,
        isOffline: event["offline"]?.bool == true, token: event["idToken"]))
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

  private mutating func take(_ registers: [EnergyReading.Register]) -> [String] {
    var found: [String] = []
    for register in registers {
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
    // A hostile event may carry thousands of readings.
    return Array(found.prefix(Self.maximumProblems))
  }

  /// FNV-1a over what the event says. `offline` may differ: an event is found unanswered only later.
  static func digest(_ event: JSONValue) -> UInt64 {
    var event = event
    event["offline"] = nil
    return digest(event.bytes)
  }

  static func digest(_ bytes: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }
}

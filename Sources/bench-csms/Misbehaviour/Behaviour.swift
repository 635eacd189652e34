import OCPPJSON
import OCPPTypes

/// One way in which the CSMS misbehaves on purpose.
struct BehaviourRule {
  /// Rules at most.
  static let maximumRules = 64

  /// How an answer is spoilt.
  enum Spoiling: String, CaseIterable {
    /// A payload that no schema allows.
    case schema
    /// An answer to a message that nobody sent.
    case messageID = "messageId"
    /// The same answer a second time.
    case twice
    /// Text that is no JSON.
    case unparsable
  }

  /// Nil means all.
  var station: String?
  var action: String?
  var delayMilliseconds: Int64 = 0
  /// No answer at all.
  var isSilent = false
  var errorCode: String?
  /// Replaces the answer's payload.
  var answer: JSONValue?
  var spoiling: Spoiling?
  /// The connection ends instead of an answer, without a word.
  var closes = false
  /// How many messages it still applies to; nil means for ever.
  var remaining: Int?
  /// Given by `Behaviour`.
  var number = 0
  var timesApplied = 0

  var doesSomething: Bool {
    delayMilliseconds > 0 || isSilent || errorCode != nil || answer != nil || spoiling != nil || closes
  }

  /// As a person asks for it.
  var words: String {
    var what: [String] = []
    if delayMilliseconds > 0 { what.append("answers after \(Self.seconds(delayMilliseconds))") }
    if isSilent { what.append("does not answer") }
    if let errorCode { what.append("answers CALLERROR \(errorCode)") }
    if answer != nil { what.append("answers what it was told to") }
    switch spoiling {
    case .schema: what.append("answers what no schema allows")
    case .messageID: what.append("answers under a wrong message id")
    case .twice: what.append("answers twice")
    case .unparsable: what.append("answers no JSON")
    case nil: break
    }
    if closes { what.append("cuts the connection") }
    let whom = (action ?? "every message") + (station.map { " of \($0)" } ?? "")
    let howLong = remaining.map { "\($0) more time\($0 == 1 ? "" : "s")" } ?? "until off"
    let done = "done \(timesApplied) time\(timesApplied == 1 ? "" : "s")"
    return "\(whom): \(what.joined(separator: " and ")), \(howLong); \(done)"
  }

  private static func seconds(_ milliseconds: Int64) -> String {
    milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000) s" : "\(milliseconds) ms"
  }
}

struct Behaviour {
  private(set) var rules: [BehaviourRule] = []
  private var lastNumber = 0

  /// The rule's number; nil when there are too many.
  mutating func add(_ rule: BehaviourRule) -> Int? {
    guard rules.count < BehaviourRule.maximumRules else { return nil }
    lastNumber += 1
    var rule = rule
    rule.number = lastNumber
    rules.append(rule)
    return lastNumber
  }

  mutating func clear() { rules = [] }

  /// False when there is no such rule.
  mutating func remove(_ number: Int) -> Bool {
    guard let place = rules.firstIndex(where: { $0.number == number }) else { return false }
    rules.remove(at: place)
    return true
  }

  /// The first rule that applies to a message; it is used up by one.
  mutating func rule(station: String, action: String) -> BehaviourRule? {
    let place = rules.firstIndex { rule in
      (rule.station ?? station) == station && (rule.action ?? action) == action
    }
    guard let place else { return nil }
    rules[place].timesApplied += 1
    let rule = rules[place]
    if let remaining = rule.remaining {
      if remaining <= 1 { rules.remove(at: place) } else { rules[place].remaining = remaining - 1 }
    }
    return rule
  }
}

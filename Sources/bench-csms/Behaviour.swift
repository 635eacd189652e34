import OCPPJSON
import OCPPTypes

/// How the CSMS misbehaves on purpose.
struct BehaviourRule {
  /// Rules at most.
  static let maximumRules = 64

  /// Nil means all.
  var station: String?
  var action: String?
  var delayMilliseconds: Int64 = 0
  /// No answer at all.
  var isSilent = false
  var errorCode: String?
  /// Replaces the answer's payload.
  var answer: JSONValue?
  /// How many messages it still applies to; nil means for ever.
  var remaining: Int?
}

struct Behaviour {
  private(set) var rules: [BehaviourRule] = []

  /// False when there are too many.
  mutating func add(_ rule: BehaviourRule) -> Bool {
    guard rules.count < BehaviourRule.maximumRules else { return false }
    rules.append(rule)
    return true
  }

  mutating func clear() { rules = [] }

  /// The first rule that applies to a message; it is used up by one.
  mutating func rule(station: String, action: String) -> BehaviourRule? {
    let place = rules.firstIndex { rule in
      (rule.station ?? station) == station && (rule.action ?? action) == action
    }
    guard let place else { return nil }
    let rule = rules[place]
    if let remaining = rule.remaining {
      if remaining <= 1 { rules.remove(at: place) } else { rules[place].remaining = remaining - 1 }
    }
    return rule
  }
}

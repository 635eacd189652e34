import ChargerBase
import OCPPTypes
import SimulationSupport

/// Who pays for what, by the standard (Part 2, blocks C, D, E, F, with the errata of 2025-09) and the outbox's rules.
///
/// It knows what people did, what flowed and what was said on the wire; of the station it knows nothing but its
/// settings. Each rule names its clause. Where the standard leaves freedom, every allowed answer is accepted.
package struct Judge {
  package let story: Story
  package let chronicle: Chronicle
  package let evidence: Evidence
  package private(set) var findings: [String] = []
  /// What the model foresaw and held against what was told.
  package internal(set) var foreseen = 0

  var rules: StoryRules { story.rules }

  package static func judge(_ story: Story, _ chronicle: Chronicle) -> Judge {
    var judge = Judge(story: story, chronicle: chronicle, evidence: Evidence(chronicle))
    judge.findings = judge.evidence.findings + chronicle.violations
    judge.judgeOutbox()
    judge.judgePayers()
    judge.judgeCauses()
    judge.judgeEnergy()
    judge.judgeRefusals()
    judge.judgeExpectations()
    return judge
  }

  private init(story: Story, chronicle: Chronicle, evidence: Evidence) {
    self.story = story
    self.chronicle = chronicle
    self.evidence = evidence
  }

  mutating func find(_ text: String) { findings.append(text) }

  // MARK: The outbox

  /// Every event once, whole and in order; at the end nothing waits.
  private mutating func judgeOutbox() {
    if chronicle.waitingRecords != 0 { find("\(chronicle.waitingRecords) records still wait when all is quiet") }
    for id in chronicle.openTransactions { find("\(id.suffix(6)) never ends") }
    for transaction in evidence.transactions {
      let name = "\(transaction.id.suffix(6))"
      let numbers = transaction.events.map(\.request.seqNo)
      // E01.FR.07, E 1.3.2.1.
      if numbers != (0..<Int32(numbers.count)).map({ $0 }) { find("\(name): the events came as \(numbers)") }
      let kinds = transaction.events.map(\.request.eventType)
      if kinds.first != .started || kinds.count(where: { $0 == .started }) != 1 {
        find("\(name): not exactly one Started, first")
      }
      if kinds.last != .ended || kinds.count(where: { $0 == .ended }) != 1 {
        find("\(name): not exactly one Ended, last")
      }
      for (before, after) in zip(transaction.events, transaction.events.dropFirst())
      where after.at < before.at && !before.isUndated && !after.isUndated {
        find("\(after.request.name) happened before \(before.request.name)")
      }
      for event in transaction.events { judgeOffline(event) }
    }
  }

  /// E04.FR.03, E12.FR.02: what happened before the connection on which it first came is an offline event.
  private mutating func judgeOffline(_ event: Evidence.Event) {
    guard !event.isUndated, event.connection > 0, event.connection <= chronicle.openedAt.count else { return }
    let opened = chronicle.openedAt[event.connection - 1]
    if event.at + .milliseconds(100) < opened, event.request.offline != true {
      find("\(event.request.name) happened offline, and does not say so (E04.FR.03)")
    }
    let registered = evidence.registeredAt.contains { $0 <= event.at - .milliseconds(100) && isSameLife($0, event.at) }
    if opened + .milliseconds(100) < event.at, registered, event.request.offline == true,
      isSameLife(opened, event.at), isSameLife(event.at, event.arrivedAt)
    {
      find("\(event.request.name) happened online, and says that it did not (E04.FR.03)")
    }
  }

  /// One program lived from one instant to the other.
  func isSameLife(_ first: MonotonicInstant, _ second: MonotonicInstant) -> Bool {
    chronicle.lives.contains { $0.start <= first && second <= $0.end ?? .distantFuture }
  }

  // MARK: Words for times

  /// Within `window` before `instant`, or a moment after it: clocks of the CSMS and the station differ by milliseconds.
  func isShortly(_ cause: MonotonicInstant, before instant: MonotonicInstant, _ window: Duration) -> Bool {
    cause <= instant + .milliseconds(300) && instant <= cause + window
  }

  /// A program that has just come up takes up what it finds.
  func hasJustStarted(at instant: MonotonicInstant, within window: Duration = .seconds(60)) -> Bool {
    chronicle.lives.dropFirst().contains { isShortly($0.start, before: instant, window) }
  }
}

/// One story, played and judged.
package struct StoryRun: Sendable {
  package var seed: UInt64
  package var findings: [String]
  package var transactions: Int
  package var steps: Int
  /// What the model foresaw, and held against what was told.
  package var foreseen: Int
  /// In plain steps; only when something was found.
  package var told: [String]

  package static func run(
    _ seed: UInt64, _ parts: StoryParts = StoryParts(), tampering: Tampering.Kind? = nil
  ) -> StoryRun {
    run(StoryWriter.story(seed, parts), tampering: tampering)
  }

  package static func run(_ story: Story, tampering: Tampering.Kind? = nil) -> StoryRun {
    let chronicle: Chronicle
    do {
      chronicle = try StoryPlayer.play(story, tampering: tampering.map { Tampering($0) })
    } catch {
      return StoryRun(
        seed: story.seed, findings: ["the station does not start: \(error)"], transactions: 0, steps: 0, foreseen: 0,
        told: [])
    }
    let judge = Judge.judge(story, chronicle)
    return StoryRun(
      seed: story.seed, findings: judge.findings, transactions: judge.evidence.transactions.count,
      steps: story.steps.count, foreseen: judge.foreseen,
      told: judge.findings.isEmpty ? [] : StoryTeller.tell(story, chronicle))
  }

  /// A story in plain steps, whatever the judge says.
  package static func tale(
    _ seed: UInt64, _ parts: StoryParts = StoryParts(), tampering: Tampering.Kind? = nil
  ) -> [String] {
    let story = StoryWriter.story(seed, parts)
    guard let chronicle = try? StoryPlayer.play(story, tampering: tampering.map { Tampering($0) }) else { return [] }
    return StoryTeller.tell(story, chronicle)
  }

  /// The shortest story that is still found at fault, by leaving out one part after the other.
  package static func shrink(_ story: Story, tampering: Tampering.Kind? = nil, most: Int = 300) -> Story {
    var best = story
    var tries = 0
    var size = max(1, best.steps.count / 2)
    while size >= 1, tries < most {
      var start = 0
      var hasShrunk = false
      while start < best.steps.count, tries < most {
        var shorter = best
        shorter.steps.removeSubrange(start..<min(best.steps.count, start + size))
        tries += 1
        if run(shorter, tampering: tampering).findings.isEmpty {
          start += size
        } else {
          best = shorter
          hasShrunk = true
        }
      }
      if !hasShrunk || size > 1 { size = size == 1 && hasShrunk ? 1 : size / 2 }
    }
    return best
  }
}

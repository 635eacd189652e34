import StoryJudge
import Testing

@Suite("Who pays for what: a second model judges random stories")
struct StoryJudgeTests {
  @Test("Station and model agree on the first stories", arguments: 1...12 as ClosedRange<UInt64>)
  func agree(seed: UInt64) {
    let run = StoryRun.run(seed)
    if !run.findings.isEmpty { Issue.record("seed \(seed):\n\((run.findings + run.told).joined(separator: "\n"))") }
  }

  @Test("The same seed tells the same story, event for event")
  func repeats() {
    let first = StoryRun.tale(7)
    #expect(first.count > 10)
    #expect(first == StoryRun.tale(7))
  }

  @Test("Every known break of a station is found within the stories of a CI run", arguments: Tampering.Kind.allCases)
  func found(_ kind: Tampering.Kind) {
    // The first seeds that show it; charger-stories --tamper-all searches all.
    let isFound = (1...60 as ClosedRange<UInt64>).contains { !StoryRun.run($0, tampering: kind).findings.isEmpty }
    #expect(isFound, "\(kind.rawValue) goes unseen")
  }

  @Test("A failing story shrinks to fewer steps that still fail")
  func shrinks() throws {
    let seed = try #require(
      (1...60 as ClosedRange<UInt64>).first { !StoryRun.run($0, tampering: .moreEnergy).findings.isEmpty })
    let whole = StoryWriter.story(seed)
    let short = StoryRun.shrink(whole, tampering: .moreEnergy, most: 60)
    #expect(short.steps.count < whole.steps.count)
    #expect(!StoryRun.run(short, tampering: .moreEnergy).findings.isEmpty)
  }
}

import StoryJudge
import Testing

@Suite("Who pays for what: a second model judges random stories")
struct StoryJudgeTests {
  @Test(
    "E01.FR.07 E04.FR.02 E04.FR.03 E12.FR.02: station and model agree on the first stories",
    arguments: 1...12 as ClosedRange<UInt64>)
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

  @Test(
    "A judge that sees nothing is worth nothing: broken stations are found",
    arguments: [Tampering.Kind.moreEnergy, .wrongReason, .lostUpdated, .otherCard, .notOffline])
  func found(_ kind: Tampering.Kind) {
    // charger-stories --tamper-all searches every break in all stories.
    let isFound = (1...40 as ClosedRange<UInt64>).contains { !StoryRun.run($0, tampering: kind).findings.isEmpty }
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

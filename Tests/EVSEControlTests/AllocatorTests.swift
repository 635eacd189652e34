import AllocatorProperties
import Testing

/// The beginning of what `scripts/explore --allocator` plays at length.
@Suite("Sharing a supply with random vehicles")
struct AllocatorTests {
  @Test(
    "Offers and currents keep to the supply, limits are on the pilot in time, everybody gets a turn, offers settle",
    arguments: UInt64(1)...20)
  func rules(seed: UInt64) {
    var walk = AllocatorWalk(seed: seed, longest: .seconds(900))
    walk.run()
    if let violation = walk.violation { Issue.record("\(violation)") }
    #expect(walk.tally.checks > 500)
  }

  @Test("A seed plays the same every time")
  func repeats() {
    var walks = [AllocatorWalk(seed: 3, longest: .seconds(600)), AllocatorWalk(seed: 3, longest: .seconds(600))]
    for index in walks.indices { walks[index].run() }
    #expect(walks[0].tally.text == walks[1].tally.text)
    #expect(walks[0].tally.offerChanges > 0)
  }
}

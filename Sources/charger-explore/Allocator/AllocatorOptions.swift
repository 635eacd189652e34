import AllocatorProperties
import ArgumentParser

/// Plays random stations that share a supply, and holds them against the rules of sharing.
struct AllocatorOptions: ParsableArguments {
  @Flag(help: "Plays random stations and vehicles that share a supply, instead of the exhaustive exploration.")
  var allocator = false

  @Option(help: "The first seed; a seed plays the same on every machine. Without one: 200 stations from seed 1.")
  var seed: UInt64?

  @Option(help: "How many seeds are played, one after the other (1 to 1,000,000).")
  var count: Int?

  func validate() throws {
    guard (1...1_000_000).contains(count ?? 1) else { throw ValidationError("count must be 1 to 1,000,000") }
  }

  func run() throws {
    let first = seed ?? 1
    let count = UInt64(self.count ?? (seed == nil ? 200 : 1))
    var tally = Tally()
    var violations = 0
    for number in 0..<count {
      var walk = AllocatorWalk(seed: first &+ number)
      walk.run()
      tally.add(walk.tally)
      guard let violation = walk.violation else { continue }
      print(violation)
      violations += 1
    }
    print(tally.text)
    print(violations == 0 ? "no rule is broken" : "\(violations) of \(count) seeds break a rule")
    if violations > 0 { throw ExitCode(1) }
  }
}

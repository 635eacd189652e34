import ArgumentParser
import Dispatch
import StoryJudge
import Synchronization

/// Plays random stories on the whole simulated station and has each judged by the second model of who pays for what.
@main
struct ChargerStories: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "charger-stories",
    abstract: "Plays random stories on the whole station; a second model judges who pays for what.",
    discussion: "Exit status 1 when the station and the model disagree; the seed tells the whole story.")

  @Option(help: "The first seed.")
  var seed: UInt64 = 1
  @Option(help: "How many stories.")
  var count: UInt64 = 2_000
  @Option(help: "Only the story of this seed, told in full.")
  var only: UInt64?
  @Option(help: "Stories at the same time.")
  var threads = 2
  @Option(help: "Disagreements that are told in full.")
  var show = 3
  @Flag(help: "At a socket with a lock and a meter that signs, instead of the station with two cables.")
  var socket = false
  @Flag(help: "Parts of the station fail and are repaired.")
  var faults = false
  @Flag(help: "Tell a failing story as it was written, not its shortest form.")
  var whole = false
  @Option(help: "Break the station on purpose: \(Tampering.Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
  var tamper: String?
  @Flag(help: "Break the station in every way that is known, and see each found.")
  var tamperAll = false

  func validate() throws {
    guard tamper == nil || tampering != nil else { throw ValidationError("--tamper: no such break") }
    guard (1...64).contains(threads) else { throw ValidationError("--threads: 1…64") }
  }

  private var parts: StoryParts { StoryParts(atSocket: socket, faults: faults) }
  private var tampering: Tampering.Kind? { tamper.flatMap { Tampering.Kind(rawValue: $0) } }

  func run() throws {
    if let only { return try tellOne(only) }
    if tamperAll { return try findEveryBreak() }
    let runs = play(tampering)
    let failed = runs.filter { !$0.findings.isEmpty }
    for run in failed.prefix(show) { tell(run) }
    if failed.count > show {
      print("Also seeds \(failed.dropFirst(show).prefix(50).map { "\($0.seed)" }.joined(separator: " "))")
    }
    let transactions = runs.reduce(0) { $0 + $1.transactions }
    let steps = runs.reduce(0) { $0 + $1.steps }
    let foreseen = runs.reduce(0) { $0 + $1.foreseen }
    print(
      "\(runs.count) stories from seed \(seed), \(steps) steps, \(transactions) transactions, \(foreseen) foreseen: \(failed.count) disagreements"
    )
    if !failed.isEmpty { throw ExitCode(1) }
  }

  private func tellOne(_ seed: UInt64) throws {
    let run = StoryRun.run(seed, parts, tampering: tampering)
    guard run.findings.isEmpty else {
      tell(run)
      throw ExitCode(1)
    }
    for line in StoryRun.tale(seed, parts, tampering: tampering) { print(line) }
    print("seed \(seed): \(run.transactions) transactions, no disagreement")
  }

  private func findEveryBreak() throws {
    var missed: [String] = []
    for kind in Tampering.Kind.allCases {
      let found = play(kind, untilFound: true).filter { !$0.findings.isEmpty }
      if let first = found.first {
        print("\(kind.rawValue): found, seed \(first.seed): \(first.findings.first ?? "")")
      } else {
        missed.append(kind.rawValue)
        print("\(kind.rawValue): NOT FOUND in \(count) stories")
      }
    }
    if !missed.isEmpty { throw ExitCode(1) }
  }

  private func tell(_ run: StoryRun) {
    var run = run
    if !whole {
      let shorter = StoryRun.shrink(StoryWriter.story(run.seed, parts), tampering: tampering)
      run = StoryRun.run(shorter, tampering: tampering)
    }
    print("seed \(run.seed): the station and the model disagree")
    for finding in run.findings.prefix(20) { print("  ✘ \(finding)") }
    for line in run.told { print("  \(line)") }
    print("")
  }

  private func play(_ tampering: Tampering.Kind?, untilFound: Bool = false) -> [StoryRun] {
    let state = Mutex((next: UInt64(0), isFound: false, runs: [StoryRun]()))
    let (seed, count, parts) = (seed, count, parts)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let number: UInt64? = state.withLock { state in
          guard state.next < count, !(untilFound && state.isFound) else { return nil }
          defer { state.next += 1 }
          return state.next
        }
        guard let number else { return }
        let run = StoryRun.run(seed &+ number, parts, tampering: tampering)
        state.withLock { state in
          state.runs.append(run)
          if !run.findings.isEmpty { state.isFound = true }
        }
      }
    }
    return state.withLock { $0.runs }.sorted { $0.seed < $1.seed }
  }
}

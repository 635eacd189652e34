import ChargerBase
import OCPPPorts
import Testing

@testable import ChargerRuntime

@Suite("DESIGN §3: how the run before ended")
struct BootRegistryTests {
  private func snapshot(_ mutations: StoreMutation...) -> StoreSnapshot {
    var snapshot = StoreSnapshot()
    for mutation in mutations {
      if case .putDocument(let kind, let key, let body) = mutation {
        snapshot.documents.removeAll { $0.kind == kind && $0.key == key }
        snapshot.documents.append(StoreSnapshot.Document(kind: kind, key: key, body: body))
      }
    }
    return snapshot
  }

  @Test("The first run of all is boot 1 with nothing before it")
  func first() {
    let registry = BootRegistry(snapshot: StoreSnapshot(), bootID: "a")
    #expect(registry.number == BootNumber(rawValue: 1))
    #expect(registry.previousEnd == .none)
  }

  @Test("Same boot id without a clean mark: a crash; with one: a clean stop")
  func sameBoot() {
    let first = BootRegistry(snapshot: StoreSnapshot(), bootID: "a")
    let crashed = BootRegistry(snapshot: snapshot(first.runningMark), bootID: "a")
    #expect(crashed.previousEnd == .crash)
    #expect(crashed.number == first.number)
    let stopped = BootRegistry(snapshot: snapshot(first.runningMark, first.cleanMark), bootID: "a")
    #expect(stopped.previousEnd == .clean)
  }

  @Test("Another boot id without a clean mark is a power cut, and counts up")
  func powerCut() {
    let first = BootRegistry(snapshot: StoreSnapshot(), bootID: "a")
    let next = BootRegistry(snapshot: snapshot(first.runningMark), bootID: "b")
    #expect(next.previousEnd == .powerCut)
    #expect(next.number == BootNumber(rawValue: 2))
    let after = BootRegistry(snapshot: snapshot(next.runningMark, next.cleanMark), bootID: "c")
    #expect(after.previousEnd == .clean)
    #expect(after.number == BootNumber(rawValue: 3))
  }

  @Test("The watchdog's boot status tells a reset by it from a power cut, and nothing of a crash or an orderly stop")
  func watchdog() {
    let first = BootRegistry(snapshot: StoreSnapshot(), bootID: "a")
    let running = snapshot(first.runningMark)
    let clean = snapshot(first.runningMark, first.cleanMark)
    #expect(BootRegistry(snapshot: running, bootID: "b", resetByWatchdog: true).previousEnd == .watchdog)
    #expect(BootRegistry(snapshot: running, bootID: "a", resetByWatchdog: true).previousEnd == .crash)
    #expect(BootRegistry(snapshot: clean, bootID: "b", resetByWatchdog: true).previousEnd == .clean)
    #expect(!BootIdentity.wasResetByWatchdog(statusFile: "/nonexistent"))
  }

  @Test("A damaged mark is taken as no mark, not as a trap")
  func damaged() {
    let broken = StoreMutation.putDocument(.engine, key: "runtime.boot", body: [0xFF, 0xFF, 0x01])
    #expect(BootRegistry(snapshot: snapshot(broken), bootID: "a").previousEnd == .none)
  }
}

import ChargerBase
import HAL
import Testing

@testable import EVSEControl

@Suite("A plug that is kept for its owner")
struct KeptPlugTests {
  /// A session whose plug is kept, and whose vehicle was then unplugged at its own side.
  private func left(_ station: (inout ControlConfiguration) -> Void = { _ in }) -> Bench {
    let bench = Bench(
      Bench.station(
        connector: {
          $0.cable = .socket
          $0.hasLock = true
        }, station: station))
    bench.charge()
    bench.run(for: .seconds(2))
    bench.feed(.command(.keepLocked(Bench.one, true)))
    bench.vehicle(12)
    bench.run(for: .seconds(30))
    return bench
  }

  @Test("OCPP E09.FR.03 E10.FR.01 It stays locked without vehicle and permit, until that is withdrawn")
  func kept() {
    let bench = left()
    #expect(!bench.isClosed() && bench.snapshot().details.lock == .locked)
    bench.revoke()
    bench.run(for: .seconds(30))
    #expect(bench.snapshot().details.lock == .locked)
    bench.feed(.command(.keepLocked(Bench.one, false)))
    bench.run(for: .seconds(1))
    #expect(bench.snapshot().details.lock == .unlocked)
  }

  @Test("A command to unlock ends it, and it is not caught again")
  func unlocked() {
    let bench = left()
    bench.feed(.command(.unlock(Bench.one, number: 7)))
    bench.run(for: .seconds(30))
    #expect(bench.snapshot().details.lock == .unlocked)
    #expect(
      bench.facts.contains { if case .unlocked(Bench.one, number: 7, .unlocked, _) = $0 { true } else { false } })
  }

  @Test("Freed by hand it is neither caught again nor a fault")
  func freedByHand() {
    let bench = left()
    bench.lock(.unlocked)
    bench.run(for: .seconds(30))
    #expect(bench.snapshot().details.lock == .unlocked && bench.snapshot().faults == [])
  }

  @Test("Nothing is caught that is free when the command comes")
  func free() {
    let bench = left()
    bench.feed(.command(.keepLocked(Bench.one, false)))
    bench.run(for: .seconds(1))
    bench.feed(.command(.keepLocked(Bench.one, true)))
    bench.run(for: .seconds(30))
    #expect(bench.snapshot().details.lock == .unlocked && bench.locks.last?.position == .unlocked)
  }
}

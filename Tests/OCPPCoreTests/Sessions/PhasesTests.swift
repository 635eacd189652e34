import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("The number of phases in use")
struct PhasesTests {
  @Test(
    "E02.FR.18, E03.FR.13: it is told when energy has begun to flow, once, by an event of its own if need be",
    arguments: [1, 2, 3])
  func started(_ count: Int) {
    let bench = SessionBench([(.sampledTxUpdatedInterval, "0")])
    bench.amperes = Array(repeating: 16, count: count) + Array(repeating: 0, count: 3 - count)
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(60)
    #expect(
      bench.story == ["Started/Authorized", "Updated/ChargingStateChanged", "Updated/ChargingRateChanged"])
    #expect(bench.events.map { $0.phasesUsed } == [nil, nil, Int32(count)])
  }

  @Test("E02.FR.18, E03.FR.13: an event that goes anyway tells it")
  func ridesAlong() {
    let bench = SessionBench([(.sampledTxUpdatedInterval, "5")])
    bench.amperes = [16, 16, 16]
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(21)
    #expect(!bench.story.contains("Updated/ChargingRateChanged"))
    #expect(bench.events.compactMap { $0.phasesUsed } == [3])
  }

  @Test(
    "E02.FR.19, E03.FR.14: a vehicle that changes to one phase and back is told twice; a pause is no number of phases")
  func changes() {
    let bench = SessionBench([(.sampledTxUpdatedInterval, "0")])
    bench.amperes = [16, 16, 16]
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(12)
    bench.amperes = [16, 0, 0]
    bench.wait(12)
    bench.amperes = [0, 0, 0]
    bench.wait(30)
    bench.amperes = [16, 16, 16]
    bench.wait(12)
    #expect(bench.events.compactMap { $0.phasesUsed } == [3, 1, 3])
  }

  @Test("A phase that comes and goes within seconds is not told; what was told is known after a restart")
  func isSteady() {
    let bench = SessionBench([(.sampledTxUpdatedInterval, "0")])
    bench.amperes = [16, 16, 16]
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(12)
    for _ in 0..<4 {
      bench.amperes = [16, 0, 0]
      bench.wait(2)
      bench.amperes = [16, 16, 16]
      bench.wait(2)
    }
    bench.kill()
    bench.wait(40)
    #expect(bench.isGranted())
    #expect(bench.events.compactMap { $0.phasesUsed } == [3])
  }

  @Test("A meter without a current of each phase tells no number of phases")
  func unknown() {
    let bench = SessionBench([(.sampledTxUpdatedInterval, "0")])
    bench.amperes = []
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(60)
    #expect(bench.events.allSatisfy { $0.phasesUsed == nil } && bench.events.count == 2)
  }
}

import ChargerBase
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("Random days at a station")
struct SessionStoryTests {
  @Test(
    "20 seeds of plugging, cards, remote starts, link flaps and deaths: every watt-hour told once", arguments: 1...20)
  func day(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }
    func pick<T>(_ items: [T]) -> T { items[Int(random.next() % UInt64(items.count))] }
    let startPoint = pick(["PowerPathClosed", "EVConnected", "Authorized", "EVConnected,Authorized", "EnergyTransfer"])
    let stopPoint = pick(["EVConnected,Authorized", "PowerPathClosed", "EVConnected", "Authorized"])
    let bench = SessionBench(
      evseCount: 2,
      [
        (.txStartPoint, startPoint), (.txStopPoint, stopPoint), (.sampledTxUpdatedInterval, "20"),
        (.offlineTxForUnknownIdEnabled, chance(50) ? "true" : "false"), (.evConnectionTimeOut, "30"),
        (.stopTxOnEVSideDisconnect, chance(70) ? "true" : "false"),
      ])
    for _ in 0..<120 {
      let evse = pick([Int32(1), 2])
      switch random.next() % 12 {
      case 0, 1: if !bench.places[Int(evse) - 1].isConnected { bench.plugIn(evse) }
      case 2: if bench.places[Int(evse) - 1].isConnected { bench.plugOut(evse) }
      case 3, 4: bench.tap(pick(["A", "B", "C"]), evses: chance(50) ? [evse] : nil)
      case 5: bench.vehicle(evse, wantsEnergy: chance(60))
      case 6: bench.engine.isOnline = chance(60)
      case 7: _ = bench.remoteStart("APP", id: Int32(random.next() % 1_000), evse: chance(50) ? evse : nil)
      case 8: if let id = bench.sessions.transactionID(at: EVSEID(evse)), chance(50) { _ = bench.remoteStop(id) }
      case 9:
        if chance(40) {
          bench.kill(reason: pick([.unknown, .watchdog, .powerUp, .applicationReset])) {
            if chance(30) { bench.places[Int(evse) - 1].isConnected.toggle() }
          }
        }
      case 10:
        if let event = bench.events.last(where: { $0.token != nil }), chance(30) {
          bench.csmsAnswers(event, IdTokenInfo(status: .invalid))
        }
      default: break
      }
      bench.wait(Int(random.next() % 15))
    }
    for evse: Int32 in [1, 2] where bench.places[Int(evse) - 1].isConnected { bench.plugOut(evse) }
    bench.wait(3)
    // Where no stop point asks for the vehicle, its driver or the operator ends what is left.
    for evse: Int32 in [1, 2] {
      if let id = bench.sessions.transactionID(at: EVSEID(evse)) {
        bench.engine.isOnline = true
        _ = bench.remoteStop(id)
      }
    }
    bench.wait(70)
    SessionJudge.judge(bench, "seed \(seed): start \(startPoint), stop \(stopPoint)")
  }

  @Test("The same seed is the same day")
  func deterministic() {
    func run() -> [String] {
      let bench = SessionBench(evseCount: 2)
      bench.plugIn(2)
      bench.tap("A")
      bench.wait(30)
      bench.kill()
      bench.wait(30)
      return bench.story
    }
    #expect(run() == run())
  }
}

import ChargerBase
import EVSEControl
import Testing

@Suite("Over-current supervisor")
struct OverCurrentSupervisorTests {
  private struct Load {
    let timing = TimingTable()
    var supervisor = OverCurrentSupervisor(at: .zero)
    var now = MonotonicInstant.zero

    mutating func draw(_ measured: Int64?, offered: Int64?) {
      supervisor.take(
        measured: measured.map { Current(milliamperes: $0) }, offered: offered.map { Current(milliamperes: $0) },
        at: now)
      supervisor.evaluate(at: now, timing: timing)
    }

    mutating func run(for duration: Duration) {
      let end = now + duration
      while true {
        var deadline = Deadline(after: now)
        supervisor.deadlines(&deadline, timing: timing)
        guard deadline.soonest <= end else { break }
        now = deadline.soonest
        supervisor.evaluate(at: now, timing: timing)
      }
      now = end
      supervisor.evaluate(at: now, timing: timing)
    }
  }

  @Test(
    "A vehicle may draw its offer and a tolerance of 10 %, 1 A at least, for ever; more only for 5 s",
    arguments: [(16_000, 17_600), (32_000, 35_200), (6_000, 7_000), (0, 1_000)] as [(Int64, Int64)])
  func tolerance(offer: Int64, most: Int64) {
    var load = Load()
    load.draw(most, offered: offer)
    load.run(for: .seconds(3_600))
    #expect(load.supervisor.faults.isEmpty)
    load.draw(most + 1, offered: offer)
    load.run(for: .milliseconds(4_999))
    #expect(load.supervisor.faults.isEmpty)
    load.run(for: .milliseconds(1))
    #expect(load.supervisor.faults == FaultSet(.overCurrent))
  }

  @Test("A surge of less than 5 s is no fault, and the next one counts anew")
  func surge() {
    var load = Load()
    for _ in 0..<10 {
      load.draw(20_000, offered: 16_000)
      load.run(for: .milliseconds(4_900))
      load.draw(16_000, offered: 16_000)
      load.run(for: .milliseconds(100))
    }
    #expect(load.supervisor.faults.isEmpty)
  }

  @Test(
    "After the offer was lowered the vehicle has 5 s to follow before its current counts; more than the old offer counts"
  )
  func follows() {
    var load = Load()
    load.draw(32_000, offered: 32_000)
    load.run(for: .seconds(60))
    load.draw(32_000, offered: 10_000)
    load.run(for: .milliseconds(4_900))
    load.draw(10_000, offered: 10_000)
    load.run(for: .seconds(60))
    #expect(load.supervisor.faults.isEmpty)

    load.draw(32_000, offered: 32_000)
    load.draw(32_000, offered: 10_000)
    load.run(for: .milliseconds(9_999))
    #expect(load.supervisor.faults.isEmpty)
    load.run(for: .milliseconds(1))
    #expect(load.supervisor.faults == FaultSet(.overCurrent))

    load.supervisor.vehicleLeft()
    load.draw(32_000, offered: 32_000)
    load.draw(40_000, offered: 10_000)
    load.run(for: .seconds(5))
    #expect(load.supervisor.faults == FaultSet(.overCurrent))
  }

  @Test("A withdrawn offer is one of nothing")
  func withdrawn() {
    var load = Load()
    load.draw(16_000, offered: 16_000)
    load.draw(16_000, offered: nil)
    load.run(for: .milliseconds(9_999))
    #expect(load.supervisor.faults.isEmpty)
    load.run(for: .milliseconds(1))
    #expect(load.supervisor.faults == FaultSet(.overCurrent))
  }

  @Test("The cause stays when the current is gone, until the vehicle has left")
  func stays() {
    var load = Load()
    load.draw(30_000, offered: 16_000)
    load.run(for: .seconds(5))
    load.draw(0, offered: nil)
    load.run(for: .seconds(3_600))
    #expect(load.supervisor.faults == FaultSet(.overCurrent))
    load.supervisor.vehicleLeft()
    #expect(load.supervisor.faults.isEmpty)
  }

  @Test("A current that the meter does not tell is not counted")
  func unmeasured() {
    var load = Load()
    load.draw(30_000, offered: 16_000)
    load.run(for: .seconds(4))
    load.draw(nil, offered: 16_000)
    load.run(for: .seconds(60))
    #expect(load.supervisor.faults.isEmpty)
  }
}

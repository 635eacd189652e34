import ChargerBase
import Testing

@testable import HALLinux

@Suite("Edge filter")
struct EdgeFilterTests {
  private func play(_ filter: EdgeFilter, _ levels: [(Bool, Int64)], until end: Int64) -> [(Bool, Int64)] {
    var filter = filter
    var changes: [(Bool, Int64)] = []
    var waiting = levels
    for time in 0...end {
      while let next = waiting.first, next.1 <= time {
        filter.take(next.0, at: .ms(next.1))
        waiting.removeFirst()
      }
      filter.evaluate(at: .ms(time))
      if let state = filter.state, state != changes.last?.0 { changes.append((state, time)) }
    }
    return changes
  }

  private let filter = EdgeFilter(eager: true, settle: .milliseconds(2), release: .milliseconds(10))

  @Test("What is seen first counts at once, whatever the times", arguments: [false, true])
  func first(level: Bool) {
    let changes = play(filter, [(level, 0)], until: 50)
    #expect(changes.count == 1 && changes.first?.0 == level && changes.first?.1 == 0)
  }

  @Test("A disturbance shorter than the filter does not count, a state that lasts does, from its first edge on")
  func disturbance() {
    #expect(play(filter, [(false, 0), (true, 20), (false, 21)], until: 60).count == 1)
    var lasting = filter
    lasting.take(false, at: .ms(0))
    lasting.take(true, at: .ms(20))
    lasting.evaluate(at: .ms(22))
    #expect(lasting.state == true)
    #expect(lasting.since == .ms(20))
  }

  @Test("A contact that chatters for ever counts as eager, and stays so")
  func chatter() {
    let levels = (0..<100).map { ($0 % 2 == 1, Int64(20 + $0)) }
    let changes = play(filter, [(false, 0)] + levels, until: 125)
    #expect(changes.map(\.0) == [false, true])
    #expect((22...24).contains(changes.last?.1 ?? 0))
  }

  @Test("Bouncing while it lets go is one change, after the release time without a break")
  func release() {
    let changes = play(
      filter, [(true, 0), (false, 20), (true, 23), (false, 25), (true, 26), (false, 27)], until: 80)
    #expect(changes.map(\.0) == [true, false])
    #expect(changes.last?.1 == 37)
  }

  @Test("A pulse whose edges are read together counts when it was long enough, by the edges' own times")
  func readLate() {
    var late = filter
    late.take(false, at: .ms(0))
    late.take(true, at: .ms(20))
    late.take(false, at: .ms(25))
    late.evaluate(at: .ms(26))
    #expect(late.state == true, "it was there for 5 ms, and is gone for one")
    #expect(late.eagerCount == 1)
    late.evaluate(at: .ms(35))
    #expect(late.state == false)
    #expect(late.since == .ms(25))
  }

  @Test("The deadline is when something may change, and none without a change under way")
  func deadline() {
    var quiet = filter
    #expect(quiet.deadline == nil)
    quiet.take(false, at: .ms(0))
    #expect(quiet.deadline == nil)
    quiet.take(true, at: .ms(5))
    #expect(quiet.deadline == .ms(7))
    quiet.evaluate(at: .ms(7))
    #expect(quiet.deadline == nil)
    quiet.take(false, at: .ms(9))
    #expect(quiet.deadline == .ms(19))
  }

  @Test("A kernel's stamp is told in the station's time; one that cannot be of its clock is as old as its reading")
  func stamps() {
    let now = MonotonicInstant(nanoseconds: 5_000_000_000)
    let asleep: Int64 = 1_000_000_000
    #expect(
      GPIOInput.instant(ofStamp: 3_900_000_000, bootOffset: asleep, now: now)
        == MonotonicInstant(nanoseconds: 4_900_000_000))
    #expect(GPIOInput.instant(ofStamp: 1_790_000_000_000_000_000, bootOffset: asleep, now: now) == now)
    #expect(GPIOInput.instant(ofStamp: .max, bootOffset: asleep, now: now) == now)
    let later = MonotonicInstant(nanoseconds: 500_000_000_000)
    #expect(GPIOInput.instant(ofStamp: 3_900_000_000, bootOffset: asleep, now: later) == later)
  }
}

import ChargerBase
import Testing

@testable import OCPPCore

@Suite("J01, J02: clock-aligned instants are counted from midnight in civil time")
struct ClockAlignmentTests {
  private func wall(_ text: String) -> WallTime { WallTime(rfc3339: text) ?? WallTime(millisecondsSinceEpoch: 0) }

  /// The instants of a day's times, in their order.
  private func taken(_ seconds: Int64, _ times: [String?]) -> [String] {
    var alignment = ClockAlignment(interval: .seconds(seconds))
    return times.compactMap { alignment.take(at: $0.map { wall("2026-03-01T\($0)Z") }) }
      .map { String($0.rfc3339.dropFirst(11).prefix(8)) }
  }

  @Test("J01.FR.14: every quarter of an hour, at the quarters; none at the start in between")
  func quarters() {
    #expect(
      taken(900, ["10:07:00", "10:14:59.999", "10:15:00", "10:15:01", "10:30:00.400"]) == ["10:15:00", "10:30:00"])
  }

  @Test("An interval that does not divide the day begins anew at midnight")
  func midnight() {
    var alignment = ClockAlignment(interval: .seconds(50_000))
    #expect(alignment.take(at: wall("2026-03-01T13:00:00Z")) == nil)
    #expect(alignment.take(at: wall("2026-03-01T13:53:20Z")) == wall("2026-03-01T13:53:20Z"))
    #expect(alignment.take(at: wall("2026-03-01T23:59:59.999Z")) == nil)
    #expect(alignment.take(at: wall("2026-03-02T00:00:00Z")) == wall("2026-03-02T00:00:00Z"))
  }

  @Test("While the clock is unset nothing is aligned; once it is known the next instant is the first")
  func unsetClock() {
    #expect(taken(60, [nil, nil, "10:00:30", "10:01:00", nil, "10:02:00", "10:03:00"]) == ["10:01:00", "10:03:00"])
    #expect(ClockAlignment(interval: .seconds(60)).deadline(time(nil)) == .distantFuture)
  }

  @Test("A clock set forward passes over what nobody has measured; one set back counts from where it is")
  func jumps() {
    #expect(taken(900, ["10:07:00", "10:52:00", "11:00:00"]) == ["11:00:00"])
    #expect(taken(900, ["10:07:00", "08:01:00", "08:15:00", "08:30:00"]) == ["08:15:00", "08:30:00"])
    // Set forward to just after an instant: the reading of now is one of it.
    #expect(taken(900, ["10:07:00", "10:45:03"]) == ["10:45:00"])
  }

  @Test("A small correction backwards repeats no instant")
  func correction() {
    #expect(taken(900, ["10:14:00", "10:15:00", "10:14:59", "10:15:00", "10:30:00"]) == ["10:15:00", "10:30:00"])
    #expect(taken(5, ["10:00:04", "10:00:05", "10:00:04.900", "10:00:05", "10:00:10"]) == ["10:00:05", "10:00:10"])
  }

  @Test("A station that woke too late has missed the instant")
  func late() {
    #expect(taken(900, ["10:14:00", "10:15:16", "10:30:14"]) == ["10:30:00"])
  }

  private func time(_ text: String?, at seconds: Int64 = 100) -> EventTime {
    EventTime(
      boot: BootNumber(rawValue: 1), instant: .zero + .seconds(seconds),
      wall: text.map { wall("2026-03-01T\($0)Z") })
  }

  @Test("The deadline follows the clock as it goes now, and interval 0 has none")
  func deadline() {
    var alignment = ClockAlignment(interval: .seconds(900))
    #expect(alignment.deadline(time("10:14:00")) == .zero + .seconds(100), "to be armed")
    #expect(alignment.take(at: wall("2026-03-01T10:14:00Z")) == nil)
    #expect(alignment.deadline(time("10:14:00")) == .zero + .seconds(160))
    #expect(alignment.deadline(time("10:14:30")) == .zero + .seconds(130), "the clock was corrected")
    #expect(alignment.deadline(time("08:00:00")) == .zero + .seconds(100), "set back: to be armed anew")
    #expect(ClockAlignment(interval: .zero).deadline(time("10:14:00")) == .distantFuture)
    var off = ClockAlignment(interval: .zero)
    #expect(off.take(at: wall("2026-03-01T00:00:00Z")) == nil)
  }

  @Test("Before 1970 and at the end of time nothing traps")
  func extremes() {
    for milliseconds in [WallTime.range.lowerBound, -1, 0, WallTime.range.upperBound] {
      for interval in [Duration.milliseconds(1), .seconds(7), .seconds(1_000_000_000)] {
        var alignment = ClockAlignment(interval: interval)
        _ = alignment.take(at: WallTime(millisecondsSinceEpoch: milliseconds))
        _ = alignment.take(at: WallTime(millisecondsSinceEpoch: milliseconds))
        _ = alignment.deadline(
          EventTime(
            boot: BootNumber(rawValue: 1), instant: .zero, wall: WallTime(millisecondsSinceEpoch: milliseconds)))
      }
    }
  }
}

import ChargerBase
import Testing

@Suite("Civil time in RFC 3339")
struct RFC3339Tests {
  @Test(
    "A date-time is read to the millisecond",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999Z", -1), ("2026-11-23T09:30:00.125Z", 1_795_426_200_125),
      ("2026-11-23T09:30:00.1Z", 1_795_426_200_100), ("2026-11-23T09:30:00.125999999Z", 1_795_426_200_125),
      ("2026-11-23T11:00:00+01:30", 1_795_426_200_000), ("2026-11-23t04:30:00-05:00", 1_795_426_200_000),
      ("2000-02-29T00:00:00z", 951_782_400_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000),
      ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
      ("2026-01-01T00:00:00-00:00", 1_767_225_600_000),
    ])
  func read(text: String, milliseconds: Int64) {
    #expect(WallTime(rfc3339: text)?.millisecondsSinceEpoch == milliseconds)
  }

  @Test(
    "Anything else is refused",
    arguments: [
      "", "2026-11-23", "2026-11-23T09:30:00", "2026-11-23 09:30:00Z", "2026-11-23T09:30Z", "2026-11-23T24:00:00Z",
      "2026-11-23T09:60:00Z", "2026-11-23T09:30:61Z", "2026-00-23T09:30:00Z", "2026-13-23T09:30:00Z",
      "2026-11-31T09:30:00Z", "2026-02-29T09:30:00Z", "1900-02-29T00:00:00Z", "2026-11-23T09:30:00.Z",
      "2026-11-23T09:30:00,5Z", "2026-11-23T09:30:00+0100", "2026-11-23T09:30:00+24:00", "2026-11-23T09:30:00Zx",
      "26-11-23T09:30:00Z", "0000-12-31T23:59:59Z", "+2026-11-23T09:30:00Z", "2026-1-23T09:30:00Z",
      "9999-12-31T23:59:59-01:00",
    ])
  func refused(text: String) {
    #expect(WallTime(rfc3339: text) == nil)
  }

  @Test("What is written is read back, over every month of 800 years")
  func roundTrip() {
    var wrong: [WallTime] = []
    var milliseconds: Int64 = -11_676_096_000_000  // 1600
    while milliseconds < 13_569_465_600_000 {  // 2400
      let time = WallTime(millisecondsSinceEpoch: milliseconds)
      if WallTime(rfc3339: time.rfc3339) != time { wrong.append(time) }
      milliseconds += 2_591_999_877  // just under thirty days, so that every field moves
    }
    #expect(wrong.isEmpty)
  }

  @Test("The fraction is written when there is one")
  func written() {
    #expect(WallTime(millisecondsSinceEpoch: 1_795_426_200_000).rfc3339 == "2026-11-23T09:30:00Z")
    #expect(WallTime(millisecondsSinceEpoch: 1_795_426_200_007).rfc3339 == "2026-11-23T09:30:00.007Z")
    #expect(WallTime(millisecondsSinceEpoch: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
  }

  @Test("Times beyond what RFC 3339 can write stop at its ends")
  func clamped() {
    #expect(WallTime(millisecondsSinceEpoch: .max).rfc3339 == "9999-12-31T23:59:59.999Z")
    #expect(WallTime(millisecondsSinceEpoch: .min).rfc3339 == "0001-01-01T00:00:00Z")
    #expect(WallTime(millisecondsSinceEpoch: .max) + .seconds(1) == WallTime(millisecondsSinceEpoch: .max))
  }
}

@Suite("The station's own clock")
struct MonotonicTests {
  @Test("Instants and durations add up and never overflow")
  func arithmetic() {
    let start = MonotonicInstant(nanoseconds: 5)
    #expect((start + .milliseconds(2)).nanoseconds == 2_000_005)
    #expect(start + .milliseconds(2) - start == .milliseconds(2))
    #expect(MonotonicInstant.distantFuture + .seconds(1) == .distantFuture)
    #expect((start + .seconds(Int64.max)).nanoseconds == .max)
    #expect(MonotonicInstant.zero - MonotonicInstant(nanoseconds: 1) == .nanoseconds(-1))
  }

  @Test("A duration from outside is kept between zero and its limit")
  func clamping() {
    #expect(Duration(clampingSeconds: -1) == .zero)
    #expect(Duration(clampingSeconds: .max) == .seconds(366 * 86_400))
    #expect(Duration(clampingSeconds: 90, limit: 60) == .seconds(60))
    #expect(Duration.milliseconds(-1_500).wholeMilliseconds == -1_500)
    #expect(Duration.milliseconds(1_999).wholeSeconds == 1)
    #expect(Duration.nanoseconds(-1).wholeNanoseconds == -1)
    #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
    #expect(Duration.seconds(Int64.min).wholeMilliseconds == .min)
    for count in [Int64.min, -1, 0, 1, .max] { #expect(Duration(wholeNanoseconds: count) == .nanoseconds(count)) }
  }

  @Test("Order comes from boot and instant, whatever the civil clock says")
  func eventOrder() {
    func time(_ boot: Int64, _ instant: Int64, _ wall: Int64?) -> EventTime {
      EventTime(
        boot: BootNumber(rawValue: boot), instant: MonotonicInstant(nanoseconds: instant),
        wall: wall.map { WallTime(millisecondsSinceEpoch: $0) })
    }
    #expect(time(1, 900, 5_000) < time(2, 10, 4_000))
    #expect(time(2, 10, 4_000) < time(2, 11, nil))
    #expect(!(time(2, 11, 1) < time(2, 11, 2)))
  }
}

import ChargerBase
import HAL
import Testing

@testable import Station

@Suite("Typing a code")
struct CodeEntryTests {
  private static let rules = KeyCodeRules(length: 4...6, timeout: .seconds(10))
  private static func instant(_ seconds: Int64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: seconds * 1_000_000_000)
  }

  private func type(_ legends: String, into entry: inout CodeEntry, at seconds: Int64 = 0) -> CodeEntry.Outcome {
    var outcome = CodeEntry.Outcome.nothing
    for legend in legends.utf8 {
      if let key = KeypadKey(legend: legend) { outcome = entry.press(key, at: Self.instant(seconds)) }
    }
    return outcome
  }

  @Test(
    "C04 Enter makes a code of what has the right length, and forgets it",
    arguments: [
      ("1234#", CodeEntry.Outcome.code("1234")), ("12AB56#", .code("12AB56")), ("123#", .noCode),
      ("1234567#", .noCode), ("#", .nothing), ("12*34#", .noCode), ("99*1234#", .code("1234")), ("*", .nothing),
      ("12*", .cleared), ("123", .typing(3)), ("12345678", .typing(8)),
    ])
  func outcomes(legends: String, outcome: CodeEntry.Outcome) {
    var entry = CodeEntry(rules: Self.rules)
    let found = type(legends, into: &entry)
    #expect(found == outcome)
    if legends.hasSuffix("#") {
      let again = type("#", into: &entry)
      #expect(again == .nothing, "nothing is kept")
      #expect(entry.expiresAt == .distantFuture)
    }
  }

  @Test("A half-typed code is forgotten after its time, counted from the last key")
  func timeout() {
    var entry = CodeEntry(rules: Self.rules)
    _ = type("12", into: &entry, at: 0)
    _ = type("3", into: &entry, at: 9)
    let early = entry.expire(at: Self.instant(18))
    #expect(!early)
    #expect(entry.expiresAt == Self.instant(19))
    let late = entry.expire(at: Self.instant(19))
    #expect(late)
    let outcome = type("4#", into: &entry, at: 20)
    #expect(outcome == .noCode)
  }

  @Test("C04.FR.06 Pauses after wrong codes double from 15 s up to 15 minutes, and end with a good code")
  func pauses() {
    var codes = CodeGuard()
    var pauses: [Duration] = []
    for attempt in 0..<12 {
      let now = Self.instant(Int64(attempt) * 10_000)
      codes.gaveOut()
      codes.refused(at: now)
      pauses.append(codes.isClosed(at: now) ? now.duration(to: codes.closedUntil) : .zero)
    }
    let seconds = pauses.map { $0.components.seconds }
    #expect(seconds == [0, 0, 15, 30, 60, 120, 240, 480, 900, 900, 900, 900])
    codes.refused(at: Self.instant(200_000))
    #expect(!codes.isClosed(at: Self.instant(200_000)), "a card that was refused is no code")
    codes.gaveOut()
    codes.accepted()
    codes.gaveOut()
    codes.refused(at: Self.instant(200_001))
    #expect(!codes.isClosed(at: Self.instant(200_001)))
  }
}

@Suite("Something in the bay")
struct ParkingBayFilterTests {
  private func reading(_ isOccupied: Bool, _ milliseconds: Int64) -> ParkingBayReading {
    ParkingBayReading(isOccupied: isOccupied, since: instant(milliseconds))
  }
  private func instant(_ milliseconds: Int64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
  }

  @Test("The first reading counts at once, a change when it has lasted, and one that passes not at all")
  func filter() {
    var filter = ParkingBayFilter(settling: .seconds(2))
    func take(_ reading: ParkingBayReading?, at now: MonotonicInstant, tells expected: Bool?) {
      let told = filter.take(reading, at: now)
      #expect(told == expected, "\(now)")
    }
    take(nil, at: instant(0), tells: nil)
    take(reading(false, 0), at: instant(0), tells: false)
    take(reading(true, 100), at: instant(100), tells: nil)
    #expect(filter.deadline == instant(2_100))
    take(reading(false, 900), at: instant(900), tells: nil)
    #expect(filter.deadline == .distantFuture)
    take(reading(true, 1_000), at: instant(1_000), tells: nil)
    take(reading(true, 1_000), at: instant(2_999), tells: nil)
    take(reading(true, 1_000), at: instant(3_000), tells: true)
    take(reading(true, 1_000), at: instant(9_000), tells: nil)
  }
}

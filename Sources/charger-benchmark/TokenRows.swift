import CLinux
import ChargerBase
import Glibc
import NIOConcurrencyHelpers
import OCPPPorts
import OCPPStorage
import OCPPTypes

/// Rows g2 and g3: the local authorization list.
///
/// g2 as the CSMS sees it: from the frame that leaves it to the answer, which comes when the list is on disk. g3 is the
/// store's own work on a list of 100,000, the digest and the way through its queue included: many questions at once,
/// divided by their number.
struct TokenRows {
  let places: BenchmarkPlaces
  let isQuick: Bool

  private static let longMessage = 8_000
  private static let shortMessage = 1_000
  private static let wholeList = 100_000

  func measure(into report: inout BenchmarkReport) throws {
    try lists(&report)
    try lookUps(&report)
  }

  // MARK: g2

  private func lists(_ report: inout BenchmarkReport) throws {
    let csms = try BenchmarkCSMS(clock: { MonotonicInstant(nanoseconds: linux_boottime_ns()) })
    defer { csms.stop() }
    let bench = try StationUnderTest(places: places)
    defer { bench.stop(SIGKILL) }
    try bench.start(port: csms.port, freshState: true)
    try bench.until("BootNotification", seconds: 30) { csms.bootAcceptedAt != nil }
    sleep(2)
    var version = 0
    func send(isFull: Bool, _ numbers: Range<Int>) throws -> Double {
      version += 1
      let payload = Self.payload(version: version, isFull: isFull, numbers)
      let begin = linux_boottime_ns()
      let answer = try csms.call("SendLocalList", payload)
      let time = Double(linux_boottime_ns() - begin)
      // Another status, or a reason, makes it longer.
      guard csms.callErrors == 0, answer <= 38 else {
        throw BenchmarkFailure(description: "the station does not take a list of \(numbers.count)")
      }
      return time
    }
    var long = try (0..<(isQuick ? 3 : 9)).map { round in
      let first = Self.wholeList + round * Self.longMessage
      return try send(isFull: true, first..<first + Self.longMessage)
    }
    let bytes = Self.payload(version: 1, isFull: true, 0..<Self.longMessage).utf8.count
    var whole: [Double] = []
    for _ in 0..<(isQuick ? 1 : 3) {
      var time = 0.0
      for first in stride(from: 0, to: Self.wholeList, by: Self.shortMessage) {
        time += try send(isFull: first == 0, first..<first + Self.shortMessage)
      }
      whole.append(time)
    }
    let (one, all) = (median(&long), median(&whole))
    sleep(2)
    let figures = ProcessFigures.read(bench.processID)
    report.add(
      BenchmarkRow(
        number: "g2", measurement: "SendLocalList: one message of 8,000; 100,000 in 1,000s",
        figure:
          "\(Figure.milliseconds(one)) (\(bytes / 1_024) KiB); \(Figure.fixed(all / 1_000_000_000, 2)) s, then \(Figure.megabytes(Double(figures.residentBytes))) / \(Figure.megabytes(Double(figures.privateBytes)))",
        goal: "≤ 60 ms; ≤ 1 s; within b1",
        isMet: one <= 60e6 && all <= 1e9 && figures.residentBytes <= 16_000_000
          && figures.privateBytes <= 3_000_000,
        values: [
          ("nanosecondsOfOne", one), ("nanosecondsOfAll", all), ("bytesOfOne", Double(bytes)),
          ("residentBytes", Double(figures.residentBytes)), ("privateBytes", Double(figures.privateBytes)),
        ]))
  }

  /// Card numbers in no order.
  private static func card(_ number: Int) -> String {
    let text = String(UInt32(truncatingIfNeeded: number &* 2_654_435_761), radix: 16, uppercase: true)
    return "04A1B2" + String(repeating: "0", count: 8 - text.count) + text
  }

  private static func payload(version: Int, isFull: Bool, _ numbers: Range<Int>) -> String {
    let entries = numbers.map { number in
      #"{"idToken":{"idToken":"\#(card(number))","type":"ISO14443"},"idTokenInfo":{"status":"Accepted"}}"#
    }
    return
      #"{"versionNumber":\#(version),"updateType":"\#(isFull ? "Full" : "Differential")","localAuthorizationList":[\#(entries.joined(separator: ","))]}"#
  }

  // MARK: g3

  /// Counts the store's answers, on its thread.
  private final class Answers: Sendable {
    private let lock = ConditionLock(value: 0)
    private let state = NIOLockedValueBox((found: 0, total: 0))

    func take(_ event: StoreEvent) {
      let isFound: Bool
      switch event {
      case .token(_, let record): isFound = record.listed != nil
      case .committed: isFound = false
      default: return
      }
      let total = state.withLockedValue { state in
        state.total += 1
        if isFound { state.found += 1 }
        return state.total
      }
      lock.lock()
      lock.unlock(withValue: total)
    }

    func wait(for total: Int) {
      lock.lock(whenValue: total)
      lock.unlock()
    }

    var found: Int { state.withLockedValue { $0.found } }
  }

  private func lookUps(_ report: inout BenchmarkReport) throws {
    var figures: [(entries: Int, nanoseconds: Double)] = []
    for entries in [1_000, Self.wholeList] {
      figures.append((entries, try lookUps(in: entries)))
    }
    let slowest = figures.map { $0.nanoseconds }.max() ?? 0
    report.add(
      BenchmarkRow(
        number: "g3", measurement: "token look-up in a list of 1,000; of 100,000",
        figure: figures.map { Figure.microseconds($0.nanoseconds) }.joined(separator: "; "), goal: "≤ 5 µs",
        isMet: slowest <= 5_000,
        values: figures.map { ("nanosecondsOf\($0.entries)", $0.nanoseconds) }))
  }

  /// Every second token is in the list.
  private func lookUps(in entries: Int) throws -> Double {
    let scratch = try ScratchFolder()
    let answers = Answers()
    let (store, _) = try SQLiteStationStore.open(directory: scratch.path + "/state") { answers.take($0) }
    defer { store.close() }
    func token(_ number: Int) -> IdToken { IdToken(idToken: Self.card(number), type: .iso14443) }
    let list = (0..<entries).map { TokenListUpdate.Entry(TokenDigest(token(2 * $0)), body: [8, 0]) }
    store.commit(
      [
        .updateTokenList(
          TokenListUpdate(version: 1, replacesAll: true, entries: list.sorted { $0.digest < $1.digest }))
      ], durability: .full, id: StoreRequestID(0))
    answers.wait(for: 1)
    let together = 2_000
    let rounds = isQuick ? 10 : 50
    var times: [Double] = []
    for round in 0..<rounds {
      let begin = linux_boottime_ns()
      for place in 0..<together {
        let number = (round * together + place) &* 7_919 % (2 * entries)
        store.query(.token(TokenDigest(token(number))), id: StoreRequestID(1))
      }
      answers.wait(for: 1 + (round + 1) * together)
      times.append(Double(linux_boottime_ns() - begin) / Double(together))
    }
    guard answers.found * 10 > rounds * together * 4 else {
      throw BenchmarkFailure(description: "only \(answers.found) of \(rounds * together) look-ups found their token")
    }
    return median(&times)
  }
}

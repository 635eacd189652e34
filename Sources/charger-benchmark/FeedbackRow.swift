import CLinux
import ChargerBase
import Glibc
import JSONRPC
import OCPPJSON

/// Row j: a plug, a card → the EVSE's light and its text on the display, with real processes, while the CSMS answers
/// nothing for longer than 5 s would be. From the call at the world's socket to the world's event there: the sockets
/// between station and world are in it twice.
enum FeedbackRow {
  private static let goal = 300_000_000.0

  static func measure(isQuick: Bool, places: BenchmarkPlaces, into report: inout BenchmarkReport) throws {
    let rounds = isQuick ? 8 : 40
    let csms = try BenchmarkCSMS(clock: { MonotonicInstant(nanoseconds: linux_boottime_ns()) })
    defer { csms.stop() }
    let station = try StationUnderTest(places: places)
    try station.start(port: csms.port, freshState: true)
    defer { station.stop() }
    try station.until("BootNotification") { csms.bootAcceptedAt != nil }
    let person = try JSONRPCClient(path: station.scratch.path + "/world.sock")
    defer { person.close() }
    let watcher = try JSONRPCClient(path: station.scratch.path + "/world.sock")
    defer { watcher.close() }
    _ = try watcher.call("bench.subscribe", [:])
    var plugs: [Double] = []
    var cards: [Double] = []
    for round in 1...rounds {
      try wait(for: "green steady", person, station)
      csms.holdAnswers(true)
      plugs.append(try seen(watcher) { _ = try person.call("bench.plugIn", ["evse": 1, "connector": 1]) })
      cards.append(
        try seen(watcher) {
          _ = try person.call("bench.presentToken", ["idToken": .string("CARD\(round)"), "evses": [1]])
        })
      csms.holdAnswers(false)
      usleep(200_000)
      _ = try person.call("bench.plugOut", ["evse": 1, "connector": 1])
    }
    add("plug → light and display", plugs, to: &report)
    add("card → light and display", cards, to: &report)
  }

  private static func add(_ what: String, _ times: [Double], to report: inout BenchmarkReport) {
    let sorted = times.sorted()
    guard let worst = sorted.last else { return }
    let median = sorted[sorted.count / 2]
    report.add(
      BenchmarkRow(
        number: "j", measurement: "\(what), the CSMS silent, \(times.count) times: median / worst",
        figure: "\(Figure.milliseconds(median)) / \(Figure.milliseconds(worst))", goal: "≤ 300 ms",
        isMet: worst <= goal, values: [("medianNanoseconds", median), ("worstNanoseconds", worst)]))
  }

  /// Nanoseconds from the beginning of `act` until light and display of EVSE 1 have changed.
  private static func seen(_ watcher: JSONRPCClient, _ act: () throws -> Void) throws -> Double {
    while try watcher.receiveNotification(timeout: .milliseconds(50)) != nil {}
    let begin = linux_boottime_ns()
    try act()
    var hasLight = false
    var hasText = false
    while !(hasLight && hasText) {
      guard let event = try watcher.receiveNotification(timeout: .seconds(5)) else {
        throw BenchmarkFailure(description: "row j: light \(hasLight), display \(hasText) after 5 s")
      }
      guard event.params["evse"]?.int32 == 1 else { continue }
      hasLight = hasLight || event.params["event"]?.string == "light"
      hasText = hasText || event.params["event"]?.string == "display"
    }
    return Double(linux_boottime_ns() - begin)
  }

  private static func wait(for pattern: String, _ person: JSONRPCClient, _ station: StationUnderTest) throws {
    try station.until("row j: the light shows \(pattern)", seconds: 90) {
      guard case .success(let display)? = try? person.call("bench.display", ["evse": 1]) else { return false }
      return display["light"]?.string == pattern
    }
  }
}

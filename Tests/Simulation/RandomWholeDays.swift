import ChargerBase
import Glibc
import OCPPCore
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

/// Which days are played: CHARGER_SEEDS=first..count, twenty from 1 unless told.
private let seeds: [UInt64] = {
  let text = getenv("CHARGER_SEEDS").map { String(cString: $0) } ?? "1..20"
  let numbers = text.split(separator: ".", omittingEmptySubsequences: true).compactMap { UInt64($0) }
  guard let first = numbers.first else { return [] }
  let count = numbers.count > 1 ? numbers[1] : 1
  return (0..<count).map { first &+ $0 }
}()

/// Hours of people, cars, networks, faults and power cuts in any order, on the whole station from pilot to CSMS. What
/// the CSMS has in its books at the end is compared with what the world's meters counted; contactors are watched in
/// every step (`SafetyWitness`). Neither knows anything of the program.
@Suite("The whole station: random days")
struct RandomWholeDays {
  @Test(
    "E01 E04 E06 E11 Every transaction exactly once and whole, its energy exact, no energy without one",
    arguments: seeds)
  func day(_ seed: UInt64) throws {
    let day = try RandomWholeDay(seed: seed)
    day.play(events: 60)
    day.clearUp()
    let findings = day.findings
    if !findings.isEmpty { Issue.record("seed \(seed):\n\(findings.joined(separator: "\n"))") }
  }
}

private final class RandomWholeDay {
  let station: WholeStation
  private let places: [ConnectorID]
  private var random: SeededRandom
  private let startPoint: String
  private let stopPoint: String
  /// The true register of an EVSE when its meter fell silent, and what flowed unseen in all.
  private var silentSince: [Energy?] = [nil, nil]
  private var unseen: [Energy] = [.zero, .zero]
  private var log: [String] = []

  init(seed: UInt64) throws {
    random = SeededRandom(seed: seed &* 104_729)
    func pick(_ items: [String], _ random: inout SeededRandom) -> String {
      items[Int(random.next() % UInt64(items.count))]
    }
    startPoint = pick(["PowerPathClosed", "EVConnected", "Authorized", "EVConnected,Authorized"], &random)
    stopPoint = pick(["EVConnected,Authorized", "PowerPathClosed", "EVConnected", "Authorized"], &random)
    // Every fourth day at a station with two connectors at its one EVSE.
    let board = seed % 4 == 0 ? "bench-ac-twin-connector" : "bench-ac-dual"
    station = try WholeStation(
      board: board, seed: seed,
      settings: [
        ("TxCtrlr", "TxStartPoint", startPoint), ("TxCtrlr", "TxStopPoint", stopPoint),
        ("SampledDataCtrlr", "TxUpdatedInterval", "120"),
      ])
    places = station.controlConnectors
    station.start()
  }

  private func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }
  private func number(_ range: ClosedRange<Int64>) -> Int64 {
    range.lowerBound + Int64(random.next() % UInt64(range.upperBound - range.lowerBound + 1))
  }
  private func pick<Item>(_ items: [Item]) -> Item { items[Int(random.next() % UInt64(items.count))] }
  private func isPlugged(_ place: ConnectorID) -> Bool { view(place)?.car != nil }
  private func view(_ place: ConnectorID) -> ConnectorView? { station.view(place.evse.number, place.number) }

  // MARK: The day

  func play(events: Int) {
    for _ in 0..<events {
      let what = act(at: pick(places))
      log.append("\(station.clock.now): \(what)")
      station.run(for: .milliseconds(chance(30) ? number(1...900) : number(1_000...180_000)))
      guard station.violations.isEmpty else { return }
    }
  }

  private func act(at place: ConnectorID) -> String {
    let evse = place.evse.number
    switch random.next() % 20 {
    case 0, 1, 2, 3:
      guard !isPlugged(place) else { return "-" }
      station.plugIn(evse, connector: place.number, someCar())
      return "plug in at \(place)"
    case 4, 5:
      guard isPlugged(place) else { return "-" }
      station.plugOut(evse, connector: place.number)
      return "plug out at \(place)"
    case 6, 7, 8, 9, 10:
      let token = pick(["CARD", "CARD", "OTHER", "BLOCKED"])
      // The twin's reader stands for its EVSE.
      let evses = chance(60) || places.last?.evse == EVSEID(1) ? [evse] : nil
      station.tap(token, evses: evses)
      return "tap \(token) \(evses ?? [])"
    case 11:
      guard isPlugged(place) else { return "-" }
      let state = pick([CarState.connected, .ready, nil])
      station.hold(state, evse, connector: place.number)
      return "hold \(place) in \(state?.rawValue ?? "no state")"
    case 12:
      station.link.isUp = chance(50)
      return "link \(station.link.isUp)"
    case 13:
      station.link.drop()
      return "link drops"
    case 14: return silenceCSMS()
    case 15: return askByCSMS(evse)
    case 16, 17: return fault(place)
    default:
      guard chance(60) else { return "-" }
      return restart(place)
    }
  }

  private func someCar() -> CarSpecification {
    CarSpecification(
      current: Current(amperes: number(6...32)), phases: pick([1, 3]), connectDelay: .milliseconds(number(0...400)),
      chargeDelay: .milliseconds(number(0...5_000)),
      batteryRoom: chance(30) ? Energy(wattHours: number(10...3_000)) : nil)
  }

  private func silenceCSMS() -> String {
    let isSilent = chance(50)
    let isSlow = chance(50)
    station.csms.script = { call in
      guard isSilent, call.action == .transactionEvent || call.action == .authorize else { return .standard }
      return isSlow ? .delayed(.seconds(25)) : .silent
    }
    return "CSMS silent: \(isSilent)"
  }

  private func askByCSMS(_ evse: Int32) -> String {
    guard station.csms.isConnected, station.link.isUp else { return "-" }
    if chance(50), let id = station.transaction(evse) {
      station.remoteStop(id)
      return "remote stop \(evse)"
    }
    station.remoteStart(evse, id: Int32(number(1...999)))
    return "remote start \(evse)"
  }

  /// A fault comes, and after a while it is repaired.
  private func fault(_ place: ConnectorID) -> String {
    let evse = place.evse.number
    let kind = pick([
      SimulatedFault.contactorWelded, .contactorStuck, .meterSilent, .readerSilent, .pilotSilent, .contactorSilent,
      .pilotFault, .diodeMissing,
    ])
    let faulty: Int32? = kind.scope == .station ? nil : evse
    station.fault(kind, evse: faulty, connector: place.number)
    if kind == .meterSilent { silentSince[Int(evse) - 1] = station.register(evse) }
    station.run(for: .milliseconds(number(100...40_000)))
    station.fault(kind, false, evse: faulty, connector: place.number)
    if kind == .contactorWelded || kind == .contactorStuck {
      station.run(for: .milliseconds(100))
      station.clearLatchedFaults(evse, connector: place.number)
    }
    meterSpeaks()
    return "fault \(kind) at \(place)"
  }

  /// What flowed while the meter was silent can be missing in a book that was closed in that time.
  private func meterSpeaks() {
    for index in silentSince.indices {
      guard let since = silentSince[index] else { continue }
      unseen[index] = unseen[index] + (station.register(Int32(index) + 1) - since)
      silentSince[index] = nil
    }
  }

  private func restart(_ place: ConnectorID) -> String {
    let end = pick([WholeStation.End.kill, .kill, .powerCut, .clean])
    station.end(end)
    station.run(for: .milliseconds(number(0...3_000)))
    let leaves = chance(25) && isPlugged(place)
    if leaves { station.plugOut(place.evse.number, connector: place.number) }
    station.restart(end, away: .milliseconds(number(600...20_000)))
    return "\(end)\(leaves ? ", the car at \(place) leaves" : "")"
  }

  /// Everybody leaves, everything is whole again, and the CSMS hears of everything.
  func clearUp() {
    station.csms.script = { _ in .standard }
    station.link.isUp = true
    for place in places where isPlugged(place) { station.plugOut(place.evse.number, connector: place.number) }
    for _ in 0..<10 where station.books.contains(where: { !$0.isEnded }) || isBusy {
      station.run(for: .seconds(120))
      for evse in evses {
        if station.csms.isConnected, let id = station.transaction(evse) { station.remoteStop(id) }
      }
    }
  }

  private var isBusy: Bool {
    station.chargePoint?.waitingRecords != 0 || evses.contains { station.transaction($0) != nil }
  }

  private var evses: [Int32] { station.profile.evses.map(\.id.number) }

  // MARK: The ledger

  var findings: [String] {
    var found = station.violations
    for book in station.books {
      if !book.isGapless { found.append("\(book.id) has gaps: \(book.entries.map(\.seqNo))") }
      let kinds = book.entries.map(\.request.eventType)
      if kinds.count(where: { $0 == .started }) != 1 { found.append("\(book.id): not exactly one Started") }
      if kinds.count(where: { $0 == .ended }) != 1 { found.append("\(book.id): not exactly one Ended") }
      if book.entries.contains(where: { $0.request.idToken?.idToken == "BLOCKED" }) {
        found.append("\(book.id) names a blocked card")
      }
    }
    for evse in evses {
      let delivered = station.register(evse)
      let billed = books(of: evse).compactMap { station.billed($0) }.reduce(.zero, +)
      if billed > delivered || billed + unseen[Int(evse) - 1] < delivered {
        found.append("EVSE \(evse): \(billed) billed, \(delivered) delivered, \(unseen[Int(evse) - 1]) unseen")
      }
    }
    if station.chargePoint?.waitingRecords != 0 { found.append("records are left") }
    if found.isEmpty { return [] }
    return found + ["start \(startPoint), stop \(stopPoint)"] + log.suffix(60)
  }

  private func books(of evse: Int32) -> [TransactionLedger.Book] {
    station.books.filter { $0.entries.contains { $0.request.evse?.id == evse } }
  }
}

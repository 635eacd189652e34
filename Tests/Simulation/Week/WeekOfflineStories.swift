import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@testable import ChargerRuntime

@Suite("A week without the CSMS")
struct WeekOfflineStories {
  private static let settings = [
    ("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true"), ("SampledDataCtrlr", "TxUpdatedInterval", "300"),
  ]

  /// The stored kind of transaction events.
  private static let transactionEvent: UInt8 = 1

  /// Seven days, each with three sessions at each EVSE, and what befalls the program in between.
  private func live(_ station: WeekStation, wish: (Int) -> Void = { _ in }) {
    for day in 0..<7 {
      for round in 0..<3 {
        station.begin(1, "ANNA")
        station.run(for: .seconds(600))
        station.begin(2, "BERT")
        station.run(for: .seconds(1_200))
        // In the middle of two sessions: a power cut on Wednesday, a crash on Thursday, an update on Friday.
        if round == 1 {
          switch day {
          case 2: station.restart(.powerCut, away: .seconds(900))
          case 3: station.restart(.kill, reason: .unknown)
          case 4: station.restart(.clean, reason: .localReset)
          default: break
          }
        }
        station.run(for: .seconds(1_200))
        station.finish(1)
        station.run(for: .seconds(300))
        station.finish(2)
        station.run(for: .seconds(4 * 3_600))
      }
      wish(day)
      station.run(for: .seconds(86_400 - 3 * (3_380 + 4 * 3_600)))
    }
  }

  /// Everything that was charged is billed, once, in order, with the right times, and nothing is left.
  private func expectAllDelivered(_ station: WeekStation, isOffline: Bool = true) {
    let harness = station.harness
    #expect(station.sessions.count == 42)
    #expect(station.books.count == station.sessions.count)
    for (book, session) in zip(station.books, station.sessions) {
      let story = "\(book.id) of EVSE \(session.evse) at \(session.beganAt)"
      #expect(book.isGapless && book.isEnded && book.repeats == 0, "\(story)")
      #expect(station.billed(book) == session.energy, "\(story)")
      #expect(session.energy > 0, "\(story)")
      #expect(book.started?.evse?.id == session.evse, "\(story)")
      let times = book.entries.map { $0.request.timestamp }
      #expect(times == times.sorted(), "\(story)")
      if let first = times.first, let last = times.last, let end = session.endedAt {
        #expect(first >= session.beganAt + .seconds(-2) && last <= end + .seconds(2), "\(story): \(first)…\(last)")
      }
      if isOffline { #expect(book.entries.allSatisfy { $0.request.offline == true }, "\(story)") }
    }
    // The order in which they happened is the order in which they came.
    let begins = station.books.compactMap { $0.entries.first?.request.timestamp }
    #expect(begins == begins.sorted())
    #expect(Set(station.books.map { $0.id }).count == station.books.count)
    let billed = station.books.compactMap { station.billed($0) }.reduce(0, +)
    #expect(billed == station.sessions.map { $0.energy }.reduce(0, +))
    let outbox = harness.chargePoint.outboxStatus
    #expect(outbox.waiting == [0, 0, 0] && outbox.deadLetters == 0 && outbox.thinned == 0, "\(outbox)")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  /// Log lines an hour by the budget, after the first hour of the week.
  private func linesAnHour(_ station: WeekStation) -> (all: Double, written: Double) {
    var budget = LogBudget()
    var written = 0
    for line in station.lines where budget.admit("\(line.kind)", isError: false, at: line.at) != nil { written += 1 }
    let hours = 7.0 * 24
    return (Double(station.lines.count) / hours, Double(written) / hours)
  }

  @Test(
    "T-12, E04.FR.01, E12.FR.01, E12.FR.02: the CSMS is away for a week with daily sessions, a power cut, a crash and an update; then all is delivered in order, once, and billed to the meter"
  )
  func away() {
    let station = WeekStation(Self.settings)
    station.start()
    station.run(for: .seconds(60))
    #expect(station.chargePoint.status.isAccepted)
    station.harness.csms.refusal = LinkFailure(.refused, detail: "nobody there")
    station.harness.link.drop()
    live(station)
    #expect(station.books.isEmpty)
    #expect(station.chargePoint.outboxStatus.waiting[0] > 500)
    station.harness.csms.refusal = nil
    station.run(for: .seconds(3_600))
    expectAllDelivered(station)
    let lines = linesAnHour(station)
    #expect(lines.written <= Double(LogBudget.linesAnHour), "\(lines)")
  }

  @Test("The network is up for a minute every hour of the week: nothing is lost, repeated as another event, or left")
  func flapping() {
    let station = WeekStation(Self.settings, seed: 7)
    station.harness.csms.tokens["ANNA"] = .accepted
    station.start()
    // Up for a minute in each of the simulation's hours, down without a word in between.
    func plan(_ hour: Int64) {
      let start = station.now + .seconds(3_600)
      station.harness.queue.schedule(at: start) {
        station.harness.link.isUp = true
        station.harness.queue.schedule(at: start + .seconds(60)) {
          station.harness.link.isUp = hour >= 7 * 24
          plan(hour + 1)
        }
      }
    }
    station.harness.link.isUp = false
    plan(0)
    live(station)
    station.harness.link.isUp = true
    station.run(for: .seconds(2 * 3_600))
    let harness = station.harness
    #expect(station.books.count == station.sessions.count)
    for (book, session) in zip(station.books, station.sessions) {
      #expect(book.isGapless && book.isEnded, "\(book.id)")
      #expect(station.billed(book) == session.energy, "\(book.id)")
    }
    #expect(harness.chargePoint.outboxStatus.waiting == [0, 0, 0])
    #expect(harness.chargePoint.outboxStatus.deadLetters == 0)
    // Exactly once: what was stored is what the CSMS has, no event of it is missing, none is there that was not stored,
    // and none that was accepted was sent again: each has one answer that reached the station.
    let stored = harness.store.appended[Self.transactionEvent] ?? 0
    #expect(stored > 500)
    #expect(station.books.reduce(0) { $0 + $1.entries.count } == stored)
    let accepted = harness.delegate.transactionAnswers.map { event, _ in
      "\(event.transactionInfo.transactionId)#\(event.seqNo)"
    }
    #expect(Set(accepted).count == accepted.count && accepted.count == stored)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
    let lines = linesAnHour(station)
    #expect(lines.written <= Double(LogBudget.linesAnHour), "\(lines)")
  }

  @Test(
    "B02.FR.02, B02.FR.06, B02.FR.08, B03.FR.02, B03.FR.06, T-6, T-10: a CSMS that answers and never accepts for a week hears nothing but BootNotifications at its interval; then it gets everything",
    arguments: [RegistrationStatus.pending, .rejected])
  func neverAccepted(status: RegistrationStatus) {
    let station = WeekStation(Self.settings)
    station.harness.csms.bootAnswers = [(status, 600)]
    station.start()
    station.run(for: .seconds(60))
    live(station)
    let csms = station.harness.csms
    #expect(csms.calls.allSatisfy { $0.action == .bootNotification })
    let boots = csms.calls(.bootNotification)
    #expect(boots.count >= 1_000)
    // Nobody closes the link; the three ends of the program do.
    #expect(csms.connections == 4)
    for (earlier, later) in zip(boots, boots.dropFirst()) {
      let wait = earlier.at.duration(to: later.at)
      // A restarted program registers at once.
      if earlier.connection == later.connection { #expect(wait >= .seconds(600) && wait < .seconds(602), "\(wait)") }
    }
    #expect(station.books.isEmpty)
    csms.bootAnswers = [(.accepted, 300)]
    station.run(for: .seconds(3_600))
    expectAllDelivered(station)
    let lines = linesAnHour(station)
    #expect(lines.written <= Double(LogBudget.linesAnHour), "\(lines)")
  }
}

import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

/// Every set of start points and every set of stop points, with every way in which a session can go.
@Suite("All start and stop points, alone and combined")
struct PointTableTests {
  typealias Step = PointOracle.Step
  typealias Point = PointOracle.Point

  struct Story: Sendable {
    var name: String
    var steps: [Step]
    var stopsOnDisconnect = true
  }

  static let stories: [Story] = [
    Story(name: "remote start before plugging", steps: [.arrive, .remoteStart, .plug, .remoteStop, .unplug, .leave]),
    Story(name: "plug first, stop by card", steps: [.arrive, .plug, .card, .card, .unplug, .leave]),
    Story(name: "card first", steps: [.arrive, .card, .plug, .card, .unplug, .leave]),
    Story(name: "card before the bay", steps: [.card, .arrive, .plug, .card, .unplug, .leave]),
    Story(name: "remote start after plugging", steps: [.arrive, .plug, .remoteStart, .card, .unplug, .leave]),
    Story(name: "start button", steps: [.arrive, .plug, .button, .button, .unplug, .leave]),
    Story(name: "pulled at the vehicle", steps: [.arrive, .plug, .card, .unplug, .leave]),
    Story(
      name: "pulled at the vehicle, and back", steps: [.arrive, .plug, .card, .unplug, .plug, .card, .unplug, .leave],
      stopsOnDisconnect: false),
    Story(name: "remote stop", steps: [.arrive, .plug, .card, .remoteStop, .unplug, .leave]),
    Story(name: "refused by the CSMS", steps: [.arrive, .plug, .card, .refuse, .unplug, .leave]),
    Story(name: "emergency stop", steps: [.arrive, .plug, .card, .fault, .repair, .unplug, .leave]),
    Story(name: "the vehicle pauses", steps: [.arrive, .plug, .card, .pause, .resume, .card, .unplug, .leave]),
    Story(name: "a full vehicle", steps: [.arrive, .pause, .plug, .card, .card, .unplug, .leave]),
    Story(name: "never plugged in", steps: [.arrive, .card, .runOutOfTime, .leave]),
    Story(name: "never authorized", steps: [.arrive, .plug, .unplug, .leave]),
    Story(name: "bay left early", steps: [.arrive, .plug, .card, .leave, .card, .unplug]),
    Story(name: "no bay", steps: [.plug, .card, .card, .unplug]),
    Story(name: "a second driver", steps: [.arrive, .plug, .card, .card, .button, .button, .unplug, .leave]),
  ]

  /// So many of the stories are told with every set of points.
  static let fullyCombined = 3

  static let startSets = sets(Point.allCases)
  static let stopSets = sets(Point.allCases.filter { $0 != .dataSigned })

  private static func sets(_ points: [Point]) -> [[Point]] {
    (1..<(1 << points.count)).map { mask in points.filter { mask & (1 << $0.rawValue) != 0 } }
  }

  @Test(
    """
    E01.FR.01–FR.08, FR.10, FR.15 E02.FR.06–FR.08, FR.15, FR.20 E03.FR.05, FR.15 E05.FR.09, FR.10 \
    E06.FR.01–FR.03, FR.06–FR.08, FR.15, FR.16 E07.FR.01, FR.02, FR.05 E09.FR.01 F01.FR.19 F02.FR.21 F03.FR.02, FR.03 \
    C01.FR.01 C02.FR.01 T-14 T-16 T-17 T-18 T-21 T-24 \
    Every combination: each transaction starts and ends once, when and as the standard says
    """, arguments: stories.indices)
  func everyCombination(_ number: Int) {
    let story = Self.stories[number]
    var disagreements: [String] = []
    // All sets for the first ways, and for the others all points alone and in pairs; without a meter that signs alone.
    for signs in [true, false] {
      let most = signs ? number < Self.fullyCombined ? Point.allCases.count : 2 : 1
      for start in Self.startSets where start.count <= most {
        for stop in Self.stopSets where stop.count <= most && disagreements.count < 5 {
          if let what = play(story, start: start, stop: stop, meterSigns: signs) { disagreements.append(what) }
        }
      }
    }
    #expect(disagreements.isEmpty, "\(disagreements.joined(separator: "\n"))")
  }

  private func play(_ story: Story, start: [Point], stop: [Point], meterSigns: Bool) -> String? {
    var oracle = PointOracle(
      start: Set(start), stop: Set(stop), meterSigns: meterSigns, stopsOnDisconnect: story.stopsOnDisconnect)
    let expected = oracle.play(story.steps)
    func list(_ points: [Point]) -> String { points.map { $0.name }.joined(separator: ",") }
    let bench = SessionBench(
      meterSigns: meterSigns,
      [
        (.txStartPoint, list(start)), (.txStopPoint, list(stop)), (.startButtonAuthorizes, "true"),
        (.stopTxOnEVSideDisconnect, story.stopsOnDisconnect ? "true" : "false"), (.sampledTxUpdatedInterval, "0"),
        (.evConnectionTimeOut, "20"),
      ])
    bench.metersSignAtOnce = meterSigns
    var instants: [MonotonicInstant] = []
    for step in story.steps {
      if step == .runOutOfTime {
        bench.wait(17)
        instants.append(bench.engine.now)
      } else {
        instants.append(bench.engine.now)
        act(step, bench)
      }
      if !isMetered(bench) { return "\(story.name), \(list(start)) / \(list(stop)): energy without a transaction" }
      bench.wait(3)
    }
    let told = bills(of: bench, instants)
    let complaint = told.complaint ?? (told.bills == expected ? nil : "\(told.bills), expected \(expected)")
    return complaint.map { "\(story.name), start \(list(start)), stop \(list(stop)), signs \(meterSigns): \($0)" }
  }

  private func act(_ step: Step, _ bench: SessionBench) {
    switch step {
    case .arrive: bench.bay(true)
    case .leave: bench.bay(false)
    case .plug: bench.plugIn(wantsEnergy: bench.places[0].wantsEnergy)
    case .unplug: bench.plugOut()
    case .card: bench.tap(bench.events.contains { $0.token?.idToken == "APP" } ? "APP" : "CARD", evses: [1])
    case .remoteStart: _ = bench.remoteStart("APP", id: 7, evse: 1)
    case .button: bench.pressStart()
    case .refuse:
      if let event = bench.events.last(where: { $0.token != nil }) {
        bench.csmsAnswers(event, IdTokenInfo(status: .invalid))
      }
    case .remoteStop: _ = bench.sessions.transactionID(at: EVSEID(1)).map { bench.remoteStop($0) }
    case .pause: bench.vehicle(wantsEnergy: false)
    case .resume: bench.vehicle(wantsEnergy: true)
    case .fault: bench.fault("CX008")
    case .repair: bench.fault("CX008", active: false)
    case .runOutOfTime: break
    }
  }

  private func isMetered(_ bench: SessionBench) -> Bool {
    !bench.places[0].isClosed || bench.sessions.transactionID(at: EVSEID(1)) != nil
  }

  /// What was told, transaction by transaction, and the first thing that is wrong with it whatever is configured.
  private func bills(
    of bench: SessionBench, _ instants: [MonotonicInstant]
  ) -> (bills: [PointOracle.Bill], complaint: String?) {
    var bills: [PointOracle.Bill] = []
    var ids: [String] = []
    var next: Int32 = 0
    var isOpen = false
    var energy = Decimal(0)
    func place(_ event: TransactionEventRecord) -> Int { instants.lastIndex { $0 <= event.time.instant } ?? -1 }
    for event in bench.events {
      switch event.kind {
      case .started:
        if isOpen || ids.contains(event.transactionID) || event.seqNo != 0 { return (bills, "a second Started") }
        if !instants.contains(event.time.instant) { return (bills, "Started late") }
        isOpen = true
        ids.append(event.transactionID)
        bills.append(PointOracle.Bill(startedAt: place(event), startTrigger: event.trigger))
      default:
        if !isOpen || event.transactionID != ids.last { return (bills, "\(event.kind) without Started") }
        if event.seqNo != next { return (bills, "a gap before \(event.seqNo)") }
      }
      next = event.seqNo + 1
      guard event.kind == .ended, !bills.isEmpty else { continue }
      isOpen = false
      if !instants.contains(event.time.instant) { return (bills, "Ended late") }
      let begin = event.readings.first { $0.context == .transactionBegin }?.energyImport
      let end = event.readings.last { $0.context == .transactionEnd }?.energyImport
      guard let begin, let end else { return (bills, "Ended without its readings") }
      energy = energy.adding(end.subtracting(begin))
      bills[bills.count - 1].endedAt = place(event)
      bills[bills.count - 1].endTrigger = event.trigger
      bills[bills.count - 1].reason = event.stoppedReason ?? .other
    }
    if isOpen || bench.disk.hasOpenTransactions { return (bills, "a transaction without end") }
    let delivered = bench.register().subtracting(5_000)
    return (bills, delivered == energy ? nil : "\(delivered) Wh delivered, \(energy) billed")
  }
}

import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport

/// The whole engine for a week of simulated time: two EVSEs with their meters, drivers who come every day, and the
/// true energy of every session, counted apart from what the station says. It goes in steps of ten seconds while somebody
/// charges and from deadline to deadline otherwise.
final class WeekStation {
  /// A session as it truly was.
  struct Session {
    let evse: Int32
    let beganAt: WallTime
    var endedAt: WallTime?
    let token: String
    /// mWh between plug and unplug.
    var energy: Int64 = 0
  }

  private struct Place {
    var isConnected = false
    var hasGrant = false
    var isClosed = false
    /// mWh, absolute; of a meter that has been in use for years.
    var register: Int64 = 98_765_432
    var session: Int?
  }

  static let step = Duration.seconds(10)
  /// 7.2 kW.
  static let milliwattHoursPerSecond: Int64 = 2_000

  let harness: EngineHarness
  private(set) var sessions: [Session] = []
  /// Lines that the program would have logged: the hour of the week, and their kinds.
  private(set) var lines: [(at: MonotonicInstant, kind: EngineEvent.Kind)] = []
  private var places: [Place]
  private var grantsSeen = 0
  private var revocationsSeen = 0
  private var notesSeen = 0

  init(_ settings: [(String, String, String)] = [], seed: UInt64 = 1) {
    harness = EngineHarness(
      seed: seed,
      configuration: EngineHarness.standardConfiguration(
        deviceModel: settings.map { EngineHarness.setting($0.0, $0.1, $0.2) }))
    places = [Place(), Place()]
    for token in ["ANNA", "BERT"] { harness.csms.tokens[token] = .accepted }
  }

  var chargePoint: ChargePoint { harness.chargePoint }
  var now: MonotonicInstant { harness.clock.now }
  var wall: WallTime { harness.clock.wall }
  var books: [TransactionLedger.Book] { harness.csms.transactions.books }
  private func connector(_ place: Int) -> ConnectorID { ConnectorID(evse: EVSEID(Int32(place) + 1), number: 1) }

  // MARK: Programs

  func start() {
    harness.start()
    announce()
  }

  func restart(_ end: EngineHarness.End, reason: BootReason = .powerUp, away: Duration = .seconds(20)) {
    for index in places.indices {
      places[index].isClosed = false
      places[index].hasGrant = false
    }
    harness.restart(end, reason: reason, away: away)
    grantsSeen = harness.delegate.grants.count
    revocationsSeen = harness.delegate.revocations.count
    announce()
    run(for: .seconds(30))
  }

  private func announce() {
    for index in places.indices {
      chargePoint.handle(StationFact.connected(connector(index), places[index].isConnected, at: now))
      tellMeter(index)
    }
  }

  // MARK: People

  func begin(_ evse: Int32, _ token: String) {
    let index = Int(evse) - 1
    places[index].isConnected = true
    places[index].session = sessions.count
    sessions.append(Session(evse: evse, beganAt: wall, token: token))
    chargePoint.handle(StationFact.connected(connector(index), true, at: now))
    chargePoint.handle(StationFact.charging(connector(index), .evConnected, at: now))
    run(for: .seconds(10))
    tap(evse, token)
    run(for: .seconds(1))
    run(for: .seconds(9))
  }

  func finish(_ evse: Int32) {
    let index = Int(evse) - 1
    if let session = places[index].session { tap(evse, sessions[session].token) }
    // The contactor follows within a second.
    run(for: .seconds(1))
    run(for: .seconds(19))
    places[index].isConnected = false
    chargePoint.handle(StationFact.connected(connector(index), false, at: now))
    run(for: .seconds(20))
    if let session = places[index].session { sessions[session].endedAt = wall }
    places[index].session = nil
  }

  private func tap(_ evse: Int32, _ token: String) {
    chargePoint.handle(
      StationFact.tokenPresented(
        PresentedIdToken(idToken: IdToken(idToken: token, type: .iso14443)), evses: [EVSEID(evse)]))
  }

  // MARK: Time

  func run(for duration: Duration) {
    let end = now + duration
    while now < end {
      let isBusy = places.contains { $0.isConnected }
      let begin = now
      harness.run(until: min(end, now + (isBusy ? Self.step : .seconds(600))))
      keepLines()
      react(since: begin)
    }
  }

  private func keepLines() {
    let notes = harness.delegate.notes
    for note in notes[notesSeen...] { lines.append((now, note.kind)) }
    notesSeen = notes.count
  }

  private func react(since begin: MonotonicInstant) {
    let energy = Self.milliwattHoursPerSecond * begin.duration(to: now).wholeSeconds
    let delegate = harness.delegate
    while revocationsSeen < delegate.revocations.count {
      places[Int(delegate.revocations[revocationsSeen].evse.number) - 1].hasGrant = false
      revocationsSeen += 1
    }
    while grantsSeen < delegate.grants.count {
      places[Int(delegate.grants[grantsSeen].1.evse.number) - 1].hasGrant = true
      grantsSeen += 1
    }
    for index in places.indices {
      if places[index].isClosed {
        places[index].register += energy
        if let session = places[index].session { sessions[session].energy += energy }
      }
      let shouldClose = places[index].isConnected && places[index].hasGrant
      if places[index].isClosed != shouldClose {
        places[index].isClosed = shouldClose
        chargePoint.handle(StationFact.powerPath(connector(index), closed: shouldClose, at: now))
        let state: ChargingState = shouldClose ? .charging : .evConnected
        if places[index].isConnected {
          chargePoint.handle(StationFact.charging(connector(index), state, at: now))
        }
      }
      tellMeter(index)
    }
  }

  private func tellMeter(_ index: Int) {
    chargePoint.handle(
      StationFact.meter(
        EVSEID(Int32(index) + 1),
        MeterSample(
          takenAt: now,
          values: [
            MeasuredValue(
              measurand: .energyActiveImportRegister, value: Decimal(thousandths: places[index].register)),
            MeasuredValue(measurand: .powerActiveImport, value: places[index].isClosed ? 7_200 : 0),
          ])))
  }

  /// mWh by the first and the last register that the CSMS was told of a transaction.
  func billed(_ book: TransactionLedger.Book) -> Int64? {
    let registers = (book.ended?.meterValue ?? []).compactMap { value in
      value.sampledValue.first { $0.measurand == .energyActiveImportRegister }?.value.thousandths
    }
    guard let first = registers.first, let last = registers.last else { return nil }
    return last - first
  }
}

import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("What the station remembers of sessions that are over")
struct SessionHistoryConformance {
  /// The history says of every transaction what the CSMS has heard of it.
  static func expectAgreement(_ station: ChargingStation, _ label: String = "") {
    let history = station.chargePoint.sessionHistory
    let ended = station.books.filter { $0.isEnded }
    #expect(Set(history.map(\.transactionID)) == Set(ended.map(\.id)), "\(label)")
    #expect(history.count == ended.count, "\(label): each once")
    #expect(history.map(\.number) == (0..<Int64(history.count)).map { $0 + 1 }, "\(label)")
    for session in history {
      guard let book = ended.first(where: { $0.id == session.transactionID }), let end = book.ended else { continue }
      #expect(session.energyWh == station.energy(of: book), "\(label): \(book.id)")
      #expect(session.stoppedReason == end.transactionInfo.stoppedReason?.rawName, "\(label): \(book.id)")
      #expect(session.ended == end.triggerReason.rawName, "\(label): \(book.id)")
      #expect(session.began == book.started?.triggerReason.rawName, "\(label): \(book.id)")
      #expect(session.endedAt == end.timestamp, "\(label): \(book.id)")
      #expect(session.startedAt == book.started?.timestamp, "\(label): \(book.id)")
      #expect(session.events == end.seqNo + 1, "\(label): \(book.id)")
      #expect(session.report == .told, "\(label): \(book.id)")
      let token = book.entries.compactMap { $0.request.idToken?.idToken }.first
      #expect(session.maskedToken?.dropLast() == token.map { $0.prefix(min(4, $0.count / 2)) }, "\(label)")
    }
  }

  @Test("A session that is over is kept with its place, times, energy, card and reasons, the card masked")
  func session() throws {
    let station = ChargingStation(evses: 2)
    station.plugIn(2)
    station.tap("CARD", evses: [2])
    station.wait(60)
    #expect(station.chargePoint.sessionHistory.isEmpty, "it is not over yet")
    station.tap("CARD", evses: [2])
    station.plugOut(2)
    station.wait(5)
    let session = try #require(station.chargePoint.sessionHistory.first)
    #expect(session.evse == EVSEID(2) && session.connector == 1 && session.number == 1)
    #expect(session.maskedToken == "CA…" && session.tokenType == "ISO14443")
    #expect(session.began == "Authorized" && session.stoppedReason == "Local" && session.ended == "StopAuthorized")
    let seconds = try #require(session.duration?.wholeSeconds)
    #expect((58...70).contains(seconds))
    #expect(try #require(session.energyWh).thousandths == station.delivered.thousandths)
    Self.expectAgreement(station)
  }

  @Test("While the CSMS is away the end waits to be told; then it is told, and both survive a restart")
  func waiting() {
    let station = ChargingStation([("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")])
    station.plugIn()
    station.tap("CARD")
    station.wait(20)
    station.harness.link.isUp = false
    station.wait(5)
    station.plugOut()
    station.wait(5)
    #expect(station.chargePoint.sessionHistory.map(\.report) == [.waiting])
    station.restart(.powerCut)
    #expect(station.chargePoint.sessionHistory.map(\.report) == [.waiting])
    #expect(station.chargePoint.sessionHistory.first?.maskedToken == "CA…")
    station.harness.link.isUp = true
    station.wait(240)
    #expect(station.chargePoint.sessionHistory.map(\.report) == [.told])
    station.restart(.kill, reason: .unknown)
    #expect(station.chargePoint.sessionHistory.map(\.report) == [.told])
    Self.expectAgreement(station)
  }

  @Test("A session lies in the history exactly when its Ended event lies in the queue, wherever the power is cut")
  func powerCuts() {
    for milliseconds in stride(from: Int64(0), to: 40, by: 2) {
      let station = ChargingStation()
      station.plugIn()
      station.tap("CARD")
      station.wait(10)
      station.harness.link.isUp = false
      station.wait(2)
      station.harness.store.latency = .milliseconds(15)
      station.places[0].isConnected = false
      station.openContactors()
      let (connector, now) = (station.connector(1), station.now)
      station.chargePoint.handle(StationFact.connected(connector, false, at: now))
      station.chargePoint.handle(StationFact.powerPath(connector, closed: false, at: now))
      station.chargePoint.handle(
        StationFact.meter(
          EVSEID(1),
          MeterSample(
            takenAt: now,
            values: [
              MeasuredValue(
                measurand: .energyActiveImportRegister, value: Decimal(thousandths: station.places[0].register))
            ])))
      station.harness.run(for: .milliseconds(milliseconds))
      station.harness.end(.powerCut)
      let isOpen = station.harness.store.content.documents.contains { $0.kind == .transaction }
      let isKept = station.harness.store.content.documents.contains { $0.kind == .sessionHistory }
      #expect(isOpen != isKept, "cut after \(milliseconds) ms")
    }
  }

  @Test("It costs no flush of its own: as many full commits with history as without")
  func flushes() {
    let station = ChargingStation()
    station.plugIn()
    station.tap("CARD")
    station.wait(10)
    station.harness.link.isUp = false
    station.wait(2)
    let (events, commits) = (station.harness.store.appended[1] ?? 0, station.harness.store.fullCommits)
    station.plugOut()
    station.wait(5)
    let appended = (station.harness.store.appended[1] ?? 0) - events
    #expect(appended > 0)
    #expect(station.harness.store.fullCommits - commits <= appended + 1, "one a record, and one for the pending end")
    #expect(station.chargePoint.sessionHistory.count == 1)
  }

  @Test("An event that was given up on makes its session incomplete")
  func incomplete() {
    let station = ChargingStation([
      ("SampledDataCtrlr", "TxUpdatedInterval", "0")
    ])
    station.harness.csms.transactions.allowsGaps = true
    station.harness.csms.script = { call in
      guard call.action == .transactionEvent, call.json["eventType"] == "Ended" else { return .standard }
      return .error("InternalError")
    }
    station.plugIn()
    station.tap("CARD")
    station.wait(10)
    station.plugOut()
    station.wait(1_200)
    #expect(station.harness.store.content.deadLetters.count == 1)
    #expect(station.chargePoint.sessionHistory.map(\.report) == [.incomplete])
    station.restart(.clean)
    #expect(station.chargePoint.sessionHistory.map(\.report) == [.incomplete])
  }

  @Test("An event that was given up on makes its session incomplete, though the program ends before the session does")
  func incompleteOverRestart() {
    let station = ChargingStation([("SampledDataCtrlr", "TxUpdatedInterval", "0")], evses: 2)
    station.harness.csms.transactions.allowsGaps = true
    station.harness.csms.script = { call in
      guard call.action == .transactionEvent, call.json["eventType"] == "Started" else { return .standard }
      return call.json["evse"]?["id"] == 1 || call.json["seqNo"] == 0 ? .error("InternalError") : .standard
    }
    station.plugIn(1)
    station.tap("CARD", evses: [1])
    station.wait(1_200)
    #expect(station.harness.store.content.deadLetters.count == 1)
    #expect(station.chargePoint.transactionID(at: EVSEID(1)) != nil && station.chargePoint.sessionHistory.isEmpty)
    station.harness.csms.script = { _ in .standard }
    station.restart(.kill)
    station.wait(5)
    station.plugIn(2)
    station.tap("OTHER", evses: [2])
    station.wait(5)
    for evse: Int32 in [1, 2] { station.plugOut(evse) }
    station.wait(60)
    let reports = station.chargePoint.sessionHistory.map { "\($0.evse.number) \($0.report)" }
    #expect(reports == ["1 incomplete", "2 told"])
    let left = station.harness.store.content.documents.filter { $0.kind == .sessionHistory && $0.key == "incomplete" }
    #expect(left.isEmpty, "remembered no longer than it has to be")
  }

  @Test("The newest 500 are kept: of 520 the first 20 are gone, after a restart too")
  func ring() {
    var documents: [StoreSnapshot.Document] = []
    let history = SessionHistory()
    let time = EventTime(boot: BootNumber(rawValue: 1), instant: .zero, wall: nil)
    for number in 1...520 {
      let transaction = OpenTransaction(id: "T\(number)", at: time)
      let record = TransactionEventRecord(
        transactionID: "T\(number)", seqNo: 1, kind: .ended, trigger: .evDeparted, time: time)
      guard
        case .putDocument(let kind, let key, let body)? = history.add(
          SessionHistoryEntry(transaction, ending: record, at: EVSEID(1))
        ).first
      else { return }
      documents.removeAll { $0.key == key }
      documents.append(.init(kind: kind, key: key, body: body))
    }
    #expect(documents.count == SessionHistory.capacity)
    let restarted = SessionHistory()
    restarted.load(documents.sorted { $0.key < $1.key })
    #expect(restarted.entries == history.entries)
    #expect(restarted.entries.map(\.transactionID) == (21...520).map { "T\($0)" })
  }

  @Test("Masking shows no more than half of a short token, and nothing of a code that somebody types")
  func masking() {
    func masked(_ text: String, _ kind: IdTokenKind = .iso14443) -> String? {
      IdToken(idToken: text, type: kind).masked
    }
    #expect(masked("04A1B2C3D4E580") == "04A1…")
    #expect(masked("12345") == "12…" && masked("A") == "…")
    #expect(masked("1234567", .keyCode) == "…")
    #expect(masked("", .noAuthorization) == nil)
  }
}

import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("Readings in transaction events")
struct SessionMeterTests {
  private func energies(_ event: TransactionEventRecord?) -> [Decimal] {
    event?.readings.compactMap { $0.energyImport } ?? []
  }

  @Test("TC_J_07_CS TC_J_09_CS TC_J_10_CS E01.FR.09 J02.FR.11 E06.FR.11 Begin, periodic and end, absolute registers")
  func beginPeriodicEnd() throws {
    let bench = SessionBench([(.sampledTxUpdatedInterval, "30")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(65)
    bench.tap("CARD")
    bench.wait(3)
    let started = try #require(bench.events.first)
    #expect(started.readings.map { $0.context } == [.transactionBegin])
    #expect(energies(started) == [5_000])
    let periodic = bench.events.filter { $0.trigger == .meterValuePeriodic }
    #expect(periodic.count == 2)
    #expect(periodic.map { energies($0) } == [[5_060], [5_120]])
    #expect(periodic.allSatisfy { $0.readings.map { $0.context } == [.samplePeriodic] })
    let ended = try #require(bench.last)
    #expect(ended.readings.map { $0.context } == [.transactionBegin, .transactionEnd])
    #expect(energies(ended) == [5_000, 5_130])
    #expect(energies(ended).last == bench.register(), "all the energy is in it")
  }

  @Test(
    "E06.FR.11 Ended waits for a contactor that was commanded closed as for one that is closed",
    arguments: [false, true])
  func endedWhileTheContactorCloses(arrives: Bool) throws {
    let bench = SessionBench([(.txStopPoint, "Authorized"), (.sampledTxUpdatedInterval, "0")])
    bench.plugIn(wantsEnergy: false)
    bench.tap("CARD")
    bench.tell(.powerPathClosing(bench.connector(1), at: bench.engine.now))
    bench.tap("CARD")
    bench.wait(1)
    #expect(bench.last?.kind != .ended, "what flows in a moment is this driver's")
    bench.engine.now = bench.engine.now + .milliseconds(40)
    if arrives {
      bench.places[0].isClosed = true
      bench.places[0].register += 11
      bench.tell(.powerPath(bench.connector(1), closed: true, at: bench.engine.now))
      bench.places[0].isClosed = false
    }
    bench.tell(.powerPath(bench.connector(1), closed: false, at: bench.engine.now))
    bench.wait(3)
    let ended = try #require(bench.last)
    #expect(ended.kind == .ended)
    #expect(energies(ended).last == bench.register(), "all the energy is in it")
    // One that says nothing more holds nobody up for ever.
    bench.tap("CARD")
    bench.tell(.powerPathClosing(bench.connector(1), at: bench.engine.now))
    bench.tap("CARD")
    bench.wait(15)
    #expect(bench.last?.kind == .ended && bench.last?.transactionID != ended.transactionID)
  }

  @Test("J02.FR.11 Only the configured measurands are told, and every phase of them")
  func measurands() {
    let bench = SessionBench([
      (.sampledTxUpdatedInterval, "10"), (.sampledTxUpdatedMeasurands, "Current.Import,Voltage"),
      (.sampledTxStartedMeasurands, ""),
    ])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(11)
    #expect(bench.events.first?.readings.isEmpty == true)
    let told = bench.last?.readings.first?.values.map { $0.measurand }
    #expect(told == [.currentImport, .voltage])
    #expect(bench.last?.readings.first?.values.first?.phase == .l1)
  }

  @Test("A silent meter publishes nothing: no old reading with a new time")
  func silentMeter() {
    let bench = SessionBench([(.sampledTxUpdatedInterval, "10")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(11)
    let count = bench.events.count
    let lastTime = bench.engine.now
    bench.metersAreSilent = true
    bench.wait(60)
    let told = bench.events.dropFirst(count).flatMap { $0.readings }
    #expect(told.allSatisfy { $0.time.instant <= lastTime })
    #expect(told.count <= 1, "the one that was still fresh")
    bench.tap("CARD")
    bench.wait(12)
    #expect(bench.last?.kind == .ended)
    #expect(bench.last?.readings.last.map { $0.time.instant <= lastTime } == true, "the last reading with its own time")
  }

  @Test(
    "E01.FR.17, E02.FR.21, E03.FR.11, E04.FR.11, E05.FR.08, T-19: no reading at the start, the first come when charging starts"
  )
  func lateBegin() {
    let bench = SessionBench([(.txStartPoint, "EVConnected")])
    bench.metersAreSilent = true
    bench.wait(20)
    bench.plugIn()
    #expect(bench.events.first?.readings.isEmpty == true)
    bench.metersAreSilent = false
    bench.wait(1)
    bench.tap("CARD")
    bench.wait(1)
    let charging = bench.events.first { $0.chargingState == .charging }
    #expect(charging?.readings.map { $0.context } == [.transactionBegin])
  }

  @Test("E01.FR.17 E03.FR.11 T-19 No transaction begins before its EVSE is known: Started names it and has the values")
  func beginsAtAnEVSE() throws {
    let bench = SessionBench(evseCount: 2, [(.txStartPoint, "Authorized")])
    bench.tap("CARD")
    bench.wait(5)
    #expect(bench.events.isEmpty, "the reader serves both")
    bench.plugIn(2)
    bench.wait(3)
    let started = try #require(bench.events.first)
    #expect(started.kind == .started && started.evse == 2)
    #expect(started.readings.map { $0.context } == [.transactionBegin])
    #expect(energies(started) == [5_000])
  }

  @Test("E06.FR.13 TxEndedInterval: readings between first and last; too many are thinned, never the ends")
  func endedInterval() {
    let bench = SessionBench([(.sampledTxEndedInterval, "10"), (.sampledTxUpdatedInterval, "0")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(1_000)
    bench.tap("CARD")
    bench.wait(3)
    #expect(
      bench.story == [
        "Started/Authorized", "Updated/ChargingStateChanged", "Updated/ChargingRateChanged", "Ended/StopAuthorized",
      ])
    let readings = bench.last?.readings ?? []
    #expect(readings.count <= TransactionEventRecord.maximumReadings && readings.count > 20)
    #expect(readings.first?.context == .transactionBegin && readings.last?.context == .transactionEnd)
    let registers = readings.compactMap { $0.energyImport }
    #expect(registers == registers.sorted())
    #expect(registers.first == 5_000 && registers.last == bench.register())
  }

  @Test("J02.FR.16 A register that falls in a transaction is not told")
  func fallingRegister() {
    let bench = SessionBench([(.sampledTxUpdatedInterval, "5")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(20)
    bench.places[0].register -= 30_000
    bench.wait(10)
    bench.places[0].register += 60_000
    bench.wait(10)
    let registers = bench.events.flatMap { energies($0) }
    #expect(registers == registers.sorted())
    #expect(!bench.engine.notes.isEmpty)
  }

  @Test("J02.FR.17, T-61: the first register of a transaction is the last of the one before, and never begins at zero")
  func registersAreAbsolute() throws {
    let bench = SessionBench()
    for _ in 0..<2 {
      bench.plugIn()
      bench.tap("CARD")
      bench.wait(30)
      bench.tap("CARD")
      bench.wait(3)
      bench.plugOut()
    }
    let ended = bench.events.filter { $0.kind == .ended }.map { energies($0) }
    #expect(ended.first?.first == 5_000 && ended.first?.last == ended.last?.first)
  }

  @Test("A reading that falls once between transactions is a slip; one that stays is another meter")
  func slipBetweenTransactions() {
    let bench = SessionBench()
    bench.wait(5)
    bench.places[0].register -= 4_000_000
    bench.wait(1)
    bench.places[0].register += 4_000_000
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(10)
    bench.tap("CARD")
    bench.wait(3)
    #expect(energies(bench.last).first == 5_000, "energy that nobody took is not billed")
    bench.places[0].register = 1_000
    bench.wait(5)
    bench.tap("CARD")
    bench.wait(10)
    #expect(bench.events.last { $0.kind == .started }.map { energies($0) } == [1])
    #expect(bench.engine.notes.filter { $0.contains("register") }.count == 3, "told once, not each second")
  }

  @Test("J02.FR.20: what is kept for Ended outlives the program; after Ended nothing of it stays on disk")
  func endedReadingsSurvive() {
    let bench = SessionBench([(.sampledTxEndedInterval, "10"), (.sampledTxUpdatedInterval, "0")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(55)
    bench.kill(reason: .watchdog)
    bench.wait(31)
    bench.tap("CARD")
    bench.wait(3)
    let contexts = bench.last?.readings.map { $0.context } ?? []
    #expect(contexts.filter { $0 == .samplePeriodic }.count == 8, "\(contexts)")
    #expect(energies(bench.last) == energies(bench.last).sorted())
    #expect(bench.disk.documents.allSatisfy { $0.kind != .meterReading })
  }

  @Test("F03.FR.06, E06.FR.13: of a session of hours every part is in Ended, not its newest alone")
  func longSession() throws {
    let bench = SessionBench([(.sampledTxEndedInterval, "10"), (.sampledTxUpdatedInterval, "0")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(10_000)
    _ = bench.remoteStop("tx-1")
    bench.wait(3)
    let readings = try #require(bench.last?.readings)
    let begin = try #require(readings.first?.time.instant)
    let between = readings.filter { $0.context == .samplePeriodic }.map { $0.time.instant - begin }
    #expect(between.contains { $0 < .seconds(200) } && between.contains { $0 > .seconds(9_800) })
    let gaps = zip(between, between.dropFirst()).map { $1 - $0 }
    #expect(Set(gaps).count == 1, "evenly spaced")
    #expect(bench.last?.trigger == .remoteStop)
  }

  @Test("Readings on disk whose transaction is gone are removed at the start")
  func leftovers() {
    let bench = SessionBench([(.sampledTxEndedInterval, "10")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(35)
    bench.disk.documents.removeAll { $0.kind == .transaction }
    bench.kill()
    #expect(!bench.disk.documents.contains { $0.kind == .meterReading })
  }

  @Test("J02: a day's readings for Ended take a bounded number of documents, and each takes one small write")
  func boundedOnDisk() {
    let bench = SessionBench([(.sampledTxEndedInterval, "1"), (.sampledTxUpdatedInterval, "0")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(2_000)
    let documents = bench.disk.documents.filter { $0.kind == .meterReading }
    #expect(documents.count <= EndedReadings.maximum && documents.count > EndedReadings.maximum / 3)
    #expect(documents.allSatisfy { $0.body.count < 400 })
    bench.tap("CARD")
    bench.wait(3)
    #expect((bench.last?.readings.count ?? 0) > EndedReadings.maximum / 3)
    #expect(bench.disk.documents.allSatisfy { $0.kind != .meterReading })
  }

  @Test("SampledDataCtrlr.Enabled false: transaction events without readings")
  func disabled() {
    let bench = SessionBench([(.sampledDataEnabled, "false"), (.sampledTxUpdatedInterval, "10")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(25)
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.last?.kind == .ended)
    #expect(bench.events.allSatisfy { $0.readings.isEmpty && $0.trigger != .meterValuePeriodic })
  }

  @Test("The interval can be changed while a transaction runs")
  func changedInterval() {
    let bench = SessionBench([(.sampledTxUpdatedInterval, "0")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(20)
    #expect(!bench.story.contains("Updated/MeterValuePeriodic"))
    bench.set(.sampledTxUpdatedInterval, "5")
    bench.wait(11)
    #expect(bench.story.filter { $0 == "Updated/MeterValuePeriodic" }.count == 2)
  }
}

@Suite("Transaction events on the wire")
struct TransactionEventCodecTests {
  private func decoded(
    _ bench: SessionBench, _ record: TransactionEventRecord, isOffline: Bool = false, version: OCPPVersion = .v201
  ) throws -> TransactionEventRequest {
    let codec = try #require(bench.sessions.recordCodecs.first)
    let call = try #require(codec.encode(record.stored[...], isOffline: isOffline, version: version))
    #expect(call.action == .transactionEvent)
    var writer = JSONWriter()
    call.payload(&writer)
    return try TransactionEventRequest.decode(writer.bytes[...], version: version)
  }

  @Test("A stored event says the same in every version; offline is decided when it is sent (E04.FR.03)")
  func encoding() throws {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    bench.tap("CARD")
    bench.wait(3)
    for record in bench.events {
      for version in OCPPVersion.allCases {
        let online = try decoded(bench, record, version: version)
        #expect(online.seqNo == record.seqNo && online.eventType == record.kind)
        #expect(online.transactionInfo.transactionId == record.transactionID)
        #expect(online.offline == nil)
        #expect(try decoded(bench, record, isOffline: true, version: version).offline == true)
      }
    }
    let ended = try decoded(bench, try #require(bench.last))
    #expect(ended.transactionInfo.stoppedReason == .local)
    let sampled = try #require(ended.meterValue?.last?.sampledValue.first)
    #expect(sampled.measurand == .energyActiveImportRegister && sampled.unitOfMeasure?.unit == "Wh")
    #expect(sampled.context == .transactionEnd)
  }

  @Test("A clock that is set late gives earlier events their true time, and their readings too")
  func lateClock() throws {
    let bench = SessionBench()
    bench.engine.wallOffset = nil
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(100)
    let record = try #require(bench.events.first)
    #expect(record.time.wall == nil)
    bench.engine.wallOffset = .seconds(1_700_000_000)
    let request = try decoded(bench, record)
    let expected = WallTime(
      millisecondsSinceEpoch: 1_700_000_000_000 + record.time.instant.nanoseconds / 1_000_000)
    #expect(request.timestamp == expected)
    #expect(request.meterValue?.first?.timestamp == expected)
  }

  @Test("An event of an earlier boot whose time was never known is told before this boot")
  func unknownBoot() throws {
    let bench = SessionBench()
    bench.engine.wallOffset = nil
    bench.plugIn()
    bench.tap("CARD")
    let record = try #require(bench.events.first)
    bench.kill(reason: .powerUp)
    let request = try decoded(bench, record)
    #expect(request.timestamp == WallTime(millisecondsSinceEpoch: 1_700_000_000_000))
  }

  @Test("Stored bytes that cannot be read go to the dead letters, and a faulty answer counts as an error")
  func unreadable() throws {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    let codec = try #require(bench.sessions.recordCodecs.first)
    let stored = try #require(bench.events.first).stored
    for length in 0..<stored.count {
      _ = codec.encode(stored.prefix(length), isOffline: false, version: .v201)
    }
    #expect(codec.encode([1, 2, 3], isOffline: false, version: .v201) == nil)
    #expect(!codec.answered(stored[...], payload: Array("{\"idTokenInfo\":{}}".utf8)[...], version: .v201))
    #expect(codec.answered(stored[...], payload: Array("{}".utf8)[...], version: .v201))
  }

  @Test("What is read is what was written")
  func roundTrip() {
    let bench = SessionBench([(.sampledTxEndedInterval, "10")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(50)
    for record in bench.events { #expect(TransactionEventRecord(stored: record.stored[...]) == record) }
    let document = bench.disk.snapshot.first { $0.kind == .transaction }?.body ?? []
    let read = OpenTransaction.read(document: document)
    #expect(read?.evse == EVSEID(1))
    #expect(read?.transaction.document(evse: EVSEID(1)) == document)
    for length in 0..<document.count { _ = OpenTransaction.read(document: Array(document.prefix(length))) }
  }
}

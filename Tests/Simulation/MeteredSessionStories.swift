import ChargerBase
import OCPPCore
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

/// Every way in which a session begins, goes on and ends tells the configured measurands and, where the meter signs,
/// its signatures.
@Suite("The whole station: meter values in every kind of session")
struct MeteredSessionStories {
  private static let settings = [
    ("SampledDataCtrlr", "TxStartedMeasurands", "Energy.Active.Import.Register,Voltage"),
    ("SampledDataCtrlr", "TxUpdatedMeasurands", "Energy.Active.Import.Register,Current.Import"),
    ("SampledDataCtrlr", "TxUpdatedInterval", "20"),
    ("SampledDataCtrlr", "TxEndedMeasurands", "Energy.Active.Import.Register,Power.Active.Import"),
  ]

  private func start(_ more: [(String, String, String)] = []) throws -> WholeStation {
    try WholeStation(board: "bench-ac-socket", settings: Self.settings + more).start()
  }

  private func charge(_ station: WholeStation) {
    #expect(station.run(upTo: .seconds(40)) { station.isClosed() }, "\(station.why())")
    station.run(for: .seconds(70))
  }

  private func end(_ station: WholeStation, count: Int = 1) {
    #expect(station.run(upTo: .seconds(2_000)) { station.books.count == count && station.books.last?.isEnded == true })
    station.run(for: .seconds(5))
  }

  /// Each kind of event has its measurands and contexts; the registers of begin and end are signed and are the meter's.
  private func check(_ station: WholeStation, signedEnd: Bool = true) throws {
    let book = try #require(station.books.last)
    #expect(book.isGapless)
    let started = try #require(book.started?.meterValue)
    #expect(Self.measurands(started) == [.energyActiveImportRegister, .voltage])
    #expect(Self.contexts(started) == [.transactionBegin])
    #expect(Self.signatures(started) == 1)
    let periodic = book.entries.map { $0.request }.filter { $0.triggerReason == .meterValuePeriodic }
    #expect(periodic.count >= 3)
    for event in periodic {
      #expect(Self.measurands(event.meterValue) == [.currentImport, .energyActiveImportRegister])
      #expect(Self.contexts(event.meterValue) == [.samplePeriodic])
      #expect(Set(event.meterValue?.flatMap(\.sampledValue).compactMap(\.phase) ?? []) == [.l1, .l2, .l3])
    }
    let ended = try #require(book.ended?.meterValue)
    #expect(Self.measurands(ended) == [.energyActiveImportRegister, .powerActiveImport])
    #expect(Self.contexts(ended) == [.transactionBegin, .transactionEnd])
    #expect(Self.signatures(ended) == (signedEnd ? 2 : 1))
    #expect(station.billed(book).map { $0 > .zero } == true)
    let registers = book.entries.flatMap { $0.request.meterValue ?? [] }.filter { value in
      value.sampledValue.contains { $0.measurand == .energyActiveImportRegister }
    }
    .sorted { $0.timestamp < $1.timestamp }.compactMap { value in
      value.sampledValue.first { $0.measurand == .energyActiveImportRegister }?.value.thousandths
    }
    #expect(registers == registers.sorted(), "J02.FR.16")
    #expect(station.violations == [])
  }

  private static func measurands(_ values: [MeterValue]?) -> [Measurand] {
    Set(values?.flatMap(\.sampledValue).compactMap(\.measurand) ?? []).sorted { $0.rawName < $1.rawName }
  }

  private static func contexts(_ values: [MeterValue]?) -> Set<ReadingContext> {
    Set(values?.flatMap(\.sampledValue).compactMap(\.context) ?? [])
  }

  private static func signatures(_ values: [MeterValue]?) -> Int {
    values?.flatMap(\.sampledValue).compactMap(\.signedMeterValue).count ?? 0
  }

  @Test("E02.FR.09, FR.10, FR.14, E07.FR.08, FR.12, E06.FR.11, FR.14, FR.15, E15.FR.01: plug, card, card")
  func plugFirst() throws {
    let station = try start()
    station.plugIn()
    station.run(for: .seconds(3))
    station.tap()
    charge(station)
    station.tap()
    end(station)
    try check(station)
    let book = try #require(station.books.last)
    #expect(station.billed(book) == station.register())
    #expect(book.entries.map { $0.request.seqNo } == (0..<Int32(book.entries.count)).map { $0 })
    #expect(book.ended?.triggerReason == .stopAuthorized && book.ended?.transactionInfo.stoppedReason == .local)
  }

  @Test("E03.FR.07, FR.08, FR.10: card first, then the plug")
  func cardFirst() throws {
    let station = try start()
    station.tap()
    station.run(for: .seconds(5))
    station.plugIn()
    charge(station)
    station.tap()
    end(station)
    try check(station)
  }

  @Test("E04.FR.05, FR.06, FR.10, E08.FR.09, FR.12, E12.FR.03, FR.07, FR.10: begun and stopped without a link")
  func offline() throws {
    let station = try start()
    station.plugIn()
    station.tap()
    charge(station)
    station.tap()
    end(station)
    station.plugOut()
    station.run(for: .seconds(5))
    station.link.isUp = false
    #expect(station.run(upTo: .seconds(300)) { station.link.open == nil })
    station.plugIn()
    station.run(for: .seconds(3))
    station.tap()
    charge(station)
    station.tap()
    station.run(for: .seconds(30))
    station.link.isUp = true
    end(station, count: 2)
    try check(station)
  }

  @Test("E11.FR.03, FR.08: the link is lost in the middle")
  func linkLoss() throws {
    let station = try start()
    station.plugIn()
    station.tap()
    charge(station)
    station.link.isUp = false
    station.run(for: .seconds(300))
    station.link.isUp = true
    station.run(for: .seconds(300))
    station.tap()
    end(station)
    try check(station)
  }

  @Test("E09.FR.05, FR.08: unplugged at the vehicle, which ends the transaction")
  func vehicleSide() throws {
    let station = try start()
    station.plugIn()
    station.tap()
    charge(station)
    station.hold(.unplugged)
    end(station)
    #expect(station.books.last?.ended?.transactionInfo.stoppedReason == .evDisconnected)
    try check(station)
  }

  @Test("E10.FR.04, FR.07: unplugged at the vehicle, plugged in again, and stopped in the end")
  func suspended() throws {
    let station = try start([
      ("TxCtrlr", "StopTxOnEVSideDisconnect", "false"), ("TxCtrlr", "TxStopPoint", "Authorized"),
    ])
    station.plugIn()
    station.tap()
    charge(station)
    station.hold(.unplugged)
    station.run(for: .seconds(10))
    station.hold(nil)
    station.run(for: .seconds(40))
    station.tap()
    end(station)
    try check(station)
  }

  @Test("E05.FR.05, FR.06: a token that the CSMS refuses when the transaction has begun")
  func refusedToken() throws {
    let station = try start([("SampledDataCtrlr", "TxUpdatedInterval", "1")])
    station.csms.answerDelay = .seconds(2)
    station.plugIn()
    station.run(for: .seconds(8))
    station.tap()
    #expect(station.run(upTo: .seconds(10)) { station.transaction() != nil })
    station.csms.tokens["CARD"] = .blocked
    #expect(station.run(upTo: .seconds(60)) { station.books.last?.isEnded == true })
    let book = try #require(station.books.last)
    #expect(book.ended?.transactionInfo.stoppedReason == .deAuthorized)
    #expect(Self.contexts(book.started?.meterValue) == [.transactionBegin])
    #expect(Self.signatures(book.started?.meterValue) == 1 && Self.signatures(book.ended?.meterValue) == 2)
  }
}

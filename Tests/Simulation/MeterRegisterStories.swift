import ChargerBase
import OCPPCore
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

/// What becomes of a meter's register that falls or jumps, from the meter to the CSMS.
@Suite("The whole station: a register that falls or jumps")
struct MeterRegisterStories {
  private func start() throws -> WholeStation {
    try WholeStation(
      board: "bench-ac-dual",
      settings: [
        ("SampledDataCtrlr", "TxStartedMeasurands", "Energy.Active.Import.Register"),
        ("SampledDataCtrlr", "TxUpdatedMeasurands", "Energy.Active.Import.Register"),
        ("SampledDataCtrlr", "TxUpdatedInterval", "10"),
        ("SampledDataCtrlr", "TxEndedMeasurands", "Energy.Active.Import.Register"),
      ]
    ).start()
  }

  /// The registers that the CSMS was told in a transaction, in the order of their times.
  private func registers(_ book: TransactionLedger.Book) -> [Int64] {
    book.entries.flatMap { $0.request.meterValue ?? [] }.sorted { $0.timestamp < $1.timestamp }.compactMap { value in
      value.sampledValue.first { $0.measurand == .energyActiveImportRegister }?.value.thousandths
    }
  }

  private func set(_ wattHours: Int64, _ station: WholeStation) {
    station.perform(.setMeter(EVSEID(1), [.importRegister(Energy(wattHours: wattHours))]))
  }

  /// A session that the driver ends, or, after what happens in its middle, the station.
  private func session(_ station: WholeStation, count: Int, middle: (() -> Void)? = nil) throws
    -> TransactionLedger.Book
  {
    station.plugIn()
    station.run(for: .seconds(3))
    station.tap()
    #expect(station.run(upTo: .seconds(60)) { station.isClosed() })
    station.run(for: .seconds(45))
    middle?()
    if middle == nil {
      station.run(for: .seconds(45))
      station.tap()
    }
    #expect(station.run(upTo: .seconds(600)) { station.books.count == count && station.books.last?.isEnded == true })
    #expect(station.run(upTo: .seconds(10)) { !station.isClosed() })
    station.run(for: .seconds(30))
    station.plugOut()
    station.run(for: .seconds(30))
    return try #require(station.books.last)
  }

  private func problems(_ station: WholeStation) -> [String] {
    station.csms.calls(.notifyEvent).flatMap { $0.json["eventData"]?.array ?? [] }
      .filter { $0["component"]?["name"]?.string == "FiscalMetering" && $0["techCode"]?.string == "meterRegister" }
      .map { event in
        let place = event["component"]?["evse"]?["id"]?.int32.map { "\($0)" } ?? "no EVSE"
        return [
          event["variable"]?["name"]?.string ?? "", "of \(place)", event["actualValue"]?.string ?? "",
          event["transactionId"]?.string == nil ? "at rest" : "in a transaction",
        ].joined(separator: " ")
      }
  }

  @Test(
    "J02.FR.16: a meter that is exchanged or set back in a session: what it shows then is not told, and not billed",
    arguments: [12, 9_000_000])
  func exchangedInASession(shown: Int64) throws {
    let station = try start()
    set(5_000_000, station)
    station.run(for: .seconds(5))
    station.csms.forgetCalls()
    var delivered = Energy.zero
    let book = try session(station, count: 1) {
      delivered = station.register() - Energy(wattHours: 5_000_000)
      set(shown, station)
    }
    let told = registers(book)
    #expect(told.count >= 4)
    #expect(told == told.sorted(), "energy never runs backwards: \(told)")
    #expect(told.allSatisfy { $0 >= 5_000_000_000 && $0 <= 5_000_000_000 + delivered.thousandths }, "\(told)")
    #expect(book.ended?.triggerReason == .abnormalCondition && book.ended?.transactionInfo.stoppedReason == .other)
    // What the old meter has counted is billed, but for what came after its last reading.
    let billed = try #require(station.billed(book))
    #expect(billed > delivered - Energy(wattHours: 5) && billed <= delivered, "\(billed) of \(delivered)")
    // What flowed until the new meter was known for one.
    #expect(station.register() - Energy(wattHours: shown) < Energy(wattHours: 30))
    #expect(problems(station).first == "Problem of 1 true in a transaction")
    #expect(problems(station).count == 2 && problems(station).last?.hasPrefix("Problem of 1 false") == true)
    // Who comes back to a car that is not charged is told why, until somebody charges there again.
    #expect(notes(station) == [["meterRegister"], []])
    #expect(station.station?.explain().first?.notes.first?.text.contains("another energy meter") == true)
    // The next session begins with the new register, and all of its energy is billed.
    let begin = station.register()
    let next = try session(station, count: 2)
    let toldNext = registers(next)
    #expect(toldNext == toldNext.sorted())
    #expect(toldNext.first == begin.thousandths && toldNext.last == station.register().thousandths, "\(toldNext)")
    #expect(problems(station).count == 2 && notes(station) == [[], []])
    #expect(station.violations == [])
  }

  /// What `chargerctl explain` notes at each EVSE.
  private func notes(_ station: WholeStation) -> [[String]] {
    station.station?.explain().map { $0.notes.map(\.code) } ?? []
  }

  @Test("A register that falls a little is named while it is waited for, and the session goes on")
  func fallsALittle() throws {
    let station = try start()
    set(5_000_000, station)
    station.run(for: .seconds(5))
    station.plugIn()
    station.run(for: .seconds(3))
    station.tap()
    #expect(station.run(upTo: .seconds(60)) { station.isClosed() })
    station.run(for: .seconds(15))
    #expect(notes(station) == [[], []])
    set(4_999_990, station)
    station.run(for: .seconds(6))
    #expect(notes(station) == [["meterRegister"], []] && station.isClosed())
    #expect(station.station?.explain().first?.notes.first?.text.contains("caught up") == true)
    #expect(station.run(upTo: .seconds(60)) { notes(station) == [[], []] })
    #expect(station.isClosed() && station.violations == [])
  }

  @Test("A meter that shows another register for a moment stops nothing, and bills nothing of it")
  func slip() throws {
    let station = try start()
    set(5_000_000, station)
    station.run(for: .seconds(5))
    station.csms.forgetCalls()
    station.plugIn()
    station.run(for: .seconds(3))
    station.tap()
    #expect(station.run(upTo: .seconds(60)) { station.isClosed() })
    for fault in [SimulatedFault.meterJumpsAhead, .meterJumpsBack] {
      station.run(for: .seconds(15))
      station.fault(fault)
      station.run(for: .milliseconds(1_400))
      station.fault(fault, false)
    }
    station.run(for: .seconds(15))
    #expect(station.isClosed())
    station.tap()
    #expect(station.run(upTo: .seconds(600)) { station.books.last?.isEnded == true })
    let book = try #require(station.books.first)
    #expect(registers(book) == registers(book).sorted() && problems(station).isEmpty)
    #expect(station.billed(book) == station.register() - Energy(wattHours: 5_000_000))
    #expect(station.violations == [])
  }
}

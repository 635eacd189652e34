import ChargerBase
import OCPPCore
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

/// What becomes of a meter's register that falls, from the meter to the CSMS.
@Suite("The whole station: a register that falls")
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

  private func session(_ station: WholeStation, count: Int, middle: () -> Void = {}) throws -> TransactionLedger.Book {
    station.plugIn()
    station.run(for: .seconds(3))
    station.tap()
    #expect(station.run(upTo: .seconds(60)) { station.isClosed() })
    station.run(for: .seconds(45))
    middle()
    station.run(for: .seconds(45))
    station.tap()
    #expect(station.run(upTo: .seconds(600)) { station.books.count == count && station.books.last?.isEnded == true })
    station.plugOut()
    station.run(for: .seconds(30))
    return try #require(station.books.last)
  }

  @Test("J02.FR.16: a meter that is exchanged or set back in a session: what it shows then is not told, and not billed")
  func fallsInASession() throws {
    let station = try start()
    set(5_000_000, station)
    station.run(for: .seconds(5))
    let book = try session(station, count: 1) { set(12, station) }
    let told = registers(book)
    #expect(told.count >= 4)
    #expect(told == told.sorted(), "energy never runs backwards: \(told)")
    #expect(told.allSatisfy { $0 >= 5_000_000_000 })
    // The next session begins with the new register.
    let next = try session(station, count: 2)
    let toldNext = registers(next)
    #expect(toldNext == toldNext.sorted())
    #expect(toldNext.first.map { $0 < 1_000_000_000 } == true, "\(toldNext)")
    #expect(station.violations == [])
  }
}

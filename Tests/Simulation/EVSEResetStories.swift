import ChargerBase
import EVSEControl
import OCPPCore
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

@Suite("The whole station: reset of one EVSE")
struct EVSEResetStories {
  private func bothCharging() throws -> WholeStation {
    let station = try WholeStation().start()
    for evse: Int32 in [1, 2] {
      station.plugIn(evse)
      station.tap(evse == 1 ? "CARD" : "OTHER", evses: [evse])
      #expect(station.run(upTo: .seconds(15)) { station.isClosed(evse) })
    }
    station.run(for: .seconds(120))
    return station
  }

  @Test(
    "TC_B_27_CS, B12.FR.08, B11.FR.08 Immediate: the transaction ends with all its energy, the vehicle sees no station for a while, the neighbour charges on"
  )
  func immediate() throws {
    let station = try bothCharging()
    let ending = try #require(station.transaction(1))
    let neighbour = try #require(station.transaction(2))
    station.csms.call(.reset, ["type": "Immediate", "evseId": 1])
    #expect(station.run(upTo: .seconds(20)) { station.view(1)?.signal == .steadyNegative })
    #expect(!station.isClosed(1))
    #expect(station.run(upTo: .seconds(5)) { station.view(1)?.signal != .steadyNegative })
    station.run(for: .seconds(20))
    let book = try #require(station.books.first { $0.id == ending })
    #expect(book.isGapless && book.isEnded)
    #expect(station.billed(book) == station.register(1))
    #expect(station.story(of: book).last?.contains("ResetCommand") == true, "\(station.story(of: book))")
    #expect(station.transaction(2) == neighbour && station.isClosed(2))
    #expect(station.resets.isEmpty && station.csms.isConnected && station.csms.connections == 1)
    // The driver may begin anew with the vehicle that stands there.
    station.tap("CARD", evses: [1])
    #expect(station.run(upTo: .seconds(20)) { station.isClosed(1) })
    #expect(station.violations == [])
  }

  @Test(
    "B11.FR.08 A latched fault goes with the reset of its EVSE when its cause is gone, without a hand at the station")
  func clearsLatchedFault() throws {
    let station = try bothCharging()
    station.fault(.groundFault)
    station.run(for: .seconds(5))
    station.fault(.groundFault, false)
    station.plugOut(1)
    station.run(for: .seconds(10))
    #expect(station.statuses(1).last == .faulted)
    station.csms.call(.reset, ["type": "OnIdle", "evseId": 1])
    station.run(for: .seconds(10))
    #expect(station.statuses(1).last == .available)
    #expect(station.isClosed(2))
    #expect(station.violations == [])
  }
}

import ChargerBase
import EVSEControl
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

@Suite("The whole station: faults, and why it does not charge")
struct ExplainedFaultStories {
  @Test("DESIGN §5 A plug that cannot be locked: no energy, and the reason is told until it is unplugged")
  func lockFails() throws {
    let station = try EquippedStation.make().start()
    station.fault(.lockFailure)
    station.plugIn()
    station.tap(evses: [1])
    station.run(for: .seconds(20))
    #expect(!station.isClosed() && station.why().first == "lockFailure")
    #expect(station.statuses().last == .faulted)
    station.fault(.lockFailure, false)
    station.plugOut()
    station.run(for: .seconds(5))
    #expect(station.why().first == "noVehicle")
    #expect(station.statuses().last == .available)
    #expect(station.violations == [])
  }

  @Test("E06.FR.16 A residual current: cut off at once, the transaction ends as a ground fault, service clears it")
  func residualCurrent() throws {
    let station = try EquippedStation.charging()
    let since = station.clock.now
    station.fault(.groundFault)
    station.run(for: .seconds(3))
    let opened = try #require(station.firstOpening(since: since))
    #expect(opened <= since + TimingTable().openAfterFault)
    #expect(station.why().first == "residualCurrent")
    let book = try #require(station.books.first)
    #expect(book.isGapless && book.ended?.transactionInfo.stoppedReason == .groundFault)
    #expect(book.ended?.triggerReason == .abnormalCondition)
    #expect(station.statuses().last == .faulted)
    // The current is gone; the fault is not.
    station.fault(.groundFault, false)
    station.plugOut()
    station.run(for: .seconds(10))
    #expect(station.why().first == "residualCurrent")
    station.clearLatchedFaults()
    station.run(for: .seconds(5))
    #expect(station.why().first == "noVehicle")
    #expect(station.statuses().last == .available)
    #expect(station.violations == [])
  }

  @Test("A residual current detection that fails its test before the session keeps the contactor open")
  func testFails() throws {
    let station = try EquippedStation.make().start()
    station.fault(.residualCurrentTestFailure)
    station.plugIn()
    station.tap(evses: [1])
    station.run(for: .seconds(10))
    #expect(station.register() == .zero && station.why().first == "residualCurrentTest")
    #expect(station.violations == [])
  }

  @Test("The emergency stop ends every session; it is over when it is released and the vehicle has left")
  func emergencyStop() throws {
    let station = try EquippedStation.charging()
    station.plugIn(2)
    station.tap("OTHER", evses: [2])
    #expect(station.run(upTo: .seconds(20)) { station.isClosed(2) })
    station.run(for: .seconds(10))
    let since = station.clock.now
    station.fault(.emergencyStop, evse: nil)
    station.run(for: .seconds(3))
    for evse: Int32 in [1, 2] {
      let opened = try #require(station.firstOpening(since: since, evse: evse))
      #expect(opened <= since + TimingTable().openAfterFault)
      #expect(station.why(evse).first == "emergencyStop")
      #expect(station.statuses(evse).last == .faulted)
    }
    #expect(station.books.map { $0.ended?.transactionInfo.stoppedReason } == [.emergencyStop, .emergencyStop])
    station.fault(.emergencyStop, false, evse: nil)
    station.run(for: .seconds(5))
    #expect(station.why().first == "emergencyStop", "released, but the vehicle is still there")
    station.plugOut()
    station.run(for: .seconds(5))
    #expect(station.why().first == "noVehicle" && station.why(2).first == "emergencyStop")
    #expect(station.violations == [])
  }

  @Test("Heat lowers the current and then stops it; the session goes on when it has cooled down")
  func heat() throws {
    let station = try EquippedStation.charging()
    station.perform(.ambient(Temperature(celsius: 72), nil))
    #expect(station.run(upTo: .seconds(3_600)) { station.snapshot()?.limitSource == .temperature })
    station.run(for: .seconds(30))
    let current = try #require(station.explanation()?.current)
    #expect(station.isClosed() && (station.snapshot()?.offeredCurrent ?? .zero) < Current(amperes: 32))
    #expect(["temperature", "vehicleDecides"].contains(current.code))
    station.perform(.ambient(Temperature(celsius: 90), nil))
    #expect(station.run(upTo: .seconds(3_600)) { !station.isClosed() })
    station.run(for: .seconds(2))
    #expect(station.why().first == "overTemperature")
    #expect(station.transaction() != nil, "E06: heat suspends a session and does not end it")
    station.perform(.ambient(Temperature(celsius: 20), nil))
    #expect(station.run(upTo: .seconds(3_600)) { station.isClosed() })
    station.run(for: .seconds(5))
    #expect(station.why() == [])
    #expect(station.books.count == 1 && station.violations == [])
  }

  @Test("The mains goes and comes back: the plug is free meanwhile, and the EVSEs start spread")
  func mains() throws {
    let station = try EquippedStation.charging()
    station.perform(.mains(up: false))
    station.run(for: .seconds(5))
    #expect(!station.isClosed() && station.why().first == "mainsLost")
    #expect(station.snapshot()?.details.lock == .unlocked, "without mains nobody else could free the plug")
    station.perform(.mains(up: true))
    let isSpread = station.run(upTo: .seconds(12)) { station.why().first == "mainsReturning" || station.isClosed() }
    #expect(isSpread)
    #expect(station.run(upTo: .seconds(20)) { station.isClosed() }, "\(station.why())")
    station.run(for: .seconds(5))
    #expect(station.why() == [] && station.snapshot()?.details.lock == .locked)
    #expect(station.books.count == 1 && station.violations == [])
  }

  @Test("OCPP A04 A post that is tilted: no energy until service, and one TamperDetectionActivated for the whole post")
  func tilted() throws {
    let station = try EquippedStation.charging()
    station.fault(.tilt, evse: nil)
    station.run(for: .seconds(5))
    #expect(!station.isClosed() && station.why().first == "tilted" && station.why(2).first == "tilted")
    #expect(station.securityEvents.filter { $0 == "TamperDetectionActivated" }.count == 1)
    station.fault(.tilt, false, evse: nil)
    station.run(for: .seconds(5))
    #expect(station.why().first == "tilted")
    for evse: Int32 in [1, 2] { station.clearLatchedFaults(evse) }
    station.run(for: .seconds(20))
    #expect(!station.why(2).contains("tilted"))
    station.fault(.door, evse: nil)
    station.run(for: .seconds(2))
    #expect(station.why(2).first == "doorOpen")
    #expect(station.securityEvents.filter { $0 == "TamperDetectionActivated" }.count == 2)
    #expect(station.violations == [])
  }
}

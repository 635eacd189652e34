import ChargerBase
import EVSEControl
import OCPPCore
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

@Suite("The whole station: a socket with a lock")
struct SocketStories {
  private static let socket = WholeStation.connector(1)

  private func plugIn(
    _ station: WholeStation, _ car: CarSpecification = CarSpecification(current: Current(amperes: 32)),
    cableAmperes: Int64 = 32
  ) {
    let cable = CableSpecification(rating: Current(amperes: cableAmperes))
    station.perform(.plugIn(Self.socket, car, cable: cable))
  }

  private func charging(cableAmperes: Int64 = 32) throws -> WholeStation {
    let station = try WholeStation(board: "bench-ac-socket").start()
    plugIn(station, cableAmperes: cableAmperes)
    station.tap()
    #expect(station.run(upTo: .seconds(15)) { station.isClosed() })
    station.run(for: .seconds(40))
    return station
  }

  @Test("DESIGN §5 The plug is locked before energy flows, and can be pulled when the session is over")
  func session() throws {
    let station = try charging()
    let locked = try #require(station.firstEvent(since: .zero) { $0 == .lock(Self.socket, engaged: true) })
    let closed = try #require(station.firstEvent(since: .zero) { $0 == .contactor(Self.socket, closed: true) })
    #expect(locked < closed)
    #expect(throws: WorldError.self, "the plug is held") { try station.world.perform(.plugOut(Self.socket)) }
    station.tap()
    #expect(station.run(upTo: .seconds(15)) { !station.isClosed() && station.view()?.isLockEngaged == false })
    let unlocked = try #require(station.firstEvent(since: closed) { $0 == .lock(Self.socket, engaged: false) })
    let opened = try #require(station.firstEvent(since: closed) { $0 == .contactor(Self.socket, closed: false) })
    #expect(opened < unlocked)
    station.plugOut()
    station.run(for: .seconds(5))
    let book = try #require(station.books.first)
    #expect(book.isGapless && book.isEnded)
    #expect(station.billed(book) == station.register())
    #expect(station.statuses().last == .available)
    #expect(station.violations == [])
  }

  @Test("IEC 61851-1 Annex B: the cable's rating bounds the offer", arguments: [13, 20, 32])
  func cable(amperes: Int64) throws {
    let station = try charging(cableAmperes: amperes)
    #expect(station.view()?.signal.offeredMilliamperes ?? .max <= amperes * 1_000)
    #expect(station.view()?.drawn.milliamperes ?? 0 > amperes * 1_000 - 1_000)
    #expect(station.violations == [])
  }

  @Test("A cable that tells no rating gets no energy, and another one does")
  func unknownCable() throws {
    let station = try WholeStation(board: "bench-ac-socket").start()
    let broken = CableSpecification(proximity: .resistance(Resistance(ohms: 20)))
    station.perform(.plugIn(Self.socket, CarSpecification(), cable: broken))
    station.tap()
    station.run(for: .seconds(30))
    #expect(station.register() == .zero && !station.isClosed())
    // The plug is the driver's while his session is on; the card lets it go.
    station.tap()
    #expect(station.run(upTo: .seconds(10)) { station.view()?.isLockEngaged == false })
    station.plugOut()
    station.run(for: .seconds(5))
    plugIn(station)
    station.tap()
    #expect(station.run(upTo: .seconds(20)) { station.isClosed() })
    #expect(station.violations == [])
  }

  @Test("DESIGN §5 A lock that is opened by hand under charge opens the contactor within 100 ms")
  func openedByHand() throws {
    let station = try charging()
    let pulled = station.clock.now
    station.perform(.unlockByHand(Self.socket))
    station.run(for: .seconds(2))
    let opened = try #require(station.firstOpening(since: pulled))
    // 20 ms until the position contact can be read come on top.
    #expect(opened <= pulled + TimingTable().openAfterFault + .milliseconds(20))
    #expect(!station.isClosed())
    #expect(station.violations == [])
  }

  @Test(
    "G05.FR.01, G05.FR.02, TC_G_20_CS A lock that does not close lets no energy flow, and the CSMS hears Faulted and why"
  )
  func stuckLock() throws {
    let station = try WholeStation(board: "bench-ac-socket").start()
    station.fault(.lockFailure)
    plugIn(station)
    station.tap()
    station.run(for: .seconds(30))
    #expect(station.register() == .zero && !station.isClosed())
    #expect(station.statuses().last == .faulted)
    let events = station.csms.calls(.notifyEvent).compactMap { $0.json["eventData"]?[0] }
    #expect(events.count == 1)
    #expect(events.first?["component"]?["name"] == "ConnectorPlugRetentionLock")
    #expect(events.first?["variable"]?["name"] == "Problem" && events.first?["actualValue"] == "true")
    #expect(events.first?["trigger"] == "Delta" && events.first?["techCode"] == "CX001")
    let key = VariableKey("ConnectorPlugRetentionLock", "Problem", evse: 1, connector: 1)
    #expect(station.chargePoint?.requestValue(key) == "true")
    station.fault(.lockFailure, false)
    station.plugOut()
    station.run(for: .seconds(20))
    #expect(station.chargePoint?.requestValue(key) == "false")
    #expect(station.csms.calls(.notifyEvent).last?.json["eventData"]?[0]?["cleared"] == true)
    #expect(station.violations == [])
  }

  @Test("The residual current detection is tested before each session; a trip ends energy until service has been there")
  func residualCurrent() throws {
    let station = try charging()
    let closed = try #require(station.firstEvent(since: .zero) { $0 == .contactor(Self.socket, closed: true) })
    let tested = try #require(station.firstEvent(since: .zero) { $0 == .residualCurrent(EVSEID(1), tripped: true) })
    #expect(tested < closed)
    let began = station.clock.now
    station.fault(.groundFault)
    station.run(for: .seconds(2))
    let opened = try #require(station.firstOpening(since: began))
    #expect(opened <= began + TimingTable().openAfterFault + .milliseconds(30))
    station.fault(.groundFault, false)
    station.plugOut()
    station.run(for: .seconds(20))
    #expect(station.statuses().last == .faulted)
    station.clearLatchedFaults()
    station.run(for: .seconds(5))
    #expect(station.statuses().last == .available)
    #expect(station.violations == [])
  }

  @Test("A car that sleeps under its offer is woken: B2, steady, B2")
  func sleepingCar() throws {
    let station = try WholeStation(board: "bench-ac-socket").start()
    var car = CarSpecification()
    car.quirks.sleepsAfter = .seconds(60)
    plugIn(station, car)
    station.run(for: .seconds(300))
    station.tap()
    let offered = station.clock.now
    #expect(station.run(upTo: .seconds(90)) { station.isClosed() })
    let wakeUp = WakeUp()
    #expect(station.clock.now >= offered + wakeUp.after + wakeUp.steadyFor)
    #expect(station.violations == [])
  }

  @Test("E11 A program that was killed under charge takes the locked plug over and goes on")
  func killed() throws {
    let station = try charging()
    station.restart(.kill)
    #expect(station.run(upTo: .seconds(60)) { station.isClosed() })
    #expect(station.view()?.isLockEngaged == true)
    station.tap()
    #expect(station.run(upTo: .seconds(20)) { station.view()?.isLockEngaged == false })
    station.plugOut()
    station.run(for: .seconds(5))
    let book = try #require(station.books.first)
    #expect(station.books.count == 1 && book.isGapless && book.isEnded)
    #expect(station.billed(book) == station.register())
    #expect(station.violations == [])
  }
}

import ChargerBase
import EVSEControl
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

@Suite("The whole station: emergency stop, door, tilt, mains")
struct SafetyInputStories {
  private func bothCharging() throws -> WholeStation {
    let station = try WholeStation().start()
    for evse: Int32 in [1, 2] {
      station.plugIn(evse)
      station.tap(evse == 1 ? "CARD" : "OTHER", evses: [evse])
      #expect(station.run(upTo: .seconds(15)) { station.isClosed(evse) })
    }
    station.run(for: .seconds(30))
    return station
  }

  @Test(
    "DESIGN §5 A safety contact of the station opens every contactor within 100 ms",
    arguments: [SimulatedFault.emergencyStop, .door, .tilt])
  func contacts(_ contact: SimulatedFault) throws {
    let station = try bothCharging()
    let pushed = station.clock.now
    station.fault(contact, evse: nil, connector: nil)
    station.run(for: .seconds(2))
    for evse: Int32 in [1, 2] {
      let opened = try #require(station.firstOpening(since: pushed, evse: evse))
      #expect(opened <= pushed + TimingTable().openAfterFault + .milliseconds(20))
      #expect(!station.isClosed(evse))
      #expect(station.statuses(evse).last == .faulted)
    }
    station.fault(contact, false, evse: nil, connector: nil)
    station.run(for: .seconds(30))
    // A closed door is enough; an emergency stop wants the vehicle gone; a tilted post wants service.
    #expect(station.isClosed(1) == (contact == .door))
    for evse: Int32 in [1, 2] { station.plugOut(evse) }
    station.run(for: .seconds(10))
    #expect(station.statuses(1).last == (contact == .tilt ? .faulted : .available))
    for evse: Int32 in [1, 2] { station.clearLatchedFaults(evse) }
    station.run(for: .seconds(5))
    #expect(station.statuses(1).last == .available && station.statuses(2).last == .available)
    #expect(station.violations == [])
  }

  @Test("When the mains is back the contactors close one after the other, each within the table's spread")
  func mains() throws {
    let station = try bothCharging()
    station.perform(.mains(up: false))
    station.run(for: .seconds(60))
    #expect(!station.isClosed(1) && !station.isClosed(2))
    let back = station.clock.now
    station.perform(.mains(up: true))
    let spread = TimingTable().mainsReturnSpread
    station.run(for: spread + .seconds(10))
    var closings: [MonotonicInstant] = []
    for evse: Int32 in [1, 2] {
      let place = WholeStation.connector(evse)
      let closing = station.firstEvent(since: back) { $0 == .contactor(place, closed: true) }
      closings.append(try #require(closing, "EVSE \(evse) did not go on"))
    }
    #expect(closings[0] != closings[1])
    #expect(station.violations == [])
  }

  @Test(
    "A04.FR.01 An opened door and a tilted post: one TamperDetectionActivated, one event of the station, and their end",
    arguments: [(SimulatedFault.door, "CaseAccessSensor"), (.tilt, "TiltSensor")])
  func tampering(_ contact: SimulatedFault, _ component: String) throws {
    let station = try WholeStation().start()
    station.fault(contact, evse: nil, connector: nil)
    station.run(for: .seconds(5))
    let security = station.csms.calls(.securityEventNotification).filter {
      $0.json["type"] == "TamperDetectionActivated"
    }
    #expect(security.count == 1)
    #expect(station.chargePoint?.securityLog.last?.type == "TamperDetectionActivated")
    let events = station.csms.calls(.notifyEvent).compactMap { $0.json["eventData"]?[0] }
    #expect(events.count == 1)
    #expect(events.first?["component"]?["name"]?.string == component)
    #expect(events.first?["component"]?["evse"] == nil && events.first?["actualValue"] == "true")
    station.fault(contact, false, evse: nil, connector: nil)
    station.run(for: .seconds(5))
    for evse: Int32 in [1, 2] { station.clearLatchedFaults(evse) }
    station.run(for: .seconds(5))
    #expect(station.csms.calls(.notifyEvent).count == 2)
    #expect(station.csms.calls(.notifyEvent).last?.json["eventData"]?[0]?["cleared"] == true)
    #expect(station.statuses(1).last == .available)
    #expect(station.violations == [])
  }
}

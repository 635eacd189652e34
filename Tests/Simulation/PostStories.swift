import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Station
import Testing

/// What people do at a post with a reader at each EVSE, a keypad, start buttons, a parking bay and a display.
@Suite("The whole station: at the post")
struct PostStories {
  private func post(_ settings: [(String, String, String)] = []) throws -> WholeStation {
    let station = try WholeStation(board: "bench-ac-post", settings: settings)
    station.csms.tokens["4711"] = .accepted
    return station.start()
  }

  private func authorizations(_ station: WholeStation) -> [JSONValue] {
    station.csms.calls(.authorize).map { $0.json["idToken"] ?? .null }
  }

  @Test("C04 A key code is asked about as a KeyCode, and charges what it is billed for")
  func keyCode() throws {
    let station = try post()
    station.plugIn(1)
    station.run(for: .seconds(5))
    station.witness.authorized(at: station.clock.now)
    station.perform(.typeKeys("4711#"))
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(1) })
    #expect(authorizations(station) == [["idToken": "4711", "type": "KeyCode"]])
    station.run(for: .seconds(60))
    station.plugOut(1)
    station.run(for: .seconds(5))
    let book = try #require(station.books.first)
    #expect(book.isGapless && book.isEnded)
    #expect(station.billed(book) == station.register(1))
    #expect(station.violations == [])
  }

  @Test("C04.FR.04 A key code appears in no log line, event or status, also while it is typed")
  func keyCodeIsSecret() throws {
    let station = try post()
    station.plugIn(1)
    station.run(for: .seconds(5))
    station.witness.authorized(at: station.clock.now)
    station.perform(.typeKeys("4711#"))
    station.run(for: .seconds(30))
    #expect(station.transaction(1) != nil)
    let status = station.chargePoint?.openTransaction(at: EVSEID(1))
    let told = station.notes.map(\.text) + station.worldEvents.map(\.kind.text) + [status?.redactedToken ?? ""]
    #expect(told.filter { $0.contains("4711") } == [])
    #expect(status?.redactedToken == "…")
  }

  @Test("A code that is too short, too long, cleared or left half-typed is nobody's token")
  func noCodes() throws {
    let station = try post()
    for typed in ["123#", "123456789#", "4711*#", "#"] {
      station.perform(.typeKeys(typed))
      station.run(for: .seconds(6))
    }
    station.perform(.typeKeys("47"))
    station.run(for: .seconds(16))
    station.perform(.typeKeys("11#"))
    station.run(for: .seconds(6))
    #expect(authorizations(station) == [])
    #expect(station.world.world.lines(of: nil) == [])
  }

  @Test("While a code is typed the display counts its characters, and shows none of them")
  func typing() throws {
    let station = try post()
    station.perform(.typeKeys("471"))
    station.run(for: .milliseconds(100))
    #expect(station.world.world.lines(of: nil) == ["Your code", "***"])
    station.perform(.typeKeys("*"))
    station.run(for: .milliseconds(100))
    #expect(station.world.world.lines(of: nil) == [])
  }

  @Test("C04.FR.06 After three wrong codes the keypad waits, longer each time, and a good code sets it free")
  func bruteForce() throws {
    let station = try post()
    for _ in 0..<3 {
      station.perform(.typeKeys("9999#"))
      station.run(for: .seconds(2))
    }
    #expect(authorizations(station).count == 3)
    station.perform(.typeKeys("4711#"))
    station.run(for: .seconds(6))
    #expect(authorizations(station).count == 3, "closed for 15 s")
    station.run(for: .seconds(10))
    station.perform(.typeKeys("9999#"))
    station.run(for: .seconds(16))
    station.perform(.typeKeys("4711#"))
    station.run(for: .seconds(6))
    #expect(authorizations(station).count == 4, "now closed for 30 s")
    station.run(for: .seconds(20))
    station.perform(.typeKeys("4711#"))
    station.run(for: .seconds(2))
    station.perform(.typeKeys("9999#"))
    station.run(for: .seconds(2))
    station.perform(.typeKeys("9999#"))
    station.run(for: .seconds(2))
    #expect(authorizations(station).count == 7)
  }

  @Test("Two readers at two EVSEs: each card starts at its own reader's EVSE")
  func twoReaders() throws {
    let station = try post()
    station.plugIn(1)
    station.plugIn(2)
    station.run(for: .seconds(5))
    station.witness.authorized(at: station.clock.now)
    station.perform(.presentToken(WorldToken(value: "OTHER"), .reader("right")))
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(2) })
    #expect(!station.isClosed(1))
    station.perform(.presentToken(WorldToken(value: "CARD"), .reader("left")))
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(1) })
    station.run(for: .seconds(30))
    #expect(station.books.map(\.entries.first?.request.evse?.id) == [2, 1])
    #expect(station.violations == [])
  }

  @Test("A parking bay counts once something has stayed for its time: who walks through starts nothing")
  func parkingBay() throws {
    let station = try post([("TxCtrlr", "TxStartPoint", "ParkingBayOccupancy")])
    station.perform(.parkingBay(EVSEID(2), occupied: true))
    station.run(for: .milliseconds(700))
    station.perform(.parkingBay(EVSEID(2), occupied: false))
    station.run(for: .seconds(5))
    #expect(station.books.isEmpty)
    let arrived = station.clock.now
    station.perform(.parkingBay(EVSEID(2), occupied: true))
    #expect(station.run(upTo: .seconds(3)) { station.transaction(2) != nil })
    #expect(arrived.duration(to: station.clock.now) >= .seconds(1))
    station.run(for: .seconds(2))
    #expect(station.books.first?.entries.first?.request.triggerReason == .evDetected)
  }

  @Test("A bay that is occupied when the station starts is known at once")
  func bayAtStart() throws {
    let station = try WholeStation(
      board: "bench-ac-post", settings: [("TxCtrlr", "TxStartPoint", "ParkingBayOccupancy")])
    station.perform(.parkingBay(EVSEID(2), occupied: true))
    station.start()
    #expect(station.run(upTo: .seconds(2)) { station.transaction(2) != nil })
  }

  @Test("A silent reader is told by NotifyEvent and explain, keeps no connector from charging, and its end is told")
  func silentReader() throws {
    let station = try post()
    station.fault(.readerSilent, evse: 1)
    station.run(for: .seconds(3))
    func events() -> [(String?, String?)] {
      station.csms.calls(.notifyEvent).flatMap { $0.json["eventData"]?.array ?? [] }.map {
        ($0["component"]?["name"]?.string, $0["actualValue"]?.string)
      }
    }
    #expect(events().contains { $0 == ("TokenReader", "true") })
    #expect(station.statuses(1).last == .available)
    #expect(station.why(1).contains("readerSilent"))
    #expect(!station.why(2).contains("readerSilent"), "its own reader works")
    station.fault(.readerSilent, false, evse: 1)
    station.run(for: .seconds(3))
    #expect(events().last.map { $0 == ("TokenReader", "false") } == true)
    #expect(!station.why(1).contains("readerSilent"))
  }

  @Test(
    "Silent keypads, buttons and bay sensors are told under components of their own",
    arguments: [
      (SimulatedFault.keypadSilent, "Keypad"), (.startButtonSilent, "StartButton"),
      (.parkingBaySilent, "BayOccupancySensor"),
    ])
  func silentParts(fault: SimulatedFault, component: String) throws {
    let station = try post()
    station.fault(fault, evse: fault == .keypadSilent ? nil : 2)
    station.run(for: .seconds(3))
    let events = station.csms.calls(.notifyEvent).flatMap { $0.json["eventData"]?.array ?? [] }
    #expect(events.contains { $0["component"]?["name"]?.string == component })
    #expect(station.why(2).contains(fault.rawValue))
    #expect(station.statuses(2).last == .available)
  }
}

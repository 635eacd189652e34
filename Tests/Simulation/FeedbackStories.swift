import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Station
import Testing

/// What drivers see, and how soon.
@Suite("The whole station: lights and display")
struct FeedbackStories {
  private static let limit = Duration.milliseconds(300)

  /// A station whose CSMS takes 5 s for every answer, once it has started.
  private func slow(board: String = "bench-ac-post", _ settings: [(String, String, String)] = []) throws -> WholeStation
  {
    let station = try WholeStation(board: board, settings: settings)
    station.csms.tokens["4711"] = .accepted
    station.start()
    station.run(for: .seconds(20))
    station.csms.script = { _ in .delayed(.seconds(5)) }
    return station
  }

  /// Fails unless light and display of an EVSE have changed within the limit after `act`.
  private func expectSeen(
    _ station: WholeStation, at evse: Int32, within limit: Duration = limit, _ what: Comment,
    sourceLocation: SourceLocation = #_sourceLocation, _ act: () -> Void
  ) {
    let begin = station.clock.now
    act()
    station.run(for: .seconds(2))
    let light = station.firstEvent(since: begin) { if case .light(EVSEID(evse), _) = $0 { true } else { false } }
    let text = station.firstEvent(since: begin) { if case .display(_, EVSEID(evse)) = $0 { true } else { false } }
    for (name, seen) in [("light", light), ("display", text)] {
      let delay = seen.map { begin.duration(to: $0) } ?? .seconds(3_600)
      #expect(delay <= limit, "\(what): the \(name) after \(delay)", sourceLocation: sourceLocation)
    }
  }

  private func lines(_ station: WholeStation, _ evse: Int32) -> [String] { station.world.world.lines(of: EVSEID(evse)) }
  private func light(_ station: WholeStation, _ evse: Int32) -> String? { station.world.world.light(of: EVSEID(evse)) }

  @Test("Row j: the plug is answered by light and display within 300 ms, with a CSMS of 5 s")
  func plug() throws {
    let station = try slow()
    expectSeen(station, at: 1, "plug") { station.plugIn(1) }
    #expect(lines(station, 1).first == "Plugged in")
    #expect(light(station, 1) == "green blinking")
  }

  @Test("Row j: a card is answered within 300 ms, before and after plugging, with a CSMS of 5 s")
  func card() throws {
    let station = try slow()
    expectSeen(station, at: 2, "card before plug") { station.tap("OTHER", evses: [2]) }
    #expect(lines(station, 2).first == "One moment")
    station.plugIn(1)
    station.run(for: .seconds(20))
    expectSeen(station, at: 1, "card after plug") { station.tap("CARD", evses: [1]) }
    #expect(light(station, 1) == "blue blinking")
    #expect(station.run(upTo: .seconds(20)) { station.isClosed(1) })
    expectSeen(station, at: 1, "card that stops") { station.tap("CARD", evses: [1]) }
    #expect(lines(station, 1).first == "Charging ended")
  }

  @Test("Row j: a card for no EVSE in particular is answered at every free one, and nobody else's picture changes")
  func cardForAny() throws {
    let station = try slow(board: "bench-ac-dual")
    for evse in [Int32(1), 2] { #expect(light(station, evse) == "green steady") }
    expectSeen(station, at: 1, "card") { station.tap("CARD") }
    #expect(lines(station, 1) == lines(station, 2))
    #expect(lines(station, 1).first == "One moment")
    station.run(for: .seconds(10))
    #expect(lines(station, 2) == ["Card accepted", "Plug in your vehicle"])
    station.plugIn(1)
    station.run(for: .seconds(20))
    #expect(lines(station, 2).first == "Ready", "the driver has found his EVSE")
    station.tap("NOBODY")
    station.run(for: .seconds(8))
    #expect(lines(station, 1).first != "Card not accepted")
  }

  @Test("A refusal for no EVSE in particular passes: the stations' picture comes back")
  func refusalPasses() throws {
    let station = try WholeStation().start()
    station.tap("BLOCKED")
    station.run(for: .seconds(1))
    for evse in [Int32(1), 2] {
      #expect(lines(station, evse) == ["Card not accepted", "This card is blocked"])
      #expect(light(station, evse) == "red blinking")
    }
    station.run(for: .seconds(6))
    for evse in [Int32(1), 2] {
      #expect(lines(station, evse).first == "Ready")
      #expect(light(station, evse) == "green steady")
    }
  }

  @Test("A driver who is accepted and never plugs in leaves no invitation behind")
  func nobodyPlugsIn() throws {
    let station = try WholeStation().start()
    station.tap("CARD")
    station.run(for: .seconds(2))
    #expect(lines(station, 1).first == "Card accepted")
    station.run(for: .seconds(120))
    #expect(lines(station, 1).first == "Ready")
  }

  @Test("Row j: a key code is answered within 300 ms of its last key, with a CSMS of 5 s")
  func keyCode() throws {
    let station = try slow()
    station.plugIn(1)
    station.run(for: .seconds(10))
    expectSeen(station, at: 1, "key code") { station.perform(.typeKeys("4711#")) }
    #expect(lines(station, 1).first == "One moment")
  }

  @Test("Row j: the start button is answered within 300 ms, with a CSMS of 5 s")
  func startButton() throws {
    let station = try slow(settings())
    station.plugIn(1)
    station.run(for: .seconds(10))
    expectSeen(station, at: 1, "start button") {
      station.witness.authorized(at: station.clock.now)
      station.perform(.pressStart(EVSEID(1)))
    }
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(1) })
  }

  private func settings() -> [(String, String, String)] { [("AuthCtrlr", "StartButtonAuthorizes", "true")] }
  private func slow(_ settings: [(String, String, String)]) throws -> WholeStation {
    try slow(board: "bench-ac-post", settings)
  }

  @Test(
    "Row j: refused and unknown cards are told why within 300 ms of the answer, and of the tap without one",
    arguments: [
      ("BLOCKED", "This card is blocked"), ("NOBODY", "This card or code is not known"),
    ])
  func refused(token: String, reason: String) throws {
    let station = try slow()
    expectSeen(station, at: 1, "tap") { station.tap(token, evses: [1]) }
    #expect(lines(station, 1).first == "One moment")
    let answered = try #require(station.csms.calls(.authorize).last?.at) + .seconds(5)
    station.run(until: answered + .milliseconds(-50))
    #expect(lines(station, 1).first == "One moment", "for as long as the question is open")
    station.run(until: answered + Self.limit)
    #expect(lines(station, 1) == ["Card not accepted", reason])
    #expect(light(station, 1) == "red blinking")
    station.perform(.network(up: false))
    station.link.isUp = false
    #expect(station.run(upTo: .seconds(600)) { station.station?.link.isConnected == false })
    station.run(for: .seconds(1))
    expectSeen(station, at: 1, "tap without a link") { station.tap("STRANGER", evses: [1]) }
    #expect(lines(station, 1) == ["Card not accepted", "Not possible at this time"])
  }

  // MARK: Languages

  private func speaking(_ first: String?, _ second: String? = nil) throws -> WholeStation {
    let station = try WholeStation(board: "bench-ac-post").start()
    station.csms.script = { call in
      guard call.action == .authorize else { return .standard }
      let isKnown = call.json["idToken"]?["idToken"]?.string == "CARD"
      var information: JSONValue = ["status": isKnown ? "Accepted" : "Blocked"]
      if let first { information["language1"] = .string(first) }
      if let second { information["language2"] = .string(second) }
      return .result(["idTokenInfo": information])
    }
    return station
  }

  @Test("C01.FR.08 What the driver reads is in language1 where the station has it, also why he is refused")
  func firstLanguage() throws {
    let station = try speaking("de-AT", "fr")
    station.plugIn(1)
    station.run(for: .seconds(5))
    #expect(lines(station, 1).first == "Plugged in", "nobody is known yet")
    station.tap("CARD", evses: [1])
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(1) })
    station.run(for: .seconds(90))
    #expect(lines(station, 1).first == "Es wird geladen")
    #expect(lines(station, 1).last?.hasSuffix("kWh in 1 min") == true, "\(lines(station, 1))")
    #expect(lines(station, 2).first == "Ready", "the other EVSE is somebody else's")
    station.tap("STRANGER", evses: [2])
    station.run(for: .seconds(1))
    #expect(lines(station, 2) == ["Karte nicht angenommen", "Diese Karte ist gesperrt"])
    station.tap("CARD", evses: [1])
    station.run(for: .seconds(10))
    #expect(lines(station, 1).first == "Laden beendet")
    station.plugOut(1)
    station.run(for: .seconds(10))
    #expect(lines(station, 1).first == "Ready", "the next driver is nobody yet")
  }

  @Test("C01.FR.09 Where the station lacks language1 the driver reads language2")
  func secondLanguage() throws {
    let station = try speaking("sv", "nl")
    station.plugIn(1)
    station.tap("CARD", evses: [1])
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(1) })
    station.run(for: .seconds(30))
    #expect(lines(station, 1).first == "Laden")
  }

  @Test("C01.FR.13 A driver whose languages the station lacks reads English")
  func noLanguage() throws {
    let station = try speaking("sv", "fi")
    station.plugIn(1)
    station.tap("CARD", evses: [1])
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(1) })
    station.run(for: .seconds(30))
    #expect(lines(station, 1).first == "Charging")
  }

  @Test("Energy and time on the display move on while energy flows, and stay when it is over")
  func movingTexts() throws {
    let station = try WholeStation().start()
    station.plugIn(1)
    station.tap("CARD", evses: [1])
    #expect(station.run(upTo: .seconds(10)) { station.isClosed(1) })
    station.run(for: .seconds(600))
    let early = lines(station, 1)
    station.run(for: .seconds(600))
    let late = lines(station, 1)
    #expect(early.first == "Charging" && late.first == "Charging" && early != late)
    station.tap("CARD", evses: [1])
    station.run(for: .seconds(20))
    let ended = lines(station, 1)
    let wattHours = station.register(1).milliwattHours / 1_000
    let hundredths = wattHours / 10
    #expect(
      ended.dropFirst().first
        == "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) kWh in 20 min", "\(ended)")
    #expect(station.violations == [])
  }
}

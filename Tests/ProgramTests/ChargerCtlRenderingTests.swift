import ChargerBase
import OCPPJSON
import Testing

@testable import chargerctl

@Suite("What chargerctl shows")
struct ChargerCtlRenderingTests {
  @Test("Status: link, messages and a line for each connector, then what deserves a word")
  func status() throws {
    #expect(
      StatusText.render(try ChargerCtlSamples.answer("station.status")) == """
        CS-BENCH-1  Bench AC Dual, firmware 0.1.0, up 2 h 5 min
        CSMS: connected and accepted, slot 1, ocpp2.0.1, ws://127.0.0.1:9310/ocpp
              last failed attempt: connection refused, 2026-11-23 12:01:12 UTC
        Messages: 2 waiting to be sent
        Main meter: 98.765 kWh, 11.1 kW, 16.1 A/15.9 A/16.1 A

        CONNECTOR  STATUS    PILOT  OFFERED  MEASURED  CONTACTOR                LOCK    LIMIT                  ENERGY      TRANSACTION
        1.1        Occupied  C2     20 A     16.1 A    closed                   locked  20 A (external "ems")  12.346 kWh  \
        9f3c2a1b… 1.235 kWh since 12:01:05, token 04A1…
        2.1        Faulted   F      -        -         closed, told to be open  -       32 A (evse)            -           -

        1.1  charging; permit (authorized) for 58 s
        1.1  cable 32 A, residual current healthy, 41.5 °C, 231 V, contactor opened 815 times, 3 under load
        2.1  FAULT: contactor welded
        2.1  out of service
        2.1  contactor opened 120210 times, 96 under load: DUE FOR SERVICE
        """)
  }

  @Test("Status of a station without CSMS: not connected, and why")
  func offline() throws {
    var status = try ChargerCtlSamples.answer("station.status")
    status["link"] = ["connected": false, "accepted": false, "slot": 2, "lastFailure": "HTTP 401"]
    status["acceptsTransactions"] = false
    let lines = StatusText.render(status).split(separator: "\n")
    #expect(lines[1] == "CSMS: not connected, slot 2")
    var pending = status
    pending["link"] = ["connected": true, "accepted": false, "registration": "Pending"]
    #expect(StatusText.render(pending).contains("CSMS: connected, waiting to be accepted (Pending)"))
    #expect(lines[2] == "      last failed attempt: HTTP 401")
    #expect(lines[3].contains("NO NEW TRANSACTIONS"))
  }

  @Test(
    "Status: a main meter that is silent is told with its last reading, one that was never read as such, none not at all"
  )
  func mainMeter() throws {
    func line(_ meter: JSONValue?) throws -> String? {
      var status = try ChargerCtlSamples.answer("station.status")
      status["mainMeter"] = meter
      return StatusText.render(status).split(separator: "\n").first { $0.hasPrefix("Main meter") }.map(String.init)
    }
    let silent: JSONValue = [
      "energyWh": 98_765, "powerW": 1_200, "currentA": [5], "ageS": 75, "silentForS": 75,
    ]
    #expect(try line(silent) == "Main meter: SILENT for 1 min 15 s, last read 98.765 kWh, 1.2 kW, 5 A")
    var unread: JSONValue = ["energyWh": nil, "powerW": nil, "currentA": [], "ageS": nil, "silentForS": nil]
    #expect(try line(unread) == "Main meter: not read yet")
    unread["silentForS"] = 12
    #expect(try line(unread) == "Main meter: SILENT for 12 s")
    #expect(try line(.null) == nil)
  }

  @Test("A connected vehicle that does not charge is shown with what keeps it from charging")
  func blockers() throws {
    var status = try ChargerCtlSamples.answer("station.status")
    guard var evse = status["evses"]?[0], var connector = evse["connectors"]?[0] else {
      Issue.record("the page's status has no connector")
      return
    }
    connector["pilot"] = "B"
    connector["offer"] = "none"
    connector["phase"] = "connected"
    connector["permit"] = .null
    connector["blockers"] = ["vehicleNotReady", "noPermit"]
    connector["lock"] = "unlocked"
    connector["startsInS"] = 75
    connector["paused"] = true
    connector["phases"] = 1
    evse["connectors"] = [connector]
    status["evses"] = [evse]
    let text = StatusText.render(status)
    #expect(text.contains("B1"))
    #expect(text.contains("1.1  connected; kept from charging by: vehicle not ready, no permit"))
    #expect(text.contains("1.1  starts in 1 min 15 s, PAUSED, to be locked, cable 32 A"))
    #expect(text.contains("231 V, one phase, contactor"))
  }

  @Test("A status that lacks everything is still a page", arguments: [JSONValue.object([]), .null, [1, 2], "x"])
  func empty(_ status: JSONValue) {
    #expect(StatusText.render(status).contains("CONNECTOR"))
  }

  @Test("Why it is not charging: each reason a sentence with what to do")
  func explain() throws {
    #expect(
      ExplainText.render(try ChargerCtlSamples.answer("station.explain")) == """
        EVSE 1 is charging.
          - The vehicle is offered 10 A because the energy manager "ems" allows 10 A.
            → It lapses by itself in 14 min, or whoever has set it raises it.
          Limits: 32 A hardware, 10 A external "ems" for 14 min

        EVSE 2 is not charging:
          - The contactor stays closed although it was told to open: the plug may carry voltage. [contactorWelded, CX017]
            → Switch the post off at its breaker and call service; the contactor must be replaced. Service must clear it.
          - No vehicle is plugged in.
            → Plug in at both ends.
        """)
  }

  @Test("What is wrong with the station and hinders nobody stands once, behind all EVSEs")
  func notes() throws {
    var answer = try ChargerCtlSamples.answer("station.explain").array ?? []
    let note: JSONValue = [
      "code": "mainMeterSilent", "text": "The meter of the whole station does not answer.", "remedy": "Call service.",
      "values": [:],
    ]
    for index in answer.indices { answer[index]["notes"] = [note] }
    let text = ExplainText.render(.array(answer))
    #expect(
      text.hasSuffix(
        """
            → Plug in at both ends.

        The station, with nobody kept from charging:
          - The meter of the whole station does not answer.
            → Call service.
        """))
    #expect(text.components(separatedBy: "does not answer").count == 2)
  }

  @Test("What is wrong with one EVSE's meter stands with that EVSE, and not again as the station's")
  func meterNote() throws {
    var answer = try ChargerCtlSamples.answer("station.explain").array ?? []
    try #require(answer.count == 2)
    answer[1]["notes"] = [
      [
        "code": "meterRegister", "text": "Another meter has ended the session.", "remedy": "A card begins a new one.",
        "values": ["evse": 2],
      ]
    ]
    #expect(
      ExplainText.render(.array(answer)).hasSuffix(
        """
            → Plug in at both ends.
          - Another meter has ended the session.
            → A card begins a new one.
        """))
    answer.removeFirst()
    #expect(ExplainText.render(.array(answer)).components(separatedBy: "Another meter").count == 2)
    answer[0]["reasons"] = []
    #expect(ExplainText.render(.array(answer)).hasPrefix("EVSE 2 is not charging, and the station does not say why.\n"))
  }

  @Test("A limit in watts, of one phase, and one that nobody owns")
  func limits() {
    #expect(
      LimitText.render(["source": "external", "owner": "grid", "limitW": 4200, "phases": 1, "expiresInS": nil])
        == "4.2 kW external \"grid\" on one phase")
    #expect(LimitText.render(["source": "chargingProfile", "owner": "", "limitA": 8]) == "8 A charging profile")
  }

  @Test("Events, one line each; a listener that was dropped is told why")
  func events() throws {
    let event = try ChargerCtlSamples.answer("station.event")
    #expect(
      EventText.render(method: "station.event", event)
        == "2026-11-23 12:01:05  transaction    EVSE 1 connector 1: Transaction 9f3c2a1b started.")
    #expect(
      EventText.render(method: "station.event", ["time": nil, "kind": "link", "text": "Connected."])
        == "(time not known)     link           Connected.")
    #expect(
      EventText.render(method: "dropped", ["reason": "too slow"])
        == "-- the station has dropped this listener: too slow")
  }

  @Test("The device model as a table; one variable as its value alone")
  func deviceModel() throws {
    let answer = try ChargerCtlSamples.answer("station.deviceModel.get")
    #expect(
      DeviceModelText.render(answer, isSingle: false) == """
        VARIABLE                         VALUE         UNIT  TYPE        CHANGEABLE
        TxCtrlr.EVConnectionTimeOut      60            s     integer     ReadWrite
        Connector#1.1.AvailabilityState  Occupied      -     OptionList  ReadOnly
        SecurityCtrlr.BasicAuthPassword  (write only)  -     string      WriteOnly
        """)
    let one: JSONValue = ["variables": [answer["variables"]?[0] ?? .null]]
    #expect(DeviceModelText.render(one, isSingle: true) == "60")
    #expect(DeviceModelText.render(["variables": []], isSingle: true) == "No such variable.")
  }

  @Test("A refused write says why, an accepted one what holds now")
  func set() throws {
    let refused = DeviceModelText.outcome(
      try ChargerCtlSamples.answer("station.deviceModel.set"), name: "A.B", value: "1")
    #expect(!refused.isAccepted)
    #expect(refused.text == "A.B was not changed: the variable is read-only.")
    let accepted = DeviceModelText.outcome(["status": "Accepted"], name: "A.B", value: "1")
    #expect(accepted.isAccepted && accepted.text == "A.B is 1 now.")
    let later = DeviceModelText.outcome(["status": "RebootRequired"], name: "A.B", value: "1")
    #expect(later.isAccepted && later.text == "A.B is 1 after the next restart.")
  }

  @Test("Outbox, version and log")
  func rest() throws {
    #expect(
      OutboxText.render(try ChargerCtlSamples.answer("station.outbox")) == """
        Waiting to be sent: 2 transaction, 1 general
        Given up on:
        NUMBER  KIND         TRANSACTION                           ATTEMPTS  REASON
        41      transaction  9f3c2a1b-7c11-4e0a-8f2e-5f3b1f0c9d77  5         no answer in time
        """)
    #expect(OutboxText.render(["waiting": ["general": 0], "deadLetters": []]) == "Nothing waits to be sent.")
    #expect(
      OutboxText.render([
        "waiting": ["transaction": 3], "space": "critical", "storeFailure": "disk full", "unwritten": 2, "thinned": 7,
        "lost": 1,
      ]) == """
        Waiting to be sent: 3 transaction
        NOTHING CAN BE WRITTEN: disk full
        SPACE IS EXHAUSTED: no new transaction begins.
        2 records are in memory only: they go with the program.
        7 intermediate meter readings were left out for want of space.
        1 records were lost because the program ended while they could not be written.
        """)
    #expect(
      VersionText.render(try ChargerCtlSamples.answer("station.version"))
        == "chargerd 0.1.0 on bench-ac-dual, speaks ocpp2.0.1")
    #expect(
      LogText.render(try ChargerCtlSamples.answer("station.log")) == """
        2026-11-23 12:00:00  Started on board bench-ac-dual.
        (time not known)     WARNING: The CSMS refused the connection: HTTP 401.
        """)
  }

  @Test("Text from the station cannot take over the terminal")
  func controlCharacters() {
    let text = EventText.render(
      method: "station.event", ["time": nil, "kind": "link", "text": "a\u{1B}[2Jb\u{9B}31m\nc"])
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
  }

  @Test(
    "Numbers are rounded, never trapped on",
    arguments: [
      (Decimal(significand: 12_345_600, places: 3), "12.346 kWh"), (Decimal(-500), "-0.500 kWh"),
      (Decimal.zero, "0.000 kWh"),
      (Decimal(Int64.max), "9223372036854775.807 kWh"),
    ])
  func numbers(_ wattHours: Decimal?, _ text: String) throws {
    #expect(Text.kilowattHours(JSONValue(try #require(wattHours))) == text)
  }

  @Test("Spans are told in their two largest units")
  func spans() {
    #expect(Text.span(seconds: 0) == "0 s")
    #expect(Text.span(seconds: 59) == "59 s")
    #expect(Text.span(seconds: 3_600) == "1 h")
    #expect(Text.span(seconds: 100_000) == "1 d 3 h")
    #expect(Text.span(seconds: -1) == "-")
  }

  @Test("A drawn page replaces the last one without clearing the screen first")
  func screen() {
    let page = [StyledText("a", .good), StyledText("b")]
    #expect(LiveView.screen(page, inColour: false) == "\u{1B}[Ha\u{1B}[K\r\nb\u{1B}[K\r\n\u{1B}[J")
    #expect(
      LiveView.screen(page, inColour: true) == "\u{1B}[H\u{1B}[32ma\u{1B}[0m\u{1B}[K\r\nb\u{1B}[K\r\n\u{1B}[J")
  }

  @Test("The world: network, mains, readers, and each connector with its car")
  func world() throws {
    let state = try JSONValue(
      parsing: """
        {"network": true, "mains": false, "stationConnected": true, "lines": ["Welcome"],
         "readers": [{"reader": "front", "evses": null, "silent": false}, {"reader": "left", "evses": [1, 2], "silent": true}],
         "evses": [
           {"evse": 1, "phases": 3, "light": "blue pulsing", "lines": ["Charging"], "faults": [],
            "meter": {"importWh": 12345.6, "exportWh": 0, "voltageV": [230, 230, 230], "currentA": [16, 15.94, 0],
              "powerW": [3680, 3680, 0], "frequencyHz": 50},
            "connectors": [
              {"connector": 1, "cable": "fixed",
               "car": {"currentA": 16, "phases": 2, "batteryWh": 20000, "heldState": null, "asksForEnergy": true, "drawsA": 16},
               "pilot": {"output": "pulseWidth", "duty": 3333, "offersA": 20, "positiveV": 6, "negativeV": -12},
               "contactor": {"commandedClosed": true, "closed": true}, "faults": []},
              {"connector": 2, "cable": "socket", "car": null,
               "pilot": {"output": "steadyPositive", "offersA": null, "positiveV": 12, "negativeV": null},
               "contactor": {"commandedClosed": false, "closed": true},
               "faults": [{"fault": "contactorWelded", "code": "CX017"}]}]}]}
        """)
    #expect(
      WorldText.state(state) == """
        Network up, mains DOWN, station program connected
        Display of station: Welcome
        Reader front for the whole station
        Reader left for EVSE 1, 2, SILENT

        CONNECTOR  CABLE   CAR                               OFFER            DRAWS  CONTACTOR               FAULTS
        1.1        fixed   16 A, 2 phases, takes 20.000 kWh  20 A             16 A   closed                  -
        1.2        socket  none                              steady positive  -      closed, told otherwise  contactorWelded

        EVSE 1: light blue pulsing, meter 12.346 kWh, 16 A / 15.9 A / 0 A
        Display of EVSE 1: Charging
        """)
  }

  @Test("Light and display, the list of faults and the world's events")
  func worldParts() {
    #expect(
      WorldText.display(["light": "green steady", "lines": ["Welcome", "Tap card"], "messages": []]) == """
        Light: green steady
        | Welcome
        | Tap card
        """)
    #expect(
      WorldText.faults([
        ["fault": "contactorWelded", "code": "CX017", "scope": "connector", "available": true, "waitsFor": nil],
        [
          "fault": "door", "code": nil, "scope": "station", "available": false,
          "waitsFor": "needs a station with a door contact",
        ],
      ]) == """
        FAULT            CODE   AT         NOTE
        contactorWelded  CX017  connector
        door             -      station    needs a station with a door contact
        """)
    #expect(
      WorldText.event(
        method: "bench.event", ["event": "plugged", "text": "a car is plugged in", "evse": 1, "connector": 1])
        == "EVSE 1 connector 1: a car is plugged in")
  }

  @Test("The world: parts that not every station has, what is wrong in capitals")
  func worldOfParts() throws {
    let state = try JSONValue(
      parsing: """
        {"safetyContacts": [{"kind": "emergencyStop", "evse": null, "active": true, "silent": false},
                            {"kind": "door", "evse": 2, "active": false, "silent": true}],
         "watchdog": {"installed": true, "holds": false, "expiries": 2},
         "supply": {"currentA": 31.96, "fuseA": 40, "overloadS": 1.5}}
        """)
    #expect(
      WorldPartsText.lines(ofStation: state) == [
        "emergency stop of the station: ACTIVE", "door of EVSE 2: at rest, SILENT",
        "Watchdog: does not hold, has run out 2 times", "Supply: 32 A of 40 A, OVERLOADED for 1.5 s",
      ])
    let evse = try JSONValue(
      parsing: """
        {"connectedPhases": 1, "temperaturesC": [24.25, 61], "residualCurrent": {"tripped": true, "testing": false, "leakageMA": 30},
         "connectors": [{"connector": 1, "lock": {"commandedLocked": true, "engaged": false}, "proximity": {"ohm": 220}},
                        {"connector": 2, "lock": null, "proximity": {"ohm": null}}]}
        """)
    #expect(
      WorldPartsText.lines(ofEVSE: evse, number: "3") == [
        "EVSE 3: 1 phase connected, 24.3 °C / 61.0 °C, residual current monitor TRIPPED, 30 mA flow off",
        "Connector 3.1: lock open, told otherwise, proximity 220 Ω", "Connector 3.2: proximity open",
      ])
    #expect(WorldPartsText.lines(ofStation: [:]).isEmpty)
    #expect(WorldPartsText.lines(ofEVSE: [:], number: "1").isEmpty)
  }
}

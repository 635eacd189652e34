import OCPPJSON
import Testing

@testable import chargerctl

@Suite("The live view of chargerctl")
struct ChargerCtlLiveViewTests {
  private static func content() throws -> LiveView.Content {
    LiveView.Content(
      status: try ChargerCtlSamples.answer("station.status"),
      explanation: try ChargerCtlSamples.answer("station.explain"),
      events: ["2026-11-23 12:01:05  transaction    EVSE 1 connector 1: Transaction 9f3c2a1b started."])
  }

  private static func text(_ page: [StyledText]) -> String { page.map(\.text).joined(separator: "\n") }

  @Test("Each connector: pilot, currents, limit and its source, contactor, energy, transaction, reason, faults")
  func page() throws {
    #expect(
      Self.text(LiveView.page(try Self.content(), columns: 120, rows: nil)) == """
        CS-BENCH-1  Bench AC Dual, firmware 0.1.0, up 2 h 5 min  14:06:20 UTC
        CSMS    connected and accepted, slot 1, ocpp2.0.1, ws://127.0.0.1:9310/ocpp
                last failed attempt: connection refused, 2026-11-23 12:01:12 UTC
        OUTBOX  2 waiting to be sent
        METER   98.765 kWh, 11.1 kW, 16.1 A/15.9 A/16.1 A

        1.1  charging     pilot C2, offered 20 A, takes 16.1 A (11.0 kW)
             limit        20 A, by external "ems"
             contactor    closed, told to be closed; plug locked
             energy       1.235 kWh in this session, meter 12.346 kWh
             transaction  9f3c2a1b since 12:01:05 (2 h 5 min), token 04A1…, event 4
             why          The vehicle is offered 10 A because the energy manager "ems" allows 10 A.
             last session ended 2026-11-23 10:20:33: unplugged, 12.346 kWh

        2.1  FAULTED      pilot F
             FAULT        contactor welded
             limit        32 A, by evse
             contactor    closed, told to be open
             why          The contactor stays closed although it was told to open: the plug may carry voltage. (and 1 more:
                          chargerctl explain)

        2026-11-23 12:01:05  transaction    EVSE 1 connector 1: Transaction 9f3c2a1b started.
        """)
  }

  @Test("On a narrow terminal no line is wider than it, and nothing is lost", arguments: [20, 32, 40, 60, 79])
  func narrow(_ columns: Int) throws {
    let page = LiveView.page(try Self.content(), columns: columns, rows: nil)
    #expect(page.allSatisfy { $0.count <= columns })
    let words = Self.text(page).filter { !$0.isWhitespace }
    let wide = Self.text(LiveView.page(try Self.content(), columns: 1_000, rows: nil)).filter { !$0.isWhitespace }
    #expect(words == wide)
  }

  @Test("On a low terminal the page never scrolls; the events give way first, and what is cut is told")
  func low() throws {
    let whole = LiveView.page(try Self.content(), columns: 120, rows: nil).count
    for rows in [1, 2, 5, 10, whole, whole + 1, 100] {
      #expect(LiveView.page(try Self.content(), columns: 120, rows: rows).count <= max(1, rows - 1))
    }
    let cut = LiveView.page(try Self.content(), columns: 120, rows: 10)
    #expect(cut.last?.text.contains("more lines: make the window larger") == true)
    #expect(
      Self.text(LiveView.page(try Self.content(), columns: 120, rows: 40)).contains("Transaction 9f3c2a1b started"))
  }

  @Test("Colours only where they are wanted, and none is left open at a line's end")
  func colours() throws {
    let page = LiveView.page(try Self.content(), columns: 120, rows: nil)
    #expect(page.allSatisfy { !$0.rendered(inColour: false).contains("\u{1B}") })
    let coloured = page.map { $0.rendered(inColour: true) }
    #expect(coloured.contains { $0.contains("\u{1B}[32mcharging") })
    #expect(coloured.contains { $0.contains("\u{1B}[1;31mFAULTED") })
    for line in coloured where line.contains("\u{1B}") { #expect(line.contains("\u{1B}[0m")) }
  }

  @Test("A station without CSMS, and one that takes no new transactions")
  func trouble() throws {
    var content = try Self.content()
    content.status["link"] = ["connected": false, "accepted": false, "lastFailure": "HTTP 401"]
    content.status["acceptsTransactions"] = false
    let text = Self.text(LiveView.page(content, columns: 200, rows: nil))
    #expect(text.contains("CSMS    not connected\n        last failed attempt: HTTP 401"))
    #expect(text.contains("NO NEW TRANSACTIONS"))
    content.status["link"] = ["connected": true, "accepted": false, "registration": "Pending"]
    #expect(
      Self.text(LiveView.page(content, columns: 200, rows: nil)).contains("not accepted yet (its answer: Pending)"))
  }

  @Test("Whatever answers, it is a page: bounded, without control characters")
  func foreign() throws {
    for answer: JSONValue in [.null, [:], [1, 2], "x", ["evses": [1, [:], ["connectors": [1, [:]]]]]] {
      #expect(!LiveView.page(LiveView.Content(status: answer, explanation: answer), columns: 80, rows: 24).isEmpty)
    }
    let connectors = JSONValue.array(Array(repeating: ["id": 1, "status": "a\u{1B}[2J\u{202E}b"], count: 5_000))
    let page = LiveView.page(
      LiveView.Content(status: ["identity": "\u{1B}]0;x\u{7}", "evses": [["id": 1, "connectors": connectors]]]),
      columns: 80, rows: nil)
    #expect(page.count < 1_000)
    let scalars = page.flatMap { $0.text.unicodeScalars }
    #expect(!scalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x202E })
    #expect(StyledText(String(repeating: "x", count: 500)).wrapped(to: 20, indent: 18).allSatisfy { $0.count <= 20 })
  }

  @Test("Into a pipe goes a line for each change that is not mere measuring")
  func lines() throws {
    var status = try ChargerCtlSamples.answer("station.status")
    var lines = WatchLines()
    #expect(
      lines.changes(status) == [
        "14:06:20  CSMS  connected and accepted",
        "14:06:20  1.1  charging, pilot C2, offered 20 A, limit 20 A by external \"ems\", contactor closed, transaction 9f3c2a1b, takes 16.1 A, 1.235 kWh",
        "14:06:20  2.1  faulted, FAULT contactor welded, pilot F, limit 32 A by evse, contactor closed",
      ])
    #expect(lines.changes(status).isEmpty)
    guard var evse = status["evses"]?[0], let other = status["evses"]?[1], var connector = evse["connectors"]?[0] else {
      Issue.record("the page's status has no connector")
      return
    }
    connector["measuredA"] = 12
    evse["connectors"] = [connector]
    status["evses"] = [evse, other]
    #expect(lines.changes(status).isEmpty, "measuring alone is no change")
    connector["phase"] = "suspendedByVehicle"
    evse["connectors"] = [connector]
    status["evses"] = [evse, other]
    #expect(lines.changes(status).count == 1)
  }
}

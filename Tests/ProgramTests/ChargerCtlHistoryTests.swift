import ChargerBase
import OCPPJSON
import Testing

@testable import chargerctl

@Suite("chargerctl history: sessions that are over")
struct ChargerCtlHistoryTests {
  @Test("A table with when, where, how much, whose card, why it began and ended, and whether the CSMS knows")
  func table() throws {
    #expect(
      HistoryText.render(try ChargerCtlSamples.answer("station.history")) == """
        NO  PLACE  STARTED (UTC)        DURATION   ENERGY      TOKEN  BEGAN BY      ENDED BY   CSMS
        17  1.1    2026-11-23 09:12:04  1 h 8 min  12.346 kWh  04A1…  card or code  unplugged  told
        18  2.1    time not known       1 min 2 s  -           -      CSMS          CSMS       waiting

        2 sessions, 12.346 kWh; the CSMS has yet to hear the end of 1
        """)
    #expect(HistoryText.render(["sessions": []]).hasPrefix("No session has ended yet"))
    #expect(HistoryText.render(.null).hasPrefix("No session"))
  }

  @Test("CSV keeps every digit, leaves out what is not known, and holds no formula for a spreadsheet")
  func csv() throws {
    let rows = HistoryText.csv(try ChargerCtlSamples.answer("station.history")).split(separator: "\r\n")
    #expect(rows.count == 3)
    #expect(rows[0].hasPrefix("number,transaction_id,evse,connector,started_at,ended_at,duration_s"))
    #expect(
      rows[1] == """
        17,3d0f6b42-4f0e-4b7b-9d39-2f6f7c1f0a55,1,1,2026-11-23T09:12:04.310Z,2026-11-23T10:20:33.902Z,4109,4080,12345.6,\
        1000,13345.6,04A1…,ISO14443,Authorized,EVDeparted,EVDisconnected,,71,told
        """)
    #expect(rows[2].hasPrefix("18,9f3c2a1b-7c11-4e0a-8f2e-5f3b1f0c9d77,2,1,,,62,0,,,,,,RemoteStart"))
    let odd = HistoryText.csv(["sessions": [["idToken": "=cmd()", "transactionId": "a\"b,c", "began": "x\ny"]]])
    #expect(odd.hasSuffix(",\"a\"\"b,c\",,,,,,,,,,'=cmd(),,x\u{FFFD}y,,,,,"))
  }

  @Test(
    "Since: a time, a date, a span before now",
    arguments: [
      ("2026-11-23", "2026-11-23T00:00:00Z"), ("2026-11-23T12:00:00+01:00", "2026-11-23T11:00:00Z"),
      ("12h", "2026-11-23T00:00:00Z"), ("90min", "2026-11-23T10:30:00Z"), ("7d", "2026-11-16T12:00:00Z"),
      ("yesterday", nil), ("12", nil), ("", nil), ("99999999999999999999d", nil), ("9223372036854775807d", nil),
    ])
  func since(_ text: String, _ expected: String?) throws {
    let now = try #require(WallTime(rfc3339: "2026-11-23T12:00:00Z"))
    #expect(HistoryCommand.start(text, now: now)?.rfc3339 == expected)
  }

  @Test("What is asked for goes to the station; wrong counts and times are wrong use")
  func arguments() throws {
    let command = try HistoryCommand.parse(["--evse", "2", "--since", "2026-11-23", "--last", "10"])
    #expect(command.params == ["evse": 2, "since": "2026-11-23T00:00:00Z", "limit": 10])
    #expect(try HistoryCommand.parse([]).params == ["limit": 500])
    for wrong in [["--last", "0"], ["--last", "501"], ["--since", "soon"], ["--format", "xml"]] {
      #expect(throws: (any Error).self) { try HistoryCommand.parse(wrong) }
    }
  }
}

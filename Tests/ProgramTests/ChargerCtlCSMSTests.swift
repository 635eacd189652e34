import ChargerBase
import OCPPJSON
import Testing

@testable import chargerctl

@Suite("chargerctl csms")
struct ChargerCtlCSMSTests {
  private let record: JSONValue = [
    "number": 1, "station": "CS-1", "transactionId": "c609ec05-1", "evse": 1, "connector": 1,
    "card": "ISO14443 …580", "name": "Anna", "startedAt": "2026-11-23T12:00:00.000Z",
    "endedAt": "2026-11-23T13:30:00.000Z", "seconds": 5_400, "chargingSeconds": 5_000, "ended": true,
    "chargingState": "EVConnected", "stoppedReason": "EVDisconnected", "energyWh": 3_210, "meterStartWh": 1_000,
    "meterEndWh": 4_210, "events": 5, "repetitions": 1, "offlineEvents": 2, "missing": [], "complete": true,
    "correct": true, "problemCount": 0, "problems": [], "stationConnected": true, "cost": 2, "currency": "EUR",
  ]

  @Test("A transaction is a line that a person reads")
  func table() {
    let text = CSMSTransactionText.table(["count": 3, "transactions": [record]])
    #expect(
      text
        == """
        ID         WHO                   WHERE     SINCE (UTC)          TIME        ENERGY   COST      STATE                         MISSING  LATE
        c609ec05…  Anna (ISO14443 …580)  CS-1 1.1  2026-11-23 12:00:00  1 h 30 min  3210 Wh  2.00 EUR  ended: the car was unplugged  nothing  2 of 5 events

        The newest 1 of 3.
        Cost is the bench's own arithmetic; no station was told a price.
        """)
  }

  @Test("An open transaction of a station that is away says what is missing")
  func away() {
    var open = record
    open["ended"] = false
    open["stationConnected"] = false
    open["chargingState"] = "SuspendedEVSE"
    open["missing"] = [["from": 3, "to": 3], ["from": 5, "to": 9]]
    #expect(CSMSTransactionText.state(open) == "paused by the station; the station is away")
    #expect(CSMSTransactionText.missing(open) == "event 3, 5–9, its end")
  }

  @Test("Every ending and every reason of an event has words", arguments: ["Ended", "trigger"])
  func words(_ kind: String) {
    let table = kind == "Ended" ? CSMSTransactionText.endings : CSMSTransactionText.triggers
    #expect(table.count == (kind == "Ended" ? 19 : 21))
    for entry in table { #expect(!entry.words.isEmpty && entry.words != entry.reason) }
  }

  @Test("While the CSMS misbehaves every view says so first")
  func warning() {
    let answer: JSONValue = ["misbehaviour": ["rule 1: does not answer to every message"], "transactions": []]
    for text in [CSMSText.status(answer), CSMSText.stations(answer), CSMSTransactionText.table(answer)] {
      #expect(text.hasPrefix("MISBEHAVING on purpose ('chargerctl csms misbehave off' ends it):\n  rule 1: does not"))
    }
    #expect(CSMSText.misbehaviour([:]) == "The CSMS behaves.")
  }

  // MARK: - Export

  @Test("CSV has a header, CR LF, quotes where RFC 4180 wants them, and whole numbers")
  func csv() {
    var odd = record
    odd["name"] = "Meier, \"Anna\""
    odd["stoppedReason"] = nil
    odd["missing"] = [["from": 1, "to": 1], ["from": 4, "to": 6]]
    let lines = CSMSExportText.csv([odd], withTokens: false).components("\r\n")
    #expect(lines.count == 3 && lines[2] == "")
    #expect(lines[0] == CSMSExportText.columns.joined(separator: ","))
    #expect(
      lines[1]
        == "c609ec05-1,CS-1,1,1,ISO14443 …580,\"Meier, \"\"Anna\"\"\",,2026-11-23T12:00:00.000Z,"
        + "2026-11-23T13:30:00.000Z,5400,5000,1000,4210,3210,Ended,,,,5,2,1,1 4..6,true,true,,2,EUR,")
  }

  @Test(
    "Texts that a spreadsheet would run are made harmless; numbers stay numbers",
    arguments: [
      ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+49", "'+49"), ("-5", "'-5"), ("  =1", "'  =1"),
      ("\t=1", "'\u{FFFD}=1"), ("\r=1", "'\u{FFFD}=1"), ("\u{FF1D}1", "'\u{FF1D}1"),
      ("=cmd|' /C calc'!A0,\"x\"", "\"'=cmd|' /C calc'!A0,\"\"x\"\"\""), ("a;b", "\"a;b\""), ("Anna", "Anna"), ("", ""),
    ])
  func formulas(_ text: String, _ cell: String) {
    #expect(CSMSExportText.cell(.string(text)) == cell)
    #expect(CSMSExportText.cell(-5) == "-5")
  }

  @Test("JSON has the columns' names, and whole card numbers only when they are asked for")
  func json() throws {
    var told = record
    told["idToken"] = "04A1B2C3D4E580"
    let plain = try JSONValue(parsing: CSMSExportText.json([told], withTokens: false))
    #expect(plain[0]?["energy_wh"] == 3_210 && plain[0]?["duration_s"] == 5_400 && plain[0]?["id_token"] == nil)
    #expect(try JSONValue(parsing: CSMSExportText.json([told], withTokens: true))[0]?["id_token"] == "04A1B2C3D4E580")
    #expect(CSMSExportText.csv([told], withTokens: true).contains(",id_token\r\n"))
    #expect(try JSONValue(parsing: CSMSExportText.json([], withTokens: false)) == [])
  }

  // MARK: - Arguments

  @Test("A card's details become the book's members; 'none' takes one away")
  func details() throws {
    let add = try CSMSTokenAdd.parse(
      [
        "04A1", "--name", "Anna", "--status", "notAllowedTypeEVSE", "--group", "FAMILY", "--evse", "1", "--evse", "2",
        "--no-listed", "--priority", "-3",
      ].map { $0 == "-3" ? "3" : $0 })
    #expect(
      JSONValue.object(add.details.members) == [
        "name": "Anna", "status": "NotAllowedTypeEVSE", "group": "FAMILY", "evses": [1, 2], "priority": 3,
        "listed": false,
      ])
    let change = try CSMSTokenSet.parse(["04A1", "--group", "none", "--evse", "0", "--master-pass"])
    #expect(JSONValue.object(change.details.members) == ["group": nil, "masterPass": true, "evses": []])
  }

  @Test("A remote start carries what the token book knows of the card")
  func remoteStart() {
    let known: JSONValue = ["idToken": "04A1", "type": "ISO14443", "group": "FAMILY"]
    #expect(
      CSMSRemoteStart.payload("04a1", type: "Central", known: known, evse: 2, number: 7) == [
        "evseId": 2, "remoteStartId": 7, "idToken": ["idToken": "04A1", "type": "ISO14443"],
        "groupIdToken": ["idToken": "FAMILY", "type": "Central"],
      ])
    #expect(
      CSMSRemoteStart.payload("X", type: "Central", known: nil, evse: nil, number: 7) == [
        "remoteStartId": 7, "idToken": ["idToken": "X", "type": "Central"],
      ])
  }

  @Test("The station that is meant is the one that is connected; of several it must be named")
  func onlyStation() throws {
    func station(_ name: String, _ isConnected: Bool) -> JSONValue {
      ["station": .string(name), "connected": .bool(isConnected)]
    }
    #expect(try CSMSStationOptions.onlyStation(["stations": [station("A", false), station("B", true)]]) == "B")
    #expect(throws: Failure.self) {
      try CSMSStationOptions.onlyStation(["stations": [station("A", true), station("B", true)]])
    }
    #expect(throws: Failure.self) { try CSMSStationOptions.onlyStation(["stations": []]) }
  }

  @Test("Wrong use is told before anything is sent")
  func wrongUse() {
    #expect(throws: (any Error).self) { try CSMSAvailability.parse(["inoperative", "--connector", "1"]) }
    #expect(throws: (any Error).self) { try CSMSAvailability.parse(["broken"]) }
    #expect(throws: (any Error).self) { try CSMSLocalListSend.parse([]) }
    #expect(throws: (any Error).self) { try CSMSTransactions.parse(["--limit", "0"]) }
    #expect(throws: (any Error).self) { try MisbehaveSpoil.parse(["nicely"]) }
    #expect(throws: (any Error).self) { try CSMSExport.parse(["--format", "xml"]) }
  }

  // MARK: - Answers

  @Test("Answers are told in words, with the station's reason; what is no acceptance is one for the exit status")
  func answers() {
    func outcome(_ action: String, _ answer: JSONValue) -> CSMSAnswerText.Outcome {
      CSMSAnswerText.outcome(action, ["answer": answer])
    }
    #expect(outcome("Reset", ["status": "Scheduled"]).text == "Scheduled: it restarts when nothing goes on any more.")
    let unlock = outcome(
      "UnlockConnector", ["status": "UnknownConnector", "statusInfo": ["reasonCode": "FixedCable"]])
    #expect(
      unlock == .init(text: "There is no such connector, or its cable is fixed. Reason: FixedCable.", isGood: false))
    #expect(outcome("Anything", ["status": "Odd"]) == .init(text: "The station answered Odd.", isGood: false))
    #expect(
      CSMSAnswerText.outcome("Reset", ["error": ["code": "NotSupported", "description": "no"]])
        == .init(text: "The station answered with the error NotSupported: no", isGood: false))
  }

  @Test("Variables are told by name, with what was wrong")
  func variables() {
    let answer: JSONValue = [
      "answer": [
        "getVariableResult": [
          [
            "attributeStatus": "Accepted", "attributeValue": "60", "component": ["name": "TxCtrlr"],
            "variable": ["name": "EVConnectionTimeOut"],
          ],
          [
            "attributeStatus": "UnknownVariable", "component": ["name": "TxCtrlr"], "variable": ["name": "Colour"],
          ],
        ]
      ]
    ]
    #expect(
      CSMSAnswerText.variables("GetVariables", answer)
        == .init(
          text: "TxCtrlr.EVConnectionTimeOut = 60\nTxCtrlr.Colour: the component has no such variable", isGood: false))
  }
}

extension String {
  fileprivate func components(_ separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}

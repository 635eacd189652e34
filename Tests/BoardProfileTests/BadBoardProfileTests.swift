import Testing

@testable import BoardProfile

@Suite("What a person is told about a bad board profile")
struct BadBoardProfileTests {
  static let top: [BadFile] = [
    BadFile("\"name\": \"street-1\",", "", "$.name", "is missing"),
    BadFile(
      "\"street-1\"", "\"street 1\"", "$.name", "has the character \" \" in it",
      allowed: "1…50 characters: letters, digits, - and _"),
    BadFile("\"street-1\"", "7", "$.name", "is a number where a text is needed"),
    BadFile("\"street-1\"", "\"\"", "$.name", "is empty"),
    BadFile(
      "\"product\"", "\"produkt\"", "$.purpose", "is \"produkt\"", allowed: "bench, product", suggestion: "product"),
    BadFile("\"model\"", "\"modell\"", "$.modell", "is not a key that is known here", suggestion: "model"),
    BadFile(
      "\"Street One\"", "\"Street Number One And Only\"", "$.model", "has 26 characters", allowed: "1…20 characters"),
    BadFile("\"Maker\"", "\"Ma\\u0007ker\"", "$.vendorName", "has a control character (U+7) in it"),
    BadFile("40.5", "5.9", "$.sharedSupplyA", "is 5.9", allowed: "6…1000 A"),
    BadFile("40.5", "1e400", "$.sharedSupplyA", "is too large a number"),
    BadFile("40.5", "null", "$.sharedSupplyA", "is null where a number is needed"),
    BadFile("\"leaseSeconds\": 30", "\"leaseSeconds\": 30.5", "$.leaseSeconds", "is 30.5, not a whole number"),
    BadFile(
      "\"leaseSeconds\": 30", "\"leaseSeconds\": 4", "$.leaseSeconds", "is 4", allowed: "a whole number, 5…3600 s"),
    BadFile(
      "150000", "50000", "$.outboxCapacity", "is 50000", allowed: "a whole number, 100000…400000 messages"),
    BadFile("150000", "\"many\"", "$.outboxCapacity", "is a text where a number is needed"),
    BadFile(
      "\"allowReset\": false", "\"allowsReset\": false", "$.evses[1].allowsReset",
      "is not a key that is known here", suggestion: "allowReset"),
    BadFile(
      "\"leaseExpiry\": \"stop\"", "\"leaseExpiry\": \"finish\"", "$.leaseExpiry", "is \"finish\"",
      allowed: "finishSession, stop",
      suggestion: "finishSession"),
    BadFile(
      "\"leaseExpiry\": \"stop\",", "\"resetAction\": \"reboott\",", "$.resetAction", "is \"reboott\"",
      allowed: "restart, reboot", suggestion: "reboot"),
    BadFile(
      "\"leaseExpiry\": \"stop\",", "\"mainMeter\": { \"driver\": \"simulated\", \"signs\": true },", "$.mainMeter",
      "signs, and no transaction is billed by the main meter", allowed: "a main meter without \"signs\""),
    BadFile("\"leaseExpiry\": \"stop\",", "\"mainMeter\": {},", "$.mainMeter.driver", "is missing"),
    BadFile(
      "\"leaseExpiry\": \"stop\",", "\"mainMetre\": { \"driver\": \"simulated\" },", "$.mainMetre",
      "is not a key that is known here", suggestion: "mainMeter"),
    BadFile("\"leaseExpiry\": \"stop\",", "\"sharedSupplyA\": 41,", "$.sharedSupplyA", "is there twice"),
    BadFile("{ \"driver\": \"lcd\" }", "{ \"drivr\": \"lcd\" }", "$.display.driver", "is missing"),
    BadFile("{ \"driver\": \"lcd\" }", "\"lcd\"", "$.display", "is a text where an object is needed"),
    BadFile("\"lcd\"", "\"the lcd\"", "$.display.driver", "has the character \" \" in it"),
    BadFile(
      "{ \"means\": \"companionController\", \"withinMilliseconds\": 400 }", "{ \"means\": \"watchdogRelay\" }",
      "$.deadMan.withinMilliseconds", "is missing", allowed: "a whole number, 10…30000 ms"),
    BadFile(
      "\"companionController\"", "\"simulatedWorld\"", "$.deadMan.means",
      "is \"simulatedWorld\", which protects nobody"),
    BadFile(
      "\"deadMan\": { \"means\": \"companionController\", \"withinMilliseconds\": 400 },", "", "$.deadMan",
      "is missing", allowed: "an object with means, withinMilliseconds"),
    BadFile("400 }", "5 }", "$.deadMan.withinMilliseconds", "is 5"),
    BadFile("\"white\"", "\"withe\"", "$.lights.charging.colour", "is \"withe\"", suggestion: "white"),
    BadFile(
      "\"lights\": { \"charging\"", "\"lights\": { \"chargin\"", "$.lights.chargin",
      "is not a key that is known here", suggestion: "charging"),
    BadFile("wss://csms", "https://csms", "$.csms.url", "does not begin with ws:// or wss://"),
    BadFile("wss://csms.example.com/ocpp", "wss:///ocpp", "$.csms.url", "has no valid host and port"),
    BadFile("csms.example.com", "csms.example.com:99999", "$.csms.url", "has no valid host and port"),
    BadFile(
      "csms.example.com", "me:secret@example.com", "$.csms.url",
      "has a character that an address of a CSMS cannot have"),
    BadFile("wss://csms", "ws://csms", "$.csms.securityProfile", "is 2, which needs TLS, but url is ws://"),
    BadFile("\"securityProfile\": 2", "\"securityProfile\": 0", "$.csms.securityProfile", "is 0"),
    BadFile("[\"ocpp2.0.1\"]", "[\"ocpp2.0.2\"]", "$.csms.versions[0]", "is \"ocpp2.0.2\"", suggestion: "ocpp2.0.1"),
    BadFile("[\"ocpp2.0.1\"]", "[\"ocpp2.1\", \"ocpp2.1\"]", "$.csms.versions[1]", "is there twice"),
    BadFile("[\"ocpp2.0.1\"]", "[]", "$.csms.versions", "has 0 versions", allowed: "1…2 versions"),
  ]

  static let evses: [BadFile] = [
    BadFile("\"id\": 2, \"max", "\"id\": 1, \"max", "$.evses[1].id", "is 1, and so is $.evses[0].id"),
    BadFile(
      "\"id\": 2, \"max", "\"id\": 3, \"max", "$.evses[1].id", "is 3, which leaves a gap",
      allowed: "EVSEs numbered 1, 2, 3 … in order: here 2"),
    BadFile("\"id\": 1, \"max", "\"max", "$.evses[0].id", "is missing"),
    BadFile("\"id\": 2, \"max", "\"id\": \"2\", \"max", "$.evses[1].id", "is a text where a number is needed"),
    BadFile(
      "\"id\": 1, \"cable\": \"fixed\"", "\"id\": 2, \"cable\": \"fixed\"", "$.evses[1].connectors[0].id",
      "is 2, which leaves a gap", allowed: "connectors numbered 1, 2, 3 … in order: here 1"),
    BadFile("\"maximumCurrentA\": 16", "\"maximumCurrentA\": 81", "$.evses[1].maximumCurrentA", "is 81"),
    BadFile(
      "\"maximumCurrentA\": 16", "\"maximumCurrent\": 16", "$.evses[1].maximumCurrent",
      "is not a key that is known here", suggestion: "maximumCurrentA"),
    BadFile("\"phases\": 3", "\"phases\": 2", "$.evses[0].phases", "is 2", allowed: "1 or 3"),
    BadFile(
      "\"meterNeeded\": false", "\"meterNeeded\": true", "$.evses[1].meterNeeded",
      "is true, but this EVSE has no meter"),
    BadFile(
      "\"meterNeeded\": false", "\"meterNeeded\": 0", "$.evses[1].meterNeeded",
      "is a number where true or false is needed"),
    BadFile("\"socket\"", "\"soket\"", "$.evses[0].connectors[0].cable", "is \"soket\"", suggestion: "socket"),
    BadFile(
      "\"cType1\"", "\"sType2\"", "$.evses[1].connectors[0].connectorType",
      "is sType2, which is a socket, but \"cable\" is \"fixed\""),
    BadFile(
      "\"sType2\"", "\"stype2\"", "$.evses[0].connectors[0].connectorType", "is \"stype2\"", suggestion: "sType2"),
    BadFile(
      "\"sType2\"", "\"s309-3P-16A\"", "$.evses[0].connectors[0].connectorType",
      "is s309-3P-16A, rated for 16 A, but the EVSE's maximumCurrentA is 32"),
    BadFile(
      "\"sType2\"", "\"s309-1P-32A\"", "$.evses[0].connectors[0].connectorType",
      "is s309-1P-32A, which has one phase, but the EVSE has 3"),
    BadFile(
      "\"pilot\": { \"driver\": \"mcu\", \"port\": \"/dev/ttyS2\" },", "", "$.evses[1].connectors[0].pilot",
      "is missing"),
    BadFile(
      "\"pilot\": { \"driver\": \"mcu\", \"port\": \"/dev/ttyS2\" }",
      "\"pilot\": { \"driver\": \"mcu\", \"port\": \"/dev/ttyS1\" }", "$.evses[1].connectors[0].pilot",
      "drives the same hardware as $.evses[0].connectors[0].pilot"),
    BadFile(
      "\"evses\": [1]", "\"evses\": [3]", "$.readers[0].evses[0]",
      "refers to EVSE 3, which this board does not have", allowed: "1…2"),
    BadFile("\"evses\": [1]", "\"evses\": [1, 1]", "$.readers[0].evses[1]", "is 1 once more"),
    BadFile("\"evses\": [1]", "\"evses\": 1", "$.readers[0].evses", "is a number where a list is needed"),
    BadFile(
      "\"evses\": [1] }", "\"evses\": [1] }, { \"name\": \"left\", \"driver\": \"nfc\" }", "$.readers[1].name",
      "is \"left\", and so is $.readers[0].name"),
  ]

  static let supervision: [BadFile] = [
    BadFile(
      "\"cable\": \"fixed\"", "\"cable\": \"fixed\", \"lock\": { \"driver\": \"motor\" }",
      "$.evses[1].connectors[0].lock", "is there, but the cable is fixed", allowed: "only where \"cable\" is \"socket\""
    ),
    BadFile(
      "\"cable\": \"fixed\"", "\"cable\": \"fixed\", \"proximity\": { \"driver\": \"adc\" }",
      "$.evses[1].connectors[0].proximity", "is there, but the cable is fixed"),
    BadFile(
      "\"simplifiedVehicleA\": 8", "\"simplifiedVehicleA\": 16", "$.evses[1].connectors[0].simplifiedVehicleA", "is 16",
      allowed: "6…10 A: a vehicle with the simplified pilot takes no more (IEC 61851-1 Annex A)"),
    BadFile(
      "\"simplifiedVehicleA\": 8", "\"simplifiedVehicleA\": \"refuse\"", "$.evses[1].connectors[0].simplifiedVehicleA",
      "is \"refuse\"", allowed: "6…10 A, or \"refused\"", suggestion: "refused"),
    BadFile(
      "\"wakeUp\": \"never\"", "\"wakeUp\": \"no\"", "$.evses[1].connectors[0].wakeUp",
      "is a text where an object is needed",
      allowed: "an object with afterSeconds, steadySeconds, attempts, or \"never\""),
    BadFile(
      "\"attempts\": 3", "\"attempts\": 0", "$.evses[0].connectors[0].wakeUp.attempts", "is 0",
      allowed: "a whole number, 1…10"),
    BadFile("\"cableRatingA\": 25", "\"cableRatingA\": 5", "$.evses[0].connectors[0].cableRatingA", "is 5"),
    BadFile(
      "\"residualCurrent\": \"external\",", "", "$.evses[1].residualCurrent", "is missing",
      allowed: "the driver of the monitor, or \"external\" for a protection that the station does not watch"),
    BadFile(
      "\"driver\": \"gpio-rcm\", \"line\": \"rcm-1\", ", "", "$.evses[0].residualCurrent.driver", "is missing"),
    BadFile(
      "\"test\": false", "\"test\": \"no\"", "$.evses[0].residualCurrent.test",
      "is a text where true or false is needed"),
    BadFile(
      "\"residualCurrent\": \"external\",", "\"residualCurrent\": \"external\", \"overCurrent\": true,",
      "$.evses[1].overCurrent", "is true, but this EVSE has no meter", allowed: "false, or a \"meter\""),
    BadFile(
      "\"residualCurrent\": \"external\",", "\"residualCurrent\": \"external\", \"voltageBand\": {},",
      "$.evses[1].voltageBand", "is there, but this EVSE has no meter"),
    BadFile(
      "\"residualCurrent\": \"external\",", "\"residualCurrent\": \"external\", \"temperatureCurve\": {},",
      "$.evses[1].temperatureCurve", "is there, but this EVSE has no temperature sensors"),
    BadFile(
      "\"residualCurrent\": \"external\",",
      "\"residualCurrent\": \"external\", \"phaseSwitch\": { \"driver\": \"relays\" },", "$.evses[1].phaseSwitch",
      "is there, but the EVSE has one phase"),
    BadFile(
      "\"highestV\": 253", "\"highestV\": 212", "$.evses[0].voltageBand.lowestV", "makes a band of 207 V…212 V",
      allowed: "highestV over lowestV by more than twice the hysteresis (2.5 V)"),
    BadFile(
      "\"stopAtCelsius\": 75.5", "\"stopAtCelsius\": 60", "$.evses[0].temperatureCurve.deratingFromCelsius",
      "makes the current fall from 60 °C on and stop at 60 °C"),
    BadFile("\"stopAtCelsius\": 75.5", "\"stopAtCelsius\": 121", "$.evses[0].temperatureCurve.stopAtCelsius", "is 121"),
    BadFile(
      "\"leastCurrentA\": 10", "\"leastCurrentA\": 40", "$.evses[0].temperatureCurve.leastCurrentA",
      "is 40, more than the EVSE's maximumCurrentA", allowed: "6…32 A"),
    BadFile(
      "{ \"driver\": \"ntc\", \"channel\": 1 }", "{ \"driver\": \"ntc\", \"channel\": 0 }",
      "$.evses[0].temperatureSensors[1]", "drives the same hardware as $.evses[0].temperatureSensors[0]"),
    BadFile(
      "\"kind\": \"door\", \"evse\": 2", "\"kind\": \"door\", \"evse\": 3", "$.safetyInputs[1].evse",
      "refers to EVSE 3, which this board does not have", allowed: "1…2"),
    BadFile(
      "\"emergencyStop\"", "\"emergencystop\"", "$.safetyInputs[0].kind", "is \"emergencystop\"",
      allowed: "emergencyStop, door, tilt, mainsLoss", suggestion: "emergencyStop"),
    BadFile(
      "\"kind\": \"door\", \"evse\": 2, \"driver\": \"gpio-input\", \"line\": \"door-2\"",
      "\"kind\": \"emergencyStop\", \"evse\": 2, \"driver\": \"gpio-input\", \"line\": \"stop\"", "$.safetyInputs[1]",
      "drives the same hardware as $.safetyInputs[0]"),
    BadFile(
      "\"companionController\", \"withinMilliseconds\": 400 },\n  \"watchdog\": { \"driver\": \"linux-watchdog\", \"device\": \"/dev/watchdog0\" },",
      "\"watchdogRelay\", \"withinMilliseconds\": 400 },", "$.watchdog",
      "is missing, and the dead-man rule's watchdogRelay must be fed"),
    BadFile(
      "\"randomStartDelaySeconds\": 600", "\"randomStartDelaySeconds\": 1801", "$.randomStartDelaySeconds", "is 1801",
      allowed: "a whole number, 0…1800 s"),
    BadFile(
      "\"ratingA\": 32, \"lowest", "\"ratingA\": 10, \"lowest", "$.proximityBands.bands[1].ratingA",
      "is 10, not more than the band before"),
    BadFile(
      "\"highestOhms\": 330", "\"highestOhms\": 1000", "$.proximityBands.bands[1].highestOhms",
      "is 1000, within the band of 13 A or above it", allowed: "under 1000"),
    BadFile(
      "\"lowestOhms\": 1000", "\"lowestOhms\": 2200", "$.proximityBands.bands[0].lowestOhms",
      "is 2200, not under highestOhms"),
    BadFile(
      "\"openAboveOhms\": 5000", "\"openAboveOhms\": 2200", "$.proximityBands.openAboveOhms",
      "makes an open contact begin at 2200 Ω, within the band of 13 A", allowed: "openAboveOhms over every band"),
    BadFile(
      "\"fault\", \"openAbove", "\"refuse\", \"openAbove", "$.proximityBands.betweenBands", "is \"refuse\"",
      allowed: "lowerRating, fault"),
    BadFile(
      "\"lockAttempts\": 5", "\"lockAttempts\": 11", "$.timing.lockAttempts", "is 11", allowed: "a whole number, 1…10"),
    BadFile(
      "\"overCurrentToleranceA\": 0.5", "\"overCurrentToleranceA\": 2.5", "$.timing.overCurrentToleranceA", "is 2.5",
      allowed: "0…2 A"),
  ]

  static let tables: [BadFile] = [
    BadFile(
      "\"pilotFilterMilliseconds\": 20", "\"pilotFilterMilliseconds\": 20, \"openAfterUnplugMilliseconds\": 25",
      "$.timing.pilotFilterMilliseconds", "leaves 5 ms of the opening time for the contactor's command"),
    BadFile(
      "\"pilotFilterMilliseconds\": 20", "\"openAfterUnplugMilliseconds\": 101",
      "$.timing.openAfterUnplugMilliseconds", "is 101",
      allowed: "a whole number, 20…100 ms: IEC 61851-1 sequence 2.2 opens within 100 ms"),
    BadFile(
      "\"pilotFilterMilliseconds\"", "\"pilotFilter\"", "$.timing.pilotFilter", "is not a key that is known here",
      suggestion: "pilotFilterMilliseconds"),
    BadFile(
      "\"hysteresisMillivolts\": 250", "\"bAboveMillivolts\": 4000", "$.pilotThresholds.bAboveMillivolts",
      "makes cAboveMillivolts 4500 and bAboveMillivolts 4000"),
    BadFile(
      "\"EVConnectionTimeOut\"", "\"EV Connection\"", "$.deviceModel[0].variable.name",
      "has the character \" \" in it"),
    BadFile("\"value\": \"60\"", "\"value\": 60", "$.deviceModel[0].value", "is a number where a text is needed"),
    BadFile("\"ReadOnly\"", "\"readonly\"", "$.deviceModel[1].mutability", "is \"readonly\"", suggestion: "ReadOnly"),
    BadFile("\"Actual\"", "\"Actuel\"", "$.deviceModel[1].attribute", "is \"Actuel\"", suggestion: "Actual"),
    BadFile(
      "\"connectorId\": 1", "\"connectorId\": 2", "$.deviceModel[1].component.evse.connectorId",
      "refers to connector 2 of EVSE 2, which this board does not have", allowed: "1"),
    BadFile(
      "\"evse\": { \"id\": 2", "\"evse\": { \"id\": 9", "$.deviceModel[1].component.evse.id",
      "refers to EVSE 9, which this board does not have"),
    BadFile("\"value\": \"20\"", "\"value\": \"95\"", "$.deviceModel[1].value", "is 95, more than maxLimit"),
    BadFile("\"value\": \"20\"", "\"value\": \"hot\"", "$.deviceModel[1].value", "is \"hot\""),
    BadFile(
      "\"minLimit\": -40", "\"minLimit\": 91", "$.deviceModel[1].variableCharacteristics.minLimit",
      "is 91, more than maxLimit"),
    BadFile("\"decimal\"", "\"OptionList\"", "$.deviceModel[1].variableCharacteristics.valuesList", "is missing"),
    BadFile("\"dataType\": \"decimal\", ", "", "$.deviceModel[1].variableCharacteristics.dataType", "is missing"),
    BadFile(
      "{ \"component\": { \"name\": \"TxCtrlr\" }, \"variable\": { \"name\": \"EVConnectionTimeOut\" }, \"value\": \"60\" },",
      """
      { "component": { "name": "A" }, "variable": { "name": "B" }, "value": "1" },
      { "component": { "name": "a" }, "variable": { "name": "b" }, "value": "2" },
      """, "$.deviceModel[1]", "gives the same attribute as $.deviceModel[0]"),
  ]

  static let texts: [BadFile] = [
    BadFile("\"leaseSeconds\": 30,", "\"leaseSeconds\": 30,,", "$.leaseSeconds", "is not JSON from here on"),
    BadFile("\"leaseSeconds\": 30,", "\"leaseSeconds\": 030,", "$.leaseSeconds", "is not JSON from here on"),
    BadFile(
      "\"leaseSeconds\": 30,", "\"leaseSeconds\": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]],", "$.leaseSeconds[0]",
      "is nested too deeply", allowed: "at most 16 levels"),
  ]

  @Test("A mistake at the top of the profile is told with its place and what is allowed", arguments: top)
  func topLevel(_ bad: BadFile) throws {
    var problems = Fixtures.problems(inBoard: try bad.applied(to: Fixtures.product))
    // A misspelt required key is missing too: both are told, the misspelling is the one looked at here.
    if bad.message.contains("not a key") { problems.removeAll { $0.message == "is missing" } }
    bad.check(problems, file: "board.json")
  }

  @Test("A mistake in an EVSE, connector or reader is told with its place and what is allowed", arguments: evses)
  func evseLevel(_ bad: BadFile) throws {
    var problems = Fixtures.problems(inBoard: try bad.applied(to: Fixtures.product))
    if bad.message.contains("not a key") { problems.removeAll { $0.message == "is missing" } }
    bad.check(problems, file: "board.json")
  }

  @Test("A mistake in what is watched is told with its place and what is allowed", arguments: supervision)
  func supervisionLevel(_ bad: BadFile) throws {
    bad.check(Fixtures.problems(inBoard: try bad.applied(to: Fixtures.product)), file: "board.json")
  }

  @Test("A socket that cannot tell its cables' rating is refused")
  func unknownCable() throws {
    var text = try BadFile(", \"cableRatingA\": 25", "", "", "").applied(to: Fixtures.product)
    text = try BadFile("\"proximity\": { \"driver\": \"adc\", \"channel\": 2 },", "", "", "").applied(to: text)
    BadFile(
      "", "", "$.evses[0].connectors[0].proximity",
      "is missing, and nothing else tells what current the driver's cable carries",
      allowed: "the driver of the proximity contact, or \"cableRatingA\""
    ).check(Fixtures.problems(inBoard: text), file: "board.json")
  }

  @Test("A mistake in times, thresholds or device model is told with its place and what is allowed", arguments: tables)
  func tableLevel(_ bad: BadFile) throws {
    bad.check(Fixtures.problems(inBoard: try bad.applied(to: Fixtures.product)), file: "board.json")
  }

  @Test("A text that is no JSON is told once, with its place", arguments: texts)
  func notJSON(_ bad: BadFile) throws {
    let problems = Fixtures.problems(inBoard: try bad.applied(to: Fixtures.product))
    #expect(problems.count == 1)
    #expect(problems.first?.message == bad.message)
    #expect(problems.first?.path.hasPrefix("$") == true)
    let lines = Fixtures.product.split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.contains("leaseSeconds") })
    #expect(problems.first?.line == line + 1)
  }

  @Test("All problems of a profile are told at once, in the order of the file, as a compiler would")
  func allAtOnce() throws {
    let text = """
      {
        "name": "x",
        "purpose": "bench",
        "vendor": "Maker",
        "model": "M",
        "evses": []
      }
      """
    do throws(ProfileProblems) {
      _ = try BoardProfile.load(bytes: Array(text.utf8), fileName: "boards/x.json")
      Issue.record("a bad profile was taken")
    } catch {
      #expect(
        error.description == """
          boards/x.json:1:1: $.vendorName: is missing
              allowed: a text of 1…50 characters
          boards/x.json:4:3: $.vendor: is not a key that is known here
              did you mean "vendorName"?
              allowed: name, purpose, vendorName, model, evses, sharedSupplyA, safetyInputs, readers, keypads, \
          startButtons, display, mainMeter, deadMan, watchdog, leaseExpiry, leaseSeconds, randomStartDelaySeconds, \
          resetAction, outboxCapacity, timing, pilotThresholds, proximityBands, lights, texts, csms, deviceModel
          boards/x.json:6:12: $.evses: has 0 EVSEs
              allowed: 1…16 EVSEs
          3 problems found.
          """)
    }
  }

  @Test("A profile with thousands of problems tells the first hundred and how many more there are")
  func bounded() {
    let keys = (0..<1_000).map { "\"key\($0)\": 1" }.joined(separator: ", ")
    do throws(ProfileProblems) {
      _ = try BoardProfile.load(bytes: Array("{\(keys)}".utf8), fileName: "x.json")
      Issue.record("a bad profile was taken")
    } catch {
      #expect(error.problems.count == 100)
      #expect(error.omitted > 0)
      #expect(error.description.contains("… and \(error.omitted) more"))
    }
  }

  @Test("What is no object, and an empty file, are told")
  func notAnObject() {
    #expect(Fixtures.problems(inBoard: "[]").first?.message == "is a list where an object is needed")
    for empty in ["", " \r\n\t\n"] {
      #expect(Fixtures.problems(inBoard: empty).map(\.message) == ["is empty"])
    }
    #expect(Fixtures.problems(inBoard: "\u{FEFF}{}").map(\.message) == ["begins with a byte order mark"])
    #expect(Fixtures.problems(inBoard: "{} {}").first?.message == "has something after the end of the JSON object")
  }
}

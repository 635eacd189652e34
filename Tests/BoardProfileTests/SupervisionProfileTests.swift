import ChargerBase
import EVSEControl
import HAL
import Testing

@testable import BoardProfile

/// DESIGN §5: what the control lane watches, and by which numbers, is the board's to say.
@Suite("What a profile says of locks, cables, residual current, heat, voltage and safety inputs")
struct SupervisionProfileTests {
  private func board(_ find: String = "", _ replacement: String = "") throws -> BoardProfile {
    let text = find.isEmpty ? Fixtures.product : try BadFile(find, replacement, "", "").applied(to: Fixtures.product)
    return try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
  }

  private func bench(_ evse: String = "", connector: String = "", top: String = "") throws -> ControlConfiguration {
    let text = """
      {
        "name": "b", "purpose": "bench", "vendorName": "V", "model": "M"\(top), "evses": [ {
          "id": 1, "maximumCurrentA": 32, "phases": 3\(evse), "connectors": [ {
            "id": 1, "cable": "fixed", "connectorType": "cType2", "pilot": { "driver": "x" },
            "contactor": { "driver": "x" }\(connector)
          } ]
        } ]
      }
      """
    return try BoardProfile.load(bytes: Array(text.utf8), fileName: "b.json").controlConfiguration(unit: nil)
  }

  @Test("Every key of an EVSE's supervision reaches the control lane")
  func evse() throws {
    let evse = try board().controlConfiguration(unit: nil).evses[0]
    #expect(evse.hasResidualCurrentMonitor && !evse.testsResidualCurrent)
    #expect(evse.temperatureSensors == 2)
    #expect(
      evse.temperatureCurve
        == TemperatureCurve(
          deratingFrom: Temperature(celsius: 60), stopAt: Temperature(thousandths: 75_500),
          leastCurrent: Current(amperes: 10), hysteresis: Temperature(celsius: 4)))
    #expect(evse.hasPhaseSwitch)
    #expect(
      evse.voltageBand
        == VoltageBand(
          lowest: Voltage(volts: 207), highest: Voltage(volts: 253), hysteresis: Voltage(millivolts: 2_500)))
    #expect(evse.watchesOverCurrent)
  }

  @Test("When a contactor is due for service is the board's to say")
  func contactorService() throws {
    let evses = try board().evses
    #expect(evses[0].connectors[0].contactorService == ContactorOperations(withoutLoad: 50_000, underLoad: 1_000))
    #expect(evses[1].connectors[0].contactorService == ContactorOperations(withoutLoad: 100_000, underLoad: 1_000))
  }

  @Test("Every key of a connector's supervision reaches the control lane")
  func connector() throws {
    let evses = try board().controlConfiguration(unit: nil).evses
    let socket = evses[0].connectors[0]
    #expect(socket.hasLock && socket.hasProximity && socket.hasDigitalCommunication)
    #expect(socket.cableRating == Current(amperes: 25))
    #expect(socket.simplifiedVehicleLimit == nil)
    #expect(socket.wakeUp == WakeUp(after: .seconds(60), steadyFor: .seconds(5), attempts: 3))
    let fixed = evses[1].connectors[0]
    #expect(!fixed.hasLock && !fixed.hasProximity && !fixed.hasDigitalCommunication)
    #expect(fixed.cableRating == nil)
    #expect(fixed.simplifiedVehicleLimit == Current(amperes: 8))
    #expect(fixed.wakeUp == nil)
  }

  @Test("What belongs to the whole station reaches the control lane")
  func station() throws {
    let control = try board().controlConfiguration(unit: nil, randomSeed: 7)
    #expect(
      control.safetyInputs
        == [SafetyInputConfiguration(kind: .emergencyStop), SafetyInputConfiguration(kind: .door, evse: EVSEID(2))])
    #expect(control.proximityBands.bands.map(\.rating) == [Current(amperes: 13), Current(amperes: 32)])
    #expect(control.proximityBands.bands.last?.lowest == Resistance(thousandths: 150_500))
    #expect(control.proximityBands.betweenBands == .fault)
    #expect(control.proximityBands.openAbove == Resistance(ohms: 5_000))
    #expect(control.randomStartDelay == .seconds(600))
    #expect(control.randomSeed == 7)
    #expect(control.installerLimit == nil)
    #expect(control.timing.lockAttempts == 5)
    #expect(control.timing.overCurrentTolerance == Current(milliamperes: 500))
  }

  @Test("A profile that says nothing of all this gets the control lane's own defaults, and no part that it has not")
  func defaults() throws {
    let withMeter = try bench(", \"meter\": { \"driver\": \"x\" }")
    let standard = ControlConfiguration(evses: [])
    #expect(withMeter.timing == standard.timing)
    #expect(withMeter.thresholds == standard.thresholds)
    #expect(withMeter.proximityBands == standard.proximityBands)
    #expect(withMeter.randomStartDelay == .zero)
    let id = ConnectorID(evse: EVSEID(1), number: 1)
    let connector = ConnectorControlConfiguration(id: id, cable: .fixed)
    #expect(
      withMeter.evses == [
        EVSEControlConfiguration(id: EVSEID(1), connectors: [connector], maximumCurrent: Current(amperes: 32))
      ])
    let without = try bench().evses[0]
    #expect(without.voltageBand == nil && !without.watchesOverCurrent && !without.meterNeeded)
  }

  @Test("Supervision can be left out by saying so, never by a slip")
  func leftOut() throws {
    let evse = try bench(
      ", \"meter\": { \"driver\": \"x\" }, \"overCurrent\": false, \"voltageBand\": \"notWatched\", \"residualCurrent\": \"external\""
    ).evses[0]
    #expect(!evse.watchesOverCurrent && evse.voltageBand == nil && !evse.hasResidualCurrentMonitor)
    #expect(evse.meterNeeded)
  }

  @Test("A socket without a lock is allowed; a socket without proximity takes the profile's rating for every cable")
  func plainSocket() throws {
    var text = Fixtures.product
    for part in [
      "\"lock\": { \"driver\": \"motor\", \"line\": \"lock-1\" },",
      "\"proximity\": { \"driver\": \"adc\", \"channel\": 2 },",
    ] {
      text = try BadFile(part, "", "", "").applied(to: text)
    }
    let board = try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
    let socket = board.controlConfiguration(unit: nil).evses[0].connectors[0]
    #expect(!socket.hasLock && !socket.hasProximity)
    #expect(socket.cableRating == Current(amperes: 25))
  }

  @Test("Every time of the control lane can be replaced, up to both ends of its range and no further")
  func everyTime() throws {
    #expect(TimingEntry.all.map(\.key) == TimingKey.allCases)
    for entry in TimingEntry.all {
      let (least, most) = entry.ends
      // The filter and the openings bound each other; that is tested apart.
      for end in [least, most] where end != entry.standard && !entry.isBoundByAnother {
        let control = try bench(top: ", \"timing\": { \"\(entry.key.rawValue)\": \(end) }")
        #expect(control.timing != TimingTable(), "\(entry.key) \(end)")
      }
      for end in [least - 1, most + 1] {
        let problems = Fixtures.problems(inBoard: try timing("\"\(entry.key.rawValue)\": \(end)"))
        #expect(problems.map(\.path).contains("$.timing.\(entry.key.rawValue)"), "\(entry.key) \(end)")
      }
    }
  }

  @Test("No profile opens the contactor later than the standard's 100 ms, and it is told which sequence says so")
  func openings() throws {
    for (key, sequence) in [("openAfterVehicleStops", "8.1"), ("openAfterUnplug", "2.2")] {
      let problem = Fixtures.problems(inBoard: try timing("\"\(key)Milliseconds\": 150")).first
      #expect(problem?.message == "is 150")
      #expect(problem?.allowed?.contains("sequence \(sequence) opens within 100 ms") == true)
    }
    let fault = Fixtures.problems(inBoard: try timing("\"openAfterFaultMilliseconds\": 3000")).first
    #expect(fault?.allowed == "a whole number, 20…100 ms: a fault opens the contactor within 100 ms")
  }

  private func timing(_ entries: String) throws -> String {
    try BadFile("\"pilotFilterMilliseconds\": 20, \"lockAttempts\": 5, \"overCurrentToleranceA\": 0.5", entries, "", "")
      .applied(to: Fixtures.product)
  }
}

extension TimingEntry {
  var ends: (least: Decimal, most: Decimal) {
    switch value {
    case .time(_, let range), .seconds(_, let range), .count(_, let range), .percent(_, let range):
      (Decimal(range.lowerBound), Decimal(range.upperBound))
    case .current(_, let range): (range.lowerBound, range.upperBound)
    }
  }

  /// The default, as a profile would say it.
  var standard: Decimal {
    let table = TimingTable()
    return switch value {
    case .time(let entry, _): Decimal(table[keyPath: entry].wholeMilliseconds)
    case .seconds(let entry, _): Decimal(table[keyPath: entry].components.seconds)
    case .count(let entry, _): Decimal(Int64(table[keyPath: entry]))
    case .percent(let entry, _): Decimal(table[keyPath: entry])
    case .current(let entry, _): table[keyPath: entry].decimal
    }
  }

  var isBoundByAnother: Bool {
    [
      .openAfterVehicleStopsMilliseconds, .openAfterUnplugMilliseconds, .openAfterFaultMilliseconds,
      .pilotFilterMilliseconds,
    ].contains(key)
  }
}

private func - (left: Decimal, right: Int64) -> Decimal { Decimal((left.integer ?? 0) - right) }
private func + (left: Decimal, right: Int64) -> Decimal { Decimal((left.integer ?? 0) + right) }

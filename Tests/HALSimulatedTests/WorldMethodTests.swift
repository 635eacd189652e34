import ChargerBase
import JSONRPC
import OCPPJSON
import SimulatedWorld
import Testing

@testable import WorldServer

@Suite("The world socket's methods")
struct WorldMethodTests {
  private static func methods() -> WorldMethods {
    var configuration = WorldConfiguration.simple(evses: 2)
    configuration.readers = [WorldReader(name: "front", evses: nil), WorldReader(name: "left", evses: [EVSEID(1)])]
    configuration.evses[0].connectors[0] = WorldConnector(
      id: ConnectorID(evse: EVSEID(1), number: 1), hasFixedCable: false, lock: WorldLock(), hasProximity: true)
    configuration.evses[0].residualCurrentMonitor = WorldResidualCurrentMonitor()
    configuration.evses[0].temperatureSensors = [WorldTemperatureSensor()]
    configuration.evses[0].hasPhaseSwitch = true
    configuration.evses[0].signingMeter = WorldSigningMeter()
    configuration.keypads = [WorldKeypad(name: "pad")]
    configuration.startButtons = [WorldStartButton(evse: EVSEID(1)), WorldStartButton(evse: nil)]
    configuration.evses[0].hasParkingBaySensor = true
    configuration.displayHasChoice = true
    configuration.safetyContacts = [WorldSafetyContact(.emergencyStop), WorldSafetyContact(.door, evse: EVSEID(2))]
    var methods = WorldMethods(world: SimulatedWorld(configuration: configuration))
    methods.world.stationConnected()
    return methods
  }

  /// In an order in which every one succeeds.
  static let calls: [(method: String, params: JSONValue)] = [
    ("bench.plugIn", ["evse": 1, "connector": 1]),
    ("bench.plugOut", ["evse": 1]),
    (
      "bench.plugIn",
      [
        "evse": 1, "connector": 1,
        "car": [
          "currentA": .number(Decimal(thousandths: 12_500)), "phases": 1, "connectDelayS": 0, "chargeDelayS": 2,
          "leaveAfterS": 600, "batteryWh": 20_000, "reactionS": .number(Decimal(thousandths: 500)),
          "opensS2AfterS": 7, "opensS2UnderLoad": false, "neverOpensS2": false, "ignoresLowerOfferS": 6,
          "diode": false, "sleepsAfterS": 900, "wakesAfterPauseS": 4, "drawsPercent": 120, "simplified": false,
          "ventilation": true, "stopsAfterS": 800, "resumesAfterS": 30,
          "bouncesForS": .number(Decimal(thousandths: 200)), "resistorPercent": 97,
          "riseAPerS": .number(Decimal(thousandths: 500)), "fallAPerS": 10, "leakageMA": 2,
        ], "cable": ["ratingA": 20],
      ]
    ),
    ("bench.plugIn", ["evse": 2, "cable": ["proximityOhm": nil]]),
    ("bench.plugOut", ["evse": 2, "force": true]),
    ("bench.unlockByHand", ["evse": 1, "connector": 1]),
    ("bench.ambient", ["celsius": .number(Decimal(thousandths: -12_500)), "evse": 1]),
    ("bench.ambient", ["celsius": 30]),
    ("bench.carState", ["evse": 1, "connector": 1, "state": "C"]),
    ("bench.carState", ["evse": 1, "state": nil]),
    ("bench.presentToken", ["idToken": "04AABBCC", "type": "ISO14443", "evses": nil]),
    ("bench.presentToken", ["idToken": "04AABBCC", "reader": "left"]),
    ("bench.presentToken", ["idToken": "04AABBCC", "evses": [2]]),
    (
      "bench.setMeter",
      [
        "evse": 1,
        "values": [
          "Energy.Active.Import.Register": 1_000, "Voltage.L1": 229, "Frequency": 50, "Current.Import.L2": nil,
        ],
      ]
    ),
    ("bench.fault", ["evse": 1, "connector": 1, "fault": "pilotFault", "active": true]),
    ("bench.fault", ["evse": nil, "connector": nil, "fault": "readerSilent"]),
    ("bench.faults", [:]),
    ("bench.fault", ["evse": 1, "fault": "groundFault"]),
    ("bench.fault", ["fault": "emergencyStop"]),
    ("bench.network", ["up": false]),
    ("bench.mains", ["up": true, "voltageV": 207, "phase": 2]),
    ("bench.mains", ["up": false]),
    ("driver.pilot", ["evse": 1, "connector": 1, "output": "pulseWidth", "duty": 2_666]),
    ("driver.contactor", ["evse": 1, "connector": 1, "closed": true]),
    ("driver.light", ["evse": 1, "pattern": "green blinking"]),
    ("driver.lines", ["evse": nil, "lines": ["Welcome"]]),
    ("driver.lock", ["evse": 1, "connector": 1, "locked": true]),
    ("driver.testCurrent", ["evse": 1, "on": true]),
    ("driver.resetResidualCurrent", ["evse": 1]),
    ("driver.phases", ["evse": 1, "phases": 3]),
    ("driver.watchdog", ["timeoutMilliseconds": 1_000]),
    ("driver.watchdog", ["timeoutMilliseconds": nil]),
    (
      "driver.signReading",
      [
        "evse": 1, "number": 7, "context": "transactionBegin", "identification": "04AA****",
        "unixSeconds": 1_790_000_000,
      ]
    ),
    ("driver.choices", ["items": [["item": "1", "text": "Charging point 1"], ["item": "cancel", "text": "Cancel"]]]),
    ("bench.chooseOnDisplay", ["item": 1]),
    ("bench.chooseOnDisplay", ["item": "cancel"]),
    ("bench.pressStart", ["evse": 1]),
    ("bench.pressStart", ["evse": nil]),
    ("bench.enterKey", ["text": "4711"]),
    ("bench.enterKey", ["text": "12*", "keypad": "pad", "enter": false]),
    ("bench.parkingBay", ["evse": 1, "occupied": false]),
    ("bench.display", [:]),
    ("bench.display", ["evse": 2]),
    ("bench.state", [:]),
  ]

  private static func call(
    _ methods: inout WorldMethods, _ method: String, _ params: JSONValue
  ) -> Result<JSONValue, JSONRPCError> {
    do throws(JSONRPCError) {
      let parameters = JSONRPCParameters(params)
      return .success(
        method.hasPrefix("driver.")
          ? try methods.command(method, parameters) : try methods.perform(method, parameters))
    } catch {
      return .failure(error)
    }
  }

  @Test("The schema file lists every method of the world socket, and no other")
  func listed() throws {
    let schema = try SchemaCheck()
    #expect(schema.methods(of: "world").sorted() == (WorldMethods.bench + WorldMethods.driver).sorted())
    let tried = Self.calls.map(\.method) + ["bench.subscribe", "driver.connect"]
    #expect(Array(Set(tried)).sorted() == (WorldMethods.bench + WorldMethods.driver).sorted())
  }

  @Test("Parameters and results of every method fit the schema")
  func conform() throws {
    let schema = try SchemaCheck()
    var methods = Self.methods()
    for (method, params) in Self.calls {
      #expect(schema.problems(params, "world:\(method):params") == [], "\(method)")
      let result = try Self.call(&methods, method, params).get()
      #expect(schema.problems(result, "world:\(method):result") == [], "\(method)")
      methods.world.advance(to: methods.world.now + .seconds(3))
    }
    for event in methods.world.takeEvents() {
      #expect(schema.problems(JSONValue(event), "world:bench.event:notification") == [])
    }
    let news = methods.takePost()
    #expect(
      news.map(\.method) == [
        "driver.keys", "driver.startPressed", "driver.startPressed", "driver.chosen", "driver.chosen",
      ])
    #expect(news.first?.params == ["keypad": "pad", "keys": "4711#12*"])
    for (method, params) in news { #expect(schema.problems(params, "world:\(method):notification") == []) }
    let answers = methods.takeSignedReadings()
    #expect(answers.map { $0["number"] } == [7])
    for answer in answers { #expect(schema.problems(answer, "world:driver.signedReading:notification") == []) }
    #expect(schema.problems(methods.lineReadings(), "world:driver.readings:notification") == [])
    #expect(schema.problems(methods.meterReadings(), "world:driver.meters:notification") == [])
  }

  @Test("Every parameter of the schema is known to the world, and an unknown one is refused by both")
  func parameters() throws {
    let schema = try SchemaCheck()
    for (method, params) in Self.calls {
      var methods = Self.methods()
      for property in schema.definitions["world:\(method):params"]?["properties"]?.members ?? [] {
        let answer = Self.call(&methods, method, JSONValue.object([]).with(property.name, ["an": "object"]))
        #expect(answer.failure?.message.contains("unknown parameter") == false, "\(method) \(property.name)")
      }
      let odd = params.with("colour", "red")
      #expect(!schema.problems(odd, "world:\(method):params").isEmpty)
      let failure = try #require(Self.call(&methods, method, odd).failure)
      #expect(failure.code == -32602 && failure.data?["path"]?.string == "$.params.colour", "\(method)")
    }
  }

  @Test(
    "A bad parameter is refused with its path",
    arguments: [
      ("bench.plugIn", #"{}"#, "$.params.evse"), ("bench.plugIn", #"{"evse":3}"#, "$.params.evse"),
      ("bench.plugIn", #"{"evse":1.5}"#, "$.params.evse"),
      ("bench.plugIn", #"{"evse":1,"connector":2}"#, "$.params.connector"),
      ("bench.plugIn", #"{"evse":1,"car":{"phases":4}}"#, "$.params.car.phases"),
      ("bench.plugIn", #"{"evse":1,"car":{"currentA":1e99}}"#, "$.params.car.currentA"),
      ("bench.plugIn", #"{"evse":1,"car":{"batteryWh":-1}}"#, "$.params.car.batteryWh"),
      ("bench.plugIn", #"{"evse":1,"car":[]}"#, "$.params.car"),
      ("bench.plugIn", #"{"evse":1,"car":{"drawsPercent":9}}"#, "$.params.car.drawsPercent"),
      ("bench.plugIn", #"{"evse":1,"car":{"diode":1}}"#, "$.params.car.diode"),
      ("bench.plugIn", #"{"evse":1,"car":{"riseAPerS":0}}"#, "$.params.car.riseAPerS"),
      ("bench.plugIn", #"{"evse":1,"car":{"bouncesForS":61}}"#, "$.params.car.bouncesForS"),
      ("bench.plugIn", #"{"evse":1,"cable":{"ratingA":16}}"#, "$.params.cable.ratingA"),
      ("bench.plugIn", #"{"evse":1,"cable":{"ratingA":20,"proximityOhm":100}}"#, "$.params.cable.ratingA"),
      ("bench.plugIn", #"{"evse":1,"cable":{"colour":"red"}}"#, "$.params.cable.colour"),
      ("bench.ambient", #"{"celsius":101}"#, "$.params.celsius"),
      ("bench.ambient", #"{"celsius":20,"evse":9}"#, "$.params.evse"),
      ("bench.mains", #"{"up":true,"phase":1}"#, "$.params.phase"),
      ("bench.mains", #"{"up":true,"voltageV":501}"#, "$.params.voltageV"),
      ("bench.carState", #"{"evse":1,"state":"G"}"#, "$.params.state"),
      ("bench.presentToken", #"{"idToken":"x","type":"Blood"}"#, "$.params.type"),
      ("bench.presentToken", #"{"idToken":"x","reader":"rear"}"#, "$.params.reader"),
      ("bench.presentToken", #"{"idToken":"x","evses":[9]}"#, "$.params.evses"),
      ("bench.setMeter", #"{"evse":1,"values":{"Temperature":3}}"#, "$.params.values.Temperature"),
      ("bench.setMeter", #"{"evse":1,"values":{"Voltage.L1":"x"}}"#, #"$.params.values["Voltage.L1"]"#),
      ("bench.setMeter", #"{"evse":1,"values":{},"timestamp":"2026-01-01T00:00:00Z"}"#, "$.params.timestamp"),
      ("bench.fault", #"{"fault":"none"}"#, "$.params.fault"),
      ("bench.fault", #"{"fault":"tilt"}"#, "$.params.fault"),
      ("bench.network", #"{}"#, "$.params.up"), ("bench.mains", #"{"up":1}"#, "$.params.up"),
      ("bench.display", #"{"evse":9}"#, "$.params.evse"),
    ])
  func badParameters(method: String, params: String, path: String) throws {
    var methods = Self.methods()
    let before = methods.world
    let failure = try #require(Self.call(&methods, method, try JSONValue(parsing: params)).failure)
    #expect(failure.code == -32602)
    #expect(failure.data?["path"]?.string == path)
    #expect(methods.world == before, "a refused call changes nothing")
  }

  @Test("A method that waits for a part says for which", arguments: WorldMethods.waiting.map(\.method))
  func waiting(method: String) throws {
    var methods = Self.methods()
    let failure = try #require(Self.call(&methods, method, ["evse": 1]).failure)
    #expect(failure.code == -32601)
    #expect(failure.message.contains("comes with"))
  }

  @Test("Registers, cars and faults survive in the state file's form")
  func state() throws {
    var methods = Self.methods()
    for (method, params) in Self.calls.dropFirst(2) { _ = try Self.call(&methods, method, params).get() }
    methods.world.advance(to: methods.world.now + .seconds(5))
    let saved = methods.world.state
    let read = try #require(WorldState(try JSONValue(parsing: JSONValue(saved).bytes)))
    #expect(read == saved)
    var fresh = Self.methods().world
    fresh.restore(read)
    #expect(fresh.state == saved)
    #expect(fresh.view.first?.connectors.first?.car?.current == Current(milliamperes: 12_500))
    #expect(WorldState("nonsense") == nil)
  }
}

extension Result {
  var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}

extension JSONValue {
  func with(_ name: String, _ value: JSONValue) -> JSONValue {
    var copy = self
    copy[name] = value
    return copy
  }
}

import ChargerBase
import EVSEControl
import HAL
import Testing

@testable import BoardProfile

@Suite("Good board profiles")
struct GoodProfileTests {
  @Test("Every key of a profile arrives as it is written")
  func product() throws {
    let board = try BoardProfile.load(bytes: Array(Fixtures.product.utf8), fileName: "board.json")
    #expect(board.name == "street-1")
    #expect(board.purpose == .product)
    #expect(board.vendorName == "Maker")
    #expect(board.model == "Street One")
    #expect(board.evses.map(\.id.number) == [1, 2])
    #expect(board.evses[0].maximumCurrent == Current(amperes: 32))
    #expect(board.evses[0].phases == 3)
    #expect(board.evses[0].meter?.driver == "modbus")
    #expect(board.evses[0].meterNeeded)
    #expect(board.evses[1].meter == nil)
    #expect(!board.evses[1].meterNeeded)
    #expect(board.evses[0].light?.driver == "gpio-light")
    let connector = board.evses[1].connectors[0]
    #expect(connector.id == ConnectorID(evse: EVSEID(2), number: 1))
    #expect(connector.cable == .fixed)
    #expect(connector.type == .cType1)
    #expect(connector.hasVentilation)
    #expect(connector.pilot.path == "$.evses[1].connectors[0].pilot")
    #expect(board.sharedSupply == Current(milliamperes: 40_500))
    #expect(board.readers.map(\.name) == ["left"])
    #expect(board.readers[0].evses == [EVSEID(1)])
    #expect(board.readers[0].driver.driver == "pcsc")
    #expect(board.display?.driver == "lcd")
    #expect(board.deadMan == DeadManRule(means: .companionController, within: .milliseconds(400)))
    #expect(board.leaseExpiry == .stop)
    #expect(board.lease == .seconds(30))
    #expect(board.resetAction == .reboot)
    #expect(board.outboxCapacity == 150_000)
    #expect(board.evses.map(\.allowsReset) == [true, false])
    #expect(board.timing.pilotFilter == .milliseconds(20))
    #expect(board.timing.contactorTravel == TimingTable().contactorTravel)
    #expect(board.thresholds.hysteresis == Voltage(millivolts: 250))
    #expect(board.lights[.charging] == LightPattern(.white, .pulsing))
    #expect(board.lights[.faulted] == LightPattern(.red))
    #expect(board.csms == CSMSDefaults(url: "wss://csms.example.com/ocpp", securityProfile: 2, versions: [.v201]))
    #expect(board.deviceModel.map(\.variable.name) == ["EVConnectionTimeOut", "Temperature"])
    let temperature = board.deviceModel[1]
    #expect(temperature.component.evse?.connectorId == 1)
    #expect(temperature.attribute == .actual)
    #expect(temperature.mutability == .readOnly)
    #expect(temperature.characteristics?.maxLimit == 90)
    #expect(temperature.characteristics?.supportsMonitoring == true)
  }

  @Test("The bench's dual board: two EVSEs of 32 A on 40 A, one reader for the station, a variable to monitor")
  func benchDual() throws {
    let board = try BoardProfile.load(bytes: try Fixtures.boardFile("bench-ac-dual.json"), fileName: "b.json")
    #expect(board.purpose == .bench)
    #expect(board.evses.map(\.maximumCurrent) == [Current(amperes: 32), Current(amperes: 32)])
    #expect(board.sharedSupply == Current(amperes: 40))
    #expect(board.evses.flatMap(\.connectors).map(\.cable) == [.fixed, .fixed])
    #expect(board.readers.map(\.name) == ["front"])
    #expect(board.readers[0].evses == nil)
    #expect(board.resetAction == .restart)
    #expect(board.deviceModel.contains { $0.characteristics?.supportsMonitoring == true })
    let control = board.controlConfiguration(unit: nil)
    #expect(control.evses.map(\.phases) == [3, 3])
    #expect(control.evses.allSatisfy { $0.meterNeeded })
    #expect(control.evses.allSatisfy { $0.hasResidualCurrentMonitor && $0.temperatureSensors == 1 })
    #expect(control.evses.map(\.hasPhaseSwitch) == [false, true])
    #expect(control.safetyInputs.map(\.kind) == SafetyInputKind.allCases)
    #expect(board.watchdog?.driver == "simulated")
    #expect(control.sharedSupply == Current(amperes: 40))
  }

  @Test("The bench's twin-connector board: one EVSE, a cable and a socket")
  func benchTwin() throws {
    let board = try BoardProfile.load(
      bytes: try Fixtures.boardFile("bench-ac-twin-connector.json"), fileName: "b.json")
    #expect(board.evses.map(\.connectors.count) == [2])
    #expect(board.evses[0].connectors.map(\.cable) == [.fixed, .socket])
    let control = board.controlConfiguration(unit: nil)
    #expect(control.evses[0].connectors.map(\.id.number) == [1, 2])
    #expect(control.sharedSupply == nil)
  }

  @Test("The bench's socket board: locked plug, cables by their resistor, a start without delay")
  func benchSocket() throws {
    let board = try BoardProfile.load(bytes: try Fixtures.boardFile("bench-ac-socket.json"), fileName: "b.json")
    let control = board.controlConfiguration(unit: nil)
    let socket = control.evses[0].connectors[0]
    #expect(socket.cable == .socket && socket.hasLock && socket.hasProximity)
    #expect(socket.cableRating == nil)
    #expect(socket.wakeUp == WakeUp())
    #expect(control.randomStartDelay == .zero)
    #expect(control.evses[0].hasPhaseSwitch && control.evses[0].temperatureSensors == 2)
    #expect(board.evses[0].meter?.boolean("signs") == true)
  }

  @Test(
    "The bench's board with a main meter: a meter of the whole station beside the EVSE's, which no energy waits for")
  func benchMainMeter() throws {
    let board = try BoardProfile.load(bytes: try Fixtures.boardFile("bench-ac-main-meter.json"), fileName: "b.json")
    #expect(board.mainMeter?.driver == "simulated" && board.mainMeter?.path == "$.mainMeter")
    #expect(board.evses.map { $0.meter?.driver } == ["simulated"])
    let dual = try BoardProfile.load(bytes: try Fixtures.boardFile("bench-ac-dual.json"), fileName: "b.json")
    #expect(dual.mainMeter == nil)
  }

  static let benchBoards = [
    "bench-ac-dual", "bench-ac-twin-connector", "bench-ac-socket", "bench-ac-post", "bench-ac-main-meter",
  ]

  @Test("The bench's unit file fits every bench board", arguments: benchBoards)
  func benchUnit(board: String) throws {
    let files = try StationFiles.load(
      board: .init(name: "b", bytes: try Fixtures.boardFile("\(board).json")),
      unit: .init(name: "u", bytes: try Fixtures.boardFile("bench-unit.json")))
    #expect(files.unit?.identity == "CS-BENCH-1")
  }
}

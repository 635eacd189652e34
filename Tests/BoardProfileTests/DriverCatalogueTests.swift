import ChargerBase
import HAL
import Testing

@testable import BoardProfile

@Suite("Building hardware from a profile")
struct DriverCatalogueTests {
  final class Pilot: ControlPilot {
    var measurement: PilotMeasurement? { nil }
    func apply(_ output: PilotOutput) {}
    var wakeDescriptor: Int32? { nil }
    func service(at now: MonotonicInstant) {}
    var health: DriverHealth { .alive }
  }
  final class Relay: Contactor {
    func command(_ position: ContactorPosition) {}
    var feedback: ContactorFeedback? { nil }
    var wakeDescriptor: Int32? { nil }
    func service(at now: MonotonicInstant) {}
    var health: DriverHealth { .alive }
  }
  final class Meter: EnergyMeter {
    let unit: Int64
    init(unit: Int64) { self.unit = unit }
    var latest: MeterReading? { nil }
    var wakeDescriptor: Int32? { nil }
    func service(at now: MonotonicInstant) {}
    var health: DriverHealth { .alive }
  }
  final class Reader: TokenReader {
    let name: String
    init(name: String) { self.name = name }
    func takePresentedTokens() -> [PresentedToken] { [] }
    func start(notify: @escaping @Sendable () -> Void) {}
    func stop() {}
    var health: DriverHealth { .alive }
  }
  final class Light: IndicatorLight {
    func show(_ pattern: LightPattern) {}
    func start(notify: @escaping @Sendable () -> Void) {}
    func stop() {}
    var health: DriverHealth { .alive }
  }
  final class Panel: DriverDisplay {
    func show(lines: [String], evse: EVSEID?) {}
    func start(notify: @escaping @Sendable () -> Void) {}
    func stop() {}
    var health: DriverHealth { .alive }
  }
  class Silent: ControlLaneDriver {
    var wakeDescriptor: Int32? { nil }
    func service(at now: MonotonicInstant) {}
    var health: DriverHealth { .alive }
  }
  final class Motor: Silent, ConnectorLock {
    func command(_ position: LockPosition) {}
    var feedback: LockFeedback? { nil }
  }
  final class Contact: Silent, ProximityPilot {
    var measurement: ProximityMeasurement? { nil }
  }
  final class Monitor: Silent, ResidualCurrentMonitor {
    var reading: ResidualCurrentReading? { nil }
    func setTestCurrent(_ isOn: Bool) {}
    func reset() {}
  }
  final class Thermometer: Silent, TemperatureSensor {
    let channel: Int64
    let place: DriverOptions.Place
    init(channel: Int64, place: DriverOptions.Place) { (self.channel, self.place) = (channel, place) }
    var reading: TemperatureReading? { nil }
  }
  final class Relays: Silent, PhaseSwitch {
    func command(_ phases: ConnectedPhases) {}
    var feedback: PhaseSwitchFeedback? { nil }
  }
  final class Input: Silent, SafetyInput {
    let place: DriverOptions.Place
    let hardwareEVSE: EVSEID?
    init(place: DriverOptions.Place, evse: EVSEID?) { (self.place, hardwareEVSE) = (place, evse) }
    var state: SafetyInputState? { nil }
  }
  final class Watchdog: Silent, SystemWatchdog {
    let timeout: Duration
    init(timeout: Duration) { self.timeout = timeout }
    func feed() {}
    func disarm() {}
  }
  struct Broken: Error, CustomStringConvertible {
    var description: String { "no such device" }
  }

  func catalogue(
    opened: @escaping (String) -> Void = { _ in }, isBroken: Bool = false,
    watchdogTimeout: Duration = .milliseconds(400), isController: Bool = true
  ) -> DriverCatalogue {
    var catalogue = DriverCatalogue()
    catalogue.addPilot("mcu") { options in
      let port = options.string("port")
      return {
        opened(port)
        if isBroken { throw Broken() }
        return Pilot()
      }
    }
    catalogue.addContactor("mcu") { options in
      let port = options.string("port")
      options.claim("contactor at \(port)")
      if isController { options.vouchForDeadMan() }
      return { Relay() }
    }
    catalogue.addMeter("modbus") { options in
      let unit = options.integer("unit", in: 1...247)
      _ = options.integer("baud", in: 1_200...115_200, default: 9_600)
      return { Meter(unit: unit) }
    }
    catalogue.addReader("pcsc") { options in
      guard case .reader(let name) = options.place else { return { Reader(name: "") } }
      return { Reader(name: name) }
    }
    catalogue.addLight("gpio-light") { options in
      _ = options.string("line")
      return { Light() }
    }
    catalogue.addDisplay("lcd") { _ in { Panel() } }
    catalogue.addLock("motor") { options in
      _ = options.string("line")
      return { Motor() }
    }
    catalogue.addProximity("adc") { options in
      _ = options.integer("channel", in: 0...7)
      return { Contact() }
    }
    catalogue.addResidualCurrent("gpio-rcm") { options in
      _ = options.string("line")
      return { Monitor() }
    }
    catalogue.addTemperatureSensor("ntc") { options in
      let (channel, place) = (options.integer("channel", in: 0...7), options.place)
      return { Thermometer(channel: channel, place: place) }
    }
    catalogue.addPhaseSwitch("relays") { options in
      _ = options.string("line")
      return { Relays() }
    }
    catalogue.addSafetyInput("gpio-input") { options in
      _ = options.string("line")
      let (place, evse) = (options.place, options.evse?.id)
      return { Input(place: place, evse: evse) }
    }
    catalogue.addWatchdog("linux-watchdog") { options in
      _ = options.string("device")
      #expect(options.place == .watchdog)
      return { Watchdog(timeout: watchdogTimeout) }
    }
    return catalogue
  }

  func problems(_ profile: BoardProfile, _ catalogue: DriverCatalogue) -> [ProfileProblem] {
    do throws(ProfileProblems) {
      _ = try profile.buildHardware(catalogue: catalogue)
      return []
    } catch {
      return error.problems
    }
  }

  func board(_ find: String = "", _ replacement: String = "") throws -> BoardProfile {
    let text = find.isEmpty ? Fixtures.product : try BadFile(find, replacement, "", "").applied(to: Fixtures.product)
    return try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
  }

  @Test("A good profile gives every driver its place and its options")
  func good() throws {
    let hardware = try board().buildHardware(catalogue: catalogue())
    #expect(hardware.evses.map(\.id.number) == [1, 2])
    #expect(hardware.evses[1].connectors.map(\.id) == [ConnectorID(evse: EVSEID(2), number: 1)])
    #expect((hardware.evses[0].meter as? Meter)?.unit == 1)
    #expect(hardware.evses[1].meter == nil)
    #expect(hardware.evses[0].light is Light)
    #expect(hardware.readers.map(\.reader.name) == ["left"])
    #expect(hardware.readers[0].evses == [EVSEID(1)])
    #expect(hardware.display is Panel)
    let connector = hardware.evses[0].connectors[0]
    #expect(connector.lock is Motor && connector.proximity is Contact)
    #expect(hardware.evses[1].connectors[0].lock == nil && hardware.evses[1].connectors[0].proximity == nil)
    #expect(hardware.evses[0].residualCurrent is Monitor)
    #expect(hardware.evses[1].residualCurrent == nil)
    #expect(hardware.evses[0].phaseSwitch is Relays)
    #expect(hardware.evses[1].temperatures.isEmpty)
    let sensors = hardware.evses[0].temperatures.compactMap { $0 as? Thermometer }
    #expect(sensors.map(\.channel) == [0, 1])
    #expect(sensors.map(\.place) == [0, 1].map { .temperatureSensor(EVSEID(1), index: $0) })
    #expect(hardware.safetyInputs.map(\.kind) == [.emergencyStop, .door])
    #expect(hardware.safetyInputs.map(\.evse) == [nil, EVSEID(2)])
    let inputs = hardware.safetyInputs.compactMap { $0.input as? Input }
    #expect(inputs.map(\.place) == [.safetyInput(.emergencyStop, nil), .safetyInput(.door, EVSEID(2))])
    #expect(inputs.map(\.hardwareEVSE) == [nil, EVSEID(2)])
    #expect(hardware.watchdog is Watchdog)
  }

  @Test(
    "A driver of any kind that the program does not have is told in its place, and that there is none",
    arguments: [
      ("\"motor\"", "$.evses[0].connectors[0].lock", "lock"),
      ("\"adc\"", "$.evses[0].connectors[0].proximity", "proximity"),
      ("\"gpio-rcm\"", "$.evses[0].residualCurrent", "residual current"),
      ("\"ntc\"", "$.evses[0].temperatureSensors[0]", "temperature sensor"),
      ("\"relays\"", "$.evses[0].phaseSwitch", "phase switch"),
      ("\"gpio-input\"", "$.safetyInputs[0]", "safety input"),
      ("\"linux-watchdog\"", "$.watchdog", "watchdog"),
    ])
  func unknownKind(name: String, path: String, kind: String) throws {
    let found = problems(try board(name, "\"nowhere\""), catalogue())
    #expect(found.map(\.path) == [path + ".driver"])
    #expect(found.first?.message == "is \"nowhere\", and this program has no such \(kind) driver")
    let street = problems(try board(), DriverCatalogue()).first { $0.path == path + ".driver" }
    #expect(street?.allowed == "none: this program has no \(kind) drivers")
  }

  @Test("A watchdog relay that holds longer than the dead-man rule says is refused; a controller has its own time")
  func watchdogTime() throws {
    let relay = try board("\"companionController\"", "\"watchdogRelay\"")
    #expect(problems(relay, catalogue()).isEmpty)
    let slow = catalogue(watchdogTimeout: .milliseconds(401))
    let found = problems(relay, slow)
    #expect(found.map(\.path) == ["$.watchdog"])
    #expect(found.first?.message == "holds for 401 ms, longer than the dead-man rule's withinMilliseconds")
    #expect(found.first?.allowed == "at most 400 ms")
    #expect(problems(try board(), slow).isEmpty)
  }

  @Test("A contactor that no companion controller opens is refused where the dead-man rule says that one does")
  func controllerContactor() throws {
    let found = problems(try board(), catalogue(isController: false))
    #expect(found.map(\.path) == [1, 2].map { "$.evses[\($0 - 1)].connectors[0].contactor" })
    #expect(
      found.first?.message
        == "is not opened by a companion controller, and the dead-man rule says that one opens it")
    let relay = try board("\"companionController\"", "\"watchdogRelay\"")
    #expect(problems(relay, catalogue(isController: false)).isEmpty)
  }

  @Test("Drivers on one bus share it; other settings for it are told with both places")
  func sharedBus() throws {
    final class Bus {}
    var buses: [Bus] = []
    var catalogue = catalogue()
    catalogue.addPilot("mcu") { options in
      let port = options.string("port")
      let speed = options.integer(
        "baudRate", in: 1_200...115_200, default: options.evse?.id.number == 2 ? 9_600 : 1_200)
      buses.append(options.shared("MCU", settings: ["port": port, "baudRate": "\(speed)"]) { Bus() })
      return { Pilot() }
    }
    let found = problems(try board(), catalogue)
    #expect(buses.count == 2 && buses.first === buses.last)
    #expect(found.map(\.path).contains("$.evses[1].connectors[0].pilot.baudRate"))
    #expect(
      found.contains {
        $0.message == "is 9600 for MCU, and $.evses[0].connectors[0].pilot says 1200"
          && $0.allowed == "the same for all drivers on it"
      })
  }

  @Test("A driver that the program does not have is told with those that it has")
  func unknownDriver() throws {
    let found = problems(try board("\"modbus\"", "\"modbuss\""), catalogue())
    #expect(found.map(\.path) == ["$.evses[0].meter.driver"])
    #expect(found.first?.message == "is \"modbuss\", and this program has no such meter driver")
    #expect(found.first?.allowed == "modbus")
    #expect(found.first?.suggestion == "modbus")
    #expect(found.first?.line == 9)
  }

  @Test("The street's program refuses the bench's simulated drivers, each in its place")
  func benchProfileOnTheStreet() throws {
    let bytes = try Fixtures.boardFile("bench-ac-dual.json")
    let profile = try BoardProfile.load(bytes: bytes, fileName: "bench.json")
    let found = problems(profile, DriverCatalogue())
    #expect(found.count == 10 + profile.supervisionDrivers)
    #expect(found.allSatisfy { $0.path.hasSuffix(".driver") && $0.message.hasPrefix("is \"simulated\"") })
    #expect(found.first?.allowed == "none: this program has no meter drivers")
  }

  @Test("A driver's own options are checked: type, range, unknown keys with a near name")
  func options() throws {
    let wrong = problems(try board("\"unit\": 1", "\"unit\": 248, \"boud\": 9600"), catalogue())
    #expect(wrong.map(\.path) == ["$.evses[0].meter.unit", "$.evses[0].meter.boud"])
    #expect(wrong.first?.allowed == "a whole number, 1…247")
    #expect(wrong.last?.suggestion == "baud")
    let missing = problems(try board(", \"line\": \"led-1\"", ""), catalogue())
    #expect(missing.map(\.path) == ["$.evses[0].light.line"])
    let reader = problems(try board("\"evses\": [1] }", "\"evsees\": [1] }"), catalogue())
    #expect(reader.map(\.path) == ["$.readers[0].evsees"])
    #expect(reader.first?.suggestion == "evses")
  }

  @Test("Two drivers that claim the same hardware are told, whatever their other options")
  func claims() throws {
    var catalogue = catalogue()
    catalogue.addContactor("mcu") { options in
      _ = options.string("port")
      options.claim("relay 1")
      options.vouchForDeadMan()
      return { Relay() }
    }
    let found = problems(try board(), catalogue)
    #expect(found.map(\.path) == ["$.evses[1].connectors[0].contactor"])
    #expect(found.first?.message == "uses relay 1, and so does $.evses[0].connectors[0].contactor")
  }

  @Test("No hardware is opened while anything is wrong with the profile, nor by a check")
  func nothingOpened() throws {
    var opened: [String] = []
    let catalogue = catalogue(opened: { opened.append($0) })
    _ = problems(try board("\"unit\": 1", "\"unit\": 0"), catalogue)
    try board().checkDrivers(catalogue: catalogue)
    #expect(opened.isEmpty)
  }

  @Test("Hardware that cannot be opened is a problem with the driver's place; all are told")
  func cannotBeOpened() throws {
    let found = problems(try board(), catalogue(isBroken: true))
    #expect(found.map(\.path) == ["$.evses[0].connectors[0].pilot", "$.evses[1].connectors[0].pilot"])
    #expect(found.first?.message == "cannot be opened: no such device")
  }
}

extension BoardProfile {
  /// Drivers beside pilots, contactors, meters, lights, readers and displays.
  fileprivate var supervisionDrivers: Int {
    let connectors = evses.flatMap(\.connectors)
    let single =
      evses.flatMap { [$0.residualCurrent, $0.phaseSwitch] } + connectors.flatMap { [$0.lock, $0.proximity] }
    return single.compactMap { $0 }.count + evses.flatMap(\.temperatureSensors).count + safetyInputs.count
      + (watchdog == nil ? 0 : 1)
  }
}

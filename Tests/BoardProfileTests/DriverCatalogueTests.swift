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
  struct Broken: Error, CustomStringConvertible {
    var description: String { "no such device" }
  }

  func catalogue(opened: @escaping (String) -> Void = { _ in }, isBroken: Bool = false) -> DriverCatalogue {
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
    #expect(found.count == 10)
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

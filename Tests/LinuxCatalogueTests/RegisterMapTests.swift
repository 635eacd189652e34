import BoardProfile
import ChargerBase
import Foundation
import HAL
import SimulatedPeripherals
import Testing

@testable import HALLinux
@testable import LinuxCatalogue

/// The register maps of `boards/meters`, and what is said of bad ones.
@Suite("Register maps")
struct RegisterMapTests {
  private static func folder(near file: String = #filePath) -> String {
    URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("boards/meters").path
  }

  private static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder())/\(name).json")))
  }

  private func load(_ bytes: [UInt8], name: String) throws(ProfileProblems) -> RegisterMap {
    let collector = ProblemCollector(source: ProfileSource(fileName: "meters/\(name).json", bytes: bytes))
    let map = ProfileField(parsing: bytes, collector: collector).flatMap { RegisterMapReader.read($0, name: name) }
    guard let map, collector.isEmpty else { throw collector.result }
    return map
  }

  private func problems(_ text: String) -> [ProfileProblem] {
    do throws(ProfileProblems) {
      _ = try load(Array(text.utf8), name: "test")
      return []
    } catch {
      return error.problems
    }
  }

  /// What the driver reads of a meter by a map; requests that the meter refuses are missing.
  private func read(_ slave: inout ModbusSlave, _ map: RegisterMap, joins: Bool) -> (MeterReading, refused: Int) {
    var image = RegisterImage()
    var refused = 0
    for block in ReadPlan(map, joins: joins).groups.joined() {
      let words = (block.span.first...block.span.last).map { address in
        UInt16(exactly: address).flatMap { slave[block.span.table == .input ? .input : .holding, $0] }
      }
      if words.contains(nil) { refused += 1 } else { image.add(block.span, words.compactMap { $0 }) }
    }
    var reading = MeterReading(takenAt: .zero)
    for value in map.values {
      if let found = image.thousandths(value) { reading.set(value.target, thousandths: found) }
    }
    return (reading, refused)
  }

  @Test("Each map reads what its maker's table says", arguments: SimulatedMeterType.allCases)
  func makersTables(type: SimulatedMeterType) throws {
    let map = try load(try Self.bytes(type.rawValue), name: type.rawValue)
    var slave = type.makeSlave(number: 1)
    var figures = MeterFigures()
    // Numbers that every type can show exactly.
    figures.importRegister = Energy(wattHours: 12_345_600)
    figures.exportRegister = Energy(wattHours: 700)
    figures.voltage = [Voltage(millivolts: 230_100), Voltage(millivolts: 229_800), Voltage(millivolts: 231_500)]
    figures.current = [
      Current(milliamperes: 16_120), Current(milliamperes: 15_990), Current(milliamperes: 6_010),
    ]
    figures.power = [Power(watts: 3_709), Power(watts: 3_674), Power(watts: -1_391)]
    figures.frequency = Frequency(thousandths: 49_900)
    type.show(figures, on: &slave)
    for joins in [true, false] {
      let (reading, refused) = read(&slave, map, joins: joins)
      #expect(refused == 0, "a meter gives every block that is asked for")
      #expect(reading.importRegister == figures.importRegister)
      #expect(reading.exportRegister == figures.exportRegister)
      #expect([reading.voltage.l1, reading.voltage.l2, reading.voltage.l3] == figures.voltage.map(Optional.some))
      #expect([reading.current.l1, reading.current.l2, reading.current.l3] == figures.current.map(Optional.some))
      #expect([reading.power.l1, reading.power.l2, reading.power.l3] == figures.power.map(Optional.some))
      #expect(reading.power.total == figures.totalPower)
      #expect(reading.frequency == figures.frequency)
    }
    let requests = ReadPlan(map, joins: true).groups.joined().count
    #expect(requests <= 3, "few requests: \(requests)")
    #expect(!map.probes.isEmpty, "the right meter can be told from another")
  }

  @Test("Registers as the makers print them: address, words, value")
  func byHand() throws {
    func check(_ name: String, _ address: UInt16, _ words: [UInt16], _ target: MeterTarget, _ expected: Int64?) throws {
      let map = try load(try Self.bytes(name), name: name)
      let value = try #require(map.values.first { $0.target == target }, "\(name)")
      #expect(value.field.address == address, "\(name)")
      var image = RegisterImage()
      // With a power of ten of 1 where the meter has one.
      let before = value.field.span.first - value.span.first
      image.add(value.span, [UInt16](repeating: 1, count: before) + words)
      #expect(image.thousandths(value) == expected, "\(name)")
    }
    // 12345.67 kWh, high word first; 230.1 V.
    try check("eastron-sdm630-v2", 0x0048, [0x4640, 0xE6AE], .importRegister, 12_345_670_000)
    try check("eastron-sdm72d-m-v2", 0x0000, [0x4366, 0x199A], .voltage(.l1), 230_100)
    // 123456 tenths of a kilowatt-hour, low word first.
    try check("carlo-gavazzi-em340", 0x0034, [0xE240, 0x0001], .importRegister, 12_345_600_000)
    // 1234567 hundredths of a kilowatt-hour in 64 bits; all ones are no value, nor is the largest signed number.
    try check("abb-b23", 0x5000, [0, 0, 0x0012, 0xD687], .importRegister, 12_345_670_000)
    try check("abb-b23", 0x5000, [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF], .importRegister, nil)
    try check("abb-b23", 0x5B14, [0x7FFF, 0xFFFF], .power(.total), nil)
    try check("abb-b23", 0x5B14, [0xFFFF, 0xFF9C], .power(.total), -1_000)
    // 123456789 Wh in 64 bits; 7.36 kW as a float.
    try check("schneider-iem3155", 0x0C83, [0, 0, 0x075B, 0xCD15], .importRegister, 123_456_789_000)
    try check("schneider-iem3155", 0x0BF3, [0x40EB, 0x851F], .power(.total), 7_360_000)
    // 1234 × 10^1 Wh; 90.00000 A as T5, which T6 would take for −77.77216 A; −123.456 W as T6.
    try check("iskra-wm3m4c", 418, [0, 1_234], .importRegister, 12_340_000)
    try check("iskra-wm3m4c", 126, [0xFB89, 0x5440], .current(.l1), 90_000)
    try check("iskra-wm3m4c", 140, [0xFDFE, 0x1DC0], .power(.total), -123_456)
  }

  @Test("No map of one meter takes another type for its own", arguments: SimulatedMeterType.allCases)
  func wrongMaps(type: SimulatedMeterType) throws {
    let slave = type.makeSlave(number: 1)
    for other in SimulatedMeterType.allCases where other != type {
      // The two Eastron types share their table up to the model: a map of one reads the other.
      let eastron: [SimulatedMeterType] = [.eastronSDM630, .eastronSDM72D]
      if eastron.contains(type), eastron.contains(other) { continue }
      let map = try load(try Self.bytes(other.rawValue), name: other.rawValue)
      let isTaken = map.probes.allSatisfy { probe in
        let words = (probe.span.first...probe.span.last).map { address in
          UInt16(exactly: address).flatMap { slave[probe.span.table == .input ? .input : .holding, $0] }
        }
        guard !words.contains(nil) else { return false }
        let found = words.compactMap { $0 }
        switch probe.content {
        case .text(_, _, _, let prefix): return RegisterText.text(found).hasPrefix(prefix)
        case .number(let field, let scale, let range):
          return field.number(in: found[...])?.thousandths(scale).map { range.contains(Decimal(thousandths: $0)) }
            ?? false
        case .serialText, .serialNumber: return true
        }
      }
      #expect(!isTaken, "\(other.rawValue)")
    }
  }

  // MARK: Bad maps

  private func map(_ registers: String, more: String = "") -> String {
    """
    {"name":"test","maker":"M","model":"T","functionCode":4\(more),
    "registers":[{"address":0,"type":"uint32","measurand":"Energy.Active.Import.Register","unit":"Wh"}\(registers)]}
    """
  }

  @Test("A good map has no problems")
  func good() { #expect(problems(map("")) == []) }

  @Test("Registers that overlap are told with both places")
  func overlap() throws {
    let found = problems(map(",{\"address\":1,\"type\":\"uint16\",\"measurand\":\"Frequency\",\"unit\":\"Hz\"}"))
    #expect(found.count == 1)
    let problem = try #require(found.first)
    #expect(problem.file == "meters/test.json")
    #expect(problem.path == "$.registers[1].address")
    #expect(problem.message == "takes registers 1…1, and $.registers[0].address takes 0…1")
    #expect(problem.allowed == "each register under one value")
  }

  @Test(
    "What a map cannot mean is told with its path and what is allowed",
    arguments: [
      (
        ",{\"address\":65535,\"type\":\"float32\",\"measurand\":\"Frequency\",\"unit\":\"Hz\"}",
        "$.registers[1].address",
        "is 65535, and 2 registers from there do not exist", "at most 65534"
      ),
      (
        ",{\"address\":65536,\"type\":\"int16\",\"measurand\":\"Frequency\",\"unit\":\"Hz\"}", "$.registers[1].address",
        "is 65536", "a whole number, 0…65535"
      ),
      (
        ",{\"address\":9,\"type\":\"int16\",\"measurand\":\"Frequency\",\"unit\":\"Hz\",\"scale\":0}",
        "$.registers[1].scale", "is 0, which makes every value 0", "any other number"
      ),
      (
        ",{\"address\":9,\"type\":\"int16\",\"measurand\":\"Voltage\",\"phase\":\"L1\",\"unit\":\"A\"}",
        "$.registers[1].unit", "is \"A\"", "V, mV, kV"
      ),
      (
        ",{\"address\":9,\"type\":\"int16\",\"measurand\":\"SoC\",\"unit\":\"Wh\"}", "$.registers[1].measurand",
        "is \"SoC\"",
        "Energy.Active.Import.Register, Energy.Active.Export.Register, Power.Active.Import, Current.Import, Voltage, "
          + "Frequency"
      ),
      (
        ",{\"address\":9,\"type\":\"int16\",\"measurand\":\"Frequency\",\"phase\":\"L1\",\"unit\":\"Hz\"}",
        "$.registers[1].phase", "is given for Frequency", "no phase: it is that of the whole meter"
      ),
      (
        ",{\"address\":9,\"type\":\"float32\",\"measurand\":\"Frequency\",\"unit\":\"Hz\",\"exponentAddress\":20}",
        "$.registers[1].exponentAddress", "is given for float32, which has a power of ten of its own", "a whole type"
      ),
      (
        ",{\"address\":9,\"type\":\"int16\",\"measurand\":\"Frequency\",\"unit\":\"Hz\",\"functionCode\":5}",
        "$.registers[1].functionCode", "is 5", "a whole number, 3…4: 3 reads holding registers, 4 input registers"
      ),
      (
        ",{\"address\":9,\"type\":\"int16\",\"measurand\":\"Frequency\",\"unit\":\"Hz\",\"notAvailable\":[\"12345\"]}",
        "$.registers[1].notAvailable[0]", "has 5 characters", "4 characters: hexadecimal digits"
      ),
      (
        ",{\"address\":9,\"type\":\"uint32\",\"measurand\":\"Frequency\",\"unit\":\"Hz\",\"notAvailable\":[\"FFFF\"]}",
        "$.registers[1].notAvailable[0]", "has 4 characters", "8 characters: hexadecimal digits"
      ),
      (
        ",{\"address\":9,\"type\":\"uint32\",\"measurand\":\"Energy.Active.Export.Register\",\"unit\":\"kWh\","
          + "\"scale\":-0.1}",
        "$.registers[1].scale", "is -0.1, and Energy.Active.Export.Register is never below 0", "a number above 0"
      ),
      (
        ",{\"address\":9,\"type\":\"int32\",\"measurand\":\"Frequency\",\"unit\":\"Hz\",\"exponentAddress\":200}",
        "$.registers[1].exponentAddress",
        "is 192 registers from the value's end, and the meter gives 125 in one answer",
        "an address that comes in one answer with the value"
      ),
      (
        ",{\"address\":9,\"type\":\"int17\",\"measurand\":\"Frequency\",\"unit\":\"Hz\"}", "$.registers[1].type",
        "is \"int17\"", "int16, uint16, int32, uint32, int64, uint64, float32, float64, t5, t6"
      ),
      (
        ",{\"address\":9,\"type\":\"uint32\",\"measurand\":\"Energy.Active.Import.Register\",\"unit\":\"kWh\"}",
        "$.registers[1].measurand", "stands at $.registers[0] too", "each measurand once for each phase"
      ),
    ])
  func impossible(registers: String, path: String, message: String, allowed: String) throws {
    let found = problems(map(registers))
    #expect(found.count == 1, "\(found)")
    let problem = try #require(found.first)
    #expect(problem.path == path)
    #expect(problem.message == message)
    #expect(problem.allowed == allowed)
  }

  @Test("A type longer than the meter's answers, a map without energy, a map under another's name")
  func wholeMap() throws {
    let short = problems(map("", more: ",\"registersPerRequest\":1"))
    #expect(short.map(\.path) == ["$.registers[0].address"])
    let none = problems(
      "{\"name\":\"test\",\"maker\":\"M\",\"model\":\"T\",\"registers\":[{\"address\":1,\"type\":\"int16\","
        + "\"measurand\":\"Frequency\",\"unit\":\"Hz\"}]}")
    #expect(none.map(\.message) == ["has no Energy.Active.Import.Register, by which energy is billed"])
    let other = problems(map("").replacingOccurrences(of: "\"name\":\"test\"", with: "\"name\":\"other\""))
    #expect(other.map(\.message) == ["is \"other\", and the file is that of \"test\""])
  }

  @Test("Bad groups and probes")
  func groupsAndProbes() throws {
    let groups = problems(
      map(
        "",
        more: ",\"groups\":[{\"name\":\"a\",\"intervalMilliseconds\":1000},{\"name\":\"a\",\"intervalMilliseconds\":9}]"
      ))
    #expect(groups.map(\.path) == ["$.groups[1].intervalMilliseconds"])
    let probe = problems(
      map("", more: ",\"probes\":[{\"name\":\"f\",\"address\":3,\"type\":\"int16\",\"from\":65,\"to\":45}]"))
    #expect(probe.map(\.message) == ["is 65, over \"to\""])
    let text = problems(map("", more: ",\"probes\":[{\"name\":\"m\",\"address\":3,\"registers\":4}]"))
    #expect(text.map(\.path) == ["$.probes[0].startsWith"])
  }

  @Test("Whatever is done to the bytes of a map, it is read or refused")
  func fuzz() throws {
    var random = SystemRandomNumberGenerator()
    for type in SimulatedMeterType.allCases {
      let good = try Self.bytes(type.rawValue)
      for _ in 0..<150 {
        var bytes = good
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          switch Int.random(in: 0..<3, using: &random) {
          case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
          case 1: bytes.remove(at: place)
          default: bytes[place] = Array("0123456789-.eE\"{}[],:tf".utf8).randomElement(using: &random) ?? 0
          }
        }
        guard let map = try? load(bytes, name: type.rawValue) else { continue }
        var slave = type.makeSlave(number: 1)
        _ = read(&slave, map, joins: true)
        #expect(map.values.allSatisfy { $0.field.span.isPossible && $0.scale.factor != 0 })
        #expect(ReadPlan(map, joins: true).groups.joined().allSatisfy { $0.span.count <= 125 })
      }
    }
  }
}

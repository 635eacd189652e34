import BoardProfile
import ChargerBase
import Foundation
import HAL
import Testing

@testable import HALLinux
@testable import LinuxCatalogue

/// One register as the documents named in `boards/meters/README.md` have it.
private struct MeterFact {
  let target: MeterTarget
  let address: UInt16
  let type: RegisterType
  /// What one count is, in thousandths of V, A, W, Wh or Hz.
  let count: Int64

  init(_ target: MeterTarget, _ address: UInt16, _ type: RegisterType, _ count: Int64) {
    self.target = target
    self.address = address
    self.type = type
    self.count = count
  }
}

/// One meter type: its registers, and what stands in them at some moment, word by word.
private struct MeterFacts {
  let map: String
  let table: RegisterTable
  let wordOrder: WordOrder
  /// Registers in one answer at most.
  let longestAnswer: Int
  let registers: [MeterFact]
  /// Where the serial number stands; nil where no two documents agree on it.
  let serial: (table: RegisterTable, address: UInt16, registers: Int)?
  let dump: [(address: UInt16, words: [UInt16])]
  /// Patterns that stand for no value, by type.
  let absent: [(type: RegisterType, words: [UInt16])]

  private static let phases: [MeterPhase] = [.l1, .l2, .l3]

  private static func threePhases(
    _ target: (MeterPhase) -> MeterTarget, _ first: UInt16, _ type: RegisterType, _ count: Int64
  ) -> [MeterFact] {
    phases.enumerated().map { MeterFact(target($1), first + UInt16($0) * 2, type, count) }
  }

  /// Eastron's table, alike for both types. 230.1, 229.8, 231.5 V; 16.12, 0, 6.01 A; 3709, 0, −1391 W; 2318 W; 49.9 Hz;
  /// 12345.6 kWh; 0.7 kWh.
  private static func eastron(_ map: String, longestAnswer: Int) -> MeterFacts {
    MeterFacts(
      map: map, table: .input, wordOrder: .highFirst, longestAnswer: longestAnswer,
      registers: all13(
        voltage: (0x0000, .float32, 1_000), current: (0x0006, .float32, 1_000), power: (0x000C, .float32, 1_000),
        total: 0x0034, frequency: (0x0046, .float32, 1_000), energy: (0x0048, 0x004A, .float32, 1_000_000)),
      serial: (.holding, 0xFC00, 2),
      dump: [
        (0x0000, [0x4366, 0x199A, 0x4365, 0xCCCD, 0x4367, 0x8000]),
        (0x0006, [0x4180, 0xF5C3, 0x0000, 0x0000, 0x40C0, 0x51EC]),
        (0x000C, [0x4567, 0xD000, 0x0000, 0x0000, 0xC4AD, 0xE000]),
        (0x0034, [0x4510, 0xE000]), (0x0046, [0x4247, 0x999A]), (0x0048, [0x4640, 0xE666]),
        (0x004A, [0x3F33, 0x3333]),
      ],
      absent: [(.float32, [0x7FC0, 0x0000]), (.float32, [0xFFC0, 0x0000]), (.float32, [0x7F80, 0x0000])])
  }

  /// What every map reads: three phases of each, the sum of power, frequency and the two registers of energy. Each with its
  /// first address, type and count.
  private static func all13(
    voltage: (UInt16, RegisterType, Int64), current: (UInt16, RegisterType, Int64),
    power: (UInt16, RegisterType, Int64), total: UInt16, frequency: (UInt16, RegisterType, Int64),
    energy: (UInt16, UInt16, RegisterType, Int64)
  ) -> [MeterFact] {
    threePhases(MeterTarget.voltage, voltage.0, voltage.1, voltage.2)
      + threePhases(MeterTarget.current, current.0, current.1, current.2)
      + threePhases(MeterTarget.power, power.0, power.1, power.2) + [
        MeterFact(.power(.total), total, power.1, power.2),
        MeterFact(.frequency, frequency.0, frequency.1, frequency.2),
        MeterFact(.importRegister, energy.0, energy.2, energy.3),
        MeterFact(.exportRegister, energy.1, energy.2, energy.3),
      ]
  }

  static let all: [MeterFacts] = [
    eastron("eastron-sdm630-v2", longestAnswer: 80),
    eastron("eastron-sdm72d-m-v2", longestAnswer: 20),
    MeterFacts(
      map: "carlo-gavazzi-em340", table: .input, wordOrder: .lowFirst, longestAnswer: 50,
      registers: all13(
        voltage: (0x0000, .int32, 100), current: (0x000C, .int32, 1), power: (0x0012, .int32, 100), total: 0x0028,
        frequency: (0x0033, .int16, 100), energy: (0x0034, 0x004E, .int32, 100_000)),
      serial: nil,
      dump: [
        (0x0000, [2_301, 0, 2_298, 0, 2_315, 0]), (0x000C, [16_120, 0, 0, 0, 6_010, 0]),
        (0x0012, [37_090, 0, 0, 0, 0xC9AA, 0xFFFF]), (0x0028, [23_180, 0]), (0x0033, [499]),
        (0x0034, [0xE240, 0x0001]), (0x004E, [7, 0]),
      ],
      absent: [(.int32, [0xFFFF, 0x7FFF]), (.int16, [0x7FFF])]),
    MeterFacts(
      map: "abb-b23", table: .holding, wordOrder: .highFirst, longestAnswer: 125,
      registers: all13(
        voltage: (0x5B00, .uint32, 100), current: (0x5B0C, .uint32, 10), power: (0x5B16, .int32, 10), total: 0x5B14,
        frequency: (0x5B2C, .uint16, 10), energy: (0x5000, 0x5004, .uint64, 10_000)),
      serial: (.holding, 0x8900, 2),
      dump: [
        (0x5B00, [0, 2_301, 0, 2_298, 0, 2_315]), (0x5B0C, [0, 1_612, 0, 0, 0, 601]),
        (0x5B14, [0x0003, 0x8978]), (0x5B16, [0x0005, 0xA8D4, 0, 0, 0xFFFD, 0xE0A4]), (0x5B2C, [4_990]),
        (0x5000, [0, 0, 0x0012, 0xD680]), (0x5004, [0, 0, 0, 70]),
      ],
      absent: [
        (.uint16, [0xFFFF]), (.uint32, [0xFFFF, 0xFFFF]), (.int32, [0x7FFF, 0xFFFF]),
        (.uint64, [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF]),
      ]),
    MeterFacts(
      map: "schneider-iem3155", table: .holding, wordOrder: .highFirst, longestAnswer: 125,
      registers: all13(
        voltage: (0x0BD3, .float32, 1_000), current: (0x0BB7, .float32, 1_000), power: (0x0BED, .float32, 1_000_000),
        total: 0x0BF3, frequency: (0x0C25, .float32, 1_000), energy: (0x0C83, 0x0C87, .int64, 1_000)),
      serial: (.holding, 0x0081, 2),
      dump: [
        (0x0BB7, [0x4180, 0xF5C3, 0x0000, 0x0000, 0x40C0, 0x51EC]),
        (0x0BD3, [0x4366, 0x199A, 0x4365, 0xCCCD, 0x4367, 0x8000]),
        (0x0BED, [0x406D, 0x6042, 0x0000, 0x0000, 0xBFB2, 0x0C4A]), (0x0BF3, [0x4014, 0x5A1D]),
        (0x0C25, [0x4247, 0x999A]), (0x0C83, [0, 0, 0x00BC, 0x6100]), (0x0C87, [0, 0, 0, 700]),
      ],
      absent: [
        (.float32, [0xFFC0, 0x0000]), (.float32, [0x7FC0, 0x0000]), (.int64, [0x8000, 0, 0, 0]),
        (.int64, [0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF]), (.int64, [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF]),
      ]),
    MeterFacts(
      map: "iskra-wm3m4c", table: .input, wordOrder: .highFirst, longestAnswer: 60,
      registers: all13(
        voltage: (107, .t5, 1_000), current: (126, .t5, 1_000), power: (142, .t6, 1_000), total: 140,
        frequency: (105, .t5, 1_000), energy: (418, 420, .int32, 1_000)),
      serial: (.input, 9, 4),
      dump: [
        (107, [0xFC23, 0x1C48, 0xFC23, 0x1090, 0xFC23, 0x52F8]), (126, [0xFB18, 0x98E0, 0, 0, 0xFD00, 0x177A]),
        (140, [0xFE03, 0x8978]), (142, [0xFE05, 0xA8D4, 0, 0, 0xFEFD, 0xE0A4]), (105, [0xFD00, 0xC2EC]),
        // Powers of ten: 2 for import, 1 for export, and none for the two counters that nobody asks for.
        (414, [2, 1, 0, 0]), (418, [0x0001, 0xE240]), (420, [0, 70]),
      ],
      absent: []),
  ]
}

/// The six maps against what makers and independent drivers say, written down apart from the maps.
@Suite("Register maps against the makers' documents")
struct MeterFactsTests {
  private func map(_ name: String, near file: String = #filePath) throws -> RegisterMap {
    let path = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("boards/meters/\(name).json")
    let bytes = Array(try Data(contentsOf: path))
    let collector = ProblemCollector(source: ProfileSource(fileName: "\(name).json", bytes: bytes))
    let map = ProfileField(parsing: bytes, collector: collector).flatMap { RegisterMapReader.read($0, name: name) }
    #expect(collector.isEmpty, "\(collector.result)")
    return try #require(map)
  }

  /// What a reading would be with these registers in the meter; what was not dumped is zero.
  private func read(_ facts: MeterFacts, _ map: RegisterMap, _ dump: [(address: UInt16, words: [UInt16])])
    -> MeterReading
  {
    var registers = [UInt16](repeating: 0, count: 65_536)
    for (address, words) in dump {
      for (place, word) in words.enumerated() { registers[Int(address) + place] = word }
    }
    var image = RegisterImage()
    for block in ReadPlan(map, joins: true).groups.joined() {
      image.add(block.span, Array(registers[block.span.first...block.span.last]))
    }
    var reading = MeterReading(takenAt: .zero)
    for value in map.values {
      if let found = image.thousandths(value) { reading.set(value.target, thousandths: found) }
    }
    return reading
  }

  @Test("Each map has the registers that its documents have: table, address, type, order of words, scale, and no other")
  func registers() throws {
    for facts in MeterFacts.all {
      let map = try map(facts.map)
      #expect(map.values.count == facts.registers.count, "\(facts.map)")
      for fact in facts.registers {
        let value = try #require(map.values.first { $0.target == fact.target }, "\(facts.map) \(fact.target)")
        let place: Comment = "\(facts.map) \(fact.target)"
        #expect(value.field.table == facts.table, place)
        #expect(value.field.address == fact.address, place)
        #expect(value.field.type == fact.type, place)
        #expect(value.field.type.registers == 1 || value.field.wordOrder == facts.wordOrder, place)
        #expect(RegisterNumber.integer(1, power: 0).thousandths(value.scale) == fact.count, place)
      }
      let longest = ReadPlan(map, joins: true).groups.joined().map(\.span.count).max() ?? 0
      #expect(longest <= facts.longestAnswer && map.registersPerRequest <= facts.longestAnswer, "\(facts.map)")
    }
  }

  @Test("Each map names the register of the serial number, by which a meter that was exchanged is known")
  func serialNumbers() throws {
    for facts in MeterFacts.all {
      let spans = try map(facts.map).probes.filter(\.isSerial).map(\.span)
      let known = facts.serial.map { RegisterSpan(table: $0.table, first: Int($0.address), count: $0.registers) }
      #expect(spans == [known].compactMap { $0 }, "\(facts.map)")
    }
  }

  @Test("Words as they lie in the meter are read as what the meter's display shows")
  func dumps() throws {
    for facts in MeterFacts.all {
      let reading = read(facts, try map(facts.map), facts.dump)
      let place: Comment = "\(facts.map)"
      #expect(reading.voltage.l1 == Voltage(millivolts: 230_100), place)
      #expect(reading.voltage.l2 == Voltage(millivolts: 229_800), place)
      #expect(reading.voltage.l3 == Voltage(millivolts: 231_500), place)
      #expect(reading.current.l1 == Current(milliamperes: 16_120), place)
      #expect(reading.current.l2 == .zero, place)
      #expect(reading.current.l3 == Current(milliamperes: 6_010), place)
      #expect(reading.power.l1 == Power(watts: 3_709), place)
      #expect(reading.power.l2 == .zero, place)
      #expect(reading.power.l3 == Power(watts: -1_391), "power that is fed back is below zero: \(facts.map)")
      #expect(reading.power.total == Power(watts: 2_318), place)
      #expect(reading.frequency == Frequency(thousandths: 49_900), place)
      #expect(reading.importRegister == Energy(wattHours: 12_345_600), place)
      #expect(reading.exportRegister == Energy(wattHours: 700), place)
    }
  }

  @Test("What a meter shows for \"not available\" or \"overflow\" is no value in any of its registers")
  func absent() throws {
    for facts in MeterFacts.all {
      let map = try map(facts.map)
      for fact in facts.registers {
        for pattern in facts.absent where pattern.type == fact.type {
          let reading = read(facts, map, facts.dump + [(fact.address, pattern.words)])
          let full = read(facts, map, facts.dump)
          #expect(values(full).count - values(reading).count == 1, "\(facts.map) \(fact.target) \(pattern.words)")
        }
      }
    }
  }

  private func values(_ reading: MeterReading) -> [Int64] {
    let voltage = [reading.voltage.l1, reading.voltage.l2, reading.voltage.l3].compactMap { $0?.millivolts }
    let current = [reading.current.l1, reading.current.l2, reading.current.l3].compactMap { $0?.milliamperes }
    let power = [reading.power.total, reading.power.l1, reading.power.l2, reading.power.l3]
      .compactMap { $0?.milliwatts }
    let energy = [reading.importRegister, reading.exportRegister].compactMap { $0?.milliwattHours }
    return voltage + current + power + energy + [reading.frequency?.thousandths].compactMap { $0 }
  }
}

import ChargerBase
import HAL
import Testing

@testable import HALLinux

@Suite("Numbers in registers")
struct RegisterDecodingTests {
  private func decode(
    _ type: RegisterType, _ words: [UInt16], scale: Decimal = 1, unitPower: Int = 0, lowFirst: Bool = false,
    notAvailable: [UInt64] = []
  ) -> Int64? {
    let field = RegisterMap.Field(
      table: .input, address: 0, type: type, wordOrder: lowFirst ? .lowFirst : .highFirst, notAvailable: notAvailable)
    return field.number(in: words[...])?.thousandths(RegisterScale(scale, unitPower: unitPower))
  }

  @Test("Whole numbers of every width, signed and unsigned, in both word orders")
  func integers() {
    #expect(decode(.uint16, [0xFFFF]) == 65_535_000)
    #expect(decode(.int16, [0xFFFF]) == -1_000)
    #expect(decode(.uint32, [0x0001, 0x0002]) == 65_538_000)
    #expect(decode(.uint32, [0x0002, 0x0001], lowFirst: true) == 65_538_000)
    #expect(decode(.int32, [0xFFFF, 0xFFFE]) == -2_000)
    #expect(decode(.int64, [0, 0, 0x075B, 0xCD15]) == 123_456_789_000)
    #expect(decode(.int64, [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF]) == -1_000)
    #expect(decode(.int64, [0xCD15, 0x075B, 0, 0], lowFirst: true) == 123_456_789_000)
  }

  @Test("A scale and a unit are exact: 2301 tenths of a volt, 1234567 hundredths of a kilowatt-hour")
  func scales() throws {
    #expect(decode(.int32, [0, 2_301], scale: try #require(Decimal("0.1"))) == 230_100)
    #expect(
      decode(.uint64, [0, 0, 0x0012, 0xD687], scale: try #require(Decimal("0.01")), unitPower: 3) == 12_345_670_000)
    #expect(decode(.int32, [0xFFFF, 0xFFFF], scale: try #require(Decimal("0.0005"))) == -1, "half away from zero")
    #expect(decode(.int16, [16_000], unitPower: -3) == 16_000)
    #expect(decode(.uint16, [5], scale: -1) == -5_000, "a current transformer the wrong way round")
  }

  @Test("A float is the decimal that a person reads on the meter, and no number is no value")
  func floats() {
    // 12345.67 kWh, 230.1 V: the next binary fractions are 12345.669921875 and 230.1000061.
    #expect(decode(.float32, [0x4640, 0xE6AE], unitPower: 3) == 12_345_670_000)
    #expect(decode(.float32, [0x4366, 0x199A]) == 230_100)
    #expect(decode(.float64, [0x40C8, 0x1CD5, 0xC28F, 0x5C29]) == 12_345_670)
    #expect(decode(.float32, [0x7FC0, 0x0000]) == nil, "NaN")
    #expect(decode(.float32, [0x7F80, 0x0000]) == nil, "infinity")
    #expect(decode(.float32, [0x7F7F, 0xFFFF]) == nil, "beyond every quantity")
    #expect(decode(.float32, [0x0000, 0x0001]) == 0)
  }

  @Test("Iskra's T5 and T6 carry their power of ten in the high byte")
  func iskra() {
    #expect(decode(.t5, [0xFD01, 0xE240]) == 123_456)
    #expect(decode(.t5, [0xFFFF, 0xFFFF]) == 1_677_721_500, "16777215 tenths")
    #expect(decode(.t6, [0xFDFE, 0x1DC0]) == -123_456)
    #expect(decode(.t6, [0x0302, 0x0000]) == 131_072_000_000)
    #expect(decode(.t5, [0x7FFF, 0xFFFF]) == nil, "10 to the power of 127")
    #expect(decode(.t5, [0x8000, 0x0001]) == 0)
  }

  @Test("A pattern that stands for no value is none, and one that is not told stays a number")
  func notAvailable() {
    #expect(decode(.uint32, [0xFFFF, 0xFFFF], notAvailable: [0xFFFF_FFFF]) == nil)
    #expect(decode(.uint32, [0xFFFF, 0xFFFE], notAvailable: [0xFFFF_FFFF]) == 4_294_967_294_000)
    #expect(decode(.int32, [0x7FFF, 0xFFFF], notAvailable: [0x7FFF_FFFF]) == nil)
    #expect(decode(.uint64, [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF]) == nil, "more than any register of energy")
  }

  @Test("A register of energy below zero is no register")
  func negativeEnergy() {
    var reading = MeterReading(takenAt: .zero)
    reading.set(.importRegister, thousandths: -1)
    reading.set(.power(.total), thousandths: -1)
    #expect(reading.importRegister == nil)
    #expect(reading.power.total == Power(milliwatts: -1))
  }

  @Test("Whatever bits stand in the registers, decoding neither traps nor gives a value beyond 64 bits")
  func anyBits() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let words = (0..<4).map { _ in UInt16.random(in: 0...UInt16.max, using: &random) }
      for type in RegisterType.allCases {
        let factor = Int64.random(in: -1_000_000_000...1_000_000_000, using: &random)
        let places = Int.random(in: 0...18, using: &random)
        guard let scale = Decimal(significand: factor, places: places) else { continue }
        _ = decode(type, Array(words.prefix(type.registers)), scale: scale, unitPower: 6)
      }
    }
  }
}

@Suite("Requests for a register map")
struct ReadPlanTests {
  private func map(_ addresses: [UInt16], limit: Int = 125, gap: Int) -> RegisterMap {
    RegisterMap(
      name: "test", registersPerRequest: limit, joinGap: gap,
      groups: [RegisterMap.Group(name: "all", interval: .seconds(1))],
      values: addresses.map {
        RegisterMap.Value(
          field: RegisterMap.Field(table: .input, address: $0, type: .float32), target: .voltage(.l1),
          scale: RegisterScale(1, unitPower: 0))
      })
  }

  private func spans(_ plan: ReadPlan) -> [[Int]] { plan.groups.joined().map { [$0.span.first, $0.span.count] } }

  @Test("Registers in a row, and those a small gap apart, come in one request")
  func joins() {
    #expect(spans(ReadPlan(map([0, 2, 4, 10], gap: 4), joins: true)) == [[0, 12]])
    #expect(spans(ReadPlan(map([0, 2, 4, 10], gap: 3), joins: true)) == [[0, 6], [10, 2]])
    #expect(spans(ReadPlan(map([10, 4, 0, 2], gap: 4), joins: false)) == [[0, 6], [10, 2]])
    #expect(ReadPlan(map([0, 2], gap: 4), joins: true).groups[0][0].hasGaps == false)
    #expect(ReadPlan(map([0, 4], gap: 4), joins: true).groups[0][0].hasGaps)
  }

  private let counter = RegisterMap.Value(
    field: RegisterMap.Field(table: .input, address: 418, type: .int32), target: .importRegister,
    scale: RegisterScale(1, unitPower: 0), exponent: RegisterMap.Field(table: .input, address: 414, type: .int16))

  @Test("A number and the power of ten that stands elsewhere come in one answer, even where no gap is read")
  func exponents() {
    let map = RegisterMap(
      name: "test", groups: [RegisterMap.Group(name: "all", interval: .seconds(1))], values: [counter])
    #expect(spans(ReadPlan(map, joins: true)) == [[414, 6]])
    #expect(spans(ReadPlan(map, joins: false)) == [[414, 6]])
  }

  @Test("A number of one answer is never raised by the power of ten of another: the meter may have changed both")
  func tornExponent() {
    var image = RegisterImage()
    image.add(RegisterSpan(table: .input, first: 414, count: 1), [2])
    image.add(RegisterSpan(table: .input, first: 418, count: 2), [0, 1_234])
    #expect(image.thousandths(counter) == nil)
    // Two answers that overlap: each counter goes with the power of ten of its own.
    image.removeAll()
    image.add(RegisterSpan(table: .input, first: 413, count: 2), [0, 3])
    image.add(counter.span, [2, 0, 0, 0, 0, 1_234])
    #expect(image.thousandths(counter) == 123_400_000)
  }

  @Test("A refused request of wanted registers alone is taken apart, value by value")
  func split() throws {
    let map = map([0, 2, 4, 10], gap: 0)
    var plan = ReadPlan(map, joins: false)
    let first = try #require(plan.groups[0].first)
    #expect(plan.split(first, map).map { [$0.span.first, $0.span.count] } == [[0, 2], [2, 2], [4, 2]])
    #expect(spans(plan) == [[0, 2], [2, 2], [4, 2], [10, 2]])
    let single = try #require(plan.groups[0].first)
    #expect(plan.split(single, map).isEmpty, "a value that is refused by itself is not there")
  }

  @Test("No request is longer than the meter and the protocol allow")
  func limits() {
    let many = (0..<200).map { UInt16($0 * 2) }
    let plan = ReadPlan(map(many, gap: 0), joins: true)
    #expect(plan.groups[0].allSatisfy { $0.span.count <= 125 })
    #expect(plan.groups[0].reduce(0) { $0 + $1.span.count } == 400)
    #expect(spans(ReadPlan(map([0, 2, 4], limit: 4, gap: 0), joins: true)) == [[0, 4], [4, 2]])
  }
}

@Suite("Energy registers that end")
struct RegisterRollOverTests {
  private func instant(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }

  @Test("A register that has counted past its end goes on where it was")
  func countsOn() {
    var register = RegisterRollOver(modulus: Energy(wattHours: 100_000))
    #expect(register.absolute(Energy(wattHours: 99_995), at: instant(0)) == Energy(wattHours: 99_995))
    #expect(register.absolute(Energy(wattHours: 3), at: instant(2)) == Energy(wattHours: 100_003))
    #expect(register.absolute(Energy(wattHours: 9), at: instant(3)) == Energy(wattHours: 100_009))
  }

  @Test("A fall that no EVSE can have made is another meter, and its register is handed on as it is")
  func anotherMeter() {
    var register = RegisterRollOver(modulus: Energy(wattHours: 100_000))
    _ = register.absolute(Energy(wattHours: 60_000), at: instant(0))
    #expect(register.absolute(Energy(wattHours: 5), at: instant(1)) == Energy(wattHours: 5))
    var endless = RegisterRollOver(modulus: nil)
    _ = endless.absolute(Energy(wattHours: 99_999), at: instant(0))
    #expect(endless.absolute(Energy(wattHours: 1), at: instant(1)) == Energy(wattHours: 1))
  }

  @Test("An unsigned register of 32 bits ends by itself, a map's maximum comes first")
  func moduli() {
    func map(_ type: RegisterType, maximum: Energy?) -> RegisterMap {
      RegisterMap(
        name: "test", groups: [RegisterMap.Group(name: "all", interval: .seconds(1))],
        values: [
          RegisterMap.Value(
            field: RegisterMap.Field(table: .input, address: 0, type: type), target: .importRegister,
            scale: RegisterScale(1, unitPower: 0))
        ], registerMaximum: maximum)
    }
    var wrapping = RegisterRollOver(map(.uint32, maximum: nil), .importRegister)
    _ = wrapping.absolute(Energy(wattHours: 4_294_967_290), at: instant(0))
    #expect(wrapping.absolute(Energy(wattHours: 4), at: instant(1)) == Energy(wattHours: 4_294_967_300))
    var decimal = RegisterRollOver(map(.float32, maximum: Energy(wattHours: 1_000_000)), .importRegister)
    _ = decimal.absolute(Energy(wattHours: 999_990), at: instant(0))
    #expect(decimal.absolute(.zero, at: instant(1)) == Energy(wattHours: 1_000_000))
  }
}

@Suite("Waits before a lost Modbus line is opened again")
struct ReopenWaitTests {
  @Test("A peer that takes each connection and drops it is left alone for longer each time, until an exchange works")
  func grows() {
    var wait = ReopenWait(
      ModbusLineSettings(reopenAfter: .milliseconds(250), reopenAtMost: .milliseconds(1_500)))
    #expect((0..<5).map { _ in wait.next() } == [250, 500, 1_000, 1_500, 1_500].map { .milliseconds($0) })
    wait.works()
    #expect(wait.next() == .milliseconds(250))
  }
}

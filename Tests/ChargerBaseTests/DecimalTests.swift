import ChargerBase
import Testing

@Suite("Decimal numbers")
struct DecimalTests {
  @Test(
    "A JSON number is kept exactly and written plainly",
    arguments: [
      ("0", "0"), ("-0", "0"), ("7", "7"), ("-12.50", "-12.5"), ("0.001", "0.001"), ("1e3", "1000"),
      ("12.5E-1", "1.25"), ("100e-2", "1"), ("-0.05", "-0.05"), ("999999999999999999", "999999999999999999"),
      ("0.000000000000000001", "0.000000000000000001"), ("0.1e1", "1"), ("0e999999", "0"), ("1e-999999", "0"),
    ])
  func exact(text: String, plain: String) {
    #expect(Decimal(text)?.description == plain)
  }

  @Test(
    "What is no JSON number is refused",
    arguments: ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity", "1 ", " 1", "1,5", "--1"])
  func refused(text: String) {
    #expect(Decimal(text) == nil)
  }

  @Test(
    "A number that no OCPP quantity needs is refused, not wrapped",
    arguments: ["1e18", "9999999999999999999", "1e999999999999"])
  func tooLarge(text: String) {
    #expect(Decimal(text) == nil)
  }

  @Test("Digits beyond what is kept are dropped, not rounded up")
  func dropped() {
    #expect(Decimal("0.1234567890123456789")?.description == "0.123456789012345678")
    #expect(Decimal("123.123456789012345678901234567890")?.places == 15)
  }

  @Test("Numbers of different places compare by value")
  func comparison() throws {
    let numbers = try ["-1e17", "-1.5", "-1.49", "0", "0.000000000000000001", "0.1", "2", "100000000000000000"].map {
      try #require(Decimal($0))
    }
    for (left, right) in zip(numbers, numbers.dropFirst()) {
      #expect(left < right)
      #expect(!(right < left))
    }
    #expect(Decimal("1.500") == Decimal("15e-1"))
    #expect(Set([Decimal("1.0"), Decimal("1"), Decimal("10e-1")]).count == 1)
  }

  @Test(
    "Rounding to places goes half away from zero",
    arguments: [
      ("2.5", 0, 3), ("-2.5", 0, -3), ("2.4", 0, 2), ("1.2345", 3, 1_235), ("-0.0004", 3, 0), ("7", 3, 7_000),
    ])
  func rounding(text: String, places: Int, value: Int64) {
    #expect(Decimal(text)?.scaled(places: places) == value)
  }

  @Test("Scaling beyond the range gives nothing")
  func scalingOverflow() {
    #expect(Decimal(Int64.max).scaled(places: 1) == nil)
    #expect(Decimal(1).scaled(places: 19) == nil)
    #expect(Decimal(Int64.min).description == "-9223372036854775808")
  }

  @Test("A number with a fraction is no integer")
  func integer() {
    #expect(Decimal("3.0")?.integer == 3)
    #expect(Decimal("3.5")?.integer == nil)
  }
}

@Suite("Quantities")
struct QuantityTests {
  @Test("Arithmetic stops at the ends of the range")
  func saturation() {
    let most = Energy(milliwattHours: .max)
    #expect(most + Energy(wattHours: 1) == most)
    #expect(Power(milliwatts: .min) - Power(watts: 1) == Power(milliwatts: .min))
    #expect(Current(amperes: .max).milliamperes == .max)
    #expect(Int64.min.multipliedSaturating(by: -1) == .max)
    #expect(Int64.min.addingSaturating(-1) == .min)
    #expect(Int64.min.subtractingSaturating(1) == .min)
    #expect(Int64.max.multipliedSaturating(by: -2) == .min)
  }

  @Test("A decimal becomes thousandths and back")
  func decimals() throws {
    let energy = try #require(Decimal("1234.5678").flatMap { Energy($0) })
    #expect(energy.milliwattHours == 1_234_568)
    #expect(energy.decimal.description == "1234.568")
    #expect(Current(milliamperes: 16_000).description == "16 A")
    #expect(Decimal("999999999999999999").flatMap { Voltage($0) } == nil)
  }

  @Test("Clamping keeps what lies within")
  func clamping() {
    #expect(5.clamped(to: 0...3) == 3)
    #expect((-5).clamped(to: 0...3) == 0)
    #expect(2.clamped(to: 0...3) == 2)
  }
}

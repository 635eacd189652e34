import ChargerBase

// Cars and cables as they come, from a source of randomness that the caller owns.

extension CarSpecification {
  /// Most cars are good ones; one in three has a quirk or two.
  public static func random(using random: inout some RandomNumberGenerator) -> CarSpecification {
    func number(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &random) }
    func oneIn(_ count: Int64) -> Bool { number(1...count) == 1 }
    var car = CarSpecification(
      current: Current(amperes: [6, 10, 13, 16, 20, 32][Int(number(0...5))]),
      phases: [1, 3, 3, 2][Int(number(0...3))], connectDelay: .milliseconds(number(0...500)),
      chargeDelay: .milliseconds(number(0...8_000)), reaction: .milliseconds(number(50...4_500)))
    if oneIn(3) { car.batteryRoom = Energy(wattHours: number(10...60_000)) }
    guard oneIn(3) else { return car }
    for _ in 0..<number(1...2) { car.quirks.addRandom(using: &random) }
    return car
  }
}

extension CarQuirks {
  mutating func addRandom(using random: inout some RandomNumberGenerator) {
    func number(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &random) }
    switch number(0...14) {
    case 0: opensS2After = .milliseconds(number(100...12_000))
    case 1: opensS2UnderLoad = true
    case 2: neverOpensS2 = true
    case 3: ignoresLowerOfferFor = .milliseconds(number(500...10_000))
    case 4: hasDiode = false
    case 5: sleepsAfter = .seconds(number(5...600))
    case 6: drawsPercent = number(50...150)
    case 7: isSimplified = true
    case 8: needsVentilation = true
    case 9:
      stopsAfter = .seconds(number(5...600))
      resumesAfter = .seconds(number(1...600))
    case 10: bouncesFor = .milliseconds(number(10...400))
    case 11: resistorPercent = number(92...108)
    case 12: rise = Current(milliamperes: number(100...20_000))
    case 13: fall = Current(milliamperes: number(500...50_000))
    default: leakage = Current(milliamperes: number(1...9))
    }
  }
}

extension CableSpecification {
  /// Of the ratings of IEC 61851-1 Annex B; one in twenty is between the bands, cut or shorted.
  public static func random(using random: inout some RandomNumberGenerator) -> CableSpecification {
    switch Int64.random(in: 0...59, using: &random) {
    case 0: return CableSpecification(proximity: .open)
    case 1: return CableSpecification(proximity: .resistance(Resistance(ohms: 5)))
    case 2: return CableSpecification(proximity: .resistance(Resistance(ohms: 350)))
    default:
      let rating = [13, 20, 32, 32, 63][Int(Int64.random(in: 0...4, using: &random))]
      return CableSpecification(rating: Current(amperes: Int64(rating)))
    }
  }
}

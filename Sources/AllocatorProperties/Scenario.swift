import ChargerBase
import EVSEControl
import HAL

/// What one seed plays: the station and how lively the world is.
struct Scenario {
  enum Kind: String, CaseIterable {
    /// Vehicles come at the start and stay; nothing else changes. Equal division, settling and turns show here.
    case calm
    /// As calm, with the same vehicle everywhere.
    case equal
    /// Vehicles come and go, limits and the supply go up and down.
    case busy
    /// As busy, with vehicles that follow late or never.
    case unruly
  }

  var kind: Kind
  var configuration: ControlConfiguration
  var duration: Duration
  /// The station's supply changes by a limit of the whole station.
  var changesSupply: Bool
  var metersTellCurrent: Bool
  /// Now and then a meter says nothing for up to four minutes.
  var metersFallSilent: Bool
  /// The meter's error: a part of the current in hundredths of a percent, and milliamperes.
  var relativeNoise: Int64
  var absoluteNoise: Int64

  init(seed: UInt64, random: inout SeededRandom) {
    kind = Kind.allCases[Int(seed % UInt64(Kind.allCases.count))]
    let count = Int64.random(in: 1...6, using: &random)
    let isScarce = Int.random(in: 0..<3, using: &random) == 0
    let supply =
      isScarce
      ? Int64.random(in: 6...max(6, 6 * count - 1), using: &random)
      : Int64.random(in: 6 * count...32 * count, using: &random)
    let hasSupply = kind == .equal || Int.random(in: 0..<12, using: &random) > 0
    let equalMaximum: Int64 = 32
    // Where nobody opens a vehicle that takes too much, the others must make room for it.
    let watches = kind != .unruly || Int.random(in: 0..<3, using: &random) > 0
    var evses: [EVSEControlConfiguration] = []
    for number in 1...Int32(count) {
      let id = EVSEID(number)
      let maximum = ([16, 20, 32, 63] as [Int64]).randomElement(using: &random) ?? 32
      var evse = EVSEControlConfiguration(
        id: id, connectors: [ConnectorControlConfiguration(id: ConnectorID(evse: id, number: 1), cable: .fixed)],
        maximumCurrent: Current(amperes: kind == .equal ? equalMaximum : maximum),
        phases: Int.random(in: 0..<4, using: &random) == 0 ? 1 : 3)
      evse.connectors[0].wakeUp = nil
      evse.meterNeeded = Int.random(in: 0..<3, using: &random) > 0
      evse.watchesOverCurrent = watches
      evses.append(evse)
    }
    configuration = ControlConfiguration(
      evses: evses, sharedSupply: hasSupply ? Current(amperes: supply) : nil)
    configuration.timing.supplyTurn = .seconds(Int64.random(in: 2...15, using: &random) * 60)
    configuration.timing.supplyLendAfter = .seconds(Int64.random(in: 20...60, using: &random))
    duration = .seconds(kind == .busy || kind == .unruly ? 3_600 : 5_400)
    changesSupply = kind == .busy || kind == .unruly
    metersTellCurrent = Int.random(in: 0..<8, using: &random) > 0 || kind == .unruly
    metersFallSilent = changesSupply && Bool.random(using: &random)
    relativeNoise = Int64.random(in: 0...80, using: &random)
    absoluteNoise = Int64.random(in: 0...80, using: &random)
  }
}

import ChargerBase

/// A quantity that follows its target with one time constant. It is kept as a start and an instant and computed when
/// asked, so that its course does not depend on how time is cut.
struct FirstOrderLag: Sendable, Equatable {
  private var start: Double
  private(set) var target: Double
  private var since: MonotonicInstant
  /// Seconds.
  let timeConstant: Double

  init(at value: Double, timeConstant: Duration, since: MonotonicInstant) {
    start = value
    target = value
    self.since = since
    self.timeConstant = max(0.001, Double(timeConstant.wholeMilliseconds) / 1_000)
  }

  func value(at now: MonotonicInstant) -> Double {
    guard start != target else { return target }
    let seconds = Double(max(0, since.duration(to: now).wholeNanoseconds)) / 1_000_000_000
    return target + (start - target) * Self.decay(seconds / timeConstant)
  }

  mutating func approach(_ target: Double, at now: MonotonicInstant) {
    guard target != self.target else { return }
    start = value(at: now)
    since = now
    self.target = target
  }

  /// e⁻ˣ for x ≥ 0, by four arithmetic operations alone: the same on every machine.
  static func decay(_ x: Double) -> Double {
    guard x < 40 else { return 0 }
    let part = x / 1_024
    var power = 1 - part * (1 - part / 2 * (1 - part / 3 * (1 - part / 4)))
    for _ in 0..<10 { power *= power }
    return power
  }
}

/// The temperature of one place on the path of the energy: ambient, the heat of the current (I²·R), and with a bad
/// contact a hot spot.
struct SimulatedHeat: Sendable, Equatable {
  /// What a bad contact adds in the end, in degrees, and how fast.
  static let hotSpot = 100.0
  static let hotSpotTimeConstant = Duration.seconds(10)

  let configuration: WorldTemperatureSensor
  private var body: FirstOrderLag
  private var spot: FirstOrderLag

  init(_ configuration: WorldTemperatureSensor, ambient: Temperature, at now: MonotonicInstant) {
    self.configuration = configuration
    body = FirstOrderLag(
      at: Double(ambient.thousandths) / 1_000, timeConstant: configuration.timeConstant, since: now)
    spot = FirstOrderLag(at: 0, timeConstant: Self.hotSpotTimeConstant, since: now)
  }

  mutating func settle(ambient: Temperature, milliamperes: Int64, hasHotSpot: Bool, at now: MonotonicInstant) {
    let load = Double(milliamperes) / 32_000
    let rise = Double(configuration.riseAt32Amperes.thousandths) / 1_000
    body.approach(Double(ambient.thousandths) / 1_000 + rise * load * load, at: now)
    spot.approach(hasHotSpot ? Self.hotSpot : 0, at: now)
  }

  func temperature(at now: MonotonicInstant) -> Temperature {
    let celsius = (body.value(at: now) + spot.value(at: now)).clamped(to: -1_000...100_000)
    return Temperature(thousandths: Int64((celsius * 1_000).rounded()))
  }
}

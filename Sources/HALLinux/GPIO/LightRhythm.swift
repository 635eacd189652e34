import ChargerBase
import HAL

/// When a light without brightness is on: half of the time when it blinks, all but a short break when it pulses.
struct LightRhythm: Equatable {
  var blink = Duration.seconds(1)
  var pulse = Duration.seconds(2)

  /// What a light shows that has shown its pattern for so long, and until when, counted from the same instant.
  func state(_ rhythm: LightPattern.Rhythm, after elapsed: Duration) -> (isOn: Bool, until: Duration?) {
    switch rhythm {
    case .steady: (true, nil)
    case .blinking: phase(elapsed, period: blink, on: blink / 2)
    case .pulsing: phase(elapsed, period: pulse, on: pulse * 3 / 4)
    }
  }

  private func phase(_ elapsed: Duration, period: Duration, on: Duration) -> (isOn: Bool, until: Duration?) {
    let length = max(1, period.wholeNanoseconds)
    let passed = max(0, elapsed.wholeNanoseconds) % length
    let begun = Duration.nanoseconds(max(0, elapsed.wholeNanoseconds) - passed)
    return passed < on.wholeNanoseconds ? (true, begun + on) : (false, begun + period)
  }
}

/// Which lamps of a light show a colour.
struct LightLamps: OptionSet, Hashable {
  let rawValue: UInt8
  static let red = LightLamps(rawValue: 1)
  static let green = LightLamps(rawValue: 2)
  static let blue = LightLamps(rawValue: 4)
  static let white = LightLamps(rawValue: 8)

  /// The lamps for a colour, of those that there are; where none of its own is there, the nearest, and in the end all.
  static func showing(_ colour: LightPattern.Colour, of lamps: LightLamps) -> LightLamps {
    let wishes: [LightLamps] =
      switch colour {
      case .off: []
      case .red: [.red]
      case .green: [.green, .blue]
      case .blue: [.blue, .green]
      case .yellow: [[.red, .green], .white]
      case .white: [.white, [.red, .green, .blue]]
      }
    if colour == .off { return [] }
    for wish in wishes where !wish.isDisjoint(with: lamps) { return wish.intersection(lamps) }
    return lamps
  }
}

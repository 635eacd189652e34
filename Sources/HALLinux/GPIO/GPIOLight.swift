import ChargerBase
import HAL
import Synchronization

/// A status light of single lamps: red, green, blue, white, as many as there are. Lines that change together are set
/// together. The light is dark before the first pattern, after `stop`, and when the driver is given up.
public final class GPIOLight: IndicatorLight, FrontPart {
  public struct Configuration: Sendable, Equatable {
    /// One of them at least.
    public var red: GPIOLineAddress?
    public var green: GPIOLineAddress?
    public var blue: GPIOLineAddress?
    public var white: GPIOLineAddress?
    /// The period of a blinking and of a pulsing light.
    public var blink = Duration.seconds(1)
    public var pulse = Duration.seconds(2)
    public var silentAfter = Duration.seconds(2)
    public var consumer = "charger light"

    public init() {}

    /// It has no lamp at all.
    public var isEmpty: Bool { lamps.isEmpty }

    var lamps: [(lamp: LightLamps, line: GPIOLineAddress)] {
      [(LightLamps.red, red), (.green, green), (.blue, blue), (.white, white)].compactMap { lamp, line in
        line.map { (lamp, $0) }
      }
    }
  }

  private struct State: Sendable {
    var pattern = LightPattern(.off)
    /// Nil until the thread has seen the pattern.
    var since: MonotonicInstant?
    var health = DriverHealth.alive
    var notify: (@Sendable () -> Void)?
  }

  let descriptors: [Int32] = []
  private let host: any FrontHost
  private let state = Mutex(State())
  private let rhythm: LightRhythm
  private let lines: LampLines

  /// - Throws: `GPIOError` that names the line and the reason.
  public convenience init(_ configuration: Configuration) throws(GPIOError) {
    let outputs = try GPIOOutputs(configuration.lamps.map(\.line), consumer: configuration.consumer)
    self.init(configuration, outputs: outputs, host: FrontLane.shared)
  }

  init(_ configuration: Configuration, outputs: any DigitalOutputs, host: any FrontHost) {
    self.host = host
    rhythm = LightRhythm(blink: configuration.blink, pulse: configuration.pulse)
    lines = LampLines(configuration.lamps.map(\.lamp), outputs, silentAfter: configuration.silentAfter)
  }

  public func start(notify: @escaping @Sendable () -> Void) {
    state.withLock { $0.notify = notify }
    host.add(self)
  }

  public func stop() {
    show(LightPattern(.off))
    state.withLock { $0.notify = nil }
    host.remove(self)
  }

  public var health: DriverHealth { state.withLock(\.health) }

  public func show(_ pattern: LightPattern) {
    let isNew = state.withLock { state in
      guard state.pattern != pattern else { return false }
      state.pattern = pattern
      state.since = nil
      return true
    }
    if isNew { host.wake() }
  }

  func step(at now: MonotonicInstant) -> MonotonicInstant {
    let (pattern, since) = state.withLock { state in
      let since = state.since ?? now
      state.since = since
      return (state.pattern, since)
    }
    let (isOn, until) = rhythm.state(pattern.rhythm, after: now - since)
    let health = lines.show(isOn ? pattern.colour : .off, at: now)
    let notify = state.withLock { state -> (@Sendable () -> Void)? in
      let isNews = (state.health == .alive) != (health == .alive)
      state.health = health
      return isNews ? state.notify : nil
    }
    notify?()
    let next = now + .milliseconds(lines.isFailing ? 100 : 1_000)
    return pattern.colour == .off ? next : min(next, until.map { since + $0 } ?? next)
  }
}

/// The lamps' lines. They belong to the thread that steps the light.
private final class LampLines: @unchecked Sendable {
  // Unchecked: `show` is called by the front lane's thread alone, see `FrontPart.step`.
  private let lamps: [LightLamps]
  private let outputs: any DigitalOutputs
  private var line: LineHealth
  private var shown: UInt8?

  init(_ lamps: [LightLamps], _ outputs: any DigitalOutputs, silentAfter: Duration) {
    self.lamps = lamps
    self.outputs = outputs
    line = LineHealth(silentAfter: silentAfter)
    shown = outputs.set(0) ? 0 : nil
  }

  deinit { _ = outputs.set(0) }

  var isFailing: Bool { line.isFailing }

  func show(_ colour: LightPattern.Colour, at now: MonotonicInstant) -> DriverHealth {
    let lit = LightLamps.showing(colour, of: lamps.reduce(into: []) { $0.formUnion($1) })
    var bits: UInt8 = 0
    for (index, lamp) in lamps.enumerated() where lit.contains(lamp) { bits |= 1 << UInt8(clamping: index) }
    if bits != shown { shown = outputs.set(bits) ? bits : nil }
    line.note(shown != nil, at: now)
    return line.health
  }
}

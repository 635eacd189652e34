import ChargerBase
import Glibc
import HAL

/// A control pilot made by Linux's PWM and read through two channels of a converter with peak-hold or sampling hardware
/// in front of it.
///
/// A change of the peaks is readable after the sampling interval, the hold circuit's own time and whatever a loaded Linux
/// adds: there is no guarantee of 20 ms, so that this is for benches, and for boards whose safety lies elsewhere. What
/// opens the contactor when the program is dead is another matter, too: the PWM goes on as it is.
public final class PWMControlPilot: ControlPilot {
  public struct Configuration: Sendable, Equatable {
    public var root = "/"
    /// The number behind `pwmchip`.
    public var pwmChip = 0
    public var pwmChannel = 0
    /// The kernel is told to invert.
    public var isPolarityInversed = false
    /// The stage behind the pin makes −12 V of a high level.
    public var hasInvertingStage = false
    public var converter: IIOConverter
    /// As `voltage0`.
    public var positiveChannel: String
    public var negativeChannel: String
    public var positive = Divider()
    public var negative = Divider()
    public var interval = Duration.milliseconds(5)
    public var silentAfter = Duration.milliseconds(250)
    /// A converter that gives the very same number for so long is stuck; nil: it may.
    public var stuckAfter: Duration?

    public init(converter: IIOConverter, positiveChannel: String, negativeChannel: String) {
      self.converter = converter
      self.positiveChannel = positiveChannel
      self.negativeChannel = negativeChannel
    }
  }

  /// What stands between the pilot and the converter.
  public struct Divider: Sendable, Equatable {
    /// Volts on the pilot for a volt at the converter, in thousandths.
    public var ratio: Int64 = 1_000
    /// The pilot's voltage when the converter sees none.
    public var offset = Voltage.zero

    public init() {}

    func voltage(microvolts: Int64) -> Voltage? {
      let (product, isOver) = microvolts.multipliedReportingOverflow(by: ratio)
      guard !isOver else { return nil }
      return Voltage(millivolts: product / 1_000_000) + offset
    }
  }

  private static let possible = Voltage(volts: -15)...Voltage(volts: 15)
  /// A pilot at steady −12 V that reads higher than this is no reading of the pilot.
  private static let highestNegative = Voltage(volts: -6)
  /// Hold circuits need their time after a change of the output.
  private static let settling = Duration.milliseconds(60)

  public private(set) var measurement: PilotMeasurement?
  public var wakeDescriptor: Int32? { sampler.wakeDescriptor }
  private let output: PWMOutput
  private let sampler: IIOSampler
  private let positive: Divider
  private let negative: Divider
  private let silentAfter: Duration
  private var positiveHealth: IIOHealth
  private var applied = PilotOutput.steadyNegative
  private var appliedAt: MonotonicInstant?
  private var servedAt = MonotonicInstant.zero

  /// - Throws: `SysfsError` that names what is missing or refuses.
  public convenience init(_ configuration: Configuration) throws(SysfsError) {
    let positive = try IIOChannel(configuration.converter, name: configuration.positiveChannel)
    let negative = try IIOChannel(configuration.converter, name: configuration.negativeChannel)
    var pwm = PWMOutput.Configuration()
    pwm.root = configuration.root
    pwm.chip = configuration.pwmChip
    pwm.channel = configuration.pwmChannel
    pwm.isPolarityInversed = configuration.isPolarityInversed
    pwm.hasInvertingStage = configuration.hasInvertingStage
    self.init(configuration, output: try PWMOutput(pwm), positive: positive, negative: negative)
  }

  init(_ configuration: Configuration, output: PWMOutput, positive: IIOChannel, negative: IIOChannel) {
    self.output = output
    self.positive = configuration.positive
    self.negative = configuration.negative
    silentAfter = configuration.silentAfter
    positiveHealth = IIOHealth(silence: configuration.silentAfter, stuckAfter: configuration.stuckAfter)
    // A tenth of a volt on the pilot.
    let step = 100_000_000 / max(1, configuration.positive.ratio)
    sampler = IIOSampler(
      "pilot-adc", first: positive, second: negative, interval: configuration.interval, step: step)
  }

  public func apply(_ new: PilotOutput) {
    output.apply(new)
    guard new != applied else { return }
    applied = new
    appliedAt = nil
  }

  public func service(at now: MonotonicInstant) {
    servedAt = now
    positiveHealth.served(at: now)
    if appliedAt == nil, output.isWritten { appliedAt = now }
    guard let sample = sampler.take(), sample.takenAt > (measurement?.takenAt ?? .zero),
      let high = sample.first, positiveHealth.believes(high, takenAt: sample.takenAt),
      let highest = positive.voltage(microvolts: high), Self.possible.contains(highest)
    else { return }
    var lowest: Voltage?
    if case .pulseWidth = applied {
      guard let low = sample.second, let voltage = negative.voltage(microvolts: low), Self.possible.contains(voltage)
      else { return }
      lowest = voltage
    }
    if applied == .steadyNegative, highest > Self.highestNegative {
      // Not there yet, or stuck: what is read cannot be the pilot.
      guard let appliedAt, sample.takenAt < appliedAt + Self.settling else { return }
    }
    measurement = PilotMeasurement(positivePeak: highest, negativePeak: lowest, takenAt: sample.takenAt)
    positiveHealth.good(takenAt: sample.takenAt)
  }

  public var health: DriverHealth {
    if let since = output.isRefusedSince, servedAt - since >= silentAfter { return .silent(since: since) }
    switch positiveHealth.health {
    case .alive: return .alive
    case .silent(let since): return .silent(since: since)
    }
  }
}

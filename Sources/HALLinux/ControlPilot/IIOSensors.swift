import ChargerBase
import Glibc
import HAL

/// A proximity contact at a converter: the plug's resistor pulls a known pull-up resistor down.
public final class IIOProximity: ProximityPilot {
  public struct Configuration: Sendable, Equatable {
    public var converter: IIOConverter
    /// As `voltage2`.
    public var channel: String
    /// In ohms.
    public var pullUp: Int64
    /// What the pull-up resistor hangs on.
    public var reference: Voltage
    /// Volts at the contact for a volt at the converter, in thousandths.
    public var ratio: Int64 = 1_000
    /// A higher resistance is an open contact.
    public var openAbove = Resistance(ohms: 10_000)
    public var interval = Duration.milliseconds(50)
    public var silentAfter = Duration.milliseconds(1_000)
    public var stuckAfter: Duration?

    public init(converter: IIOConverter, channel: String, pullUp: Int64, reference: Voltage) {
      self.converter = converter
      self.channel = channel
      self.pullUp = pullUp
      self.reference = reference
    }
  }

  public private(set) var measurement: ProximityMeasurement?
  public var wakeDescriptor: Int32? { sampler.wakeDescriptor }
  private let configuration: Configuration
  private let sampler: IIOSampler
  private var state: IIOHealth

  /// - Throws: `SysfsError` that names what is missing.
  public convenience init(_ configuration: Configuration) throws(SysfsError) {
    self.init(configuration, channel: try IIOChannel(configuration.converter, name: configuration.channel))
  }

  init(_ configuration: Configuration, channel: IIOChannel) {
    self.configuration = configuration
    state = IIOHealth(silence: configuration.silentAfter, stuckAfter: configuration.stuckAfter)
    sampler = IIOSampler("proximity-adc", first: channel, interval: configuration.interval, step: 20_000)
  }

  public func service(at now: MonotonicInstant) {
    state.served(at: now)
    guard let sample = sampler.take(), sample.takenAt > (measurement?.takenAt ?? .zero), let microvolts = sample.first,
      state.believes(microvolts, takenAt: sample.takenAt), let resistance = resistance(microvolts)
    else { return }
    let isOpen = resistance > configuration.openAbove
    measurement = ProximityMeasurement(resistance: isOpen ? nil : resistance, takenAt: sample.takenAt)
    state.good(takenAt: sample.takenAt)
  }

  /// Nil for a voltage that the circuit cannot have: more than its reference, or under the ground, by a twentieth.
  private func resistance(_ microvolts: Int64) -> Resistance? {
    let (product, isOver) = microvolts.multipliedReportingOverflow(by: configuration.ratio)
    let (reference, referenceIsOver) = configuration.reference.millivolts.multipliedReportingOverflow(by: 1_000)
    guard !isOver, !referenceIsOver, reference > 0 else { return nil }
    let contact = product / 1_000
    guard contact > -reference / 20, contact < reference + reference / 20 else { return nil }
    let rest = reference - contact
    guard rest > reference / 1_000 else { return Resistance(thousandths: .max) }
    let milliohms = Int128(max(contact, 0)) * Int128(configuration.pullUp) * 1_000 / Int128(rest)
    return Resistance(thousandths: Int64(clamping: milliohms))
  }

  public var health: DriverHealth {
    switch state.health {
    case .alive: .alive
    case .silent(let since): .silent(since: since)
    }
  }
}

/// A temperature at a converter: a channel that the kernel knows as one, or a thermistor under a pull-up resistor.
public final class IIOTemperature: TemperatureSensor {
  public struct Thermistor: Sendable, Equatable {
    /// In ohms.
    public var pullUp: Int64
    /// What the pull-up resistor hangs on.
    public var reference: Voltage
    /// In ohms, at 25 °C.
    public var nominal: Int64
    /// In kelvins.
    public var beta: Int64

    public init(pullUp: Int64, reference: Voltage, nominal: Int64 = 10_000, beta: Int64 = 3_950) {
      self.pullUp = pullUp
      self.reference = reference
      self.nominal = nominal
      self.beta = beta
    }
  }

  public struct Configuration: Sendable, Equatable {
    public var converter: IIOConverter
    /// As `temp` or `voltage3`.
    public var channel: String
    /// Nil for a channel whose unit is a temperature already.
    public var thermistor: Thermistor?
    public var interval = Duration.milliseconds(500)
    public var silentAfter = Duration.seconds(5)
    public var stuckAfter: Duration?

    public init(converter: IIOConverter, channel: String, thermistor: Thermistor? = nil) {
      self.converter = converter
      self.channel = channel
      self.thermistor = thermistor
    }
  }

  /// What a station can have; anything else is a broken sensor.
  private static let possible = Temperature(celsius: -55)...Temperature(celsius: 200)

  public private(set) var reading: TemperatureReading?
  public var wakeDescriptor: Int32? { sampler.wakeDescriptor }
  private let thermistor: Thermistor?
  private let sampler: IIOSampler
  private var state: IIOHealth

  /// - Throws: `SysfsError` that names what is missing.
  public convenience init(_ configuration: Configuration) throws(SysfsError) {
    self.init(configuration, channel: try IIOChannel(configuration.converter, name: configuration.channel))
  }

  init(_ configuration: Configuration, channel: IIOChannel) {
    thermistor = configuration.thermistor
    state = IIOHealth(silence: configuration.silentAfter, stuckAfter: configuration.stuckAfter)
    sampler = IIOSampler("temperature-adc", first: channel, interval: configuration.interval, step: 500_000)
  }

  public func service(at now: MonotonicInstant) {
    state.served(at: now)
    guard let sample = sampler.take(), sample.takenAt > (reading?.takenAt ?? .zero), let value = sample.first,
      state.believes(value, takenAt: sample.takenAt), let temperature = temperature(value),
      Self.possible.contains(temperature)
    else { return }
    reading = TemperatureReading(temperature: temperature, takenAt: sample.takenAt)
    state.good(takenAt: sample.takenAt)
  }

  private func temperature(_ value: Int64) -> Temperature? {
    guard let thermistor else { return Temperature(thousandths: value / 1_000) }
    let volts = Double(value) / 1_000_000
    let reference = Double(thermistor.reference.millivolts) / 1_000
    // Open and shorted sensors lie at the ends.
    guard volts > reference * 0.005, volts < reference * 0.995 else { return nil }
    let ohms = Double(thermistor.pullUp) * volts / (reference - volts)
    let inverse = 1 / 298.15 + log(ohms / Double(thermistor.nominal)) / Double(thermistor.beta)
    guard inverse > 0 else { return nil }
    let celsius = 1 / inverse - 273.15
    guard celsius.magnitude < 1_000 else { return nil }
    return Temperature(thousandths: Int64(celsius * 1_000))
  }

  public var health: DriverHealth {
    switch state.health {
    case .alive: .alive
    case .silent(let since): .silent(since: since)
    }
  }
}

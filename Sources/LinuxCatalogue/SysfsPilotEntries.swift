import BoardProfile
import ChargerBase
import HAL
import HALLinux

extension LinuxCatalogue {
  /// A pilot by Linux's PWM and converters, for benches; proximity contacts and temperatures at converters.
  static func addSysfsPilot(to catalogue: inout DriverCatalogue) {
    catalogue.addPilot(LinuxDrivers.pwmPilot.name) { options in
      let root = options.string("root", default: "/")
      let adc = options.string("adc")
      var configuration = PWMControlPilot.Configuration(
        converter: IIOConverter(device: adc, root: root), positiveChannel: options.string("positiveChannel"),
        negativeChannel: options.string("negativeChannel"))
      configuration.root = root
      configuration.pwmChip = Int(options.integer("pwmChip", in: 0...63, default: 0))
      configuration.pwmChannel = Int(options.integer("pwmChannel", in: 0...15, default: 0))
      configuration.isPolarityInversed =
        options.choice("polarity", of: ["normal", "inversed"], default: "normal") == "inversed"
      configuration.hasInvertingStage =
        options.choice("outputStage", of: ["direct", "inverting"], default: "direct") == "inverting"
      configuration.positive = divider(options, "")
      configuration.negative = divider(options, "negative", standard: configuration.positive)
      configuration.interval = .milliseconds(options.integer("sampleMilliseconds", in: 1...50, default: 5))
      configuration.silentAfter = .milliseconds(options.integer("silenceMilliseconds", in: 100...1_000, default: 250))
      configuration.stuckAfter = stuckAfter(options)
      let capture = options.choice("capture", of: ["peakHold", "sampler", "unsynchronised"])
      if capture == "unsynchronised", options.purpose == .product {
        options.report(
          "capture",
          "is \"unsynchronised\": a converter that reads at any moment of the 1 ms period cannot tell the vehicle's state within 100 ms",
          allowed: "peakHold or sampler, with that hardware before the converter; or purpose \"bench\"")
      }
      if configuration.positiveChannel == configuration.negativeChannel, !configuration.positiveChannel.isEmpty {
        options.report(
          "negativeChannel", "is \"\(configuration.negativeChannel)\", the positive peak's",
          allowed: "a channel of its own for each peak")
      }
      options.claim("PWM channel \(configuration.pwmChannel) of pwmchip\(configuration.pwmChip)")
      for channel in [configuration.positiveChannel, configuration.negativeChannel] {
        options.claim("channel \(channel) of the converter \(adc)", named: channel, adc)
      }
      return { try PWMControlPilot(configuration) }
    }
    catalogue.addProximity(LinuxDrivers.iioProximity.name) { options in
      var configuration = IIOProximity.Configuration(
        converter: converter(options), channel: channel(options),
        pullUp: options.integer("pullUpOhms", in: 10...1_000_000),
        reference: Voltage(millivolts: options.integer("referenceMillivolts", in: 500...15_000)))
      configuration.ratio = (options.decimal("dividerRatio", in: 1...100, default: 1)).thousandths ?? 1_000
      configuration.openAbove = Resistance(ohms: options.integer("openAboveOhms", in: 2_500...100_000, default: 10_000))
      configuration.interval = .milliseconds(options.integer("sampleMilliseconds", in: 1...100, default: 50))
      configuration.silentAfter = .milliseconds(options.integer("silenceMilliseconds", in: 200...5_000, default: 1_000))
      configuration.stuckAfter = stuckAfter(options)
      return { try IIOProximity(configuration) }
    }
    catalogue.addTemperatureSensor(LinuxDrivers.iioTemperature.name) { options in
      var configuration = IIOTemperature.Configuration(converter: converter(options), channel: channel(options))
      if options.choice("sensor", of: ["scaled", "thermistor"], default: "scaled") == "thermistor" {
        configuration.thermistor = IIOTemperature.Thermistor(
          pullUp: options.integer("pullUpOhms", in: 10...1_000_000),
          reference: Voltage(millivolts: options.integer("referenceMillivolts", in: 500...15_000)),
          nominal: options.integer("nominalOhms", in: 100...1_000_000, default: 10_000),
          beta: options.integer("betaKelvins", in: 1_000...10_000, default: 3_950))
      }
      configuration.interval = .milliseconds(options.integer("sampleMilliseconds", in: 10...2_000, default: 500))
      configuration.silentAfter = .milliseconds(
        options.integer("silenceMilliseconds", in: 500...30_000, default: 5_000))
      configuration.stuckAfter = stuckAfter(options)
      return { try IIOTemperature(configuration) }
    }
  }

  private static func converter(_ options: DriverOptions) -> IIOConverter {
    IIOConverter(device: options.string("adc"), root: options.string("root", default: "/"))
  }

  /// Takes the channel for this driver alone.
  private static func channel(_ options: DriverOptions) -> String {
    let channel = options.string("channel")
    let adc = options.string("adc")
    options.claim("channel \(channel) of the converter \(adc)", named: channel, adc)
    return channel
  }

  private static func stuckAfter(_ options: DriverOptions) -> Duration? {
    let milliseconds = options.integer("stuckAfterMilliseconds", in: 0...60_000, default: 0)
    return milliseconds == 0 ? nil : .milliseconds(milliseconds)
  }

  private static func divider(
    _ options: DriverOptions, _ prefix: String, standard: PWMControlPilot.Divider = PWMControlPilot.Divider()
  ) -> PWMControlPilot.Divider {
    var divider = standard
    let (ratio, offset) =
      prefix.isEmpty
      ? ("dividerRatio", "offsetMillivolts") : (prefix + "DividerRatio", prefix + "OffsetMillivolts")
    divider.ratio =
      options.decimal(ratio, in: 1...100, default: Decimal(thousandths: standard.ratio)).thousandths ?? standard.ratio
    divider.offset = Voltage(
      millivolts: options.integer(offset, in: -30_000...30_000, default: standard.offset.millivolts))
    return divider
  }
}

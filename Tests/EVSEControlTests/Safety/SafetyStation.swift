import ChargerBase
import EVSEControl
import HAL
import Testing

/// Two EVSEs with everything that the control lane can watch, a vehicle charging at each.
enum SafetyStation {
  /// The safety inputs by their place: what the whole station has, then what the first EVSE has alone.
  enum Input: Int, CaseIterable {
    case stationStop, stationMains, stop, door, tilt, mains

    var configuration: SafetyInputConfiguration {
      switch self {
      case .stationStop: SafetyInputConfiguration(kind: .emergencyStop)
      case .stationMains: SafetyInputConfiguration(kind: .mainsLoss)
      case .stop: SafetyInputConfiguration(kind: .emergencyStop, evse: EVSEID(1))
      case .door: SafetyInputConfiguration(kind: .door, evse: EVSEID(1))
      case .tilt: SafetyInputConfiguration(kind: .tilt, evse: EVSEID(1))
      case .mains: SafetyInputConfiguration(kind: .mainsLoss, evse: EVSEID(1))
      }
    }
  }

  static func configuration(
    _ timing: TimingTable = TimingTable(), policy: LeaseExpiryPolicy = .finishSession
  ) -> ControlConfiguration {
    Bench.station(
      evses: 2, policy: policy,
      connector: {
        $0.cable = .socket
        $0.hasLock = true
        $0.hasProximity = true
        $0.hasDigitalCommunication = true
        $0.wakeUp = nil
      },
      evse: {
        $0.hasResidualCurrentMonitor = true
        $0.temperatureSensors = 1
        $0.hasPhaseSwitch = true
      },
      station: {
        $0.timing = timing
        $0.safetyInputs = Input.allCases.map(\.configuration)
      })
  }

  /// Everything read, the phase switches moved, nobody there.
  static func idle(_ timing: TimingTable = TimingTable(), policy: LeaseExpiryPolicy = .finishSession) -> Bench {
    let bench = Bench(configuration(timing, policy: policy))
    bench.drawn = [.zero, .zero]
    bench.run(for: .seconds(30))
    return bench
  }

  /// A vehicle at one place: connected, with its permit, locked in and tested, but in state B.
  static func connect(_ place: Int, _ bench: Bench, permit: Duration = .seconds(100_000)) {
    bench.plug(ohms: 220, at: place)
    bench.run(for: .seconds(1))
    bench.vehicle(9, at: place)
    bench.grant(
      bench.control.connectors[place], number: UInt32(place) + 1, budget: place == 0 ? 100_000 : nil, for: permit)
    bench.run(for: .seconds(5))
  }

  /// Two vehicles charge with 16 A each under offers of 32 A. The present instant is between two of the meters' readings.
  static func charging(
    _ timing: TimingTable = TimingTable(), policy: LeaseExpiryPolicy = .finishSession,
    permit: Duration = .seconds(100_000)
  ) -> Bench {
    let bench = idle(timing, policy: policy)
    for place in 0...1 {
      connect(place, bench, permit: permit)
      bench.vehicle(6, at: place)
      bench.drawn[place] = Current(amperes: 16)
    }
    bench.run(for: .seconds(10) + .milliseconds(300))
    #expect(bench.isClosed(0) && bench.isClosed(1), "both charge at the start of the test")
    #expect(bench.snapshot(0).offeredCurrent == Current(milliamperes: 31_998))
    forget(bench)
    return bench
  }

  /// Forgets what was seen so far.
  static func forget(_ bench: Bench) {
    bench.facts.removeAll()
    bench.pilots.removeAll()
    bench.contactors.removeAll()
    bench.locks.removeAll()
  }

  /// The whole table with every time half as long again: a laboratory's.
  static let slower: TimingTable = {
    var table = TimingTable()
    for path in table.durations { table[keyPath: path] = table[keyPath: path] * 3 / 2 }
    return table
  }()
}

extension TimingTable {
  /// The time of an entry; one that is not in the table lets the test fail.
  subscript(entry: String) -> Duration {
    let child = Mirror(reflecting: self).children.first { $0.label == entry }
    guard let duration = child?.value as? Duration else {
      Issue.record("the timing table has no time \(entry)")
      return .zero
    }
    return duration
  }

  /// Every time in the table.
  var durations: [WritableKeyPath<TimingTable, Duration>] {
    [
      \.openAfterVehicleStops, \.openAfterUnplug, \.closeAfterRequest, \.openUnderLoadAfterWithdrawal, \.pilotFilter,
      \.contactorTravel, \.contactorRest, \.pilotSilence, \.contactorSilence, \.meterSilence, \.pilotSettling,
      \.vehicleFollowsOffer, \.offerRaiseInterval, \.openAfterFault, \.lowerOfferAfterLimit, \.lockTravel,
      \.lockRetryPause, \.lockSilence, \.unlockAfterStateF, \.residualCurrentTestTrip, \.residualCurrentTestRecovery,
      \.residualCurrentSilence, \.overCurrentTime, \.voltageFault, \.voltageRecovery, \.temperatureSilence,
      \.proximitySilence, \.proximityFilter, \.safetyInputSilence, \.supplyTurn, \.supplyLendAfter, \.mainsReturnSpread,
      \.phaseSwitchRest, \.phaseSwitchTravel, \.phaseSwitchSilence,
    ]
  }
}

extension Bench {
  func meter(_ evse: Int = 0) { feed(.meter(evse: evse, reading(evse))) }

  func heat(_ celsius: Int64, evse: Int = 0) {
    feed(
      .temperature(evse: evse, sensor: 0, TemperatureReading(temperature: Temperature(celsius: celsius), takenAt: now)))
  }

  func phaseContact(_ phases: ConnectedPhases, evse: Int = 0) {
    feed(.phaseSwitchFeedback(evse: evse, PhaseSwitchFeedback(phases: phases, takenAt: now)))
  }

  func safety(_ input: SafetyStation.Input, _ isActive: Bool) { safety(input.rawValue, isActive) }

  func voltage(_ volts: Int64, evse: Int = 0) {
    voltages[evse] = Voltage(volts: volts)
    meter(evse)
  }

  func draw(_ amperes: Int64, evse: Int = 0) {
    drawn[evse] = Current(amperes: amperes)
    meter(evse)
  }

  func pilotVolts(_ volts: Int64, at place: Int = 0) { vehicle(volts, at: place, settle: false) }

  func diode(_ isThere: Bool) {
    vehicles[0].hasDiode = isThere
    measure(0)
  }

  func alive(_ driver: ControlDriver) { feed(.health(driver, .alive)) }

  /// Only the second EVSE's meter and sensors are read, once a second.
  func runWithoutReadings(of silent: SilentInstrument, for duration: Duration) {
    let end = now + duration
    metersSpeak = false
    while now < end {
      run(until: min(end, now + .milliseconds(700)))
      meter(1)
      heat(25, evse: 1)
      if silent != .meter { meter(0) }
      if silent != .temperature { heat(25, evse: 0) }
    }
    metersSpeak = true
  }

  enum SilentInstrument { case meter, temperature }

  /// To a millisecond before an instant.
  func runJustBefore(_ instant: MonotonicInstant) { run(until: instant + .milliseconds(-1)) }

  /// When a connector's contactor was first commanded open since `SafetyStation.forget`.
  func opened(_ place: Int) -> MonotonicInstant? {
    contactors.first { $0.place == place && $0.position == .open }?.at
  }

  func firstPilot(_ place: Int, _ output: PilotOutput) -> MonotonicInstant? {
    pilots.first { $0.place == place && $0.output == output }?.at
  }

  /// How often a fault was told as begun or ended.
  func tells(_ fault: ControlFault, active: Bool, at place: Int = 0) -> Int {
    facts.count { if case .fault(control.connectors[place], fault, active, _) = $0 { true } else { false } }
  }
}

import CLinux
import ChargerBase
import ChargerRuntime
import EVSEControl
import HAL
import Testing

/// A lane over one EVSE with everything that a station can have.
private final class FullRig {
  static let connector = ConnectorID(evse: EVSEID(1), number: 1)
  let pilot = FakePilot()
  let contactor = FakeContactor()
  let lock = FakeLock(.unlocked)
  let proximity = FakeProximity(.some(nil))
  let monitor = FakeResidualCurrentMonitor(false)
  let sensors = [FakeTemperatureSensor(Temperature(celsius: 20)), FakeTemperatureSensor(Temperature(celsius: 25))]
  let phaseSwitch = FakePhaseSwitch(.three)
  let emergencyStop = FakeSafetyInput(false)
  let door = FakeSafetyInput(false)
  let watchdog: FakeWatchdog
  let meter = FakeMeter()
  let recorder = FlightRecorder(capacity: 1_024)
  var configuration: ControlConfiguration
  private var running: ControlLane?

  init(watchdogTimeout: Duration = .milliseconds(400)) {
    watchdog = FakeWatchdog(timeout: watchdogTimeout)
    var connector = ConnectorControlConfiguration(id: Self.connector, cable: .socket)
    connector.hasLock = true
    connector.hasProximity = true
    var evse = EVSEControlConfiguration(
      id: EVSEID(1), connectors: [connector], maximumCurrent: Current(amperes: 32))
    evse.hasResidualCurrentMonitor = true
    evse.temperatureSensors = 2
    evse.hasPhaseSwitch = true
    configuration = ControlConfiguration(evses: [evse])
    configuration.safetyInputs = [
      SafetyInputConfiguration(kind: .emergencyStop), SafetyInputConfiguration(kind: .door, evse: EVSEID(1)),
    ]
  }

  var hardware: StationHardware {
    let connector = ConnectorHardware(
      id: Self.connector, pilot: pilot, contactor: contactor, lock: lock, proximity: proximity)
    let evse = EVSEHardware(
      id: EVSEID(1), connectors: [connector], meter: meter, residualCurrent: monitor, temperatures: sensors,
      phaseSwitch: phaseSwitch)
    // In another order than the configuration: inputs are found by kind and place.
    let inputs = [
      SafetyInputHardware(kind: .door, evse: EVSEID(1), input: door),
      SafetyInputHardware(kind: .emergencyStop, evse: nil, input: emergencyStop),
    ]
    return StationHardware(evses: [evse], safetyInputs: inputs, watchdog: watchdog)
  }

  func make(_ hardware: StationHardware? = nil) throws -> ControlLane {
    try ControlLane(
      configuration: configuration, hardware: hardware ?? self.hardware, recorder: recorder,
      options: ControlLane.Options(realtimePriority: 10, locksMemory: false), wake: {})
  }

  func start() throws -> ControlLane {
    let lane = try make()
    _ = try lane.start()
    return lane
  }

  func noted(_ kind: FlightRecord.Kind, _ first: Int32? = nil, _ second: Int32? = nil) -> Bool {
    eventually {
      recorder.records().contains {
        $0.kind == kind && (first == nil || $0.first == first) && (second == nil || $0.second == second)
      }
    }
  }
}

@Suite("Control lane: locks, residual current, proximity, temperature, safety inputs, phases, watchdog", .serialized)
struct ControlLaneInstrumentTests {
  @Test("Every driver that the configuration names is served, and what it shows is in the flight recorder")
  func everythingIsRead() throws {
    let rig = FullRig()
    let lane = try rig.start()
    defer { lane.stop(within: .seconds(1)) }
    rig.lock.set(.locked)
    #expect(rig.noted(.lockFeedback, 1))
    rig.proximity.set(Resistance(ohms: 220))
    #expect(rig.noted(.proximity, 220_000))
    rig.monitor.set(true)
    #expect(rig.noted(.residualCurrent, 1))
    rig.emergencyStop.set(true)
    #expect(rig.noted(.safetyInput, 0, 1), "the emergency stop is the configuration's first input")
    rig.door.set(true)
    #expect(rig.noted(.safetyInput, 1, 1))
    rig.phaseSwitch.set(.one)
    #expect(rig.noted(.phases, 1, 0))
    #expect(eventually { rig.sensors.allSatisfy { $0.world.with { $0.served } > 0 } })
  }

  @Test("A driver that falls silent is noted by its kind, and so is its return")
  func silences() throws {
    let rig = FullRig()
    let lane = try rig.start()
    defer { lane.stop(within: .seconds(1)) }
    let silencers: [(Int32, (Bool) -> Void)] = [
      (3, rig.lock.setSilent), (4, rig.proximity.setSilent), (5, rig.monitor.setSilent),
      (6, rig.sensors[1].setSilent), (7, rig.phaseSwitch.setSilent), (8, rig.door.setSilent),
      (9, rig.watchdog.setSilent),
    ]
    for (number, setSilent) in silencers {
      setSilent(true)
      #expect(rig.noted(.driverHealth, number, 0), "driver \(number) is silent")
      setSilent(false)
      #expect(rig.noted(.driverHealth, number, 1), "driver \(number) speaks")
    }
  }

  @Test("A noisy proximity contact does not fill the flight recorder")
  func proximityNoise() throws {
    let rig = FullRig()
    let lane = try rig.start()
    defer { lane.stop(within: .seconds(1)) }
    rig.proximity.set(Resistance(ohms: 680))
    #expect(rig.noted(.proximity, 680_000))
    for ohms in Int64(660)..<700 {
      let before = rig.proximity.world.with { $0.served }
      rig.proximity.set(Resistance(ohms: ohms))
      #expect(eventually { rig.proximity.world.with { $0.served } > before })
    }
    #expect(rig.recorder.records().filter { $0.kind == .proximity }.count <= 2, "open, then 680 Ω")
    rig.proximity.set(.some(nil))
    #expect(eventually { rig.recorder.records().last { $0.kind == .proximity }?.first == -1 })
  }

  @Test("Hardware that the configuration names must be there, each named in the error")
  func missingHardware() {
    let missing: [(String, (inout StationHardware) -> Void)] = [
      ("EVSE 1 connector 1 lock", { $0.evses[0].connectors[0].lock = nil }),
      ("EVSE 1 connector 1 proximity contact", { $0.evses[0].connectors[0].proximity = nil }),
      ("EVSE 1 meter", { $0.evses[0].meter = nil }),
      ("EVSE 1 residual current monitor", { $0.evses[0].residualCurrent = nil }),
      ("EVSE 1 temperature sensor 2", { $0.evses[0].temperatures.removeLast() }),
      ("EVSE 1 phase switch", { $0.evses[0].phaseSwitch = nil }),
      ("EVSE 1 safety input door", { $0.safetyInputs.removeFirst() }),
      ("safety input emergencyStop", { $0.safetyInputs[1].evse = EVSEID(1) }),
    ]
    for (what, remove) in missing {
      let rig = FullRig()
      var hardware = rig.hardware
      remove(&hardware)
      #expect(throws: ControlLaneError.missingHardware(what)) { _ = try rig.make(hardware) }
    }
  }

  @Test("DESIGN §5: the watchdog is fed four times per timeout while the lane lives, and disarmed at an orderly end")
  func watchdogIsFed() throws {
    let rig = FullRig(watchdogTimeout: .seconds(2))
    let lane = try rig.start()
    #expect(rig.watchdog.feeds.with { $0.count } >= 1, "armed before start returns")
    #expect(eventually { rig.watchdog.feeds.with { $0.count } >= 5 })
    #expect(!rig.watchdog.isDisarmed.with { $0 })
    let feeds = rig.watchdog.feeds.with { $0 }
    let gaps = zip(feeds.dropFirst(), feeds).map { $0 - $1 }
    // A machine that stands still lengthens gaps, and shortens the one behind: neither is the lane's.
    #expect((gaps.min() ?? Duration.zero) < .seconds(1), "fed well within the timeout: \(gaps)")
    let span = gaps.reduce(Duration.zero, +)
    #expect(gaps.count <= Int(span / .milliseconds(400)), "fed every 500 ms, not in every cycle: \(gaps)")
    #expect(lane.status.watchdogFeeds >= 5)
    lane.stop(within: .seconds(1))
    #expect(rig.watchdog.isDisarmed.with { $0 })
  }

  @Test("A lane that hangs in a driver feeds the watchdog no more; one that goes on does again")
  func hangingLane() throws {
    let rig = FullRig(watchdogTimeout: .milliseconds(200))
    let lane = try rig.start()
    defer { lane.stop(within: .seconds(1)) }
    #expect(eventually { rig.watchdog.feeds.with { $0.count } >= 3 })
    rig.door.hold()
    #expect(eventually { rig.door.isHeld })
    let before = rig.watchdog.feeds.with { $0.count }
    _ = poll(nil, 0, 300)
    #expect(rig.watchdog.feeds.with { $0.count } == before)
    rig.door.release()
    #expect(eventually { rig.watchdog.feeds.with { $0.count } > before + 2 })
  }

  @Test("The watchdog stays armed when a contactor does not open at the end")
  func weldedAtTheEnd() throws {
    let rig = FullRig()
    let lane = try rig.start()
    rig.contactor.world.with {
      $0.follows = false
      $0.position = .closed
    }
    rig.contactor.wakeDescriptor.map(linux_eventfd_signal)
    #expect(rig.noted(.contactorFeedback, 1))
    lane.stop(within: .milliseconds(50))
    #expect(!rig.watchdog.isDisarmed.with { $0 })
    #expect(rig.contactor.commanded == .open)
    #expect(rig.monitor.tests.with { $0.last } == false, "no test current stays on")
    #expect(rig.recorder.records().last?.first == 0, "the record tells that not all contactors were open")
  }
}

import CLinux
import ChargerBase
import ChargerRuntime
import EVSEControl
import HAL
import TemporaryDirectories
import Testing

@Suite("Control lane", .serialized)
struct ControlLaneTests {
  static let connector = ConnectorID(evse: EVSEID(1), number: 1)

  /// A lane over fake drivers, started; facts gather in `facts` whenever the lane wakes its reader.
  final class Rig {
    let pilot: FakePilot
    let contactor = FakeContactor()
    let lane: ControlLane
    let wakes = Shared(0)
    private(set) var facts: [ControlFact] = []

    init(
      isPolled: Bool = false, timing: TimingTable = TimingTable(), recorder: FlightRecorder? = nil
    ) throws {
      pilot = FakePilot(isPolled: isPolled)
      let configuration = ControlConfiguration(
        evses: [
          EVSEControlConfiguration(
            id: EVSEID(1),
            connectors: [ConnectorControlConfiguration(id: ControlLaneTests.connector, cable: .fixed)],
            maximumCurrent: Current(amperes: 32))
        ],
        timing: timing)
      let hardware = StationHardware(evses: [
        EVSEHardware(
          id: EVSEID(1),
          connectors: [ConnectorHardware(id: ControlLaneTests.connector, pilot: pilot, contactor: contactor)],
          meter: FakeMeter())
      ])
      let wakes = wakes
      lane = try ControlLane(
        configuration: configuration, hardware: hardware, recorder: recorder,
        options: ControlLane.Options(realtimePriority: 10, locksMemory: false), wake: { wakes.with { $0 += 1 } })
      _ = try lane.start()
    }

    func sees(_ matches: (ControlFact) -> Bool) -> Bool {
      eventually {
        facts += lane.drainFacts()
        return facts.contains(where: matches)
      }
    }

    func grant(_ number: UInt32 = 1) {
      let permit = EnergyPermit(
        number: number, reason: .authorized, energyBudget: nil, expiry: boottime() + .seconds(600))
      lane.send(.grant(ControlLaneTests.connector, permit))
    }

    /// Connects and charges; answers whether energy flows.
    func charge() -> Bool {
      pilot.vehicle(9)
      grant()
      guard sees({ $0.isCharging(.suspendedByVehicle) }) else { return false }
      pilot.vehicle(6)
      return sees { $0.isCharging(.charging) }
    }
  }

  @Test("Before start returns, the pilot is steady and the contactor commanded open", arguments: [false, true])
  func start(isPolled: Bool) throws {
    let rig = try Rig(isPolled: isPolled)
    defer { rig.lane.stop(within: .seconds(1)) }
    #expect(rig.contactor.commanded == .open)
    #expect(rig.pilot.world.with { $0.outputs } == [.steadyPositive])
    #expect(rig.sees { if case .connected(_, false, _) = $0 { true } else { false } })
  }

  @Test("A session: plug, permit, energy, stop, unplug", arguments: [false, true])
  func session(isPolled: Bool) throws {
    let rig = try Rig(isPolled: isPolled)
    defer { rig.lane.stop(within: .seconds(1)) }
    #expect(rig.charge())
    #expect(rig.contactor.commanded == .closed)
    #expect(rig.lane.snapshots().first?.blockers.isEmpty == true)
    let edge = boottime()
    rig.pilot.vehicle(9)
    // Within 100 ms by the rule; how fast it is, rows h and i of the benchmark measure.
    #expect(eventually { rig.contactor.commanded == .open })
    #expect(rig.sees { if case .powerPath(_, closed: false, _) = $0 { true } else { false } })
    rig.pilot.vehicle(12)
    #expect(rig.sees { if case .connected(_, false, let at) = $0 { at > edge } else { false } })
    #expect(rig.wakes.with { $0 } > 0)
  }

  @Test("A driver that falls silent opens the contactor, and a revocation does")
  func opens() throws {
    let rig = try Rig()
    defer { rig.lane.stop(within: .seconds(1)) }
    #expect(rig.charge())
    rig.pilot.setSilent(true)
    #expect(eventually { rig.contactor.commanded == .open })
    #expect(
      rig.sees { if case .fault(_, .pilotDriverSilent, active: true, _) = $0 { true } else { false } })
    rig.pilot.setSilent(false)
    #expect(eventually { rig.contactor.commanded == .closed })
    rig.lane.send(.revoke(Self.connector))
    #expect(eventually { rig.pilot.world.with { $0.outputs.last } == .steadyPositive })
    rig.pilot.vehicle(9)
    #expect(eventually { rig.contactor.commanded == .open })
  }

  @Test("A lane that stood still begins anew with its drivers: what the dead-man has opened is no stuck contactor")
  func standstill() throws {
    let rig = try Rig()
    defer { rig.lane.stop(within: .seconds(1)) }
    #expect(rig.charge())
    let held = boottime()
    rig.pilot.hold(true)
    rig.contactor.fallOpen()
    #expect(eventually { boottime() > held + ControlLane.standstill + .milliseconds(300) })
    rig.pilot.hold(false)
    #expect(rig.sees { if case .powerPath(_, closed: false, _) = $0 { true } else { false } })
    #expect(rig.sees { if case .powerPath(_, closed: true, let at) = $0 { at > held } else { false } })
    #expect(rig.contactor.commands.map(\.position).suffix(3) == [.closed, .open, .closed])
    #expect(!rig.facts.contains { if case .fault(_, .contactorStuck, active: true, _) = $0 { true } else { false } })
  }

  @Test("Stop withdraws the offer first and ends when the vehicle follows")
  func stopInOrder() throws {
    let rig = try Rig()
    #expect(rig.charge())
    rig.lane.beginStop(within: .seconds(30))
    #expect(eventually { rig.pilot.world.with { $0.outputs.last } == .steadyPositive })
    #expect(rig.contactor.commanded == .closed)
    let begin = boottime()
    rig.pilot.vehicle(9)
    rig.lane.stop(within: .seconds(30))
    #expect(rig.contactor.commanded == .open)
    #expect(boottime() - begin < .seconds(20), "well before the deadline")
  }

  @Test("Stop opens under load when its deadline has passed")
  func stopAtDeadline() throws {
    let recorder = FlightRecorder(capacity: 256)
    let rig = try Rig(recorder: recorder)
    #expect(rig.charge())
    rig.lane.stop(within: .milliseconds(50))
    #expect(rig.contactor.commanded == .open)
    let kinds = recorder.records().map(\.kind)
    for kind in [
      FlightRecord.Kind.pilotState, .pilotOutput, .contactorCommand, .contactorFeedback, .connected, .powerPath,
      .permitGranted, .phase, .shutDown, .stopped,
    ] {
      #expect(kinds.contains(kind), "\(kind) is missing")
    }
  }

  @Test("The lane gives signs of life while nothing happens")
  func signsOfLife() throws {
    let rig = try Rig()
    defer { rig.lane.stop(within: .seconds(1)) }
    let before = rig.lane.status.cycles
    #expect(eventually { rig.lane.status.cycles > before + 3 })
  }

  @Test("Edges reach the contactor, and the probe measures every one")
  func latency() throws {
    var timing = TimingTable()
    timing.pilotFilter = .zero
    timing.contactorRest = .zero
    let rig = try Rig(timing: timing)
    defer { rig.lane.stop(within: .seconds(1)) }
    #expect(rig.charge())
    let before = rig.lane.status.latency.count
    for _ in 0..<200 {
      rig.pilot.vehicle(9)
      #expect(eventually { rig.contactor.commanded == .open })
      rig.pilot.vehicle(6)
      #expect(eventually { rig.contactor.commanded == .closed })
    }
    #expect(eventually { rig.lane.status.latency.count >= before + 400 }, "row i of the benchmark measures how fast")
  }

  @Test("Hardware that the configuration names must be there")
  func missingHardware() {
    let configuration = ControlConfiguration(evses: [
      EVSEControlConfiguration(
        id: EVSEID(1), connectors: [ConnectorControlConfiguration(id: Self.connector, cable: .fixed)],
        maximumCurrent: Current(amperes: 16))
    ])
    let hardware = StationHardware(evses: [EVSEHardware(id: EVSEID(1), connectors: [], meter: FakeMeter())])
    #expect(throws: ControlLaneError.missingHardware("EVSE 1 connector 1")) {
      _ = try ControlLane(configuration: configuration, hardware: hardware, wake: {})
    }
  }

  @Test("The flight recorder's file is continued by the next start")
  func recorderFile() throws {
    let directory = try TemporaryDirectory("flight")
    defer { withExtendedLifetime(directory) {} }
    let path = directory.file("recording")
    do {
      let file = try #require(FlightRecorderFile(path: path, capacity: 16))
      file.recorder.note(.started, FlightRecord.station, 1, at: boottime())
    }
    let file = try #require(FlightRecorderFile(path: path, capacity: 16))
    #expect(file.recorder.records().map(\.kind) == [.started])
    file.recorder.note(.started, FlightRecord.station, 2, at: boottime())
    #expect(file.recorder.records().map(\.sequence) == [1, 2])
  }
}

extension ControlFact {
  func isCharging(_ wanted: ChargingPhase) -> Bool {
    if case .charging(_, wanted, _) = self { true } else { false }
  }
}

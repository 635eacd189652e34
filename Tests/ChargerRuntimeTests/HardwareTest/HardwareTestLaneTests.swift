import ChargerBase
import ChargerRuntime
import EVSEControl
import HAL
import Testing

/// A pilot that is measured anew in every cycle.
private final class LivePilot: ControlPilot, @unchecked Sendable {
  // Unchecked: `measurement` is the lane's, everything else lies in `world`.
  let world = Shared((volts: Int64(12), output: PilotOutput.steadyPositive))
  /// Called in every cycle, on the lane's thread: what a test does there cannot come too late.
  let inCycle = Shared<(@Sendable () -> Void)?>(nil)
  let wakeDescriptor: Int32? = nil
  let health = DriverHealth.alive
  private(set) var measurement: PilotMeasurement?

  func service(at now: MonotonicInstant) {
    inCycle.with { $0 }?()
    let (volts, output) = world.with { $0 }
    let isPulsing = if case .pulseWidth = output { true } else { false }
    measurement = PilotMeasurement(
      positivePeak: Voltage(volts: output == .steadyNegative ? -12 : volts),
      negativePeak: isPulsing ? Voltage(volts: -12) : nil, takenAt: now)
  }

  func apply(_ output: PilotOutput) { world.with { $0.output = output } }
}

@Suite("Hardware test: its control thread", .serialized)
struct HardwareTestLaneTests {
  private let pilot = LivePilot()
  private let contactor = FakeContactor()
  private let results = Shared([HardwareTestResult]())

  private func start() throws -> HardwareTestLane {
    let connector = ControlLaneTests.connector
    let lane = try HardwareTestLane(
      configuration: ControlConfiguration(evses: [
        EVSEControlConfiguration(
          id: EVSEID(1), connectors: [ConnectorControlConfiguration(id: connector, cable: .fixed)],
          maximumCurrent: Current(amperes: 32))
      ]),
      hardware: StationHardware(evses: [
        EVSEHardware(
          id: EVSEID(1), connectors: [ConnectorHardware(id: connector, pilot: pilot, contactor: contactor)],
          meter: FakeMeter())
      ]))
    try lane.start()
    return lane
  }

  private func click(_ lane: HardwareTestLane, hold: Duration = .milliseconds(100)) {
    let results = self.results
    lane.perform(.click(0, hold: hold)) { result in results.with { $0.append(result) } }
  }

  private func outcome() -> OutputToggle.Outcome? {
    guard eventually({ results.with { !$0.isEmpty } }), case .toggled(let toggle)? = results.with({ $0.first }) else {
      return nil
    }
    return toggle.outcome
  }

  private var isClosed: Bool { contactor.commanded == .closed }

  /// Does something once the contactor is closed.
  private func whenClosed(_ body: @escaping @Sendable () -> Void) {
    let (contactor, isDone) = (self.contactor, Shared(false))
    pilot.inCycle.with {
      $0 = {
        guard contactor.commanded == .closed, !isDone.with({ $0 }) else { return }
        isDone.with { $0 = true }
        body()
      }
    }
  }

  @Test("A contactor is closed and opened again by the lane's own clock, never for more than a second")
  func clicks() throws {
    let lane = try start()
    defer { lane.stop() }
    click(lane, hold: .seconds(3_600))
    #expect(outcome() == .worked)
    #expect(!isClosed)
  }

  @Test("With a car plugged in nothing is closed")
  func carPresent() throws {
    pilot.world.with { $0.volts = 9 }
    let lane = try start()
    defer { lane.stop() }
    click(lane)
    #expect(outcome() == .refused(.vehicle(.b)))
    #expect(contactor.world.with { $0.commands.allSatisfy { $0.position == .open } })
  }

  @Test("A car that is plugged in during a click opens the contactor")
  func carComes() throws {
    let lane = try start()
    defer { lane.stop() }
    let pilot = self.pilot
    whenClosed { pilot.world.with { $0.volts = 6 } }
    click(lane, hold: .seconds(1))
    #expect(outcome() == .interrupted(.vehicle(.c)))
    #expect(!isClosed)
  }

  @Test("The contactor opens when who asked for it has gone")
  func clientGone() throws {
    let lane = try start()
    defer { lane.stop() }
    whenClosed { lane.clientGone() }
    click(lane, hold: .seconds(1))
    #expect(outcome() == .interrupted(.clientGone))
    #expect(!isClosed)
  }

  @Test("The end of the test opens everything, also in the middle of a click; one output moves at a time")
  func ends() throws {
    let lane = try start()
    let results = self.results
    whenClosed { lane.perform(.pilot(0)) { result in results.with { $0.append(result) } } }
    click(lane, hold: .seconds(1))
    #expect(eventually { results.with { !$0.isEmpty } })
    if case .busy? = results.with({ $0.first }) {} else { Issue.record("two outputs move at once") }
    lane.stop()
    #expect(!isClosed)
    #expect(pilot.world.with { $0.output } == .steadyPositive)
  }
}

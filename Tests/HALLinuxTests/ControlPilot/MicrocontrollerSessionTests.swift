import ChargerBase
import EVSEControl
import HAL
import HALConformance
import SimulatedPeripherals
import Testing

@testable import HALLinux

/// Control's machines on an MCU, with line and time in memory: what control decides when the MCU is lost and back.
@Suite("A session on a companion MCU")
struct MicrocontrollerSessionTests {
  static let connector = ConnectorID(evse: EVSEID(1), number: 1)

  /// As the control lane has it: drivers served, news handled, outputs applied.
  final class Station {
    let rig = MemoryRig()
    let pilot: MicrocontrollerPilot
    let contactor: MicrocontrollerContactor
    private(set) var control: StationControl
    private var effects: ControlEffects
    private var heard = (pilot: true, contactor: true)
    private var newest: (pilot: PilotMeasurement?, contactor: ContactorPosition?) = (nil, nil)
    private(set) var facts: [ControlFact] = []
    private(set) var closings = 0

    init() {
      pilot = MicrocontrollerPilot(rig.link, connector: 1)
      contactor = MicrocontrollerContactor(rig.link, connector: 1)
      var evse = EVSEControlConfiguration(
        id: connector.evse, connectors: [ConnectorControlConfiguration(id: connector, cable: .fixed)],
        maximumCurrent: Current(amperes: 16), meterNeeded: false)
      evse.voltageBand = nil
      evse.watchesOverCurrent = false
      let configuration = ControlConfiguration(evses: [evse])
      control = StationControl(configuration: configuration, startingAt: rig.now)
      effects = ControlEffects(for: configuration)
      rig.machine.vehicle = .connected
      handle(.time)
      run(.seconds(1))
      let permit = EnergyPermit(
        number: 1, reason: .authorized, energyBudget: nil, expiry: rig.now + .seconds(100_000))
      handle(.command(.grant(connector, permit)))
      run(.seconds(2))
      rig.machine.vehicle = .ready
    }

    var isCoilOn: Bool { rig.machine.mcu.driven[0].isCoilOn }
    var faults: [ControlFault] {
      facts.compactMap { if case .fault(_, let fault, active: true, _) = $0 { fault } else { nil } }
    }

    func handle(_ input: ControlInput) {
      effects.removeAll()
      control.handle(input, at: rig.now, into: &effects)
      guard let output = effects.outputs.first else { return }
      if output.contactor == .open { contactor.command(.open) }
      if let signal = output.pilot { pilot.apply(signal) }
      if output.contactor == .closed {
        closings += 1
        contactor.command(.closed)
      }
      facts += effects.facts
    }

    func run(_ duration: Duration, until condition: (Station) -> Bool = { _ in false }) {
      let end = rig.now + duration
      while rig.now < end, !condition(self) {
        rig.wait(.milliseconds(1))
        pilot.service(at: rig.now)
        if control.nextDeadline <= rig.now { handle(.time) }
        hearPilot()
        hearContactor()
      }
    }

    private func hearPilot() {
      if (pilot.health == .alive) != heard.pilot {
        heard.pilot.toggle()
        newest.pilot = nil
        handle(.health(.pilot(connector: 0), pilot.health))
      }
      guard heard.pilot, let measurement = pilot.measurement, measurement != newest.pilot else { return }
      newest.pilot = measurement
      handle(.pilot(connector: 0, measurement))
    }

    private func hearContactor() {
      if (contactor.health == .alive) != heard.contactor {
        heard.contactor.toggle()
        newest.contactor = nil
        handle(.health(.contactor(connector: 0), contactor.health))
      }
      guard heard.contactor, let feedback = contactor.feedback, feedback.position != newest.contactor else { return }
      newest.contactor = feedback.position
      handle(.contactorFeedback(connector: 0, feedback))
    }
  }

  @Test("Plug, offer, energy, and the vehicle's stop: control opens before the MCU has to")
  func session() {
    let station = Station()
    station.run(.seconds(3)) { $0.isCoilOn }
    #expect(station.isCoilOn && station.closings == 1)
    station.run(.seconds(1))
    let edge = station.rig.now
    station.rig.machine.vehicle = .connected
    station.run(.seconds(1)) { !$0.isCoilOn }
    #expect(station.rig.now - edge < .milliseconds(80), "it was the MCU that opened")
    #expect(station.faults.isEmpty, "\(station.faults)")
  }

  @Test("A start is no loss: no fault is told while the MCU is greeted")
  func start() {
    #expect(Station().faults.isEmpty)
  }

  @Test("An MCU that begins anew during a charge: open at once, told as silent, closed again by control's own decision")
  func reset() {
    let station = Station()
    station.run(.seconds(3)) { $0.isCoilOn }
    station.run(.seconds(1))
    station.rig.machine.mcu.reset(.watchdog, at: station.rig.now)
    station.run(.milliseconds(100))
    #expect(!station.isCoilOn)
    #expect(station.control.snapshot(at: 0)?.contactorCommand != .closed)
    #expect(station.faults.contains(.contactorDriverSilent) && station.faults.contains(.pilotDriverSilent))
    #expect(!station.faults.contains(.contactorStuck), "what it did by itself is no stuck contactor")
    let closings = station.closings
    station.run(.seconds(10)) { $0.isCoilOn }
    #expect(station.isCoilOn && station.closings == closings + 1)
  }

  @Test("A line that is cut during a charge: the MCU opens by itself, control knows, and goes on when it is whole")
  func cut() {
    let station = Station()
    station.run(.seconds(3)) { $0.isCoilOn }
    station.run(.seconds(1))
    let cutAt = station.rig.now
    station.rig.machine.mcu.faults = [.silent, .deaf]
    station.run(.seconds(1)) { !$0.isCoilOn }
    #expect(station.rig.now - cutAt <= .milliseconds(305))
    #expect(station.faults.contains(.contactorDriverSilent))
    station.run(.seconds(20))
    #expect(!station.isCoilOn)
    station.rig.machine.mcu.faults = []
    station.run(.seconds(10)) { $0.isCoilOn }
    #expect(station.isCoilOn)
    #expect(!station.faults.contains(.contactorStuck) && !station.faults.contains(.contactorWelded))
  }

  @Test("An MCU of another protocol version: control has named faults, and never closes")
  func otherVersion() {
    let station = Station()
    station.run(.seconds(3)) { $0.isCoilOn }
    station.rig.machine.mcu.configuration.major = 2
    station.rig.machine.mcu.reset(.software, at: station.rig.now)
    let closings = station.closings
    station.run(.seconds(30))
    #expect(!station.isCoilOn && station.closings == closings)
    #expect(station.faults.contains(.contactorDriverSilent) && station.faults.contains(.pilotDriverSilent))
    #expect(station.rig.link.refusal?.code == .otherVersion)
  }
}

import ChargerBase
import EVSEControl
import HAL
import SimulatedPeripherals
import Testing

@testable import HALLinux

/// An MCU that obeys late: what it measured under the pilot before is not the vehicle's answer to the present one.
@Suite("A companion MCU that lags behind")
struct MicrocontrollerLagTests {
  /// A pilot with control's reader behind it, in steps of a millisecond.
  private final class Desk {
    let rig = MemoryRig()
    let pilot: MicrocontrollerPilot
    let contactor: MicrocontrollerContactor
    var reader: PilotReader
    var states: [PilotState] = []
    var diodes: [PilotReader.Diode] = []
    private var output = PilotOutput.steadyNegative

    /// - Parameter lag: how late the MCU obeys, once it has found the vehicle.
    init(_ vehicle: MicrocontrollerPlant.Vehicle, lag: Int64 = 0) {
      pilot = MicrocontrollerPilot(rig.link, connector: 1)
      contactor = MicrocontrollerContactor(rig.link, connector: 1)
      rig.machine.vehicle = vehicle
      reader = PilotReader(at: rig.now)
      apply(.steadyPositive)
      run(.seconds(1))
      rig.lag = .milliseconds(lag)
    }

    /// Offers current, and looks at the pilot for so long.
    func offer(for milliseconds: Int64) {
      apply(.pulseWidth(DutyCycle(hundredthsOfPercent: 2_666)))
      run(.milliseconds(milliseconds))
    }

    func apply(_ new: PilotOutput) {
      output = new
      pilot.apply(new)
      reader.outputChanged(to: new, contactorIsOpen: !rig.machine.isClosed, at: rig.now)
    }

    func run(_ duration: Duration) {
      rig.serve([pilot, contactor], for: duration) {
        reader.setAlive(pilot.health == .alive, at: rig.now)
        if let measurement = pilot.measurement { reader.take(measurement) }
        reader.evaluate(at: rig.now, timing: TimingTable(), thresholds: PilotThresholds())
        if states.last != reader.state { states.append(reader.state) }
        if diodes.last != reader.diode { diodes.append(reader.diode) }
        return false
      }
    }
  }

  @Test("An offer that the MCU makes late is no missing diode", arguments: [70, 120, 200])
  func lateOffer(milliseconds: Int64) {
    let desk = Desk(.connected, lag: milliseconds)
    desk.offer(for: 400)
    #expect(desk.diodes == [.unknown, .present] && desk.reader.isAlive)
    #expect(desk.rig.link.counters.losses == 0)
  }

  @Test("A diode that is missing is seen as soon as the MCU has made the offer")
  func missingDiode() {
    let desk = Desk(.withoutDiode, lag: 120)
    desk.offer(for: 110)
    #expect(desk.reader.diode == .unknown)
    desk.run(.milliseconds(110))
    #expect(desk.reader.diode == .missing)
  }

  @Test(
    "An MCU that has begun anew and obeys late: its own −12 V until then are no vehicle's", arguments: [70, 120, 200])
  func lateAfterReset(milliseconds: Int64) {
    let desk = Desk(.connected, lag: milliseconds)
    desk.states = []
    desk.rig.machine.mcu.reset(.watchdog, at: desk.rig.now)
    desk.run(.seconds(1))
    #expect(desk.rig.link.counters.losses == 1)
    #expect(desk.states.contains(.b) && desk.states.allSatisfy { $0 == .unknown || $0 == .b }, "\(desk.states)")
    #expect(desk.reader.state == .b && desk.reader.isAlive)
  }

  @Test(
    "The station's own state F ends at an MCU that obeys late: the old −12 V are no vehicle's",
    arguments: [70, 120, 200]
  )
  func lateAfterStateF(milliseconds: Int64) {
    let desk = Desk(.connected)
    desk.apply(.steadyNegative)
    desk.run(.seconds(1))
    #expect(desk.pilot.measurement?.positivePeak == Voltage(volts: -12))
    desk.states = []
    desk.rig.lag = .milliseconds(milliseconds)
    desk.apply(.steadyPositive)
    desk.run(.milliseconds(600))
    #expect(desk.states == [.unknown, .b] && desk.reader.isAlive && desk.rig.link.counters.losses == 0)
  }

  @Test("An MCU that obeys later than the silence time is lost, as ever")
  func tooLate() {
    let desk = Desk(.connected, lag: 400)
    desk.offer(for: 260)
    #expect(desk.pilot.health != .alive && desk.reader.diode != .missing)
  }

  @Test("Nothing holds up an opening: with the contactor commanded closed a vehicle that leaves C is seen at once")
  func opening() {
    let desk = Desk(.connected)
    desk.offer(for: 200)
    desk.rig.machine.vehicle = .ready
    desk.run(.milliseconds(200))
    desk.contactor.command(.closed)
    desk.run(.milliseconds(200))
    #expect(desk.rig.machine.isClosed && desk.reader.state == .c)
    desk.apply(.steadyPositive)
    desk.run(.milliseconds(100))
    desk.rig.lag = .milliseconds(240)
    desk.rig.machine.vehicle = .connected
    desk.offer(for: 60)
    #expect(desk.reader.state == .b)
  }

  @Test("A pilot that was confirmed long ago stays so when the numbers of commands have gone round")
  func numbersGoRound() {
    let desk = Desk(.connected)
    desk.offer(for: 100)
    for round in 0..<700 {
      for duty in 0..<100 {
        desk.pilot.apply(.pulseWidth(DutyCycle(hundredthsOfPercent: UInt16(1_000 + (round + duty) % 2))))
      }
      desk.run(.milliseconds(3))
    }
    #expect(desk.rig.machine.mcu.commands > 65_536)
    desk.rig.machine.vehicle = .ready
    desk.run(.milliseconds(100))
    #expect(desk.reader.state == .c && desk.reader.diode == .present)
    #expect(desk.rig.link.counters.losses == 0)
  }
}

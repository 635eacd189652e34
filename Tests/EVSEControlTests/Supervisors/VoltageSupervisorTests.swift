import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Voltage supervisor")
struct VoltageSupervisorTests {
  private struct Supply {
    let timing = TimingTable()
    var supervisor: VoltageSupervisor
    var now = MonotonicInstant.zero
    var circumstances = VoltageSupervisor.Circumstances(contactorIsClosed: true)

    init(behind: Bool = false) {
      supervisor = VoltageSupervisor(band: VoltageBand(), meterIsBehindContactor: behind, at: .zero)
    }

    mutating func read(_ l1: Int64?, _ l2: Int64?, _ l3: Int64?) {
      let voltage = PhaseValues(
        l1: l1.map { Voltage(volts: $0) }, l2: l2.map { Voltage(volts: $0) }, l3: l3.map { Voltage(volts: $0) })
      supervisor.take(MeterReading(takenAt: now, voltage: voltage))
      judge()
    }

    mutating func judge() { supervisor.evaluate(at: now, timing: timing, in: circumstances) }

    mutating func run(for duration: Duration) {
      let end = now + duration
      while true {
        var deadline = Deadline(after: now)
        supervisor.deadlines(&deadline, timing: timing)
        guard deadline.soonest <= end else { break }
        now = deadline.soonest
        judge()
      }
      now = end
      judge()
    }
  }

  @Test(
    "One phase outside the band for a second is a fault; inside it by 3 V for 10 s it is none any more",
    arguments: [(266, 263, 262, ControlFault.overVoltage), (194, 197, 198, .underVoltage)]
      as [(Int64, Int64, Int64, ControlFault)])
  func fault(outside: Int64, nearlyInside: Int64, inside: Int64, fault: ControlFault) {
    var supply = Supply()
    supply.read(230, 230, 230)
    supply.read(230, outside, 230)
    supply.run(for: .milliseconds(999))
    #expect(supply.supervisor.faults.isEmpty)
    supply.run(for: .milliseconds(1))
    #expect(supply.supervisor.faults == FaultSet(fault))
    supply.read(230, nearlyInside, 230)
    supply.run(for: .seconds(60))
    #expect(supply.supervisor.faults == FaultSet(fault))
    supply.read(230, inside, 230)
    supply.run(for: .milliseconds(9_999))
    #expect(supply.supervisor.faults == FaultSet(fault))
    supply.run(for: .milliseconds(1))
    #expect(supply.supervisor.faults.isEmpty)
  }

  @Test("A glitch of less than a second is none")
  func glitch() {
    var supply = Supply()
    for _ in 0..<10 {
      supply.read(270, 230, 230)
      supply.run(for: .milliseconds(900))
      supply.read(230, 230, 230)
      supply.run(for: .milliseconds(100))
    }
    #expect(supply.supervisor.faults.isEmpty)
  }

  @Test("Phases that the meter does not give are not judged, nor those that are not connected")
  func missingPhases() {
    var supply = Supply()
    supply.read(230, nil, nil)
    supply.run(for: .seconds(10))
    #expect(supply.supervisor.faults.isEmpty)
    supply.circumstances.phases = 1
    supply.read(230, 0, 0)
    supply.run(for: .seconds(10))
    #expect(supply.supervisor.faults.isEmpty)
    supply.read(nil, nil, nil)
    supply.run(for: .seconds(10))
    #expect(supply.supervisor.faults.isEmpty)
    #expect(supply.supervisor.farthest == nil)
    supply.circumstances.phases = 3
    supply.read(230, 0, 0)
    supply.run(for: .seconds(1))
    #expect(supply.supervisor.faults == FaultSet(.underVoltage))
    #expect(supply.supervisor.farthest == .zero)
  }

  @Test("While the mains contact shows the mains missing, no voltage is no second fault")
  func mainsLost() {
    var supply = Supply()
    supply.read(230, 230, 230)
    supply.circumstances.mainsIsPresent = false
    supply.read(0, 0, 0)
    supply.run(for: .seconds(60))
    #expect(supply.supervisor.faults.isEmpty)
    supply.read(270, 0, 0)
    supply.run(for: .seconds(1))
    #expect(supply.supervisor.faults == FaultSet(.overVoltage))
  }

  @Test("A meter in front of the contactor is judged while it is open too")
  func inFront() {
    var supply = Supply()
    supply.circumstances.contactorIsClosed = false
    supply.read(150, 230, 230)
    supply.run(for: .seconds(1))
    #expect(supply.supervisor.faults == FaultSet(.underVoltage))
  }

  @Test("A meter behind the contactor is judged only by readings taken while it is closed; its fault rests 100 s")
  func behind() {
    var supply = Supply(behind: true)
    supply.circumstances.contactorIsClosed = false
    supply.read(0, 0, 0)
    supply.run(for: .seconds(10))
    #expect(supply.supervisor.faults.isEmpty)
    // Closed: the old reading of nothing does not count.
    supply.circumstances.contactorIsClosed = true
    supply.run(for: .seconds(5))
    #expect(supply.supervisor.faults.isEmpty)
    supply.read(230, 0, 230)
    supply.run(for: .seconds(1))
    #expect(supply.supervisor.faults == FaultSet(.underVoltage))
    supply.circumstances.contactorIsClosed = false
    supply.read(0, 0, 0)
    supply.run(for: .milliseconds(99_999))
    #expect(supply.supervisor.faults == FaultSet(.underVoltage))
    supply.run(for: .milliseconds(1))
    #expect(supply.supervisor.faults.isEmpty)
  }

  @Test("Without its meter a fault stays until the voltage is seen to be right again")
  func silence() {
    var supply = Supply()
    supply.read(270, 230, 230)
    supply.run(for: .seconds(1))
    supply.supervisor.setAlive(false, at: supply.now)
    supply.run(for: .seconds(60))
    #expect(supply.supervisor.faults == FaultSet(.overVoltage))
    supply.supervisor.setAlive(true, at: supply.now)
    supply.read(230, 230, 230)
    supply.run(for: .seconds(10))
    #expect(supply.supervisor.faults.isEmpty)
  }
}

import ChargerBase
import HAL
import SimulatedPeripherals
import Testing

@testable import HALLinux

/// How station and MCU find each other: at the start, after a loss, and when one of them is slow.
@Suite("Greeting the companion MCU")
struct MicrocontrollerGreetingTests {
  /// Drivers of every kind on one MCU, and what control would be told of them.
  private final class Start {
    let rig: MemoryRig
    let drivers: [any ControlLaneDriver]
    let pilot: MicrocontrollerPilot
    let contactor: MicrocontrollerContactor
    /// How often any driver has said that it is silent, or speaks again.
    private(set) var changes = 0
    private var health: [DriverHealth]

    init(_ rig: MemoryRig = MemoryRig(), minor: UInt8 = 1) {
      self.rig = rig
      rig.machine.mcu.configuration.minor = minor
      rig.machine.vehicle = .connected
      pilot = MicrocontrollerPilot(rig.link, connector: 1)
      contactor = MicrocontrollerContactor(rig.link, connector: 1)
      drivers = [
        pilot, contactor, MicrocontrollerLock(rig.link, connector: 1), MicrocontrollerProximity(rig.link, connector: 1),
        MicrocontrollerResidualCurrentMonitor(rig.link, connector: 1),
        MicrocontrollerTemperature(rig.link, connector: 1, sensor: 1),
        MicrocontrollerSafetyInput(rig.link, connector: 1, kind: .emergencyStop),
      ]
      health = drivers.map { _ in .alive }
      pilot.apply(.steadyPositive)
    }

    func run(_ duration: Duration, until condition: () -> Bool = { false }) {
      rig.serve(drivers, for: duration) {
        for (place, driver) in drivers.enumerated() where (driver.health == .alive) != (health[place] == .alive) {
          health[place] = driver.health
          changes += 1
        }
        return condition()
      }
    }

    var isReady: Bool { drivers.allSatisfy { $0.health == .alive } && pilot.measurement != nil }
    var losses: UInt64 { rig.link.counters.losses }
  }

  @Test(
    "A start with an MCU that answers late tells no trouble of any part, and loses no session",
    arguments: [0, 70, 120, 200, 240], [0, 1] as [UInt8])
  func lateStart(milliseconds: Int64, minor: UInt8) {
    let start = Start(minor: minor)
    start.rig.lag = .milliseconds(milliseconds)
    start.run(.seconds(3))
    #expect(start.isReady && start.changes == 0 && start.losses == 0)
    #expect(start.pilot.measurement?.positivePeak == Voltage(volts: 9))
  }

  @Test("An MCU that lags opens one session for a greeting that was said several times")
  func oneSession() {
    let start = Start()
    start.rig.lag = .milliseconds(220)
    start.run(.seconds(2))
    let session = start.rig.link.identity?.session
    #expect(start.isReady && session == start.rig.machine.mcu.sessionNumber)
    #expect(start.rig.machine.mcu.sessionsOpened == 1)
  }

  @Test("An MCU that is not there is told by every part, once, after the silence time; it is greeted all the time")
  func absent() {
    let start = Start()
    start.rig.machine.mcu.faults = [.silent, .deaf]
    start.run(.milliseconds(245))
    #expect(start.changes == 0)
    start.run(.milliseconds(20))
    #expect(start.changes == start.drivers.count)
    start.run(.seconds(60))
    start.contactor.command(.closed)
    start.run(.seconds(1))
    #expect(start.changes == start.drivers.count && start.pilot.measurement == nil)
    start.rig.machine.mcu.faults = []
    start.run(.seconds(1))
    #expect(start.isReady && start.changes == 2 * start.drivers.count)
    #expect(!start.rig.machine.mcu.driven[0].isCoilOn, "what was said before it was there is not done")
  }

  @Test("The answer to an earlier greeting, which still lay on the line, begins nothing", arguments: [0, 1] as [UInt8])
  func staleAnswer(minor: UInt8) {
    let rig = MemoryRig()
    rig.machine.mcu.configuration.minor = minor
    // What a program before, or the greeting before the lane, has left.
    var payload: [UInt8] = [1, minor, 1, 0, 0x77, 1, 1, 0x2C, 1, 0x3C, 0, 1, 0xFF, 0, 1, 1, 0, 0]
    if minor > 0 { payload += [0xFE, 0xFF] }
    rig.line.toStation += PilotTestFrames.encode(0x81, 1, payload)
    let start = Start(rig, minor: minor)
    start.run(.seconds(2))
    #expect(start.isReady && start.losses == 0 && start.changes == 0)
  }

  @Test("Nothing is commanded closed before the MCU has obeyed a command in its session")
  func noEarlyClosing() {
    let start = Start()
    start.rig.machine.forcedPeak = 6_000
    start.rig.lag = .milliseconds(150)
    start.run(.seconds(1)) { start.rig.link.identity != nil }
    start.contactor.command(.closed)
    start.rig.lag = .zero
    start.run(.seconds(1))
    #expect(start.isReady && !start.rig.machine.mcu.driven[0].isCoilOn)
    start.contactor.command(.closed)
    start.run(.milliseconds(20))
    #expect(start.rig.machine.mcu.driven[0].isCoilOn)
  }

  @Test("An order to the lock that was given while the MCU was being greeted is carried out when it is there")
  func earlyOrder() throws {
    let start = Start(minor: 0)
    start.rig.lag = .milliseconds(130)
    start.run(.milliseconds(10))
    let lock = try #require(start.drivers[2] as? MicrocontrollerLock)
    lock.command(.locked)
    start.run(.seconds(2))
    #expect(start.rig.machine.isEngaged && start.changes == 0)
  }

  @Test("Swapped and doubled frames at the greeting lose no session")
  func reordered() {
    for fault in [PilotMicrocontroller.Fault.reorderedFrames, .duplicatedFrames] {
      for every in 1...5 {
        let start = Start()
        // It speaks before it is greeted.
        for _ in 0..<200 { start.rig.wait(.milliseconds(1)) }
        start.rig.machine.mcu.faultyEvery = every
        start.rig.machine.mcu.faults = [fault]
        start.run(.seconds(3))
        #expect(start.isReady && start.losses == 0 && start.changes == 0, "\(fault), each of \(every)")
      }
    }
  }

  @Test(
    "A greeting that comes twice or late changes nothing; one of another program ends what the program before began")
  func saidAgain() {
    var mcu = PilotMicrocontroller()
    mcu.sensed[0].positivePeakMillivolts = 6_000
    let now = MonotonicInstant(nanoseconds: 1_000_000_000)
    func hello(_ sequence: UInt16, _ number: UInt8) -> [UInt8] {
      PilotTestFrames.encode(1, sequence, [1, 1, number, 0])
    }
    mcu.receive(hello(1, 9), at: now)
    let session = mcu.sessionNumber
    mcu.receive(hello(2, 9), at: now)
    #expect(mcu.sessionNumber == session && mcu.sessionsOpened == 1)
    let close: [UInt8] = [1, UInt8(session & 0xFF), UInt8(session >> 8), 2, 0x6A, 0x0A, 1, 0, 0, 0, 0]
    mcu.receive(PilotTestFrames.encode(2, 3, close), at: now)
    #expect(mcu.driven[0].isCoilOn)
    mcu.receive(hello(1, 9) + hello(2, 9), at: now)
    #expect(mcu.driven[0].isCoilOn && mcu.sessionNumber == session)
    // The same number by chance, from a program that was started anew: its number of frames goes on from elsewhere.
    mcu.receive(hello(4, 9), at: now)
    #expect(!mcu.driven[0].isCoilOn && mcu.sessionNumber != session && mcu.driven[0].pilot == .steadyNegative)
    let second = mcu.sessionNumber
    mcu.receive(hello(5, 10), at: now)
    #expect(mcu.sessionNumber != second)
  }

  @Test("What was never sent cannot be confirmed: a number from nowhere does not make an MCU obedient")
  func neverSent() {
    let line = MemoryLine()
    let link = MicrocontrollerLink(MicrocontrollerLink.Configuration(port: "memory"), line: line, firstGreeting: 6)
    let pilot = MicrocontrollerPilot(link, connector: 1)
    let contactor = MicrocontrollerContactor(link, connector: 1)
    var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    pilot.apply(.steadyPositive)
    pilot.service(at: now)
    line.toStation += PilotTestFrames.encode(
      0x81, 1, [1, 1, 1, 0, 5, 0, 1, 0x2C, 1, 0x3C, 0, 1, 0xFF, 0, 0, 1, 0, 0, 7, 0])
    for sequence in UInt16(2)...60 {
      var status = [UInt8](repeating: 0, count: 33)
      status.replaceSubrange(0..<5, with: [1, 1, 0, 5, 0])
      // Half a round ahead of anything that was sent.
      status.replaceSubrange(9..<11, with: [0xFF, 0x7F])
      status.replaceSubrange(11..<15, with: [0x28, 0x23, 0x00, 0x80])
      line.toStation += PilotTestFrames.encode(0x82, sequence, status)
      now = now + .milliseconds(20)
      pilot.service(at: now)
      contactor.command(.closed)
    }
    #expect(pilot.measurement == nil && pilot.health != .alive)
    #expect(link.connectors[0].command.contactor == .open)
  }
}

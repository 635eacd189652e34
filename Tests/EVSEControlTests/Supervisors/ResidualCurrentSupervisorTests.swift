import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Residual current supervisor")
struct ResidualCurrentSupervisorTests {
  /// A monitor on a simulated clock.
  private struct Monitor {
    let timing = TimingTable()
    var supervisor = ResidualCurrentSupervisor(at: .zero)
    var now = MonotonicInstant.zero
    var testCurrentIsOn = false
    var resets = 0

    init(isTripped: Bool? = false) {
      judge()
      if let isTripped { read(isTripped) }
    }

    mutating func read(_ isTripped: Bool) {
      supervisor.take(ResidualCurrentReading(isTripped: isTripped, takenAt: now))
      judge()
    }

    mutating func judge() {
      supervisor.evaluate(at: now, timing: timing)
      let outputs = supervisor.takeOutputs()
      if let isOn = outputs.testCurrent { testCurrentIsOn = isOn }
      if outputs.resets { resets += 1 }
    }

    mutating func request() {
      supervisor.requestTest(at: now)
      judge()
    }

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

    mutating func passTest() {
      request()
      run(for: .milliseconds(50))
      read(true)
      run(for: .milliseconds(50))
      read(false)
    }
  }

  @Test("A monitor that was not read yet is not healthy, and silent after half a second")
  func unread() {
    var monitor = Monitor(isTripped: nil)
    #expect(monitor.supervisor.state == .unknown)
    #expect(!monitor.supervisor.isHealthy)
    monitor.run(for: .milliseconds(499))
    #expect(monitor.supervisor.faults.isEmpty)
    monitor.run(for: .milliseconds(1))
    #expect(monitor.supervisor.faults == FaultSet(.residualCurrentDriverSilent))
    monitor.read(false)
    #expect(monitor.supervisor.state == .untested)
    #expect(monitor.supervisor.isHealthy)
    #expect(!monitor.supervisor.isTested)
  }

  @Test("A trip outside a test is latched in the call that reads it, whatever the monitor shows later")
  func trip() {
    var monitor = Monitor()
    monitor.passTest()
    monitor.supervisor.take(ResidualCurrentReading(isTripped: true, takenAt: monitor.now))
    #expect(monitor.supervisor.faults == FaultSet(.residualCurrent))
    #expect(!monitor.supervisor.isHealthy)
    monitor.read(false)
    monitor.run(for: .seconds(60))
    #expect(monitor.supervisor.state == .tripped)
    monitor.supervisor.clearFaults(at: monitor.now)
    monitor.judge()
    #expect(monitor.supervisor.faults.isEmpty)
    #expect(monitor.supervisor.state == .untested)
    #expect(monitor.resets == 2)
  }

  @Test("A trip that is still there comes back after service has cleared it")
  func tripStays() {
    var monitor = Monitor()
    monitor.read(true)
    monitor.supervisor.clearFaults(at: monitor.now)
    monitor.judge()
    #expect(monitor.resets == 1)
    monitor.read(true)
    monitor.run(for: .seconds(60))
    monitor.read(false)
    #expect(monitor.supervisor.state == .tripped)
    monitor.supervisor.clearFaults(at: monitor.now)
    #expect(monitor.supervisor.state == .untested)
    // Reset by service in time, it goes with the next reading.
    monitor.read(true)
    monitor.supervisor.clearFaults(at: monitor.now)
    #expect(monitor.supervisor.state == .tripped)
    monitor.run(for: .milliseconds(500))
    monitor.read(false)
    #expect(monitor.supervisor.state == .untested)
  }

  @Test("A test: current on, trip, current off and reset, free again; only then it is passed")
  func passes() {
    var monitor = Monitor()
    monitor.request()
    #expect(monitor.testCurrentIsOn)
    #expect(monitor.supervisor.state == .testing)
    #expect(monitor.supervisor.isTesting)
    monitor.run(for: .milliseconds(50))
    monitor.read(true)
    #expect(!monitor.testCurrentIsOn)
    #expect(monitor.resets == 1)
    #expect(!monitor.supervisor.isTested)
    #expect(monitor.supervisor.faults.isEmpty)
    monitor.read(true)
    monitor.run(for: .milliseconds(50))
    monitor.read(false)
    #expect(monitor.supervisor.isTested)
    #expect(monitor.supervisor.state == .healthy)
    monitor.request()
    #expect(!monitor.testCurrentIsOn)
    monitor.supervisor.sessionEnded()
    #expect(!monitor.supervisor.isTested)
    monitor.request()
    #expect(monitor.testCurrentIsOn)
  }

  @Test("A monitor that does not trip under the test current within a second fails, and the current is taken off")
  func doesNotTrip() {
    var monitor = Monitor()
    monitor.request()
    monitor.run(for: .milliseconds(999))
    #expect(monitor.supervisor.faults.isEmpty)
    monitor.run(for: .milliseconds(1))
    #expect(monitor.supervisor.faults == FaultSet(.residualCurrentTest))
    #expect(!monitor.testCurrentIsOn)
    #expect(!monitor.supervisor.isHealthy)
    // Its late trip is no residual current.
    monitor.read(true)
    #expect(monitor.supervisor.faults == FaultSet(.residualCurrentTest))
    monitor.read(false)
    monitor.request()
    #expect(!monitor.testCurrentIsOn)
    monitor.supervisor.clearFaults(at: monitor.now)
    monitor.passTest()
    #expect(monitor.supervisor.isTested)
  }

  @Test("A monitor that is not free a second after the test's end fails: the trip may be a real one")
  func doesNotRecover() {
    var monitor = Monitor()
    monitor.request()
    monitor.run(for: .milliseconds(50))
    monitor.read(true)
    monitor.run(for: .milliseconds(999))
    #expect(monitor.supervisor.faults.isEmpty)
    monitor.run(for: .milliseconds(1))
    #expect(monitor.supervisor.faults == FaultSet(.residualCurrentTest))
    monitor.supervisor.clearFaults(at: monitor.now)
    monitor.run(for: .seconds(2))
    #expect(!monitor.supervisor.isHealthy)
  }

  @Test("A trip that was read before the test began is a real one")
  func tripBeforeTest() {
    var monitor = Monitor()
    monitor.run(for: .seconds(1))
    monitor.request()
    monitor.supervisor.take(
      ResidualCurrentReading(isTripped: true, takenAt: MonotonicInstant(nanoseconds: 999_000_000)))
    monitor.judge()
    #expect(monitor.supervisor.faults == FaultSet(.residualCurrent))
    #expect(!monitor.testCurrentIsOn)
  }

  @Test("Silence is a fault of its own that ends with it; a passed test holds, and an interrupted one is repeated")
  func silence() {
    var monitor = Monitor()
    monitor.request()
    monitor.supervisor.setAlive(false, at: monitor.now)
    monitor.judge()
    #expect(monitor.supervisor.faults == FaultSet(.residualCurrentDriverSilent))
    #expect(monitor.supervisor.state == .unknown)
    #expect(!monitor.testCurrentIsOn)
    monitor.run(for: .seconds(10))
    monitor.read(false)
    #expect(monitor.supervisor.state == .unknown)
    monitor.supervisor.setAlive(true, at: monitor.now)
    monitor.judge()
    monitor.run(for: .milliseconds(100))
    #expect(monitor.supervisor.faults.isEmpty)
    // The test's own trip may still be there.
    monitor.read(true)
    #expect(monitor.supervisor.faults.isEmpty)
    monitor.request()
    #expect(!monitor.testCurrentIsOn)
    monitor.read(false)
    #expect(!monitor.testCurrentIsOn, "the contactor may be closed by now: the test waits to be asked for again")
    #expect(!monitor.supervisor.isTested)
    monitor.passTest()
    #expect(monitor.supervisor.isTested)
  }

  @Test("The monitor's outputs at the start end a test that an earlier run had begun")
  func startsWithoutTestCurrent() {
    var supervisor = ResidualCurrentSupervisor(at: .zero)
    #expect(supervisor.takeOutputs().testCurrent == false)
    #expect(supervisor.takeOutputs().testCurrent == nil)
  }
}

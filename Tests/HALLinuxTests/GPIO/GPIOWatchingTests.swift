import ChargerBase
import EVSEControl
import HAL
import Testing

@testable import HALLinux

@Suite("Residual current monitor on GPIO lines")
struct GPIOResidualCurrentMonitorTests {
  private func serve(_ driver: GPIOResidualCurrentMonitor, _ rig: GPIOMonitorRig, for milliseconds: Int) {
    for _ in 0..<milliseconds {
      driver.service(at: rig.now)
      rig.wait(.milliseconds(1))
    }
  }

  @Test("A trip that came and went between two readings is kept until it is reset", arguments: MonitorWiring.allCases)
  func shortTrip(wiring: MonitorWiring) {
    let input = FakeInput(false)
    let driver = GPIOResidualCurrentMonitor(
      GPIOResidualCurrentMonitor.Configuration(trip: .unused), outputs: nil, trip: input)
    driver.service(at: .ms(0))
    input.set(true, at: .ms(3))
    input.set(false, at: .ms(4))
    driver.service(at: .ms(10))
    #expect(driver.reading == ResidualCurrentReading(isTripped: true, takenAt: .ms(3)))
    driver.service(at: .ms(500))
    #expect(driver.reading?.isTripped == true)
    driver.reset()
    driver.service(at: .ms(510))
    #expect(driver.reading?.isTripped == false)
  }

  @Test("A trip too short for the kernel to see the level between its edges is kept")
  func pulse() {
    let input = FakeInput(false)
    let driver = GPIOResidualCurrentMonitor(
      GPIOResidualCurrentMonitor.Configuration(trip: .unused), outputs: nil, trip: input)
    driver.service(at: .ms(0))
    input.pulse(at: .ms(3))
    driver.service(at: .ms(10))
    #expect(driver.reading == ResidualCurrentReading(isTripped: true, takenAt: .ms(3)))
  }

  @Test(
    "A trip in pulses shorter than its filter, as a current near the threshold makes them with the mains, counts",
    arguments: [2, 5, 9] as [Int64])
  func pulsatingTrip(milliseconds: Int64) {
    let input = FakeInput(false)
    var configuration = GPIOResidualCurrentMonitor.Configuration(trip: .unused)
    configuration.filter = .milliseconds(10)
    configuration.resetPulse = .milliseconds(10)
    let driver = GPIOResidualCurrentMonitor(configuration, outputs: nil, trip: input)
    for time in Int64(0)...60 {
      input.set(time / milliseconds % 2 == 1, at: .ms(time))
      driver.service(at: .ms(time))
    }
    #expect(driver.reading?.isTripped == true)
    // Gone, it is no trip any more when it was reset.
    input.set(false, at: .ms(61))
    driver.reset()
    for time in Int64(61)...200 { driver.service(at: .ms(time)) }
    #expect(driver.reading?.isTripped == false)
  }

  @Test("A disturbance shorter than the filter is no trip")
  func disturbedTrip() {
    let input = FakeInput(false)
    var configuration = GPIOResidualCurrentMonitor.Configuration(trip: .unused)
    configuration.filter = .milliseconds(10)
    let driver = GPIOResidualCurrentMonitor(configuration, outputs: nil, trip: input)
    for time in Int64(0)...500 {
      input.set(time % 100 == 50, at: .ms(time))
      driver.service(at: .ms(time))
      #expect(driver.reading?.isTripped == false)
    }
  }

  @Test("A trip line that storms has tripped, whatever level is seen, and so it stays until it is reset in calm")
  func stormingTrip() {
    let input = FakeInput(false)
    var configuration = GPIOResidualCurrentMonitor.Configuration(trip: .unused)
    configuration.filter = .milliseconds(10)
    let driver = GPIOResidualCurrentMonitor(configuration, outputs: nil, trip: input)
    driver.service(at: .ms(0))
    #expect(driver.reading?.isTripped == false)
    input.isStorming = true
    driver.service(at: .ms(5))
    #expect(driver.reading?.isTripped == true)
    driver.reset()
    for time in Int64(6)...500 {
      driver.service(at: .ms(time))
      #expect(driver.reading?.isTripped == true)
    }
    input.isStorming = false
    driver.service(at: .ms(501))
    #expect(driver.reading?.isTripped == true)
    driver.reset()
    for time in Int64(502)...800 { driver.service(at: .ms(time)) }
    #expect(driver.reading?.isTripped == false)
  }

  @Test("A monitor whose fault line storms is silent")
  func stormingFaultLine() {
    let rig = GPIOMonitorRig(.latching)
    let driver = rig.makeDriver(hasFault: true)
    serve(driver, rig, for: 10)
    rig.inputs[1].isStorming = true
    let since = rig.now
    serve(driver, rig, for: 20)
    #expect(driver.health == .silent(since: since))
    rig.inputs[1].isStorming = false
    serve(driver, rig, for: 5)
    #expect(driver.health == .alive)
  }

  @Test("A reset is a pulse, and a trip that the monitor keeps after it counts again")
  func resetPulse() throws {
    let rig = GPIOMonitorRig(.latching)
    let driver = rig.makeDriver()
    try rig.setResidualCurrent(true)
    serve(driver, rig, for: 50)
    driver.reset()
    #expect(rig.outputs.active == 2)
    serve(driver, rig, for: 99)
    #expect(rig.outputs.active == 2)
    serve(driver, rig, for: 5)
    #expect(rig.outputs.active == 0)
    #expect(driver.reading?.isTripped == true)
    try rig.setResidualCurrent(false)
    driver.reset()
    serve(driver, rig, for: 120)
    #expect(driver.reading?.isTripped == false)
  }

  @Test("A monitor that says it is faulty makes the driver silent until it is sound again")
  func faultLine() {
    let rig = GPIOMonitorRig(.latching)
    let driver = rig.makeDriver(hasFault: true)
    serve(driver, rig, for: 10)
    #expect(driver.health == .alive)
    rig.show(true, on: 1)
    let since = rig.now
    serve(driver, rig, for: 20)
    #expect(driver.health == .silent(since: since))
    rig.show(false, on: 1)
    serve(driver, rig, for: 5)
    #expect(driver.health == .alive)
  }

  @Test("The test current ends with the driver")
  func testEnds() {
    let rig = GPIOMonitorRig(.latching)
    do {
      let driver = rig.makeDriver()
      driver.setTestCurrent(true)
      #expect(rig.outputs.active == 1)
    }
    #expect(rig.outputs.active == 0)
  }

  /// Plays the self-test of the control lane on the driver.
  private func selfTest(_ rig: GPIOMonitorRig) -> (state: ResidualCurrentState, testedFor: Int) {
    let driver = rig.makeDriver()
    var supervisor = ResidualCurrentSupervisor(at: rig.now)
    let timing = TimingTable()
    var testedFor = 0
    for step in 0..<5_000 {
      driver.service(at: rig.now)
      supervisor.setAlive(driver.health == .alive, at: rig.now)
      if let reading = driver.reading { supervisor.take(reading) }
      if step == 100 { supervisor.requestTest(at: rig.now) }
      supervisor.evaluate(at: rig.now, timing: timing)
      let outputs = supervisor.takeOutputs()
      if let isOn = outputs.testCurrent { driver.setTestCurrent(isOn) }
      if outputs.resets { driver.reset() }
      if rig.outputs.active & 1 != 0 { testedFor += 1 }
      rig.wait(.milliseconds(1))
    }
    return (supervisor.state, testedFor)
  }

  @Test("A sound monitor passes its self-test", arguments: MonitorWiring.allCases)
  func selfTestPasses(wiring: MonitorWiring) {
    let outcome = selfTest(GPIOMonitorRig(wiring))
    #expect(outcome.state == .healthy)
    #expect(outcome.testedFor < 30)
  }

  @Test("A monitor that does not trip fails its self-test when its time is over, and the test current ends")
  func selfTestTimesOut() {
    let rig = GPIOMonitorRig(.latching)
    rig.testFails = true
    let outcome = selfTest(rig)
    #expect(outcome.state == .testFailed)
    #expect((990...1_010).contains(outcome.testedFor))
    #expect(rig.outputs.active == 0)
  }
}

@Suite("Safety input on a GPIO line")
struct GPIOSafetyInputTests {
  @Test("A normally closed contact that opens ends energy within 20 ms though it bounces, and comes back when it rests")
  func bounce() {
    let rig = GPIOSafetyRig(.normallyClosed)
    let driver = rig.makeDriver()
    driver.service(at: .ms(0))
    #expect(driver.state?.isActive == false)
    var seen: [(Bool, Int64)] = []
    for time in Int64(1)...200 {
      if (10..<40).contains(time) { rig.input.set(time % 2 == 1, at: .ms(time)) }
      if time == 40 { rig.input.set(false, at: .ms(time)) }
      if (100..<108).contains(time) { rig.input.set(time % 2 == 0, at: .ms(time)) }
      if time == 108 { rig.input.set(true, at: .ms(time)) }
      driver.service(at: .ms(time))
      if let isActive = driver.state?.isActive, isActive != seen.last?.0 { seen.append((isActive, time)) }
    }
    #expect(seen.map(\.0) == [false, true, false])
    #expect((12...30).contains(seen.dropFirst().first?.1 ?? 0))
    #expect(seen.last?.1 == 118)
  }

  @Test("A disturbance of a millisecond does not end energy")
  func disturbance() {
    let rig = GPIOSafetyRig(.normallyClosed)
    let driver = rig.makeDriver()
    driver.service(at: .ms(0))
    rig.input.set(false, at: .ms(10))
    driver.service(at: .ms(10))
    rig.input.set(true, at: .ms(11))
    for time in Int64(11)...60 {
      driver.service(at: .ms(time))
      #expect(driver.state?.isActive == false)
    }
  }
}

@Suite("Phase switch on GPIO lines")
struct GPIOPhaseSwitchTests {
  @Test("Between two moves the relays rest for the dead time; the last command counts")
  func deadTime() {
    let rig = GPIOPhaseRig(.oneRelay)
    let driver = rig.makeDriver(deadTime: .milliseconds(100))
    var moves: [(UInt8, Int64)] = []
    let commands: [Int64: ConnectedPhases] = [10: .three, 20: .one, 30: .three, 40: .one, 60: .one]
    for time in Int64(0)...400 {
      driver.service(at: rig.now)
      if let command = commands[time] { driver.command(command) }
      if moves.last?.0 != rig.outputs.active { moves.append((rig.outputs.active, time)) }
      rig.wait(.milliseconds(1))
    }
    #expect(moves.map(\.0) == [0, 1, 0])
    #expect(moves.dropFirst().first?.1 == 10)
    #expect((110...112).contains(moves.last?.1 ?? 0))
  }

  @Test("Two relays are set by one call, and contacts that disagree are told as what was not commanded")
  func twoRelays() throws {
    let rig = GPIOPhaseRig(.twoRelays)
    let driver = rig.makeDriver()
    driver.service(at: rig.now)
    try rig.holdRelays(true)
    driver.command(.three)
    #expect(rig.outputs.active == 3)
    for _ in 0..<200 {
      driver.service(at: rig.now)
      rig.wait(.milliseconds(1))
    }
    #expect(driver.feedback?.phases == .one)
  }
}

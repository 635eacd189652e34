import ChargerBase
import EVSEControl
import HAL
import Testing

@testable import HALLinux

@Suite("Lock on GPIO lines")
struct GPIOConnectorLockTests {
  private func serve(_ driver: GPIOConnectorLock, _ rig: GPIOLockRig, for milliseconds: Int) {
    for _ in 0..<milliseconds {
      driver.service(at: rig.now)
      rig.wait(.milliseconds(1))
    }
  }

  @Test(
    "ConnectorLock 2: a drive that gets nowhere has power for its run time and no longer",
    arguments: LockWiring.allCases)
  func runTime(wiring: LockWiring) throws {
    let rig = GPIOLockRig(wiring)
    let driver = rig.makeDriver(run: .milliseconds(600))
    serve(driver, rig, for: 10)
    try rig.jamBolt(true)
    driver.command(.locked)
    var powered = 0
    for _ in 0..<3_000 {
      driver.service(at: rig.now)
      if try rig.isDriven() { powered += 1 }
      rig.wait(.milliseconds(1))
    }
    #expect((599...601).contains(powered))
    #expect(driver.feedback?.position == .unlocked)
  }

  @Test("A drive whose contact does not answer any more has power for its run time and no longer")
  func deadContact() throws {
    let rig = GPIOLockRig(.hBridge)
    let driver = rig.makeDriver(run: .milliseconds(600))
    serve(driver, rig, for: 10)
    driver.command(.locked)
    serve(driver, rig, for: 20)
    rig.setDead(true)
    serve(driver, rig, for: 570)
    #expect(try rig.isDriven())
    serve(driver, rig, for: 30)
    #expect(try !rig.isDriven())
    #expect(driver.health != .alive)
  }

  @Test(
    "A position contact that storms shows unlocked, and ends no run: the bolt is driven to where it shall be",
    arguments: LockWiring.allCases.filter { $0 != .heldSolenoid })
  func stormingContact(wiring: LockWiring) throws {
    let rig = GPIOLockRig(wiring)
    let driver = rig.makeDriver(run: .milliseconds(600))
    serve(driver, rig, for: 10)
    driver.command(.locked)
    serve(driver, rig, for: 700)
    #expect(driver.feedback?.position == .locked)
    rig.input.isStorming = true
    serve(driver, rig, for: 10)
    #expect(driver.feedback?.position == .unlocked)
    driver.command(.unlocked)
    var powered = 0
    for _ in 0..<1_000 {
      driver.service(at: rig.now)
      if try rig.isDriven() { powered += 1 }
      rig.wait(.milliseconds(1))
    }
    #expect((599...601).contains(powered))
    #expect(try !rig.isEngaged())
  }

  @Test("The control lane tries again: three runs, each with its end, then the lock has failed")
  func retry() throws {
    let rig = GPIOLockRig(.hBridge)
    let driver = rig.makeDriver(run: .milliseconds(600))
    var supervisor = LockSupervisor(at: rig.now)
    let timing = TimingTable()
    try rig.jamBolt(true)
    var runs = 0
    var powered = 0
    var wasDriven = false
    for step in 0..<20_000 {
      driver.service(at: rig.now)
      supervisor.setAlive(driver.health == .alive, at: rig.now)
      if let feedback = driver.feedback { supervisor.take(feedback) }
      if step == 100 { supervisor.want(.locked, at: rig.now) }
      supervisor.evaluate(at: rig.now, timing: timing)
      if let command = supervisor.takeCommand() { driver.command(command) }
      let isDriven = try rig.isDriven()
      if isDriven { powered += 1 }
      if isDriven && !wasDriven { runs += 1 }
      wasDriven = isDriven
      rig.wait(.milliseconds(1))
    }
    #expect(supervisor.hasFailed)
    #expect(runs == Int(timing.lockAttempts))
    #expect(powered <= runs * 601)
  }

  @Test("A bolt that is free again at the second attempt is locked by it")
  func retryHelps() throws {
    let rig = GPIOLockRig(.driveAndDirection)
    let driver = rig.makeDriver()
    serve(driver, rig, for: 10)
    try rig.jamBolt(true)
    driver.command(.locked)
    serve(driver, rig, for: 1_000)
    try rig.jamBolt(false)
    driver.command(.locked)
    serve(driver, rig, for: 400)
    #expect(driver.feedback?.position == .locked)
    #expect(try !rig.isDriven())
  }

  @Test("Both directions never have power together, and a run that breaks one off waits for the motor to stand still")
  func reversal() throws {
    let rig = GPIOLockRig(.hBridge)
    let driver = rig.makeDriver(reversalPause: .milliseconds(50))
    serve(driver, rig, for: 10)
    driver.command(.locked)
    serve(driver, rig, for: 80)
    #expect(rig.outputs.active == 1)
    driver.command(.unlocked)
    #expect(rig.outputs.active == 0)
    serve(driver, rig, for: 49)
    #expect(rig.outputs.active == 0)
    serve(driver, rig, for: 10)
    #expect(rig.outputs.active == 2, "the contact shows unlocked already, but the bolt has been driven for 80 ms")
    serve(driver, rig, for: 600)
    #expect(rig.outputs.active == 0)
    #expect(!rig.outputs.calls.contains(3))
  }

  @Test("The direction stands before the motor has power")
  func direction() {
    let rig = GPIOLockRig(.driveAndDirection)
    let driver = rig.makeDriver()
    serve(driver, rig, for: 10)
    driver.command(.locked)
    #expect(rig.outputs.calls.suffix(2) == [2, 3])
  }

  @Test("ConnectorLock 4: a bouncing position contact is one change within 20 ms")
  func bounce() {
    let rig = GPIOLockRig(.hBridge)
    let input = FakeInput(false)
    var configuration = GPIOConnectorLock.Configuration(
      .hBridge(lock: .unused, unlock: .unused), position: .unused)
    configuration.debounce = .milliseconds(5)
    let driver = GPIOConnectorLock(configuration, outputs: rig.outputs, contact: input)
    driver.service(at: .ms(0))
    var seen: [LockPosition] = []
    for time in Int64(1)...40 {
      if (10..<18).contains(time) { input.set(time % 2 == 0, at: .ms(time)) }
      if time == 18 { input.set(true, at: .ms(time)) }
      driver.service(at: .ms(time))
      if let position = driver.feedback?.position, position != seen.last { seen.append(position) }
      if time == 29 { #expect(driver.feedback?.position == .locked) }
    }
    #expect(seen == [.unlocked, .locked])
  }

  @Test("A solenoid that is held keeps its power while locked, and loses it when it is opened by hand for good")
  func heldSolenoid() throws {
    let rig = GPIOLockRig(.heldSolenoid)
    let driver = rig.makeDriver(run: .milliseconds(600))
    serve(driver, rig, for: 10)
    driver.command(.locked)
    serve(driver, rig, for: 5_000)
    #expect(driver.feedback?.position == .locked)
    #expect(try rig.isDriven())
    try rig.jamBolt(true)
    try rig.openByHand()
    serve(driver, rig, for: 700)
    #expect(try !rig.isDriven())
    #expect(driver.feedback?.position == .unlocked)
  }

  @Test("A drive that is not commanded has no power, whatever the contact shows")
  func restsAtMaking() throws {
    let rig = GPIOLockRig(.hBridge)
    let driver = rig.makeDriver()
    serve(driver, rig, for: 100)
    try rig.openByHand()
    serve(driver, rig, for: 100)
    #expect(rig.outputs.calls == [0])
  }
}

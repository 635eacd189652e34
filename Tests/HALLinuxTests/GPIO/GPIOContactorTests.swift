import ChargerBase
import EVSEControl
import HAL
import Testing

@testable import HALLinux

@Suite("Contactor on GPIO lines")
struct GPIOContactorTests {
  /// Serves the driver every millisecond.
  private func serve(_ driver: GPIOContactor, _ rig: GPIOContactorRig, for milliseconds: Int) {
    for _ in 0..<milliseconds {
      driver.service(at: rig.now)
      rig.wait(.milliseconds(1))
    }
  }

  @Test("Contactor 1: all outputs are off before the first command and after the driver is given up")
  func opensAtBothEnds() {
    let rig = GPIOContactorRig(.preCharge)
    do {
      let driver = rig.makeDriver()
      #expect(rig.outputs.calls == [0])
      driver.command(.closed)
      serve(driver, rig, for: 300)
      #expect(rig.outputs.active == 1)
    }
    #expect(rig.outputs.active == 0)
  }

  @Test("Two coils are set by one call each way")
  func twoCoils() {
    let rig = GPIOContactorRig(.twoPoles)
    let driver = rig.makeDriver()
    driver.command(.closed)
    serve(driver, rig, for: 50)
    driver.command(.open)
    serve(driver, rig, for: 50)
    #expect(rig.outputs.calls.reduce(into: [UInt8]()) { if $0.last != $1 { $0.append($1) } } == [0, 3, 0])
  }

  @Test("The pre-charge relay goes before the main contacts by its time, and lets go after them; all open at once")
  func preCharge() {
    let rig = GPIOContactorRig(.preCharge)
    let driver = rig.makeDriver()
    driver.command(.closed)
    #expect(rig.outputs.active == 2)
    var seen: [(UInt8, Int64)] = []
    let begun = rig.now
    for _ in 0..<300 {
      driver.service(at: rig.now)
      if seen.last?.0 != rig.outputs.active { seen.append((rig.outputs.active, (rig.now - begun).wholeMilliseconds)) }
      rig.wait(.milliseconds(1))
    }
    #expect(seen.map(\.0) == [2, 3, 1])
    #expect(seen.map(\.1) == [0, 100, 140])
    #expect(!rig.hadInrush)
    driver.command(.open)
    #expect(rig.outputs.active == 0)
  }

  @Test("Opening while the pre-charge runs ends it, and the next closing begins anew")
  func preChargeBrokenOff() {
    let rig = GPIOContactorRig(.preCharge)
    let driver = rig.makeDriver()
    driver.command(.closed)
    serve(driver, rig, for: 60)
    driver.command(.open)
    #expect(rig.outputs.active == 0)
    serve(driver, rig, for: 20)
    driver.command(.closed)
    serve(driver, rig, for: 60)
    #expect(rig.outputs.active == 2, "60 ms after the new command the main contacts are not on yet")
    serve(driver, rig, for: 200)
    #expect(rig.outputs.active == 1)
    #expect(!rig.hadInrush)
  }

  @Test("The economiser's line holds the contactor once the coil has pulled in")
  func economiser() throws {
    let rig = GPIOContactorRig(.economiser)
    let driver = rig.makeDriver()
    driver.command(.closed)
    serve(driver, rig, for: 70)
    #expect(rig.outputs.active == 3)
    serve(driver, rig, for: 40)
    #expect(rig.outputs.active == 2)
    serve(driver, rig, for: 200)
    #expect(driver.feedback?.position == .closed)
    driver.command(.open)
    serve(driver, rig, for: 60)
    #expect(try !rig.isClosed())
  }

  @Test("A contactor that falls out of the economiser's hold is driven in full again")
  func economiserFallsOut() {
    let rig = GPIOContactorRig(.economiser)
    let driver = rig.makeDriver()
    driver.command(.closed)
    serve(driver, rig, for: 200)
    #expect(rig.outputs.active == 2)
    rig.poles[0].held = false
    serve(driver, rig, for: 5)
    #expect(rig.outputs.active == 3)
    rig.poles[0].held = nil
    serve(driver, rig, for: 60)
    #expect(driver.feedback?.position == .closed)
    #expect(rig.outputs.active == 2)
  }

  @Test("Two contacts that disagree are told as what was not commanded: a pole that welded, a pole that did not close")
  func disagreement() {
    let rig = GPIOContactorRig(.twoPoles)
    let driver = rig.makeDriver()
    driver.command(.closed)
    serve(driver, rig, for: 60)
    #expect(driver.feedback?.position == .closed)
    rig.poles[1].held = true
    driver.command(.open)
    serve(driver, rig, for: 60)
    #expect(driver.feedback?.position == .closed)
    rig.poles[1].held = false
    serve(driver, rig, for: 60)
    #expect(driver.feedback?.position == .open)
    driver.command(.closed)
    serve(driver, rig, for: 60)
    #expect(driver.feedback?.position == .open)
  }

  @Test("A change carries the time of its edge, not of its reading")
  func kernelTime() {
    let rig = GPIOContactorRig(.plain)
    let driver = rig.makeDriver()
    driver.service(at: rig.now)
    driver.command(.closed)
    let edge = rig.now + .milliseconds(20)
    rig.wait(.milliseconds(29))
    driver.service(at: rig.now)
    #expect(driver.feedback == ContactorFeedback(position: .closed, takenAt: edge))
  }

  @Test("Control lane 4: a contact that does not answer makes the driver silent, and the last reading keeps its time")
  func silence() {
    let rig = GPIOContactorRig(.plain)
    let driver = rig.makeDriver()
    serve(driver, rig, for: 1)
    let last = driver.feedback
    rig.setDead(true)
    serve(driver, rig, for: 400)
    #expect(driver.health == .alive)
    serve(driver, rig, for: 200)
    #expect(driver.health == .silent(since: .ms(0)))
    #expect(driver.feedback == last)
    rig.setDead(false)
    serve(driver, rig, for: 1)
    #expect(driver.health == .alive)
  }

  @Test("A contact that has never answered makes the driver silent too")
  func silentFromTheStart() {
    let rig = GPIOContactorRig(.plain)
    rig.setDead(true)
    let driver = rig.makeDriver()
    serve(driver, rig, for: 510)
    #expect(driver.health == .silent(since: .ms(0)))
    #expect(driver.feedback == nil)
  }

  @Test("Outputs that refuse a command make the driver silent and get the command again")
  func refusingCoil() {
    let rig = GPIOContactorRig(.plain)
    let driver = rig.makeDriver()
    driver.command(.closed)
    serve(driver, rig, for: 50)
    rig.outputs.fails = true
    driver.command(.open)
    #expect(rig.outputs.active == 1)
    serve(driver, rig, for: 510)
    #expect(driver.health != .alive)
    rig.outputs.fails = false
    serve(driver, rig, for: 1)
    #expect(rig.outputs.active == 0)
    #expect(driver.health == .alive)
  }

  // MARK: With the control lane's supervisor

  private struct Outcome {
    var faults = FaultSet()
    var wasConfirmedClosed = false
    var wasConfirmedOpen = false
  }

  /// Closes, waits, opens, with the supervisor's default times, and answers what it found.
  private func cycle(_ rig: GPIOContactorRig, _ disturb: (GPIOContactorRig, Int) -> Void) -> Outcome {
    let driver = rig.makeDriver()
    var supervisor = ContactorSupervisor(at: rig.now)
    let timing = TimingTable()
    var outcome = Outcome()
    for step in 0..<3_000 {
      driver.service(at: rig.now)
      supervisor.setAlive(driver.health == .alive, at: rig.now)
      if let feedback = driver.feedback { supervisor.take(feedback) }
      supervisor.evaluate(at: rig.now, timing: timing)
      if step == 1_200, supervisor.close(at: rig.now, timing: timing) { driver.command(.closed) }
      if step == 2_000, supervisor.open(at: rig.now) { driver.command(.open) }
      if supervisor.isConfirmedClosed { outcome.wasConfirmedClosed = true }
      if step > 2_000, supervisor.isConfirmedOpen { outcome.wasConfirmedOpen = true }
      disturb(rig, step)
      rig.wait(.milliseconds(1))
    }
    outcome.faults = supervisor.latched
    return outcome
  }

  @Test("A sound contactor, a slow one and one that bounces are no faults", arguments: ["sound", "slow", "bouncing"])
  func harmless(kind: String) {
    let rig = GPIOContactorRig(.plain)
    if kind == "slow" { rig.poles[0].travel = 200 }
    let outcome = cycle(rig) { rig, step in
      guard kind == "bouncing" else { return }
      let bounces = (1_221...1_231).contains(step) || (2_021...2_031).contains(step)
      rig.poles[0].held = bounces ? step % 2 == 0 : nil
    }
    #expect(outcome.faults == FaultSet())
    #expect(outcome.wasConfirmedClosed && outcome.wasConfirmedOpen)
  }

  @Test(
    "A contactor that welds is found, whichever contact shows it",
    arguments: [ContactorWiring.plain, .mirrorContact, .twoPoles])
  func welded(wiring: ContactorWiring) {
    let outcome = cycle(GPIOContactorRig(wiring)) { rig, step in if step == 1_900 { rig.poles[0].held = true } }
    #expect(outcome.faults == FaultSet(.contactorWelded))
    #expect(!outcome.wasConfirmedOpen)
  }

  @Test("A contactor that does not close is found", arguments: [ContactorWiring.plain, .mirrorContact, .twoPoles])
  func stuck(wiring: ContactorWiring) {
    let rig = GPIOContactorRig(wiring)
    rig.poles[0].held = false
    #expect(cycle(rig) { _, _ in }.faults == FaultSet(.contactorStuck))
  }

  @Test("A contactor that is too slow is found as one that does not close")
  func tooSlow() {
    let rig = GPIOContactorRig(.plain)
    rig.poles[0].travel = 400
    #expect(cycle(rig) { _, _ in }.faults.isSuperset(of: FaultSet(.contactorStuck)))
  }

  @Test("A contact that chatters for ever after opening is found as welded")
  func chattering() {
    let outcome = cycle(GPIOContactorRig(.plain)) { rig, step in if step > 2_010 { rig.poles[0].held = step % 7 < 3 } }
    #expect(outcome.faults == FaultSet(.contactorWelded))
  }
}

import ChargerBase
import Testing

@testable import SimulatedWorld

@Suite("Lock, proximity and the plug")
struct LockTests {
  private func locked() throws -> WorldBench {
    var bench = WorldBench(configuration: .equipped)
    try bench.plugIn()
    bench.world.commandLock(locked: true, of: connector11)
    bench.wait(.milliseconds(300))
    return bench
  }

  @Test("The position contact follows the drive after its travel, and repeated commands change nothing")
  func travel() throws {
    var bench = WorldBench(configuration: .equipped)
    try bench.plugIn()
    #expect(bench.world.isLockEngaged(of: connector11) == false)
    bench.world.commandLock(locked: true, of: connector11)
    bench.wait(.milliseconds(200))
    bench.world.commandLock(locked: true, of: connector11)
    bench.wait(.milliseconds(99))
    #expect(bench.world.isLockEngaged(of: connector11) == false)
    bench.wait(.milliseconds(1))
    #expect(bench.world.isLockEngaged(of: connector11) == true)
    bench.world.commandLock(locked: true, of: connector11)
    bench.wait(.seconds(5))
    #expect(bench.world.isLockEngaged(of: connector11) == true)
  }

  @Test("A locked plug cannot be pulled, but by force or after the emergency release")
  func pulling() throws {
    var bench = try locked()
    #expect(throws: WorldError.self) { try bench.world.perform(.plugOut(connector11)) }
    #expect(bench.positivePeak == 9_000)
    var forced = bench
    try forced.world.perform(.plugOut(connector11, byForce: true))
    #expect(forced.positivePeak == 12_000)
    try bench.world.perform(.unlockByHand(connector11))
    #expect(bench.world.isLockEngaged(of: connector11) == false)
    try bench.world.perform(.plugOut(connector11))
    #expect(bench.positivePeak == 12_000)
  }

  @Test("A driver who wants to leave waits for the lock, and is gone as soon as it lets go")
  func leaving() throws {
    var bench = WorldBench(configuration: .equipped)
    try bench.plugIn(CarSpecification(leaveAfter: .seconds(10)))
    bench.world.commandLock(locked: true, of: connector11)
    bench.wait(.seconds(60))
    #expect(bench.positivePeak == 9_000)
    #expect(bench.world.takeEvents().count { $0.kind == .plugHeld(connector11) } == 1)
    bench.world.commandLock(locked: false, of: connector11)
    bench.wait(.milliseconds(300))
    #expect(bench.positivePeak == 12_000)
    try bench.plugIn(CarSpecification(leaveAfter: .seconds(10)))
    bench.world.commandLock(locked: true, of: connector11)
    bench.wait(.seconds(60))
    try bench.world.perform(.unlockByHand(connector11))
    bench.wait(.milliseconds(1))
    #expect(bench.positivePeak == 12_000)
  }

  @Test("A jammed lock stays; a sticky one needs three tries; a slow one ten times as long; a silent one says nothing")
  func faults() throws {
    func bench(_ fault: SimulatedFault) throws -> WorldBench {
      var bench = WorldBench(configuration: .equipped)
      try bench.plugIn()
      try bench.world.perform(.fault(FaultPlace(connector11), fault, active: true))
      bench.world.commandLock(locked: true, of: connector11)
      bench.wait(.seconds(1))
      return bench
    }
    var jammed = try bench(.lockFailure)
    for _ in 0..<5 {
      jammed.world.commandLock(locked: true, of: connector11)
      jammed.wait(.seconds(1))
    }
    #expect(jammed.world.isLockEngaged(of: connector11) == false)
    var sticky = try bench(.lockSticks)
    #expect(sticky.world.isLockEngaged(of: connector11) == false)
    sticky.world.commandLock(locked: true, of: connector11)
    sticky.wait(.seconds(1))
    #expect(sticky.world.isLockEngaged(of: connector11) == false)
    sticky.world.commandLock(locked: true, of: connector11)
    sticky.wait(.seconds(1))
    #expect(sticky.world.isLockEngaged(of: connector11) == true)
    var slow = try bench(.lockSlow)
    #expect(slow.world.isLockEngaged(of: connector11) == false)
    slow.wait(.seconds(2))
    #expect(slow.world.isLockEngaged(of: connector11) == true)
    #expect(try bench(.lockSilent).world.isLockEngaged(of: connector11) == nil)
  }

  @Test(
    "The plug's resistor tells its cable's rating",
    arguments: [(6, 1_500), (13, 1_500), (19, 1_500), (20, 680), (32, 220), (63, 100), (80, 100)])
  func proximity(amperes: Int64, ohms: Int64) throws {
    var bench = WorldBench(configuration: .equipped)
    #expect(bench.world.proximity(of: connector11) == .open)
    let cable = CableSpecification(rating: Current(amperes: amperes))
    try bench.world.perform(.plugIn(connector11, CarSpecification(connectDelay: .seconds(1)), cable: cable))
    #expect(bench.world.proximity(of: connector11) == .resistance(Resistance(ohms: ohms)), "before the pilot's contact")
    try bench.world.perform(.plugOut(connector11))
    #expect(bench.world.proximity(of: connector11) == .open)
  }

  @Test("A shorted, a broken and a silent proximity contact, and a cut cable")
  func proximityFaults() throws {
    var bench = WorldBench(configuration: .equipped)
    try bench.plugIn()
    let expected: [(SimulatedFault, ProximityContact?)] = [
      (.proximityFault, .resistance(.zero)), (.proximityOpen, .open), (.proximitySilent, nil),
    ]
    for (fault, contact) in expected {
      try bench.world.perform(.fault(FaultPlace(connector11), fault, active: true))
      #expect(bench.world.proximity(of: connector11) == contact, "\(fault)")
      try bench.world.perform(.fault(FaultPlace(connector11), fault, active: false))
    }
    bench.world.commandPhases(3, of: evse1)
    bench.startCharging()
    bench.wait(.seconds(10))
    try bench.world.perform(.fault(FaultPlace(connector11), .cableCut, active: true))
    #expect(bench.positivePeak == 12_000)
    #expect(bench.milliamperes == 0)
    #expect(bench.world.proximity(of: connector11) == .resistance(Resistance(ohms: 220)))
  }

  @Test("A lock with a spring opens when the mains is gone")
  func spring() throws {
    var configuration = WorldConfiguration.equipped
    configuration.evses[0].connectors[0].lock?.opensWithoutMains = true
    var bench = WorldBench(configuration: configuration)
    bench.world.commandLock(locked: true, of: connector11)
    bench.wait(.seconds(1))
    #expect(bench.world.isLockEngaged(of: connector11) == true)
    try bench.world.perform(.mains(up: false))
    #expect(bench.world.isLockEngaged(of: connector11) == false)
  }
}

import ChargerBase
import HAL

package protocol ConnectorLockRig: ConformanceRig {
  func makeLock() throws -> any ConnectorLock
  /// Whether the bolt is in the plug's way, seen past the driver.
  func isEngaged() throws -> Bool
  /// Whether the drive has power now.
  func isDriven() throws -> Bool
  /// Holds the bolt where it is.
  func jamBolt(_ isJammed: Bool) throws
  /// The emergency release.
  func openByHand() throws
  /// The bolt's travel, and the time after which the drive must be without power.
  var lockTravel: Duration { get }
  var longestDrive: Duration { get }
}

package enum ConnectorLockSuite {
  package static let checks: [ConformanceCheck<any ConnectorLockRig>] = [
    ConformanceCheck(
      "ConnectorLock 1", "a command starts the drive within 10 ms; commanding the present position is harmless"
    ) { rig in
      let lock = try rig.makeLock()
      try require(rig.serve([lock]) { lock.feedback?.position == .unlocked }, "unlocked at first")
      lock.command(.unlocked)
      try rig.require(throughout: .milliseconds(100), serving: [lock], "it stays unlocked") { try !rig.isEngaged() }
      lock.command(.locked)
      try rig.require(within: .milliseconds(10) + rig.lockTravel, serving: [lock], "the bolt engages") {
        try rig.isEngaged()
      }
      lock.command(.locked)
      try rig.require(throughout: .milliseconds(200), serving: [lock], "it stays locked") { try rig.isEngaged() }
      lock.command(.unlocked)
      try rig.require(within: .milliseconds(10) + rig.lockTravel, serving: [lock], "the bolt lets go") {
        try !rig.isEngaged()
      }
    },
    ConformanceCheck("ConnectorLock 2", "the drive is without power at its end position, and when it gets nowhere") {
      rig in
      let lock = try rig.makeLock()
      rig.serve([lock]) { lock.feedback != nil }
      lock.command(.locked)
      try require(rig.serve([lock]) { lock.feedback?.position == .locked }, "locked")
      try rig.require(within: rig.longestDrive, serving: [lock], "no power at the end position") { try !rig.isDriven() }
      try rig.jamBolt(true)
      lock.command(.unlocked)
      rig.serve([lock], for: .milliseconds(50))
      try rig.require(within: rig.longestDrive, serving: [lock], "no power when the bolt is jammed") {
        try !rig.isDriven()
      }
      try require(lock.feedback?.position == .locked, "and it is not told as unlocked")
    },
    ConformanceCheck("ConnectorLock 3", "feedback is the position contact's: a jammed bolt, and one opened by hand") {
      rig in
      let lock = try rig.makeLock()
      try require(lock.feedback == nil, "nothing has been read yet")
      rig.serve([lock]) { lock.feedback != nil }
      try rig.jamBolt(true)
      lock.command(.locked)
      rig.serve([lock], for: rig.lockTravel + .milliseconds(200))
      try require(lock.feedback?.position == .unlocked, "a jammed bolt is no locked plug")
      try rig.jamBolt(false)
      lock.command(.locked)
      try require(rig.serve([lock]) { lock.feedback?.position == .locked }, "locked once it can move")
      try rig.openByHand()
      try require(rig.serve([lock]) { lock.feedback?.position == .unlocked }, "opened by hand is told as unlocked")
    },
    ConformanceCheck("ConnectorLock 4", "a change of the position contact is readable within 20 ms") { rig in
      let lock = try rig.makeLock()
      rig.serve([lock]) { lock.feedback != nil }
      lock.command(.locked)
      try require(rig.serve([lock]) { lock.feedback?.position == .locked }, "locked")
      let since = rig.now
      try rig.openByHand()
      try rig.require(within: .milliseconds(20), serving: [lock], "the change is readable") {
        lock.feedback?.position == .unlocked
      }
      try require((lock.feedback?.takenAt ?? .zero) >= since, "with its time")
    },
    ConformanceCheck("ConnectorLock 5", "a driver that is given up leaves the lock as it is") { rig in
      do {
        let lock = try rig.makeLock()
        rig.serve([lock]) { lock.feedback != nil }
        lock.command(.locked)
        try require(rig.serve([lock]) { lock.feedback?.position == .locked }, "locked")
      }
      try rig.require(throughout: .milliseconds(400), "it stays locked") { try rig.isEngaged() }
    },
  ]
}

package protocol ProximityPilotRig: ConformanceRig {
  func makeProximity() throws -> any ProximityPilot
  /// Puts a plug with this resistor in; nil takes it out.
  func setPlug(_ resistance: Resistance?) throws
}

package enum ProximityPilotSuite {
  package static let checks: [ConformanceCheck<any ProximityPilotRig>] = [
    ConformanceCheck("ProximityPilot 1", "the resistance as it is; an open contact is one without resistance") { rig in
      let proximity = try rig.makeProximity()
      try require(proximity.measurement == nil, "nothing has been read yet")
      try require(rig.serve([proximity]) { proximity.measurement != nil }, "a first measurement")
      try require(proximity.measurement?.resistance == nil, "no plug: no resistance")
      try rig.setPlug(Resistance(ohms: 680))
      try require(rig.serve([proximity]) { isNear(proximity.measurement?.resistance, 680) }, "680 Ω")
      try rig.setPlug(nil)
      try require(
        rig.serve([proximity]) { proximity.measurement != nil && proximity.measurement?.resistance == nil },
        "open again")
    },
    ConformanceCheck("ProximityPilot 2", "a change is readable within 200 ms") { rig in
      let proximity = try rig.makeProximity()
      rig.serve([proximity]) { proximity.measurement != nil }
      let since = rig.now
      try rig.setPlug(Resistance(ohms: 220))
      try rig.require(within: .milliseconds(200), serving: [proximity], "the change is readable") {
        isNear(proximity.measurement?.resistance, 220)
      }
      try require((proximity.measurement?.takenAt ?? .zero) >= since, "with its time")
    },
    ConformanceCheck("ProximityPilot 3", "ohms are reported also where they lie between the bands") { rig in
      let proximity = try rig.makeProximity()
      for ohms in [Int64(330), 1_000, 50, 2_700] {
        try rig.setPlug(Resistance(ohms: ohms))
        try require(rig.serve([proximity]) { isNear(proximity.measurement?.resistance, ohms) }, "\(ohms) Ω")
      }
    },
  ]

  /// Within a twentieth.
  private static func isNear(_ resistance: Resistance?, _ ohms: Int64) -> Bool {
    guard let resistance else { return false }
    return abs(resistance.thousandths - ohms * 1_000) <= ohms * 50
  }
}

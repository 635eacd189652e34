import OCPPTypes

@testable import OCPPCore

/// When transactions start and end, and what is said of it: written from Part 2 §2.6.6, E01–E10 and F01–F03 for the
/// test of all start and stop points, and from nothing in the station.
struct PointOracle {
  enum Point: Int, CaseIterable {
    case parkingBayOccupancy, evConnected, authorized, powerPathClosed, energyTransfer, dataSigned
    var name: String {
      switch self {
      case .parkingBayOccupancy: "ParkingBayOccupancy"
      case .evConnected: "EVConnected"
      case .authorized: "Authorized"
      case .powerPathClosed: "PowerPathClosed"
      case .energyTransfer: "EnergyTransfer"
      case .dataSigned: "DataSigned"
      }
    }
  }

  /// What people, vehicles and the CSMS do, one after the other.
  enum Step: Equatable {
    case arrive, plug, card, remoteStart, button, refuse, remoteStop, pause, resume, unplug, fault, repair, leave
    case runOutOfTime
  }

  struct Bill: Equatable, CustomStringConvertible {
    var startedAt: Int
    var startTrigger: TriggerReason
    var endedAt = -1
    var endTrigger: TriggerReason = .trigger
    var reason: StopReason = .other
    var description: String { "\(startedAt):\(startTrigger) \(endedAt):\(endTrigger)/\(reason)" }
  }

  let start: Set<Point>
  let stop: Set<Point>
  let meterSigns: Bool
  let stopsOnDisconnect: Bool

  private(set) var bills: [Bill] = []
  private var isOpen = false
  private var holds: Set<Point> = []
  private var wantsEnergy = true
  /// The first event that began to bring the transaction to its end names the reason.
  private var firstReason: StopReason?
  private var isByRemoteStart = false
  private var isRemoteStartTold = false
  private var isFaulted = false
  /// This vehicle has had its transaction.
  private var isServed = false
  /// A stop by the token, or the CSMS, or its refusal.
  private var isDriverGone: Bool { !holds.contains(.authorized) }
  private var step = 0

  init(start: Set<Point>, stop: Set<Point>, meterSigns: Bool, stopsOnDisconnect: Bool) {
    self.start = start
    // §2.6.6.2: PowerPathClosed is exactly EVConnected and Authorized.
    self.stop = stop.contains(.powerPathClosed) ? stop.union([.evConnected, .authorized]) : stop
    self.meterSigns = meterSigns
    self.stopsOnDisconnect = stopsOnDisconnect
  }

  mutating func play(_ steps: [Step]) -> [Bill] {
    for (number, step) in steps.enumerated() {
      self.step = number
      take(step)
    }
    return bills
  }

  private mutating func take(_ step: Step) {
    switch step {
    case .arrive: change(adding: [.parkingBayOccupancy], .evDetected, .other)
    case .leave: change(removing: [.parkingBayOccupancy], .evDeparted, .local)
    case .plug: change(adding: [.evConnected], .cablePluggedIn, .other)
    case .unplug:
      // E09.FR.01 and E10.FR.01: whether the driver stays authorized without his vehicle.
      let lost: Set<Point> = isOpen && !stopsOnDisconnect ? [.evConnected] : [.evConnected, .authorized]
      isServed = false
      change(removing: lost, .evCommunicationLost, .evDisconnected)
    case .card, .button, .remoteStart:
      if holds.contains(.authorized) {
        change(removing: [.authorized], .stopAuthorized, .local)
      } else {
        isByRemoteStart = step == .remoteStart
        isRemoteStartTold = false
        isServed = false
        firstReason = nil
        change(adding: [.authorized], .authorized, .other)
      }
    case .remoteStop: change(removing: [.authorized], .remoteStop, .remote)
    case .refuse:
      guard isOpen, holds.contains(.authorized) else { return }
      // E05.FR.10: EnergyTransfer ends the transaction as well.
      let ends = !stop.isDisjoint(with: [.authorized, .energyTransfer])
      holds.remove(.authorized)
      firstReason = firstReason ?? .deAuthorized
      if ends || isOrphaned { end(.deauthorized, .deAuthorized) }
      flow()
    case .pause:
      wantsEnergy = false
      flow()
    case .resume:
      wantsEnergy = true
      flow()
    case .fault:
      isFaulted = true
      holds.remove(.authorized)
      if isOpen { end(.abnormalCondition, .emergencyStop) }
      flow()
    case .repair: isFaulted = false
    case .runOutOfTime:
      guard holds.contains(.authorized), !holds.contains(.evConnected) else { return }
      holds.remove(.authorized)
      guard isOpen else { return }
      // E03.FR.05, FR.15: only a bay that is still taken, and that ends the transaction when it is left, keeps it.
      firstReason = firstReason ?? .timeout
      if stop.contains(.authorized) || isOrphaned { end(.evConnectTimeout, .timeout) }
    }
  }

  private var isOrphaned: Bool {
    isDriverGone && !holds.contains(.evConnected)
      && !(stop.contains(.parkingBayOccupancy) && holds.contains(.parkingBayOccupancy))
  }

  private mutating func change(
    adding: Set<Point> = [], removing: Set<Point> = [], _ trigger: TriggerReason, _ reason: StopReason
  ) {
    let before = withPath(holds)
    holds.formUnion(adding)
    holds.subtract(removing)
    if !holds.isSuperset(of: [.evConnected, .authorized]) { holds.remove(.energyTransfer) }
    let after = withPath(holds)
    // The end of energy follows the driver's stop; it comes with the vehicle's leaving.
    let isTogether = removing.contains(.evConnected)
    let lost = before.subtracting(after).subtracting(isTogether ? [] : [.energyTransfer])
    if !isOpen {
      begin(after.subtracting(before), trigger)
    } else if !removing.isEmpty {
      // Only what somebody has done to stop is remembered: a lost vehicle or an empty bay end nothing by themselves.
      if trigger == .stopAuthorized || trigger == .remoteStop { firstReason = firstReason ?? reason }
      if !lost.isDisjoint(with: stop) || isOrphaned {
        end(trigger, reason)
      } else if before.contains(.energyTransfer), !after.contains(.energyTransfer), stop.contains(.energyTransfer) {
        end(.chargingStateChanged, reason)
      }
    } else {
      tellRemoteStart()
    }
    signAndFlow(trigger)
  }

  private mutating func signAndFlow(_ trigger: TriggerReason) {
    if !isOpen, start.contains(.dataSigned), meterSigns, holds.contains(.evConnected), !isServed, !isFaulted {
      begin([.dataSigned], .signedDataReceived)
    }
    flow()
  }

  /// Energy flows while vehicle and driver are there, within a transaction or to start one.
  private mutating func flow() {
    let may = holds.isSuperset(of: [.evConnected, .authorized]) && (isOpen || start.contains(.energyTransfer))
    let flows = may && wantsEnergy && !isFaulted
    guard flows != holds.contains(.energyTransfer) else { return }
    if flows {
      holds.insert(.energyTransfer)
      if !isOpen { begin([.energyTransfer], .chargingStateChanged) }
    } else {
      holds.remove(.energyTransfer)
      // The vehicle has stopped drawing, the driver is still authorized: E06.FR.07.
      if isOpen, stop.contains(.energyTransfer) { end(.chargingStateChanged, .stoppedByEV) }
    }
  }

  private func withPath(_ points: Set<Point>) -> Set<Point> {
    points.isSuperset(of: [.evConnected, .authorized]) ? points.union([.powerPathClosed]) : points
  }

  private mutating func begin(_ gained: Set<Point>, _ trigger: TriggerReason) {
    guard !isFaulted else { return }
    // Nobody charges outside of a transaction: where no listed point is still to come, the closed path starts it.
    let comes = start.contains(.energyTransfer) || start.contains(.dataSigned) && meterSigns
    let isOwed = withPath(holds).contains(.powerPathClosed) && !comes
    guard !gained.isDisjoint(with: start) || isOwed else { return }
    isOpen = true
    firstReason = nil
    // F02.FR.21: the next event, whichever it is.
    let isRemote = isByRemoteStart && !isRemoteStartTold && holds.contains(.authorized)
    if isRemote { isRemoteStartTold = true }
    bills.append(Bill(startedAt: step, startTrigger: isRemote ? .remoteStart : trigger))
  }

  private mutating func tellRemoteStart() {
    if isByRemoteStart, holds.contains(.authorized) { isRemoteStartTold = true }
  }

  private mutating func end(_ trigger: TriggerReason, _ reason: StopReason) {
    guard isOpen, !bills.isEmpty else { return }
    isOpen = false
    bills[bills.count - 1].endedAt = step
    bills[bills.count - 1].endTrigger = trigger
    bills[bills.count - 1].reason = firstReason ?? reason
    holds.subtract([.authorized, .energyTransfer])
    isServed = holds.contains(.evConnected)
  }
}

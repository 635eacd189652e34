import ChargerBase
import SimulatedWorld
import SimulationSupport
import Testing

/// A place where anything happens: odd cars and cables, torn plugs, brown-outs, and every fault that the world knows, from
/// a seed, around the whole station. Contactors are watched in every step (`SafetyWitness`); and when everything is
/// whole again, service has been there and the cars are gone, a good car charges at each EVSE as on the first day.
@Suite("The whole station: random places")
struct RandomPlaceStories {
  /// What hides the vehicle from the station, or holds the contacts longer than the witness allows: the station is blind
  /// or powerless there, and its own silence rules are proven elsewhere.
  private static let blinding: [SimulatedFault] = [.pilotSilent, .pilotBounces, .contactorSlow]

  @Test(
    "Nothing that happens around the station opens a way for energy, or keeps it from charging afterwards",
    arguments: UInt64(1)...2)
  func place(_ seed: UInt64) throws {
    let station = try EquippedStation.make().start()
    let faults = SimulatedFault.allCases.filter { !Self.blinding.contains($0) }
    var random = RandomWorld(
      seed: seed, eventsPerHour: 400, startingAt: station.clock.now,
      kinds: RandomWorld.Kinds(tokens: ["CARD", "OTHER", "BLOCKED"], faults: faults))
    var log: [String] = []
    let end = station.clock.now + .seconds(900)
    while random.nextInstant <= end, station.violations.isEmpty {
      station.run(until: random.nextInstant)
      station.service()
      for action in random.takeDue(by: station.clock.now, in: station.world.world) {
        if station.happens(action) { log.append("\(station.clock.now): \(action)") }
      }
    }
    station.run(until: max(end, station.clock.now))
    let closings = station.worldEvents.count { if case .contactor(_, closed: true) = $0.kind { true } else { false } }
    #expect(closings > 0, "a place where nobody charges proves nothing")
    station.heal()
    for evse: Int32 in [1, 2] {
      station.plugIn(evse)
      station.tap(evses: [evse])
      let charges = station.run(upTo: .seconds(120)) { station.isClosed(evse) }
      if !charges { log.append("EVSE \(evse) does not charge: \(station.why(evse)), \(station.violations)") }
      #expect(charges, "seed \(seed):\n\(log.suffix(40).joined(separator: "\n"))")
    }
    #expect(station.violations == [], "seed \(seed):\n\(log.suffix(40).joined(separator: "\n"))")
  }
}

extension WholeStation {
  /// Does what fits the situation; false for what does not.
  fileprivate func happens(_ action: WorldAction) -> Bool {
    var copy = world.world
    guard (try? copy.perform(action)) != nil else { return false }
    switch action {
    case .network(let up): link.isUp = up
    case .presentToken(let token, .evses(let evses)): tap(token.value, evses: evses?.map(\.number))
    default: perform(action)
    }
    return true
  }

  /// Somebody clears what is latched; what is still broken comes back.
  fileprivate func service() {
    for id in controlConnectors { clearLatchedFaults(id.evse.number, connector: id.number) }
  }

  /// Everything is repaired, service clears what it has found, and everybody leaves.
  fileprivate func heal() {
    link.isUp = true
    for action in world.world.healing { perform(action) }
    for id in controlConnectors {
      if view(id.evse.number, id.number)?.isLockEngaged == true { perform(.unlockByHand(id)) }
      if view(id.evse.number, id.number)?.car != nil { plugOut(id.evse.number, connector: id.number) }
    }
    run(for: .seconds(60))
    service()
    run(for: .seconds(300))
  }
}

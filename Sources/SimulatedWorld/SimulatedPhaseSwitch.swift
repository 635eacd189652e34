import ChargerBase

/// Relays that connect one phase or three to an EVSE.
struct SimulatedPhaseSwitch: Sendable, Equatable {
  /// From the coils' voltage to the contacts' new position.
  static let travel = Duration.milliseconds(100)

  private(set) var commanded = 1
  private(set) var connected = 1
  private(set) var arrivesAt: MonotonicInstant?
  private(set) var isStuck = false

  /// 1 or 3; other numbers are taken as 3.
  mutating func command(_ phases: Int, at now: MonotonicInstant) {
    let wanted = phases == 1 ? 1 : 3
    guard wanted != commanded else { return }
    commanded = wanted
    move(at: now)
  }

  /// Relays that are stuck stay where they are.
  mutating func setStuck(_ stuck: Bool, at now: MonotonicInstant) {
    isStuck = stuck
    move(at: now)
  }

  private mutating func move(at now: MonotonicInstant) {
    arrivesAt = isStuck || commanded == connected ? nil : now + Self.travel
  }

  mutating func advance(to now: MonotonicInstant) {
    guard let arrival = arrivesAt, arrival <= now else { return }
    arrivesAt = nil
    connected = commanded
  }
}

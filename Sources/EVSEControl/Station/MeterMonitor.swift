import ChargerBase
import HAL

/// Whether an EVSE's meter still speaks: its driver says so, and its readings are fresh.
package struct MeterMonitor: Hashable, Sendable {
  /// The time of the newest reading; nil before the first.
  package private(set) var newestAt: MonotonicInstant?
  package private(set) var register: Energy?
  /// The largest of the phases in the newest reading; nil when it had none.
  package private(set) var current: Current?
  /// The voltage in the newest reading that is farthest from nominal.
  package private(set) var voltage: Voltage?
  private var driverIsSilent = false
  /// Has given a reading since its driver last came back.
  private var isHeard = false
  private var listeningSince: MonotonicInstant

  package init(at now: MonotonicInstant) { listeningSince = now }

  /// Takes a reading, or answers false for one that is not newer than the last. A time to come counts as the present.
  package mutating func take(_ reading: MeterReading, at now: MonotonicInstant) -> Bool {
    if let newestAt, reading.takenAt <= newestAt { return false }
    newestAt = min(reading.takenAt, now)
    isHeard = true
    if let read = reading.importRegister { register = read }
    current = reading.current.greatest
    voltage = Self.farthest(reading.voltage)
    return true
  }

  private static func farthest(_ voltages: PhaseValues<Voltage>) -> Voltage? {
    func distance(_ voltage: Voltage) -> UInt64 { (voltage - CurrentLimits.nominalVoltage).millivolts.magnitude }
    var found = voltages.l1
    if let l2 = voltages.l2, found.map({ distance(l2) > distance($0) }) ?? true { found = l2 }
    if let l3 = voltages.l3, found.map({ distance(l3) > distance($0) }) ?? true { found = l3 }
    return found
  }

  package mutating func setAlive(_ alive: Bool, at now: MonotonicInstant) {
    guard alive == driverIsSilent else { return }
    driverIsSilent = !alive
    isHeard = false
    if alive { listeningSince = now }
  }

  /// A fresh reading is there.
  package func isFresh(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    guard !driverIsSilent, isHeard, let newestAt else { return false }
    return now < newestAt + timing.meterSilence
  }

  package func isSilent(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    if driverIsSilent { return true }
    return now >= max(newestAt ?? listeningSince, listeningSince) + timing.meterSilence
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    if driverIsSilent || newestAt.map({ $0 >= listeningSince }) ?? false { listeningSince = .longAgo }
    listeningSince.forget(after: timing.meterSilence, at: now)
    guard let newest = newestAt, now >= newest + timing.meterSilence else { return }
    newestAt = .longAgo
    current = nil
    voltage = nil
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    newestAt.visitInstant(visit)
    visit(&listeningSince)
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    guard !driverIsSilent else { return }
    if let newestAt { soonest.add(newestAt + timing.meterSilence) }
    soonest.add(listeningSince + timing.meterSilence)
  }
}

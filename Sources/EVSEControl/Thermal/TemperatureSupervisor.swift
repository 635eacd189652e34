import ChargerBase
import HAL

/// Lowers an EVSE's current with its heat, and stops it where that does not help. The highest of its sensors counts.
///
/// The temperature that counts follows a rise at once and a fall only at a distance of the curve's hysteresis: a limit
/// that was lowered does not come and go with a reading that wavers. A sensor without a fresh reading is a fault.
package struct TemperatureSupervisor: Hashable, Sendable {
  private struct Sensor: Hashable, Sendable {
    var presence: DriverPresence
    /// Nil until it was first read, and while it is silent.
    var temperature: Temperature?
    var takenAt: MonotonicInstant
    var isStale = false

    var isAlive: Bool { presence.isAlive && !isStale }
  }

  /// Sensors beyond these are not there; the board profile refuses them.
  package static let capacity: UInt8 = 8

  /// What may be given under the present heat; nil for no limit, zero when it is too hot.
  package private(set) var limit: Current?

  private let curve: TemperatureCurve
  private let maximum: Current
  private var sensors: [Sensor]
  /// The temperature that counts, hysteresis included.
  private var effective: Temperature?

  /// For an EVSE that carries `maximum` per phase.
  package init(curve: TemperatureCurve, sensors count: UInt8, maximum: Current, at now: MonotonicInstant) {
    self.curve = curve
    self.maximum = maximum
    let sensor = Sensor(presence: DriverPresence(at: now), takenAt: now)
    sensors = Array(repeating: sensor, count: Int(min(count, Self.capacity)))
  }

  /// The highest of the sensors that can be read; nil while none can.
  package var highest: Temperature? {
    var highest: Temperature?
    for sensor in sensors {
      if let temperature = sensor.temperature, highest.map({ temperature > $0 }) ?? true { highest = temperature }
    }
    return highest
  }

  /// Every sensor has been read and is fresh: before that no energy may flow.
  package var isReadable: Bool { sensors.allSatisfy { $0.isAlive && $0.temperature != nil } }

  package var faults: FaultSet {
    var found = FaultSet()
    if let effective, effective >= curve.stopAt { found.insert(FaultSet(.overTemperature)) }
    if !sensors.allSatisfy(\.isAlive) { found.insert(FaultSet(.temperatureDriverSilent)) }
    return found
  }

  package mutating func take(_ reading: TemperatureReading, sensor place: Int) {
    guard sensors.indices.contains(place), sensors[place].presence.hear() else { return }
    sensors[place].temperature = reading.temperature
    sensors[place].takenAt = reading.takenAt
    sensors[place].isStale = false
  }

  package mutating func setAlive(_ alive: Bool, sensor place: Int, at now: MonotonicInstant) {
    guard sensors.indices.contains(place), sensors[place].presence.setAlive(alive, at: now) else { return }
    sensors[place].temperature = nil
    sensors[place].isStale = false
  }

  /// Finds the temperature that counts; call it after every input and at `deadlines`.
  package mutating func evaluate(at now: MonotonicInstant, timing: TimingTable) {
    for place in sensors.indices {
      sensors[place].presence.evaluate(at: now, silence: timing.temperatureSilence)
      // A time to come counts as the present.
      sensors[place].takenAt = min(sensors[place].takenAt, now)
      if sensors[place].temperature != nil && now >= sensors[place].takenAt + timing.temperatureSilence {
        sensors[place].isStale = true
        sensors[place].temperature = nil
      }
    }
    // While a sensor is not read, the heat that was known of is not taken as gone.
    guard let highest else { return }
    let falling = highest + curve.hysteresis
    let previous = effective ?? highest
    if highest >= previous {
      effective = highest
    } else if isReadable && falling < previous {
      effective = falling
    }
    limit = effective.flatMap { curve.limit(at: $0, maximum: maximum) }
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    for sensor in sensors {
      sensor.presence.deadlines(&soonest, silence: timing.temperatureSilence)
      if sensor.temperature != nil { soonest.add(sensor.takenAt + timing.temperatureSilence) }
    }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast() {
    for place in sensors.indices {
      sensors[place].presence.forgetPast()
      if sensors[place].temperature == nil { sensors[place].takenAt = .longAgo }
    }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    for place in sensors.indices {
      sensors[place].presence.visitInstants(visit)
      visit(&sensors[place].takenAt)
    }
  }
}

import ChargerBase
import HAL
import OCPPCore

/// The meter of the whole station, read once a second. It is off the path of the energy: nothing waits for it, and its
/// silence is a problem of the station that hinders nobody.
final class MainMeter: StationLaneDriver {
  static let interval = Duration.seconds(1)

  private let meter: any EnergyMeter
  private var told: MonotonicInstant?
  private(set) var nextService: MonotonicInstant = .zero

  init(_ meter: any EnergyMeter) { self.meter = meter }

  func start(notify: @escaping @Sendable () -> Void) {}
  func stop() {}
  var health: DriverHealth { meter.health }

  var state: MainMeterState {
    guard case .silent(let since) = meter.health else { return MainMeterState(reading: meter.latest) }
    return MainMeterState(reading: meter.latest, silentSince: since)
  }

  /// A reading that was not given out yet.
  func takeReading(at now: MonotonicInstant) -> MeterReading? {
    guard nextService <= now else { return nil }
    nextService = now + Self.interval
    meter.service(at: now)
    guard meter.health == .alive, let reading = meter.latest, reading.takenAt != told else { return nil }
    told = reading.takenAt
    return reading
  }
}

/// What the main meter says.
public struct MainMeterState: Sendable, Equatable {
  /// The newest one with the time when the meter gave it, also of a meter that is silent now; nil before the first.
  public var reading: MeterReading?
  /// When it was heard last, or was first asked; nil while it speaks.
  public var silentSince: MonotonicInstant?
}

extension Station {
  /// Nil on a board without a main meter.
  public var mainMeterState: MainMeterState? { mainMeter?.state }

  /// What is wrong with the station and keeps nobody from charging.
  func notes(at now: MonotonicInstant) -> [EnergyReason] {
    guard let since = mainMeter?.state.silentSince else { return [] }
    return [PostPart.mainMeter.reason([]).with("silentForS", Span.seconds(now - since))]
  }

  /// J01.FR.04: EVSE 0 is what the main meter says; it stands where the energy comes in.
  func readMainMeter() {
    guard let mainMeter else { return }
    if let reading = mainMeter.takeReading(at: now) {
      var sample = meterSample(from: reading)
      for index in sample.values.indices { sample.values[index].location = .inlet }
      tell(.meter(EVSEID(0), sample))
    }
    watchHealth()
  }
}

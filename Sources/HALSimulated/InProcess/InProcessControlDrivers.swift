import ChargerBase
import HAL
import SimulatedWorld

/// Tells silence: alive until nothing has been heard for the declared time.
struct SilenceWatch {
  let limit: Duration
  private var lastHeard: MonotonicInstant?
  private(set) var health = DriverHealth.alive

  init(limit: Duration) { self.limit = limit }

  mutating func heard(at now: MonotonicInstant) {
    lastHeard = now
    health = .alive
  }

  /// Before anything was heard, the time runs from the first check.
  mutating func check(at now: MonotonicInstant) {
    let last = lastHeard ?? now
    if lastHeard == nil { lastHeard = now }
    if last.duration(to: now) >= limit { health = .silent(since: last) }
  }
}

final class InProcessPilot: ControlPilot {
  private let connector: ConnectorID
  private let world: InProcessWorld
  private var watch: SilenceWatch
  private(set) var measurement: PilotMeasurement?

  init(_ connector: ConnectorID, in world: InProcessWorld) {
    self.connector = connector
    self.world = world
    watch = SilenceWatch(limit: world.silence.pilot)
  }

  var wakeDescriptor: Int32? { nil }
  var health: DriverHealth { watch.health }

  func service(at now: MonotonicInstant) {
    world.advance(to: now)
    if let peaks = world.world.pilotPeaks(of: connector) {
      measurement = PilotMeasurement(peaks, takenAt: now)
      watch.heard(at: now)
    } else {
      watch.check(at: now)
    }
  }

  func apply(_ output: PilotOutput) { world.world.applyPilot(PilotSignal(output), to: connector) }
}

final class InProcessContactor: Contactor {
  private let connector: ConnectorID
  private let world: InProcessWorld
  private var watch: SilenceWatch
  private(set) var feedback: ContactorFeedback?

  init(_ connector: ConnectorID, in world: InProcessWorld) {
    self.connector = connector
    self.world = world
    watch = SilenceWatch(limit: world.silence.contactor)
    world.world.commandContactor(closed: false, of: connector)
  }

  deinit { world.world.commandContactor(closed: false, of: connector) }

  var wakeDescriptor: Int32? { nil }
  var health: DriverHealth { watch.health }

  func service(at now: MonotonicInstant) {
    world.advance(to: now)
    if let closed = world.world.isContactorClosed(of: connector) {
      feedback = ContactorFeedback(position: closed ? .closed : .open, takenAt: now)
      watch.heard(at: now)
    } else {
      watch.check(at: now)
    }
  }

  func command(_ position: ContactorPosition) {
    world.world.commandContactor(closed: position == .closed, of: connector)
  }
}

final class InProcessMeter: EnergyMeter {
  private let evse: EVSEID
  private let world: InProcessWorld
  private var watch: SilenceWatch
  private var desk: SigningDesk
  private(set) var latest: MeterReading?

  init(_ evse: EVSEID, signingTimeout: Duration?, in world: InProcessWorld) {
    self.evse = evse
    self.world = world
    watch = SilenceWatch(limit: world.silence.meter)
    desk = SigningDesk(timeout: signingTimeout)
  }

  var wakeDescriptor: Int32? { nil }
  var health: DriverHealth { watch.health }
  var signingTimeout: Duration? { desk.timeout }

  func service(at now: MonotonicInstant) {
    world.advance(to: now)
    if let reading = world.world.takeSignedReading(of: evse) { desk.take(SignedReadingAnswer(reading, takenAt: now)) }
    desk.check(at: now)
    if let latest, latest.takenAt.duration(to: now) < world.meterInterval { return }
    if let values = world.world.meterValues(of: evse) {
      latest = MeterReading(values, takenAt: now)
      watch.heard(at: now)
    } else {
      watch.check(at: now)
    }
  }

  func requestSignedReading(_ request: SignedReadingRequest) -> Bool {
    guard desk.isFree,
      world.world.requestSignedReading(
        number: request.number, context: SignedReadingContext(request.context),
        identification: request.identification, unixSeconds: request.unixSeconds, of: evse)
    else { return false }
    desk.took(request, at: world.now)
    return true
  }

  func takeSignedReading() -> SignedReadingAnswer? { desk.takeAnswer() }
}

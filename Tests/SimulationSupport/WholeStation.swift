import BoardProfile
import ChargerBase
import EVSEControl
import HAL
import HALSimulated
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulatedWorld
import Station

/// A whole charging station in one process on one simulated clock: world, drivers, control, station, engine, store,
/// network and CSMS. Time goes from event to event; equal calls give equal runs.
package final class WholeStation: StationOutlet {
  /// How the program ends: SIGTERM, SIGKILL, no supply, or the system's reset by its watchdog.
  package enum End: String, Sendable, CaseIterable { case clean, kill, powerCut, watchdog }

  package let profile: BoardProfile
  package let clock = SimulatedClock(now: MonotonicInstant(nanoseconds: 5_000_000_000))
  package let queue = EventQueue()
  package let world: InProcessWorld
  package let store: SimulatedStore
  package let csms: SimulatedCSMS
  package let link: SimulatedLink
  package let witness: SafetyWitness
  package let random: SimulatedRandom
  package var settings: [ChargePointConfiguration.DeviceModelEntry]
  package var controlConfiguration: ControlConfiguration

  package private(set) var lane: SimulatedControlLane?
  package private(set) var station: Station?
  package private(set) var chargePoint: ChargePoint?
  /// The upper side has stopped turning, and nobody has noticed.
  package var isUpperSideDead = false
  package private(set) var notes: [StationEvent] = []
  package private(set) var resets: [ResetScope] = []
  package private(set) var problems: [String] = []
  /// Everything that happened in the world, oldest first.
  package private(set) var worldEvents: [WorldEvent] = []
  /// Called whenever the world is looked at: at every turn, and after everything that is done in it.
  package var onLook: (() -> Void)?
  /// Whether a command reaches the control lane; a test of the judges lets some be lost.
  package var letsPass: (ControlCommand) -> Bool = { _ in true }
  private var boot = BootNumber(rawValue: 1)
  private let bell = ReaderBell()
  private var lastSensed: [Sensed] = []

  private struct Sensed: Equatable {
    var peaks: PilotPeaks?
    var isClosed: Bool?
  }

  /// Rung by readers.
  private final class ReaderBell: @unchecked Sendable {  // everything happens on the simulation's one thread
    var hasRung = false
  }

  /// A station of one of the repository's boards, not yet started.
  package convenience init(
    board: String = "bench-ac-dual", seed: UInt64 = 1, settings: [(String, String, String)] = []
  ) throws {
    self.init(profile: try BoardFile.load(board), seed: seed, settings: settings)
  }

  /// A station of another board.
  package init(
    profile: BoardProfile, seed: UInt64 = 1, settings: [(String, String, String)] = [],
    signer: any MeterSigner = DeterministicMeterSigner()
  ) {
    self.profile = profile
    controlConnectors = profile.evses.flatMap { $0.connectors.map(\.id) }
    self.settings = settings.map { EngineHarness.setting($0.0, $0.1, $0.2) }
    controlConfiguration = profile.controlConfiguration(unit: nil)
    world = InProcessWorld(configuration: WorldConfiguration(profile), startingAt: clock.now, signer: signer)
    world.stationDies()
    store = SimulatedStore(clock: clock, queue: queue)
    csms = SimulatedCSMS(clock: clock, queue: queue)
    link = SimulatedLink(clock: clock, queue: queue, csms: csms)
    random = SimulatedRandom(seed: seed)
    witness = SafetyWitness(
      connectors: profile.evses.flatMap { $0.connectors.map(\.id) },
      deadMan: world.world.configuration.deadManTime, opening: world.world.configuration.contactorOpening,
      world: world.world.configuration)
    for token in ["CARD", "OTHER", "APP"] { csms.tokens[token] = .accepted }
    csms.tokens["BLOCKED"] = .blocked
    store.receiver = { [weak self] event in self?.upperSide { $0.handle(event) } }
    link.receiver = { [weak self] event in self?.upperSide { $0.handle(event) } }
  }

  package var isAlive: Bool { chargePoint != nil }

  // MARK: Programs

  /// Starts the program from what the store holds and lets it come up.
  @discardableResult
  package func start(_ reason: BootReason = .powerUp) -> WholeStation {
    guard !isAlive else { return self }
    let hardware = world.makeStationHardware(SimulatedDrivers.Layout(profile, world.world.configuration))
    world.stationStarts()
    let lights = profile.lights
    let station = Station(
      hardware: hardware, leaseLength: profile.lease,
      lightPattern: { lights[FeedbackKind(rawValue: $0.name) ?? .available] },
      texts: DriverTexts(
        language: profile.texts.language,
        languages: profile.texts.languages.map {
          DriverTexts.Language(tag: $0.tag, lines: $0.lines, reasons: $0.reasons, choices: $0.choices)
        }), outlet: self)
    let chargePoint = ChargePoint(
      configuration: ChargePointConfiguration(profile, boot: boot, settings: settings), snapshot: store.snapshot(),
      store: store, link: link, timeSource: clock, randomSource: random, delegate: station)
    station.attach(chargePoint)
    let bell = bell
    station.startDrivers { bell.hasRung = true }
    self.station = station
    self.chargePoint = chargePoint
    isUpperSideDead = false
    chargePoint.start(bootReason: reason)
    station.readersNotified(at: clock.now)
    lane = SimulatedControlLane(configuration: controlConfiguration, hardware: hardware, startingAt: clock.now)
    run(for: .seconds(3))
    return self
  }

  /// The program ends; cars, contactors and meters stay.
  package func end(_ end: End) {
    guard isAlive else { return }
    if end == .clean { endInOrder() }
    if end == .powerCut { perform(.mains(up: false)) }
    station?.stopDrivers()
    world.stationDies()
    link.stationDied()
    if end == .powerCut || end == .watchdog { store.powerCut() } else { store.killed() }
    chargePoint = nil
    station = nil
    // The dead-man opens what a killed program left closed: the drivers must not do it by going away.
    corpse = end == .clean ? nil : lane
    lane = nil
    bell.hasRung = false
  }
  private var corpse: SimulatedControlLane?

  private func endInOrder() {
    chargePoint?.prepareToStop()
    lane?.send(.shutDown)
    _ = run(upTo: .seconds(8)) { lane?.control.isShuttingDown == true && lane?.control.isAllOpen == true }
    lane?.openAll(at: clock.now)
    chargePoint?.stop()
    _ = run(upTo: .seconds(3)) { chargePoint?.isQuiet == true }
  }

  /// Ends the program and starts it again after `away`; after a power cut under another boot.
  package func restart(_ end: End, away: Duration = .seconds(5)) {
    self.end(end)
    run(for: away)
    corpse = nil
    if end == .powerCut || end == .watchdog { boot = BootNumber(rawValue: boot.rawValue + 1) }
    if end == .powerCut { perform(.mains(up: true)) }
    switch end {
    case .clean: start(.localReset)
    case .kill: start(.applicationReset)
    case .powerCut: start(.powerUp)
    case .watchdog: start(.watchdog)
    }
  }

  // MARK: Time

  package func run(for duration: Duration) { run(until: clock.now + duration) }

  package func run(until end: MonotonicInstant) {
    _ = advance(to: end) { false }
  }

  /// Runs until `condition` holds, for `limit` at most; false when it did not.
  @discardableResult
  package func run(upTo limit: Duration, until condition: () -> Bool) -> Bool {
    advance(to: clock.now + limit, until: condition)
  }

  private func advance(to end: MonotonicInstant, until condition: () -> Bool) -> Bool {
    var turnsAtOneInstant = 0
    while true {
      turn()
      if condition() { return true }
      let next = nextInstant
      guard next <= end else { break }
      turnsAtOneInstant = next > clock.now ? 0 : turnsAtOneInstant + 1
      if turnsAtOneInstant > 5_000 {
        problems.append("the station does not come to rest at \(clock.now)")
        return false
      }
      clock.now = max(clock.now, next)
    }
    clock.now = max(clock.now, end)
    world.advance(to: clock.now)
    return condition()
  }

  private var nextInstant: MonotonicInstant {
    var next = min(queue.nextInstant, world.nextChange ?? .distantFuture)
    if let lane { next = min(next, lane.nextDeadline) }
    if !isUpperSideDead {
      if let station { next = min(next, station.nextDeadline) }
      if let chargePoint { next = min(next, chargePoint.nextDeadline) }
    }
    return next
  }

  /// Everything that is due now, in every part.
  private func turn() {
    let now = clock.now
    world.advance(to: now)
    look()
    while queue.runNext(by: now) {}
    guard let lane else { return }
    repeat {
      if lane.advance(to: now) { look() }
      turnUpperSide()
    } while lane.hasCommands
  }

  private func turnUpperSide() {
    guard !isUpperSideDead, let station, let chargePoint, let lane else { return }
    if bell.hasRung {
      bell.hasRung = false
      station.readersNotified(at: clock.now)
    }
    let facts = lane.takeFacts()
    if !facts.isEmpty {
      station.take(lane.snapshots)
      station.take(facts, at: clock.now)
    }
    if station.nextDeadline <= clock.now || !facts.isEmpty { station.advance(to: clock.now) }
    if chargePoint.nextDeadline <= clock.now { chargePoint.advance() }
  }

  private func upperSide(_ body: (ChargePoint) -> Void) {
    guard !isUpperSideDead, let chargePoint else { return }
    station?.advance(to: clock.now)
    body(chargePoint)
  }

  /// What the drivers could see now; a change wakes the control lane's fast polls.
  private func look() {
    let events = world.takeEvents()
    for event in events { witness.saw(event) }
    worldEvents += events
    onLook?()
    let model = world.world
    let sensed = controlConnectors.map {
      Sensed(peaks: model.pilotPeaks(of: $0), isClosed: model.isContactorClosed(of: $0))
    }
    if sensed != lastSensed {
      lastSensed = sensed
      lane?.disturb(at: clock.now)
    }
    witness.check(self, at: clock.now)
  }

  package let controlConnectors: [ConnectorID]

  // MARK: World

  package func perform(_ action: WorldAction) {
    do {
      try world.perform(action, at: clock.now)
    } catch {
      problems.append("\(action): \(error)")
    }
    // Silence is noticed by polls only.
    lane?.disturb(at: clock.now, for: .seconds(1))
    look()
  }

  // MARK: StationOutlet

  package func send(_ command: ControlCommand) -> Bool {
    if letsPass(command) { lane?.send(command) }
    return lane != nil
  }

  package func reset(_ scope: ResetScope) { resets.append(scope) }
  package func linkChanged(_ status: LinkStatus) {}
  package func timeSet(_ wall: WallTime, at instant: MonotonicInstant) {}
  package func noted(_ event: StationEvent) { notes.append(event) }

  /// Everything that was found wrong by anybody; empty after a good run.
  package var violations: [String] {
    csms.violations + link.violations + store.violations + problems + witness.violations
  }
}

import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes

/// A station's engine between a simulated store, network, CSMS and delegate, driven by events and deadlines alone.
package final class EngineHarness {
  package let clock: SimulatedClock
  package let queue = EventQueue()
  package let store: SimulatedStore
  package let csms: SimulatedCSMS
  package let link: SimulatedLink
  package let delegate = RecordingDelegate()
  package let random: SimulatedRandom
  package var configuration: ChargePointConfiguration
  package private(set) var chargePoint: ChargePoint
  package private(set) var problems: [String] = []
  private var isAlive = true
  private let makeSessions: ((any EngineServices) -> (any SessionControlling)?)?

  /// Two EVSEs with one connector each, unless told otherwise.
  package init(
    seed: UInt64 = 1, configuration: ChargePointConfiguration = EngineHarness.standardConfiguration(),
    sessions: ((any EngineServices) -> (any SessionControlling)?)? = nil
  ) {
    makeSessions = sessions
    clock = SimulatedClock(now: MonotonicInstant(nanoseconds: 5_000_000_000))
    store = SimulatedStore(clock: clock, queue: queue)
    csms = SimulatedCSMS(clock: clock, queue: queue)
    link = SimulatedLink(clock: clock, queue: queue, csms: csms)
    random = SimulatedRandom(seed: seed)
    self.configuration = configuration
    chargePoint = Self.make(configuration, StoreSnapshot(), store, link, clock, random, delegate, sessions)
    connectReceivers()
  }

  private static func make(
    _ configuration: ChargePointConfiguration, _ snapshot: StoreSnapshot, _ store: SimulatedStore,
    _ link: SimulatedLink, _ clock: SimulatedClock, _ random: SimulatedRandom, _ delegate: RecordingDelegate,
    _ sessions: ((any EngineServices) -> (any SessionControlling)?)?
  ) -> ChargePoint {
    guard let sessions else {
      return ChargePoint(
        configuration: configuration, snapshot: snapshot, store: store, link: link, timeSource: clock,
        randomSource: random, delegate: delegate)
    }
    return ChargePoint(
      configuration: configuration, snapshot: snapshot, store: store, link: link, timeSource: clock,
      randomSource: random, delegate: delegate, sessions: sessions)
  }

  package static func standardConfiguration(
    evses: Int32 = 2, deviceModel: [ChargePointConfiguration.DeviceModelEntry] = []
  ) -> ChargePointConfiguration {
    ChargePointConfiguration(
      identity: .init(vendorName: "Example", model: "Dual", serialNumber: "SN-1", firmwareVersion: "1.0"),
      evses: (1...evses).map { .init(id: $0) },
      networkProfiles: [.init(slot: 1, url: "ws://csms.example/ocpp", identity: "CS-1")], deviceModel: deviceModel,
      boot: BootNumber(rawValue: 1))
  }

  /// A first-start value of a station variable.
  package static func setting(_ component: String, _ variable: String, _ value: String, instance: String? = nil)
    -> ChargePointConfiguration.DeviceModelEntry
  {
    .init(key: VariableKey(component, variable, instance: instance), value: value)
  }

  /// What every lock makes of a request to release its cable; nil for locks that do not answer.
  package var unlockOutcome: UnlockOutcome? = .unlocked

  private func connectReceivers() {
    delegate.onUnlock = { [weak self] connector, number in
      guard let self, let unlockOutcome else { return }
      let at = clock.now + .milliseconds(300)
      queue.schedule(at: at) { [weak self] in
        self?.chargePoint.handle(StationFact.unlocked(connector, number: number, unlockOutcome, at: at))
      }
    }
    store.receiver = { [weak self] event in self?.chargePoint.handle(event) }
    link.receiver = { [weak self] event in self?.chargePoint.handle(event) }
  }

  // MARK: Running

  /// Starts the engine and runs until it is registered, or for a minute.
  @discardableResult
  package func start(_ reason: BootReason = .powerUp) -> EngineHarness {
    chargePoint.start(bootReason: reason)
    run(for: .seconds(1))
    return self
  }

  /// Lets simulated time pass.
  package func run(for duration: Duration) { run(until: clock.now + duration) }

  package func run(until end: MonotonicInstant) {
    var steps = 0
    var lastInstant = clock.now
    while true {
      let deadline = isAlive ? chargePoint.nextDeadline : .distantFuture
      let next = min(queue.nextInstant, deadline)
      guard next <= end else { break }
      clock.now = max(clock.now, next)
      steps = clock.now == lastInstant ? steps + 1 : 0
      lastInstant = clock.now
      if steps > 20_000 { return problems.append("no rest at \(clock.now): \(deadline), \(queue.nextInstant)") }
      if !queue.runNext(by: clock.now) { chargePoint.advance() }
    }
    clock.now = max(clock.now, end)
  }

  /// Runs until `condition` holds, for `limit` at most; false when it did not.
  package func run(upTo limit: Duration, until condition: () -> Bool) -> Bool {
    let end = clock.now + limit
    while !condition() {
      let deadline = isAlive ? chargePoint.nextDeadline : .distantFuture
      let next = min(queue.nextInstant, deadline)
      guard next <= end else {
        clock.now = end
        return condition()
      }
      run(until: max(clock.now, next))
    }
    return true
  }

  // MARK: Ends

  package enum End { case clean, kill, powerCut }

  /// The program ends; simulated time goes on without it.
  package func end(_ end: End) {
    if end == .clean {
      chargePoint.stop()
      run(for: .seconds(3))
    }
    isAlive = false
    link.stationDied()
    if end == .powerCut { store.powerCut() } else { store.killed() }
  }

  /// The program starts anew from what the store holds; after a power cut with another boot number.
  package func restart(_ end: End, reason: BootReason = .powerUp, away: Duration = .seconds(5)) {
    self.end(end)
    run(for: away)
    if end == .powerCut { configuration.boot = BootNumber(rawValue: configuration.boot.rawValue + 1) }
    chargePoint = Self.make(configuration, store.snapshot(), store, link, clock, random, delegate, makeSessions)
    isAlive = true
    start(reason)
  }

  /// Everything that was found wrong by anybody; empty after a good run.
  package var violations: [String] { csms.violations + link.violations + store.violations + problems }
}

/// Keeps what the engine asks of the firmware.
package final class RecordingDelegate: ChargePointDelegate {
  package private(set) var grants: [(EnergyGrant, ConnectorID)] = []
  package private(set) var revocations: [ConnectorID] = []
  package private(set) var operative: [ConnectorID: Bool] = [:]
  package private(set) var evseOperative: [(EVSEID, Bool)] = []
  package private(set) var stationOperative: [Bool] = []
  package private(set) var feedback: [(DriverFeedback, EVSEID?)] = []
  package private(set) var resets: [ResetScope] = []
  package private(set) var unlocked: [ConnectorID] = []
  package private(set) var linkStatuses: [LinkStatus] = []
  package private(set) var times: [(WallTime, MonotonicInstant)] = []
  package private(set) var notes: [EngineEvent] = []
  package private(set) var securityEvents: [SecurityEvent] = []
  package private(set) var dataTransfers: [IncomingDataTransfer] = []
  package private(set) var bootAnswers: [BootNotificationResponse] = []
  package private(set) var changedVariables: [VariableKey] = []
  package private(set) var transactionEvents: [TransactionEventRequest] = []
  package private(set) var transactionAnswers: [(TransactionEventRequest, TransactionEventResponse)] = []
  /// What a DataTransfer of the CSMS is answered with.
  package var onDataTransfer: (IncomingDataTransfer) -> DataTransferDecision = { _ in .unknownVendorId }
  /// What `isResetAllowed` answers; nil for the default.
  package var allowsReset: ((ResetScope) -> Bool)?
  /// What is answered before each dial; nil for the default.
  package var configureNetwork: ((NetworkConfigurationRequest) -> NetworkConfigurationAnswer)?
  /// Whether a network profile can be used; nil for the default.
  package var validateNetwork: ((NetworkConnectionProfile) -> Bool)?
  /// Runs when a reset is asked for.
  package var onReset: (ResetScope) -> Void = { _ in }
  /// Runs when a cable is to be released.
  package var onUnlock: (ConnectorID, UInt32) -> Void = { _, _ in }

  package init() {}

  package func chargePoint(_ chargePoint: ChargePoint, grant: EnergyGrant, to connector: ConnectorID) {
    grants.append((grant, connector))
  }
  package func chargePoint(_ chargePoint: ChargePoint, revokeGrantAt connector: ConnectorID) {
    revocations.append(connector)
  }
  package func chargePoint(_ chargePoint: ChargePoint, setOperative isOperative: Bool, _ connector: ConnectorID) {
    operative[connector] = isOperative
  }
  package func chargePoint(_ chargePoint: ChargePoint, operativeChanged isOperative: Bool, evse: EVSEID) {
    evseOperative.append((evse, isOperative))
  }
  package func chargePoint(_ chargePoint: ChargePoint, operativeChanged isOperative: Bool) {
    stationOperative.append(isOperative)
  }
  package func chargePoint(_ chargePoint: ChargePoint, show feedback: DriverFeedback, at evse: EVSEID?) {
    self.feedback.append((feedback, evse))
  }
  package func chargePoint(_ chargePoint: ChargePoint, reset scope: ResetScope) {
    resets.append(scope)
    onReset(scope)
  }
  package func chargePoint(
    _ chargePoint: ChargePoint, isResetAllowed scope: ResetScope, isImmediate: Bool
  ) -> Bool { allowsReset?(scope) ?? true }
  package func chargePoint(_ chargePoint: ChargePoint, securityEvent event: SecurityEvent, _ info: String?) {
    securityEvents.append(event)
  }
  package func chargePoint(
    _ chargePoint: ChargePoint, configureNetworkConnectionProfile request: NetworkConfigurationRequest
  ) -> NetworkConfigurationAnswer { configureNetwork?(request) ?? .ready() }
  package func chargePoint(
    _ chargePoint: ChargePoint, validateNetworkProfile profile: NetworkConnectionProfile, slot: Int32
  ) -> Bool { validateNetwork?(profile) ?? (profile.apn == nil && profile.vpn == nil) }
  package func chargePoint(
    _ chargePoint: ChargePoint, dataTransfer request: IncomingDataTransfer
  ) -> DataTransferDecision {
    dataTransfers.append(request)
    return onDataTransfer(request)
  }
  package func chargePoint(
    _ chargePoint: ChargePoint, bootNotificationAnswered response: BootNotificationResponse
  ) { bootAnswers.append(response) }
  package func chargePoint(_ chargePoint: ChargePoint, variableChanged variable: VariableKey) {
    changedVariables.append(variable)
  }
  package func chargePoint(_ chargePoint: ChargePoint, transactionEvent event: TransactionEventRequest) {
    transactionEvents.append(event)
  }
  package func chargePoint(
    _ chargePoint: ChargePoint, transactionEvent event: TransactionEventRequest, answered: TransactionEventResponse
  ) { transactionAnswers.append((event, answered)) }
  package func chargePoint(_ chargePoint: ChargePoint, unlock connector: ConnectorID, number: UInt32) {
    unlocked.append(connector)
    onUnlock(connector, number)
  }
  package func chargePoint(_ chargePoint: ChargePoint, linkChanged status: LinkStatus) { linkStatuses.append(status) }
  package func chargePoint(_ chargePoint: ChargePoint, timeIs wall: WallTime, at instant: MonotonicInstant) {
    times.append((wall, instant))
  }
  package func chargePoint(_ chargePoint: ChargePoint, noted event: EngineEvent) { notes.append(event) }

  /// Notes of a kind that contain a text.
  package func noted(_ kind: EngineEvent.Kind, _ text: String) -> Bool {
    notes.contains { $0.kind == kind && $0.text.contains(text) }
  }
}

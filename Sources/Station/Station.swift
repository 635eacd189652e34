import ChargerBase
import EVSEControl
import HAL
import OCPPCore
import OCPPTypes

/// Stands between the control lane and the OCPP engine and translates: control facts to station facts, the engine's
/// intents to control commands, states to lights and texts. It holds no protocol logic and runs on the network loop.
public final class Station: ChargePointDelegate {
  /// The newest snapshot of each connector, in the order of the board profile.
  public private(set) var snapshots: [ConnectorSnapshot] = []
  public private(set) var link = LinkStatus()
  /// The newest reading of each EVSE's meter.
  public private(set) var readings: [(evse: EVSEID, reading: MeterReading)] = []

  private let faultVariables: [VariableKey]
  private let evses: [EVSEHardware]
  private let readers: [ReaderHardware]
  private let display: (any DriverDisplay)?
  private let lightPattern: (DriverFeedback) -> LightPattern
  private weak var outlet: (any StationOutlet)?
  private var chargePoint: ChargePoint?
  private var leases: PermitLeases
  private var commands = PendingCommands()
  private var shown: [(evse: EVSEID, feedback: DriverFeedback)] = []
  private var now: MonotonicInstant = .zero
  /// The fault and the instant of the newest tampering: a contact of the whole station is told once for each connector.
  private var lastTampering: (fault: ControlFault, at: MonotonicInstant)?
  /// The times that the control lane keeps, for what `explain` says of them.
  public var timing = TimingTable()

  /// - Parameters:
  ///   - leaseLength: how long energy may flow without a sign of life from this lane.
  ///   - lightPattern: the board's light for each state of a driver's session.
  public init(
    hardware: StationHardware, leaseLength: Duration, lightPattern: @escaping (DriverFeedback) -> LightPattern,
    outlet: any StationOutlet
  ) {
    self.lightPattern = lightPattern
    faultVariables = FaultVariables.keys(of: hardware)
    evses = hardware.evses
    readers = hardware.readers
    display = hardware.display
    leases = PermitLeases(length: leaseLength)
    self.outlet = outlet
  }

  /// The engine, once it has been made with this station as its delegate.
  public func attach(_ chargePoint: ChargePoint) {
    self.chargePoint = chargePoint
    for key in faultVariables { chargePoint.deviceModel.register(key, initial: "false") }
  }

  /// When `advance` must be called next.
  public var nextDeadline: MonotonicInstant { min(leases.nextRenewal, commands.retryAt) }

  public func advance(to now: MonotonicInstant) {
    self.now = now
    for (connector, permit) in leases.renew(at: now) { commands.append(.grant(connector, permit)) }
    flushCommands()
  }

  /// Tells the control lane; nothing is lost when its queue is full for a moment.
  public func command(_ command: ControlCommand) {
    commands.append(command)
    flushCommands()
  }

  private func flushCommands() {
    commands.flush(at: now) { command in outlet?.send(command) ?? false }
  }

  /// Starts the readers, lights and display; `readersChanged` is called from any thread when a reader has something.
  public func startDrivers(readersChanged: @escaping @Sendable () -> Void) {
    for place in readers { place.reader.start(notify: readersChanged) }
    for evse in evses { evse.light?.start(notify: {}) }
    display?.start(notify: {})
  }

  public func stopDrivers() {
    for place in readers { place.reader.stop() }
    for evse in evses { evse.light?.stop() }
    display?.stop()
  }

  // MARK: From below

  /// Takes the control lane's facts, oldest first.
  public func take(_ facts: [ControlFact], at now: MonotonicInstant) {
    self.now = now
    for fact in facts { take(fact) }
  }

  private func take(_ fact: ControlFact) {
    switch fact {
    case .connected(let connector, let isConnected, let at):
      note("connector", connector, isConnected ? "A vehicle is plugged in." : "The vehicle is unplugged.")
      tell(.connected(connector, isConnected, at: at))
    case .powerPath(let connector, let closed, let at):
      note("connector", connector, closed ? "The contactor has closed." : "The contactor has opened.")
      tell(.powerPath(connector, closed: closed, at: at))
    case .charging(let connector, let phase, let at):
      tell(.charging(connector, Self.chargingState(phase), at: at))
    case .meter(let evse, let reading):
      if let index = readings.firstIndex(where: { $0.evse == evse }) {
        readings[index].reading = reading
      } else {
        readings.append((evse, reading))
      }
      tell(.meter(evse, meterSample(from: reading)))
    case .fault(let connector, let fault, let active, let at):
      let entry = FaultCatalogue.entry(for: fault)
      note("fault", connector, active ? "Fault \(entry.code): \(entry.text)" : "The fault \(entry.code) is gone.")
      tell(.fault(connector, entry.stationFault, active: active, at: at))
      if active, entry.isTampering { tamperingFound(entry, at: connector, at: at) }
      refreshFaultLight(of: connector.evse)
    case .permitEnded(let connector, let number, let end, let at):
      leases.end(at: connector)
      note(
        "authorization", connector,
        end == .leaseExpired ? "The permission to charge ran out." : "The energy allowed for this session is used.")
      tell(.permitEnded(connector, number: number, at: at))
    case .lock(let connector, let position, let at):
      note("connector", connector, position == .locked ? "The plug is locked." : "The plug is unlocked.")
      tell(.lock(connector, isLocked: position == .locked, at: at))
    case .unlocked(let connector, let number, let result, let at):
      if result == .failed { note("connector", connector, "The plug could not be unlocked.") }
      tell(.unlocked(connector, number: number, Self.outcome(result), at: at))
    case .contactorOperated(let connector, let operations):
      outlet?.contactorOperated(connector, operations)
    case .signedReading(let evse, let answer):
      outlet?.noted(StationEvent(kind: "meter", evse: evse, text: Self.words(for: answer)))
      tell(.signedReading(evse, number: answer.number, Self.outcome(answer)))
    }
  }

  /// A04: the CSMS hears of a door or tilt contact by a security event too, once for each occurrence.
  private func tamperingFound(_ entry: FaultEntry, at connector: ConnectorID, at instant: MonotonicInstant) {
    if let last = lastTampering, last.fault == entry.fault, last.at == instant { return }
    lastTampering = (entry.fault, instant)
    chargePoint?.securityEvent(
      "TamperDetectionActivated", info: "\(entry.component) at \(connector.evse): \(entry.code)")
  }

  public func take(_ newest: [ConnectorSnapshot]) {
    let former = snapshots
    snapshots = newest
    for snapshot in newest {
      let rating = snapshot.details.cableRating
      guard former.first(where: { $0.connector == snapshot.connector })?.details.cableRating != rating else { continue }
      tell(
        .cable(
          snapshot.connector, ratingMilliamperes: rating.map { Int32(clamping: $0.milliamperes) },
          at: snapshot.takenAt))
    }
  }

  /// A reader has something new: each presentation goes to the engine once.
  public func readersNotified(at now: MonotonicInstant) {
    self.now = now
    for place in readers {
      for token in place.reader.takePresentedTokens() {
        let idToken = IdToken(idToken: token.value, type: Self.idTokenKind(token.kind))
        tell(
          .tokenPresented(
            PresentedIdToken(idToken: idToken, reader: place.reader.name), evses: token.evses ?? place.evses))
      }
    }
  }

  private func tell(_ fact: StationFact) { chargePoint?.handle(fact) }

  private func note(_ kind: String, _ connector: ConnectorID, _ text: String) {
    outlet?.noted(StationEvent(kind: kind, evse: connector.evse, connector: connector.number, text: text))
  }

  // MARK: For people

  /// "Why is it not charging?", one answer per EVSE; without `instant` as of the last event.
  public func explain(at instant: MonotonicInstant? = nil) -> [EnergyExplanation] {
    evses.map { evse in
      var context = ExplanationContext(now: instant ?? now)
      context.link = link
      context.canBill = chargePoint?.acceptsNewTransactions ?? false
      context.feedback = shown.first { $0.evse == evse.id }?.feedback
      context.hasOpenTransaction = chargePoint?.transactionID(at: evse.id) != nil
      context.isResetPending = chargePoint?.isResetPending ?? false
      context.timing = timing
      context.offlineRules = chargePoint.map {
        OfflineRules(
          acceptsKnownTokens: $0.offlineRules.acceptsKnown, acceptsUnknownTokens: $0.offlineRules.acceptsUnknown)
      }
      return EnergyExplanation(
        evse: evse.id, connectors: snapshots.filter { $0.connector.evse == evse.id }, context: context)
    }
  }

  /// A fault is shown without asking the engine: the light must be right even when nothing above works.
  private func refreshFaultLight(of evse: EVSEID) {
    guard let index = shown.firstIndex(where: { $0.evse == evse }) else { return }
    present(shown[index].feedback, at: evse)
  }

  private func present(_ feedback: DriverFeedback, at evse: EVSEID) {
    let faults = snapshots.reduce(into: FaultSet()) { if $1.connector.evse == evse { $0.formUnion($1.faults) } }
    let worst = FaultCatalogue.entries(of: faults).first
    let effective = worst.map { DriverFeedback.faulted($0.text) } ?? feedback
    evses.first { $0.id == evse }?.light?.show(lightPattern(effective))
    display?.show(lines: DriverGuidance.lines(for: effective), evse: evse)
  }

  // MARK: ChargePointDelegate

  public func chargePoint(_ chargePoint: ChargePoint, grant: EnergyGrant, to connector: ConnectorID) {
    let permit = leases.grant(grant, to: connector, at: now)
    command(.grant(connector, permit))
  }

  public func chargePoint(_ chargePoint: ChargePoint, revokeGrantAt connector: ConnectorID) {
    leases.end(at: connector)
    command(.revoke(connector))
  }

  public func chargePoint(_ chargePoint: ChargePoint, unlock connector: ConnectorID, number: UInt32) {
    command(.unlock(connector, number: number))
  }

  public func chargePoint(_ chargePoint: ChargePoint, keepLocked isKept: Bool, _ connector: ConnectorID) {
    command(.keepLocked(connector, isKept))
  }

  public func chargePoint(_ chargePoint: ChargePoint, sign order: SignedReadingOrder, at evse: EVSEID) {
    command(.signReading(evse, signedReadingRequest(from: order)))
  }

  public func chargePoint(_ chargePoint: ChargePoint, setOperative isOperative: Bool, _ connector: ConnectorID) {
    command(.setOperative(connector, isOperative))
  }

  public func chargePoint(_ chargePoint: ChargePoint, show feedback: DriverFeedback, at evse: EVSEID?) {
    let places = evse.map { [$0] } ?? evses.map(\.id)
    for place in places {
      if let index = shown.firstIndex(where: { $0.evse == place }) {
        shown[index].feedback = feedback
      } else {
        shown.append((place, feedback))
      }
      present(feedback, at: place)
    }
  }

  public func chargePoint(_ chargePoint: ChargePoint, reset scope: ResetScope) {
    switch scope {
    case .station: outlet?.reset(scope)
    case .evse(let evse): reset(evse)
    }
  }

  /// What a reset means for one EVSE: the control lane begins anew with it. Its meter, and whatever else counts or
  /// belongs to the station, goes on.
  private func reset(_ evse: EVSEID) {
    for snapshot in snapshots where snapshot.connector.evse == evse { leases.end(at: snapshot.connector) }
    outlet?.noted(StationEvent(kind: "reset", evse: evse, text: "The EVSE begins anew."))
    command(.reset(evse))
  }

  public func chargePoint(_ chargePoint: ChargePoint, linkChanged status: LinkStatus) {
    link = status
    outlet?.linkChanged(status)
  }

  public func chargePoint(_ chargePoint: ChargePoint, timeIs wall: WallTime, at instant: MonotonicInstant) {
    outlet?.timeSet(wall, at: instant)
  }

  public func chargePoint(_ chargePoint: ChargePoint, noted event: EngineEvent) {
    outlet?.noted(StationEvent(kind: event.kind.rawValue, text: event.text))
  }

  // MARK: Names

  package static func chargingState(_ phase: ChargingPhase) -> ChargingState {
    switch phase {
    case .connected: .evConnected
    case .suspendedByVehicle: .suspendedEV
    case .suspendedByStation: .suspendedEVSE
    case .charging: .charging
    }
  }

  private static func words(for answer: SignedReadingAnswer) -> String {
    switch answer {
    case .signed(_, let reading): "The meter has signed \(reading.importRegister) (\(reading.encodingMethod))."
    case .failed(_, .notAccepted): "The meter does not sign readings, or is busy with another."
    case .failed(_, .refused): "The meter could not sign its reading."
    case .failed(_, .timedOut): "The meter has not signed its reading in time."
    }
  }

  private static func outcome(_ answer: SignedReadingAnswer) -> SignedReadingOutcome {
    switch answer {
    case .signed(_, let reading): .signed(signedMeterReading(from: reading))
    case .failed: .failed(words(for: answer))
    }
  }

  private static func outcome(_ result: UnlockResult) -> UnlockOutcome {
    switch result {
    case .unlocked: .unlocked
    case .failed: .failed
    case .noLock: .noLock
    }
  }

  package static func idTokenKind(_ kind: TokenKind) -> IdTokenKind { IdTokenKind(wireName: kind.rawValue) ?? .local }
}

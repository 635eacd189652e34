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
  let evses: [EVSEHardware]
  let readers: [ReaderHardware]
  let startButtons: [StartButtonHardware]
  let display: (any DriverDisplay)?
  let lightPattern: (DriverFeedback) -> LightPattern
  let texts: DriverTexts
  weak var outlet: (any StationOutlet)?
  var chargePoint: ChargePoint?
  private var leases: PermitLeases
  private var commands = PendingCommands()
  var now: MonotonicInstant = .zero
  /// One an EVSE, in the board profile's order.
  var places: [FeedbackPlace]
  var notice: StationNotice?
  /// Of whoever stands before the station, and at no EVSE in particular.
  var languages: [String] = []
  var stationLines: [String] = []
  /// Until when the whole station's part of the display shows what it shows.
  var stationOverlayUntil = MonotonicInstant.distantFuture
  var textsMoveAt = MonotonicInstant.distantFuture
  var keypads: [KeypadPlace]
  var bays: [ParkingBayPlace]
  var watched: [WatchedPart]
  let mainMeter: MainMeter?
  /// The fault and the instant of the newest tampering: a contact of the whole station is told once for each connector.
  private var lastTampering: (fault: ControlFault, at: MonotonicInstant)?
  /// The times that the control lane keeps, for what `explain` says of them.
  public var timing = TimingTable()

  /// - Parameters:
  ///   - leaseLength: how long energy may flow without a sign of life from this lane.
  ///   - lightPattern: the board's light for each state of a driver's session.
  ///   - texts: what the display says for each of them.
  public init(
    hardware: StationHardware, leaseLength: Duration, lightPattern: @escaping (DriverFeedback) -> LightPattern,
    texts: DriverTexts = DriverTexts(), outlet: any StationOutlet
  ) {
    self.texts = texts
    startButtons = hardware.startButtons
    places = hardware.evses.map { FeedbackPlace(evse: $0.id) }
    keypads = hardware.keypads.map { KeypadPlace(hardware: $0, entry: CodeEntry(rules: $0.rules)) }
    bays = hardware.evses.compactMap { evse in
      evse.parkingBay.map {
        ParkingBayPlace(evse: evse.id, sensor: $0.sensor, filter: ParkingBayFilter(settling: $0.settling))
      }
    }
    watched = Self.watchedParts(of: hardware)
    mainMeter = hardware.mainMeter.map { MainMeter($0) }
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
  public var nextDeadline: MonotonicInstant {
    min(leases.nextRenewal, commands.retryAt, feedbackDeadline, postDeadline)
  }

  /// What happens from here on happens at `now`: a new lease is counted from it.
  public func turnBegins(at now: MonotonicInstant) { self.now = now }

  /// Does what has become due; answers `nextDeadline`, which is asked at every turn.
  @discardableResult
  public func advance(to now: MonotonicInstant) -> MonotonicInstant {
    self.now = now
    let deadline = nextDeadline
    guard deadline <= now || !commands.isEmpty else { return deadline }
    for (connector, permit) in leases.renew(at: now) { commands.append(.grant(connector, permit)) }
    flushCommands()
    advancePost()
    advanceFeedback()
    return nextDeadline
  }

  /// Tells the control lane; nothing is lost when its queue is full for a moment.
  public func command(_ command: ControlCommand) {
    commands.append(command)
    flushCommands()
  }

  private func flushCommands() {
    commands.flush(at: now) { command in outlet?.send(command) ?? false }
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
    case .powerPathClosing(let connector, let at): tell(.powerPathClosing(connector, at: at))
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

  func tell(_ fact: StationFact) { chargePoint?.handle(fact) }

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
      context.feedback = places.first { $0.evse == evse.id }?.feedback
      context.postReasons = postReasons(at: evse.id)
      context.notes = notes(at: context.now) + meterNotes(of: evse.id)
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
    if let evse {
      show(feedback, at: evse)
    } else {
      showEverywhere(feedback)
    }
  }

  public func chargePoint(_ chargePoint: ChargePoint, speak languages: [String], at evse: EVSEID?) {
    guard let evse else {
      self.languages = languages
      return
    }
    guard let index = places.firstIndex(where: { $0.evse == evse }) else { return }
    places[index].languages = languages
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

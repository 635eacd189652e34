import BoardProfile
import CLinux
import ChargerBase
import EVSEControl
import HAL
import JSONRPC
import Logging
import NIOCore
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPStorage
import OCPPTransport
import OCPPTypes
import Station

/// The network loop: engine, session controller and Station live here and nowhere else. Everything from other threads
/// comes in as a value through `eventLoop.execute`.
///
/// `@unchecked Sendable`: confined to `eventLoop` after `init`; the closures that other threads hold only hand over.
package final class NetworkLane: @unchecked Sendable, StationOutlet {
  package let eventLoop: any EventLoop
  package let arguments: DaemonArguments
  package let profile: BoardProfile
  package let identity: String
  let program: String
  let time: SystemTimeSource
  let logger: Logger
  let startedAt: MonotonicInstant
  var station: Station?
  var chargePoint: ChargePoint?
  var controlLane: ControlLane?
  var store: SQLiteStationStore?
  /// The engine counts its requests from one; these are nobody else's.
  private static let markRequest = StoreRequestID(.max)
  private static let letterRequest = StoreRequestID(.max - 1)
  private static let counterRequest = StoreRequestID(.max - 2)
  /// Set before the control lane starts.
  var contactors = ContactorCounters(snapshot: StoreSnapshot())
  /// At most one a client of the station socket.
  private var letterReaders: [([DeadLetter]) -> Void] = []
  private var markStored: (() -> Void)?
  var onReset: ((ResetScope) -> Void)?
  /// Told how the link is; nil without one. Set before the engine starts.
  var serviceManager: ServiceManager?
  private var toldStatus: LinkStatus?
  private var heartbeat: ServiceHeartbeat?
  /// Told each event as something that makes its document, for those who want it.
  var onEvent: ((() -> JSONValue) -> Void)?
  /// What civil time is ahead of the system's clock, once the CSMS has told it.
  private var wallCorrection: Duration = .zero
  private var timer: Scheduled<Void>?
  private var timerAt: MonotonicInstant = .distantFuture
  private var isTurning = false

  package init(
    eventLoop: any EventLoop, program: String, arguments: DaemonArguments, profile: BoardProfile, identity: String,
    time: SystemTimeSource, logger: Logger
  ) {
    self.eventLoop = eventLoop
    self.program = program
    self.arguments = arguments
    self.profile = profile
    self.identity = identity
    self.time = time
    self.logger = logger
    startedAt = time.now
  }

  // MARK: Turns

  /// Runs one event through the upper side: everything due is advanced, then the next timer is set.
  func turn(_ body: () -> Void) {
    guard !isTurning, let station else {
      body()
      return
    }
    isTurning = true
    let chargePoint = chargePoint
    station.turnBegins(at: time.now)
    body()
    let now = time.now
    var stationDeadline = station.advance(to: now)
    var engineDeadline = chargePoint?.nextDeadline ?? .distantFuture
    if let chargePoint, engineDeadline <= now {
      chargePoint.advance()
      engineDeadline = chargePoint.nextDeadline
      stationDeadline = station.nextDeadline
    }
    isTurning = false
    armTimer(min(engineDeadline, stationDeadline))
  }

  /// A timer that comes too early is left as it is: it costs one empty turn, less than arming anew at every turn.
  private func armTimer(_ next: MonotonicInstant) {
    guard next < timerAt || timer == nil else { return }
    guard next != .distantFuture else { return }
    timer?.cancel()
    timerAt = next
    let wait = max(0, (next - time.now).wholeNanoseconds)
    timer = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(wait)) { [weak self] in
      guard let self else { return }
      self.timer = nil
      self.turn {}
    }
  }

  // MARK: From other lanes

  /// Facts of the control lane may wait. From any thread; the control thread itself rings a `LoopBell`.
  package func controlLaneNotified() {
    eventLoop.execute { [self] in takeControlFacts() }
  }

  /// On the loop.
  func takeControlFacts() {
    guard let controlLane, let station else { return }
    turn {
      // Facts first: fetching them allows the next notification, so that no snapshot after it is missed.
      let facts = controlLane.drainFacts()
      station.take(controlLane.snapshots())
      station.take(facts, at: time.now)
    }
  }

  package func readersNotified() {
    eventLoop.execute { [self] in turn { station?.readersNotified(at: time.now) } }
  }

  package func storeAnswered(_ event: StoreEvent) {
    eventLoop.execute { [self] in
      switch event {
      case .committed(let id) where id == Self.markRequest:
        markStored?()
      case .failed(let id, _) where id == Self.markRequest:
        break
      case .deadLetters(_, let letters):
        let waiting = letterReaders
        letterReaders = []
        for reader in waiting { reader(letters) }
      case .committed(let id) where id == Self.counterRequest, .failed(let id, _) where id == Self.counterRequest:
        // Written again with the next hundred openings, whatever became of these.
        break
      case .failed(let id, _) where id == Self.letterRequest:
        let waiting = letterReaders
        letterReaders = []
        for reader in waiting { reader([]) }
      default:
        turn { chargePoint?.handle(event) }
      }
    }
  }

  /// Reads the newest dead letters; every reader that waits gets the same answer.
  func readDeadLetters(_ body: @escaping ([DeadLetter]) -> Void) {
    letterReaders.append(body)
    if letterReaders.count == 1 {
      store?.query(.deadLetters(limit: OutboxDocument.maximumDeadLetters), id: Self.letterRequest)
    }
  }

  /// Stores what is the runtime's own and tells when it is on disk; what was submitted before is stored then too.
  func whenStored(_ mutations: [StoreMutation], _ body: @escaping () -> Void) {
    markStored = body
    store?.commit(mutations, durability: .full, id: Self.markRequest)
  }

  package func linkTold(_ event: LinkEvent) {
    turn { chargePoint?.handle(event) }
  }

  /// Begins to prove to the service manager that this loop and the control lane live.
  func proveLife(to manager: ServiceManager) {
    let heartbeat = ServiceHeartbeat(
      manager, controlStatus: { [weak self] in self?.controlLane?.status ?? ControlLaneStatus() },
      now: { [time] in time.now })
    self.heartbeat = heartbeat
    heartbeat.start(on: eventLoop)
  }

  /// Ends the drivers that this lane serves.
  func stopDrivers() { station?.stopDrivers() }

  // MARK: StationOutlet

  package func send(_ command: ControlCommand) -> Bool { controlLane?.send(command) ?? false }

  package func reset(_ scope: ResetScope) { onReset?(scope) }

  package func linkChanged(_ status: LinkStatus) {
    guard let serviceManager, status != toldStatus else { return }
    toldStatus = status
    serviceManager.tell(.status(LinkSentence.text(status)))
  }

  package func timeSet(_ wall: WallTime, at instant: MonotonicInstant) {
    let system = WallTime(millisecondsSinceEpoch: linux_realtime_ms())
    wallCorrection = wall - (system + (instant - time.now))
  }

  package func contactorOperated(_ connector: ConnectorID, _ operations: ContactorOperations) {
    let (mustBeWritten, becameDue) = contactors.take(
      connector, operations, serviceAfter: profile.contactorService(of: connector))
    if mustBeWritten {
      store?.commit([contactors.takeMutation()], durability: .relaxed, id: Self.counterRequest)
    }
    if becameDue { tellService(of: connector, operations) }
  }

  /// A contactor that is due for service is told at each start, and when it becomes so.
  func tellService(of connector: ConnectorID, _ operations: ContactorOperations) {
    let text =
      "The contactor has opened \(operations.withoutLoad) times without load and \(operations.underLoad) times under load: it is due for service."
    noted(StationEvent(kind: "connector", evse: connector.evse, connector: connector.number, text: text))
    logger.warning("\(connector): \(text)")
  }

  /// As the engine knows it; nil while it does not.
  var civilTime: WallTime? { chargePoint?.civilTime }

  package func noted(_ event: StationEvent) {
    let wall = WallTime(millisecondsSinceEpoch: linux_realtime_ms()) + wallCorrection
    onEvent? { EventDocument.make(event, at: wall) }
    guard logger.logLevel <= .info else { return }
    let place = event.evse.map { "\($0)\(event.connector.map { " connector \($0)" } ?? ""): " } ?? ""
    var fields: Logger.Metadata = ["kind": .string(event.kind)]
    if let evse = event.evse { fields["evse"] = .string(String(evse.number)) }
    if let connector = event.connector { fields["connector"] = .string(String(connector)) }
    logger.info("\(event.kind): \(place)\(event.text)", metadata: fields)
  }
}

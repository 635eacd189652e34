import ChargerBase
import OCPPPorts
import OCPPTypes

/// Tells the CSMS of each fault when it comes and when it is gone (N07, G05.FR.02), as hard-wired notifications. What the
/// CSMS was told is stored: a fault that is gone after a restart is told as cleared (N07.FR.14), and one that is still
/// there is not told twice.
final class FaultReporter: TimedBlock {
  static let documentKey = "events"
  /// Faults that are known at a time; beyond them the newest is only noted.
  static let maximumFaults = 128
  /// After a start: what has not shown itself by then is gone.
  static let settlingTime = Duration.seconds(60)
  /// Without room in the queue it is looked for again then, also when nobody answers.
  private static let retryInterval = Duration.seconds(60)
  /// A fault that flaps is told this often in a row; then once a `retryInterval`, until it has been quiet.
  static let burst: Int32 = 10
  private static let quietTime = Duration.seconds(600)

  struct Known: Equatable {
    var key: VariableKey
    var code: String
    var technicianCode: String?
    var text: String
    var severity: Int32?
    /// Where it is active now; a fault of the whole station may be seen at each of its connectors.
    var places: [ConnectorID?] = []
    /// The CSMS was told, or is about to be, that it is there.
    var isTold = false
    /// Told before this start, and not seen since.
    var isFromBefore = false

    var isActive: Bool { !places.isEmpty || isFromBefore }
  }

  /// How often a fault was told of late.
  private struct Recent {
    var key: VariableKey
    var code: String
    var count: Int32
    var lastAt: MonotonicInstant
  }

  private unowned let engine: ChargePoint
  let records: NotifyEventRecords
  private(set) var known: [Known] = []
  /// Bounded as `known` is; the oldest goes first.
  private var recent: [Recent] = []
  private var settlesAt = MonotonicInstant.distantFuture
  private var owesReports = false
  private var retryAt = MonotonicInstant.distantFuture

  init(_ engine: ChargePoint) {
    self.engine = engine
    records = NotifyEventRecords(engine)
    records.hasAnswer = { [weak self] in
      guard let self, owesReports else { return }
      self.engine.later { [weak self] in self?.tellAll() }
    }
  }

  var incomingActions: [OCPPAction] { [] }

  func handle(_ call: IncomingCall) throws(MessageViolation) {}

  // MARK: Faults

  func handle(_ fact: StationFact) {
    guard case .fault(let place, let fault, let isActive, _) = fact, isKnown(place) else { return }
    let key = Self.key(of: fault, at: place)
    if let index = known.firstIndex(where: { $0.code == fault.code && $0.key == key }) {
      known[index].isFromBefore = false
      known[index].places.removeAll { $0 == place }
      if isActive { known[index].places.append(place) }
      tell(index)
    } else if isActive {
      guard known.count < Self.maximumFaults else {
        return engine.note(EngineEvent(.status, "too many faults at once: \(fault.code) is not told"))
      }
      known.append(
        Known(
          key: key, code: fault.code, technicianCode: fault.technicianCode, text: fault.text,
          severity: fault.severity, places: [place]))
      tell(known.count - 1)
    }
    forgetGone()
  }

  private func isKnown(_ place: ConnectorID?) -> Bool {
    guard let place else { return true }
    guard let evse = engine.configuration.evses.first(where: { $0.id == place.evse.number }) else { return false }
    return place.number == 0 || evse.connectors.contains { $0.number == place.number }
  }

  /// The variable that carries a fault, at the tier that the fault concerns.
  static func key(of fault: StationFault, at place: ConnectorID?) -> VariableKey {
    let isBelowStation = fault.tier != .station
    let connector = fault.tier == .connector ? place?.number : nil
    return VariableKey(
      fault.component, fault.variable, evse: isBelowStation ? place?.evse.number : nil,
      connector: connector == 0 ? nil : connector)
  }

  private func tell(_ index: Int) {
    let fault = known[index]
    let isSet = known.contains { $0.key == fault.key && $0.isActive }
    show(fault.key, isSet)
    guard fault.isActive != fault.isTold else { return }
    guard records.hasRoom, mayTell(fault) else {
      owesReports = true
      retryAt = engine.now + Self.retryInterval
      return
    }
    known[index].isTold = fault.isActive
    var event = ComponentEvent(
      fault.key, actualValue: isSet ? "true" : "false", trigger: Self.trigger(of: fault.key),
      technicianCode: fault.technicianCode ?? fault.code, technicianInfo: "\(fault.code): \(fault.text)",
      isCleared: !fault.isActive, severity: fault.severity)
    event.transactionID = fault.key.evse.flatMap { engine.transactionID(at: EVSEID($0)) }
    let stored = StoredEvent(id: records.takeEventID(), time: engine.eventTime, event: event)
    records.append([stored], documents: [document])
    engine.note(EngineEvent(.status, "\(fault.key): \(fault.code) \(fault.isActive ? "is there" : "is gone")"))
  }

  /// Every event is a write to flash: a contact that bounces for a week must not wear it out.
  private func mayTell(_ fault: Known) -> Bool {
    guard let index = recent.firstIndex(where: { $0.code == fault.code && $0.key == fault.key }) else {
      if recent.count >= Self.maximumFaults { recent.removeFirst() }
      recent.append(Recent(key: fault.key, code: fault.code, count: 1, lastAt: engine.now))
      return true
    }
    let silence = recent[index].lastAt.duration(to: engine.now)
    if silence >= Self.quietTime { recent[index].count = 0 }
    guard recent[index].count < Self.burst || silence >= Self.retryInterval else { return false }
    recent[index].count = recent[index].count.addingSaturating(1)
    recent[index].lastAt = engine.now
    return true
  }

  /// Problem of the places themselves follows their status, and is not written here.
  private func show(_ key: VariableKey, _ isSet: Bool) {
    guard !["Connector", "EVSE", "ChargingStation"].contains(key.component) else { return }
    engine.deviceModel.set(key, isSet ? "true" : "false")
  }

  /// A hard-wired notification is Alerting (Part 2 §3.32); of the lock TC_G_20_CS wants to see Delta.
  private static func trigger(of key: VariableKey) -> EventTrigger {
    key.component == "ConnectorPlugRetentionLock" ? .delta : .alerting
  }

  private func forgetGone() { known.removeAll { !$0.isActive && !$0.isTold } }

  /// There was no room, or it flapped: what still differs from what the CSMS knows is told, what came and went meanwhile is not.
  private func tellAll() {
    owesReports = false
    retryAt = .distantFuture
    for index in known.indices { tell(index) }
    forgetGone()
  }

  // MARK: Events of the firmware around (28)

  /// Queues one report; gives the ids of its events, in their order.
  func report(_ events: [ComponentEvent]) -> [Int32] {
    guard !events.isEmpty else { return [] }
    let time = engine.eventTime
    let stored = events.map { StoredEvent(id: records.takeEventID(), time: time, event: $0) }
    records.append(stored, documents: [document])
    return stored.map(\.id)
  }

  // MARK: Time

  var nextDeadline: MonotonicInstant { min(settlesAt, retryAt) }

  func advance(to now: MonotonicInstant) {
    if retryAt <= now { tellAll() }
    guard settlesAt <= now else { return }
    settlesAt = .distantFuture
    for index in known.indices where known[index].isFromBefore {
      known[index].isFromBefore = false
      tell(index)
    }
    forgetGone()
  }

  // MARK: Stored form: 1 last event id, 2 faults told (1–6 key, 7 code, 8 technician's code, 9 text, 10 severity)

  private var document: StoreMutation {
    var record = RecordWriter()
    record.write(Int64(records.lastEventID), field: 1)
    for fault in known where fault.isTold {
      record.write(field: 2) { nested in
        nested.write(fault.key.component, field: 1)
        nested.write(fault.key.evse.map { Int64($0) }, field: 3)
        nested.write(fault.key.connector.map { Int64($0) }, field: 4)
        nested.write(fault.key.variable, field: 5)
        nested.write(fault.code, field: 7)
        nested.write(fault.technicianCode, field: 8)
        nested.write(String(fault.text.prefix(100)), field: 9)
        nested.write(fault.severity.map { Int64($0) }, field: 10)
      }
    }
    return .putDocument(.status, key: Self.documentKey, body: record.bytes)
  }

  func start(documents: [StoreSnapshot.Document]) {
    guard let body = documents.first(where: { $0.kind == .status && $0.key == Self.documentKey })?.body else { return }
    var reader = RecordReader(body)
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: records.lastEventID = max(0, value.int32 ?? 0)
      case 2: if let fault = value.data.flatMap(Self.restored), known.count < Self.maximumFaults { known.append(fault) }
      default: break
      }
    }
    for fault in known { show(fault.key, true) }
    if !known.isEmpty { settlesAt = engine.now + Self.settlingTime }
  }

  private static func restored(_ body: ArraySlice<UInt8>) -> Known? {
    var reader = RecordReader(body)
    var fault = Known(key: VariableKey("", ""), code: "", text: "", isTold: true, isFromBefore: true)
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: fault.key.component = value.string ?? ""
      case 3: fault.key.evse = value.int32
      case 4: fault.key.connector = value.int32
      case 5: fault.key.variable = value.string ?? ""
      case 7: fault.code = value.string ?? ""
      case 8: fault.technicianCode = value.string
      case 9: fault.text = value.string ?? ""
      case 10: fault.severity = value.int32
      default: break
      }
    }
    return fault.key.component.isEmpty || fault.code.isEmpty ? nil : fault
  }
}

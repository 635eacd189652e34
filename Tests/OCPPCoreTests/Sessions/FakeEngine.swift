import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport

@testable import OCPPCore

/// What outlives a killed program: documents and the events that were committed, in order.
final class FakeDisk {
  var documents: [(kind: DocumentKind, key: String, body: [UInt8])] = []
  var events: [TransactionEventRecord] = []
  var tokens = SimulatedTokenTables()
  var boot = BootNumber(rawValue: 1)
  var commits = 0
  var identifiers = 0

  func apply(_ mutations: [StoreMutation], record: OutboxRecord?) {
    commits += 1
    if let record, let event = TransactionEventRecord(stored: record.body[...]) { events.append(event) }
    for mutation in mutations {
      switch mutation {
      case .putDocument(let kind, let key, let body):
        documents.removeAll { $0.kind == kind && $0.key == key }
        documents.append((kind, key, body))
      case .removeDocument(let kind, let key):
        documents.removeAll { $0.kind == kind && $0.key == key }
      case .updateTokenList, .cacheToken, .touchCachedToken, .removeCachedToken, .clearTokenCache:
        _ = tokens.apply(mutation)
      default: break
      }
    }
  }

  var hasOpenTransactions: Bool { documents.contains { $0.kind == .transaction } }

  var snapshot: [StoreSnapshot.Document] {
    documents.sorted { ($0.kind.rawValue, $0.key) < ($1.kind.rawValue, $1.key) }
      .map { StoreSnapshot.Document(kind: $0.kind, key: $0.key, body: $0.body) }
  }
}

/// The engine as the session controller sees it: a clock by hand, commits that can be held back, a CSMS that says what
/// the test tells it to.
final class FakeEngine: EngineServices {
  enum Action: Equatable {
    case grant(ConnectorID, EnergyGrant.Reason, Decimal?)
    case revoke(ConnectorID)
    case show(DriverFeedback, EVSEID?)
    case unlock(ConnectorID)
    case keepLocked(ConnectorID, Bool)
  }

  let configuration: ChargePointConfiguration
  let deviceModel: DeviceModel
  let disk: FakeDisk
  var now: MonotonicInstant
  var wallOffset: Duration? = .seconds(1_700_000_000)
  var isOnline = true
  var canBeginTransaction = true
  var actions: [Action] = []
  var notes: [String] = []
  /// Faults that the controller itself has found, and their ends.
  var faults: [(code: String, isActive: Bool)] = []
  var orders: [SignedReadingOrder] = []
  var asked: [String] = []
  /// Payloads of other calls.
  var sent: [[UInt8]] = []
  /// The CSMS's word on a token; nil answers nothing until `answerLate`.
  var verdict: (IdToken) -> CallAnswerKind = { _ in .accepted(group: nil) }
  var holdsCommits = false
  private(set) var unlockNumber: UInt32 = 0
  /// Told after each action, for a world that reacts.
  var onAction: ((Action) -> Void)?
  private(set) var waitingCommits: [() -> Void] = []
  private var laterTurns: [() -> Void] = []
  var queuedEvents: (String?) -> Bool = { _ in false }

  enum CallAnswerKind {
    case accepted(group: String?)
    case refused(AuthorizationStatus)
    case onlyAt([Int32])
    case offline
    case error
  }

  init(disk: FakeDisk, now: MonotonicInstant, evses: [ChargePointConfiguration.EVSE]) {
    self.disk = disk
    self.now = now
    configuration = ChargePointConfiguration(
      identity: .init(vendorName: "V", model: "M"), evses: evses, networkProfiles: [], boot: disk.boot)
    deviceModel = DeviceModel(configuration, documents: [])
  }

  var eventTime: EventTime {
    EventTime(
      boot: disk.boot, instant: now,
      wall: wallOffset.map { WallTime(millisecondsSinceEpoch: ($0 + .nanoseconds(now.nanoseconds)).wholeMilliseconds) })
  }

  func askQueuedTransactionEvents(_ transactionID: String?, answer: @escaping (Bool?) -> Void) {
    answer(queuedEvents(transactionID))
  }

  func makeIdentifier() -> String {
    disk.identifiers += 1
    return "tx-\(disk.identifiers)"
  }

  /// What was appended, oldest first.
  private(set) var records: [OutboxRecord] = []

  func append(_ record: OutboxRecord, documents: [StoreMutation], whenDurable: (() -> Void)?) {
    records.append(record)
    commit { [disk] in
      disk.apply(documents, record: record)
      whenDurable?()
    }
  }

  func save(_ documents: [StoreMutation], durability: StoreDurability, whenDone: ((Bool) -> Void)?) {
    commit { [disk] in
      disk.apply(documents, record: nil)
      whenDone?(true)
    }
  }

  var tokenTables: TokenTablesState { disk.tokens.state }
  /// A store that does not say what it knows, until it does.
  var holdsLookUps = false
  var storeCannotTell = false
  private(set) var waitingLookUps: [() -> Void] = []

  func lookUp(_ token: TokenDigest, answer: @escaping (TokenRecord?) -> Void) {
    let say = { [disk, storeCannotTell] in answer(storeCannotTell ? nil : disk.tokens.record(of: token)) }
    if holdsLookUps { waitingLookUps.append(say) } else { later(say) }
  }

  func releaseLookUps() {
    let waiting = waitingLookUps
    waitingLookUps = []
    for say in waiting { later(say) }
  }

  func updateTokenList(_ update: TokenListUpdate, whenDone: @escaping (StoreFailure?) -> Void) {
    commit { [disk] in
      whenDone(disk.tokens.apply(.updateTokenList(update)) ? nil : StoreFailure(.limit, detail: "too many"))
    }
  }

  private func commit(_ body: @escaping () -> Void) {
    waitingCommits.append(body)
  }

  func call(
    _ action: OCPPAction, deadline: Duration, payload: @escaping (inout JSONWriter, OCPPVersion) -> Void,
    answer: @escaping (CallAnswer) -> Void
  ) {
    var writer = JSONWriter()
    payload(&writer, .v201)
    if action != .authorize { sent.append(writer.bytes) }
    guard let request = try? AuthorizeRequest.decode(writer.bytes[...], version: .v201) else {
      later { answer(.error(code: "FormationViolation", description: "")) }
      return
    }
    asked.append(request.idToken.idToken)
    let word = verdict(request.idToken)
    later {
      var information = IdTokenInfo(status: .accepted)
      switch word {
      case .accepted(let group):
        information.groupIdToken = group.map { IdToken(idToken: $0, type: .central) }
      case .refused(let status): information.status = status
      case .onlyAt(let evses): information.evseId = evses
      case .offline: return answer(.offline)
      case .error: return answer(.error(code: "InternalError", description: ""))
      }
      answer(.result(payload: AuthorizeResponse(idTokenInfo: information).encode(version: .v201)[...], .v201))
    }
  }

  func later(_ body: @escaping () -> Void) { laterTurns.append(body) }

  /// Runs what waits, until nothing does.
  func settle() {
    while true {
      if !laterTurns.isEmpty {
        laterTurns.removeFirst()()
      } else if !holdsCommits, !waitingCommits.isEmpty {
        commitNext()
      } else {
        return
      }
    }
  }

  var hasWaitingCommits: Bool { !waitingCommits.isEmpty }

  func commitNext() {
    guard !waitingCommits.isEmpty else { return }
    waitingCommits.removeFirst()()
  }

  /// The program dies: what was not committed is gone.
  func die() {
    waitingCommits = []
    laterTurns = []
    onAction = nil
  }

  func grant(_ grant: EnergyGrant, to connector: ConnectorID) {
    did(.grant(connector, grant.reason, grant.energyBudget))
  }
  func revokeGrant(at connector: ConnectorID) { did(.revoke(connector)) }
  func show(_ feedback: DriverFeedback, at evse: EVSEID?) { did(.show(feedback, evse)) }
  func unlock(_ connector: ConnectorID, number: UInt32) {
    unlockNumber = number
    did(.unlock(connector))
  }
  func keepLocked(_ isKept: Bool, _ connector: ConnectorID) { did(.keepLocked(connector, isKept)) }
  func sign(_ order: SignedReadingOrder, at evse: EVSEID) {
    orders.append(order)
  }
  func tell(_ fault: StationFault, at evse: EVSEID, isActive: Bool) { faults.append((fault.code, isActive)) }
  func note(_ event: EngineEvent) { notes.append(event.text) }

  private func did(_ action: Action) {
    actions.append(action)
    onAction?(action)
  }

  func lastShown(at evse: Int32) -> DriverFeedback? {
    for case .show(let feedback, EVSEID(evse)) in actions.reversed() { return feedback }
    return nil
  }
}

import CLinux
import ChargerBase
import ChargerRuntime
import Glibc
import NIOConcurrencyHelpers
import OCPPCore
import OCPPPorts
import OCPPStorage
import OCPPTypes

/// Engine and store on a clock that steps: a minute between two events takes no time, and what the kernel would write
/// back in it is written. The CSMS is a link that accepts everything at once.
final class SteppedStation {
  enum Task: String, CaseIterable {
    /// One event a minute, accepted at once.
    case online
    /// One event a minute, kept.
    case offline
    /// A hundred events at once, then accepted.
    case batches
    /// One session charging for an hour at one EVSE, the meter read each second; real session controller.
    case hour
    /// Nobody comes for a day.
    case day

    var name: String { "flash-\(rawValue)" }
    init?(name: String) {
      guard name.hasPrefix("flash-") else { return nil }
      self.init(rawValue: String(name.dropFirst(6)))
    }
  }

  static func run(_ task: Task, rounds: Int, state: String) throws {
    let station = try SteppedStation(state, isReal: task == .hour || task == .day)
    station.start(connects: task != .offline)
    station.pass(.seconds(120))
    switch task {
    case .online, .offline:
      for _ in 0..<20 { station.minute() }
      station.measure(rounds) { for _ in 0..<rounds { station.minute() } }
    case .batches:
      station.batch()
      station.measure(rounds * 100) { for _ in 0..<rounds { station.batch() } }
    case .hour:
      station.plugIn()
      station.charge(.seconds(120))
      station.measure(1) { station.charge(.seconds(3_600)) }
    case .day: station.measure(1) { station.pass(.seconds(86_400)) }
    }
    station.store.close()
  }

  private enum Told {
    case store(StoreEvent)
    case link(LinkEvent)
  }

  /// Where the storage thread and the link put what they have to tell.
  private final class Mailbox: @unchecked Sendable {
    // Unchecked: everything lies behind the lock.
    private let lock = ConditionLock(value: 0)
    private var told: [Told] = []

    func put(_ event: Told) {
      lock.lock()
      told.append(event)
      lock.unlock(withValue: 1)
    }

    /// What was told; waits for it when `isWaiting`.
    func take(isWaiting: Bool) -> [Told] {
      if isWaiting { lock.lock(whenValue: 1) } else { lock.lock() }
      let events = told
      told = []
      lock.unlock(withValue: 0)
      return events
    }
  }

  private final class Clock: TimeSource {
    var now = MonotonicInstant(nanoseconds: 5_000_000_000)
    var trustedWallTime: WallTime? {
      WallTime(millisecondsSinceEpoch: 1_795_000_000_000) + MonotonicInstant.zero.duration(to: now)
    }
  }

  /// Counts what is unanswered.
  private final class CountingStore: StationStore {
    let store: SQLiteStationStore
    var unanswered = 0
    init(_ store: SQLiteStationStore) { self.store = store }
    func commit(_ mutations: [StoreMutation], durability: StoreDurability, id: StoreRequestID) {
      unanswered += 1
      store.commit(mutations, durability: durability, id: id)
    }
    func query(_ query: StoreQuery, id: StoreRequestID) {
      unanswered += 1
      store.query(query, id: id)
    }
  }

  private final class AcceptingLink: CSMSLink {
    let mailbox: Mailbox
    let clock: Clock
    private var attempt = LinkAttempt(0)
    init(_ mailbox: Mailbox, _ clock: Clock) {
      self.mailbox = mailbox
      self.clock = clock
    }
    func open(_ target: LinkTarget, attempt: LinkAttempt) {
      self.attempt = attempt
      mailbox.put(.link(.opened(attempt, .v201)))
    }
    func send(_ frame: [UInt8]) {
      guard let message = try? OCPPFrame(parsing: frame, version: .v201), case .call(let id, let action, _) = message
      else { return }
      let time = clock.trustedWallTime?.rfc3339 ?? ""
      let body =
        switch action {
        case "BootNotification": #"{"currentTime":"\#(time)","interval":900,"status":"Accepted"}"#
        case "Heartbeat": #"{"currentTime":"\#(time)"}"#
        case "Authorize": #"{"idTokenInfo":{"status":"Accepted"}}"#
        default: "{}"
        }
      mailbox.put(.link(.frame(attempt, Array("[3,\"\(id)\",\(body)]".utf8))))
    }
    func close(code: UInt16, reason: String) {}
    func setPingInterval(_ interval: Duration) {}
  }

  private let mailbox = Mailbox()
  private let clock = Clock()
  private let store: SQLiteStationStore
  private let counting: CountingStore
  private let link: AcceptingLink
  private let delegate = OutboxDelegate()
  private let chargePoint: ChargePoint
  private let log: String
  private var written = 0

  private init(_ state: String, isReal: Bool) throws {
    let mailbox = mailbox
    let snapshot: StoreSnapshot
    (store, snapshot) = try SQLiteStationStore.open(directory: state) { mailbox.put(.store($0)) }
    counting = CountingStore(store)
    link = AcceptingLink(mailbox, clock)
    log = state + "/station.db-wal"
    let configuration = ChargePointConfiguration.forOutbox(port: 9)
    if isReal {
      chargePoint = ChargePoint(
        configuration: configuration, snapshot: snapshot, store: counting, link: link, timeSource: clock,
        randomSource: SystemRandomSource(), delegate: delegate)
    } else {
      chargePoint = ChargePoint(
        configuration: configuration, snapshot: snapshot, store: counting, link: link, timeSource: clock,
        randomSource: SystemRandomSource(), delegate: delegate
      ) { OutboxSessions(services: $0) }
    }
  }

  private func start(connects: Bool) {
    chargePoint.start(bootReason: .powerUp, connects: connects)
    settle()
  }

  /// Until store and link have said all they have to say; then what was written reaches the disk, as it would by and by.
  private func settle() {
    while true {
      for event in mailbox.take(isWaiting: counting.unanswered > 0) {
        switch event {
        case .store(let event):
          switch event {
          case .space, .tokenTables: break
          default: counting.unanswered -= 1
          }
          chargePoint.handle(event)
        case .link(let event): chargePoint.handle(event)
        }
      }
      let rest = mailbox.take(isWaiting: false)
      guard rest.isEmpty else {
        for event in rest { mailbox.put(event) }
        continue
      }
      if counting.unanswered == 0 { break }
    }
    guard store.statistics.transactions != written else { return }
    written = store.statistics.transactions
    let descriptor = open(log, O_RDONLY | O_CLOEXEC)
    fsync(descriptor)
    close(descriptor)
  }

  /// Lets time pass, from deadline to deadline.
  private func pass(_ duration: Duration) {
    let end = clock.now + duration
    var steps = 0
    while chargePoint.nextDeadline <= end, steps < 1_000_000 {
      clock.now = max(clock.now, chargePoint.nextDeadline)
      chargePoint.advance()
      settle()
      steps += 1
    }
    clock.now = max(clock.now, end)
  }

  private func minute() {
    chargePoint.handle(OutboxSessions.fact)
    settle()
    pass(.seconds(60))
  }

  private func batch() {
    // A hundred facts before the store can answer the first of them.
    for _ in 0..<100 { chargePoint.handle(OutboxSessions.fact) }
    settle()
    pass(.seconds(60))
  }

  // MARK: A session

  private static let connector = ConnectorID(evse: EVSEID(1), number: 1)

  private func tell(_ fact: StationFact) {
    chargePoint.handle(fact)
    settle()
    if chargePoint.nextDeadline <= clock.now { pass(.zero) }
  }

  private var energy: Int64 = 12_345_678

  private func meter() {
    let values = [
      MeasuredValue(measurand: .energyActiveImportRegister, value: Decimal(thousandths: energy)),
      MeasuredValue(measurand: .powerActiveImport, value: Decimal(thousandths: 11_000_000)),
    ]
    tell(.meter(EVSEID(1), MeterSample(takenAt: clock.now, values: values)))
  }

  private func plugIn() {
    for connector in chargePoint.configuration.connectors { tell(.usable(connector, true, at: clock.now)) }
    meter()
    tell(.connected(Self.connector, true, at: clock.now))
    tell(
      .tokenPresented(
        PresentedIdToken(idToken: IdToken(idToken: "04A1B2C3D4E580", type: .iso14443)), evses: [EVSEID(1)]))
    pass(.seconds(1))
    tell(.lock(Self.connector, isLocked: true, at: clock.now))
    tell(.powerPath(Self.connector, closed: true, at: clock.now))
    tell(.charging(Self.connector, .charging, at: clock.now))
  }

  private func charge(_ duration: Duration) {
    let end = clock.now + duration
    while clock.now < end {
      pass(.seconds(1))
      energy += 3_056
      meter()
    }
  }

  // MARK: Figures

  private func measure(_ events: Int, _ body: () -> Void) {
    let before = (ProcessFigures.read(getpid()).writtenBytes, store.statistics)
    body()
    let bytes = ProcessFigures.read(getpid()).writtenBytes - before.0
    let after = store.statistics
    print("events=\(events)")
    print("bytes=\(bytes)")
    print("flushes=\(after.flushes - before.1.flushes)")
    print("commits=\(after.transactions - before.1.transactions)")
    print("transactions=\(chargePoint.transactionID(at: EVSEID(1)) == nil ? 0 : 1)")
    fflush(nil)
  }
}

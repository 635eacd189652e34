import CLinux
import ChargerBase
import ChargerRuntime
import Glibc
import NIOCore
import NIOPosix
import OCPPCore
import OCPPPorts
import OCPPStorage
import OCPPTransport
import OCPPTypes

/// The upper half of the station in a process of its own, as the daemon builds it: network loop, engine, storage thread
/// and WebSocket client are the real ones; there is no control lane, and `OutboxSessions` makes the events.
///
/// `@unchecked Sendable`: everything is used on the loop alone.
final class OutboxStation: @unchecked Sendable {
  enum Task: String, CaseIterable {
    /// Events one by one, each made when the one before was accepted.
    case online
    /// Events as fast as they can be stored, without a link.
    case offline
    /// The same, then whatever it takes until the log is nearly as long as it gets, and the end by SIGKILL.
    case fill
    /// Stored without a link, then sent with one.
    case drain
    /// The same bytes over the same WebSocket client, without a station.
    case bare
    /// Each frame that comes is answered with the same bytes, without a station.
    case echo

    var name: String { "outbox-\(rawValue)" }
    init?(name: String) {
      guard name.hasPrefix("outbox-") else { return nil }
      self.init(rawValue: String(name.dropFirst(7)))
    }
  }

  /// Events on their way to the store at once.
  private static let maximumOnTheWay = 256

  private let eventLoop: any EventLoop
  private let rounds: Int
  private let task: Task
  private let done: EventLoopPromise<Void>
  private var store: SQLiteStationStore?
  private var chargePoint: ChargePoint?
  private var sessions: OutboxSessions?
  private let delegate = OutboxDelegate()
  private var link: WebSocketLink?
  private var isFeeding = false
  private var began = (at: Int64(0), cpu: Int64(0))

  static func run(_ task: Task, rounds: Int, state: String, port: Int) throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let station = OutboxStation(task, rounds: rounds, loop)
    let padding = LogPadding(directory: state)
    if task == .bare || task == .echo {
      try loop.submit { station.startBare(port: port) }.wait()
    } else {
      let (store, snapshot) = try SQLiteStationStore.open(directory: state) { event in
        if padding.takes(event) { return }
        loop.execute { station.chargePoint?.handle(event) }
      }
      try loop.submit { station.start(store, snapshot, port: port) }.wait()
      loop.scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) { _ in
        if let engine = station.chargePoint, engine.nextDeadline <= SystemTimeSource().now { engine.advance() }
      }
    }
    try station.done.futureResult.wait()
    if task == .fill, let store = try loop.submit({ station.store }).wait() {
      try padding.fill(store)
      fflush(nil)
      kill(getpid(), SIGKILL)
    }
  }

  private init(_ task: Task, rounds: Int, _ eventLoop: any EventLoop) {
    self.task = task
    self.rounds = rounds
    self.eventLoop = eventLoop
    done = eventLoop.makePromise()
  }

  private func start(_ store: SQLiteStationStore, _ snapshot: StoreSnapshot, port: Int) {
    let link = WebSocketLink(eventLoop: eventLoop, tlsContext: { _ in throw BenchmarkFailure(description: "no TLS") }) {
      [weak self] event in self?.chargePoint?.handle(event)
    }
    let chargePoint = ChargePoint(
      configuration: .forOutbox(port: port), snapshot: snapshot, store: store, link: link,
      timeSource: SystemTimeSource(), randomSource: SystemRandomSource(), delegate: delegate
    ) { [weak self] services in
      let sessions = OutboxSessions(services: services)
      self?.sessions = sessions
      return sessions
    }
    self.store = store
    self.link = link
    self.chargePoint = chargePoint
    sessions?.wantsNext = { [weak self] in self.map { $0.task == .online && $0.appended < $0.rounds } ?? false }
    sessions?.whenDurable = { [weak self] in self?.stored() }
    sessions?.whenAnswered = { [weak self] in self?.accepted() }
    delegate.whenAccepted = { [weak self] in self?.wentOnline() }
    chargePoint.start(bootReason: .powerUp, connects: task == .online)
    guard task != .online else { return }
    // What the start has to write is written before the measurement begins.
    eventLoop.scheduleTask(in: .milliseconds(200)) { [self] in
      tell("privateBefore", ProcessFigures.read(getpid()).privateBytes)
      tell("residentBefore", ProcessFigures.read(getpid()).residentBytes)
      begin()
      feed()
    }
  }

  private var appended: Int { sessions?.appended ?? 0 }

  private func feed() {
    guard !isFeeding, let chargePoint, let sessions else { return }
    isFeeding = true
    while sessions.appended < rounds, sessions.appended - sessions.durable < Self.maximumOnTheWay {
      chargePoint.handle(OutboxSessions.fact)
    }
    isFeeding = false
  }

  private func stored() {
    guard task != .online, let sessions else { return }
    if sessions.durable == rounds { return allStored() }
    // Outside the store's answer: a turn of its own for each event.
    if sessions.appended - sessions.durable <= Self.maximumOnTheWay / 2 { eventLoop.execute { [self] in feed() } }
  }

  private func allStored() {
    end("stored")
    let figures = ProcessFigures.read(getpid())
    tell("privateAfter", figures.privateBytes)
    tell("residentAfter", figures.residentBytes)
    guard task == .drain else { return done.succeed(()) }
    eventLoop.execute { [self] in chargePoint?.connectWebSocket() }
  }

  private func wentOnline() {
    begin()
    guard task == .online else { return }
    eventLoop.execute { [self] in chargePoint?.handle(OutboxSessions.fact) }
  }

  private func accepted() {
    guard sessions?.answered == rounds else { return }
    end("answered")
    done.succeed(())
  }

  // MARK: Without a station

  private var frames: [[UInt8]] = []
  private var sent = 0

  private func startBare(port: Int) {
    let event = OutboxSample.frame
    let link = WebSocketLink(eventLoop: eventLoop, tlsContext: { _ in throw BenchmarkFailure(description: "no TLS") }) {
      [weak self] told in
      guard let self else { return }
      if task == .echo { echo(told) } else { bare(told, event) }
    }
    self.link = link
    link.open(
      LinkTarget(url: "ws://127.0.0.1:\(port)/ocpp", identity: "benchmark"), attempt: LinkAttempt(1))
  }

  private func bare(_ event: LinkEvent, _ frame: [UInt8]) {
    switch event {
    case .opened: begin()
    case .frame: break
    case .failed(_, let failure): return done.fail(failure)
    case .closed(_, let close): return done.fail(BenchmarkFailure(description: "\(close)"))
    }
    guard sent < rounds else {
      end("answered")
      return done.succeed(())
    }
    sent += 1
    link?.send(frame)
  }

  /// What the station answers to GetVariables ×1.
  private static let answer = Array(
    #"{"getVariableResult":[{"attributeStatus":"Accepted","attributeType":"Actual","attributeValue":"86400","component":{"name":"OCPPCommCtrlr"},"variable":{"name":"HeartbeatInterval"}}]}]"#
      .utf8)

  private func echo(_ event: LinkEvent) {
    switch event {
    case .opened: begin()
    case .frame(_, let frame):
      // The message id is the second element, and plain.
      let id = frame.dropFirst(3).prefix { $0 != UInt8(ascii: ",") }
      link?.send(Array("[3,".utf8) + id + [UInt8(ascii: ",")] + Self.answer)
      sent += 1
      guard sent == rounds else { return }
      end("answered")
      // The last answer is taken by the system at once; nothing tells when.
      eventLoop.scheduleTask(in: .milliseconds(100)) { [self] in done.succeed(()) }
    case .failed(_, let failure): return done.fail(failure)
    case .closed(_, let close): return done.fail(BenchmarkFailure(description: "\(close)"))
    }
  }

  // MARK: Telling

  private func begin() {
    began = (linux_boottime_ns(), ProcessFigures.read(getpid()).cpuNanoseconds)
  }

  private func end(_ what: String) {
    tell(what + "Nanoseconds", linux_boottime_ns() - began.at)
    tell(what + "CPU", ProcessFigures.read(getpid()).cpuNanoseconds - began.cpu)
  }

  private func tell(_ name: String, _ value: Int64) {
    print("\(name)=\(value)")
    fflush(nil)
  }
}

/// The event of the measurements as it goes over the wire.
enum OutboxSample {
  static var frame: [UInt8] {
    let wall = WallTime(millisecondsSinceEpoch: 1_795_000_000_123)
    let time = EventTime(boot: BootNumber(rawValue: 1), instant: .zero, wall: wall)
    let reading = OutboxSessions.reading(at: time, round: 0)
    let request = TransactionEventRequest(
      eventType: .updated, timestamp: wall, triggerReason: .meterValuePeriodic, seqNo: 42,
      transactionInfo: Transaction(transactionId: "6f1c1e7e-8f6b-4a5a-9d0e-0123456789ab", chargingState: .charging),
      meterValue: reading.meterValue(at: wall, version: .v201).map { [$0] }, evse: EVSE(id: 1, connectorId: 1),
      idToken: IdToken(idToken: "04A1B2C3D4E580", type: .iso14443))
    return OCPPFrame.encodedCall(messageID: "0c7f2bd5-8e39-4d3b-9a58-d6f6a5c40b11", action: .transactionEvent) {
      request.encode(into: &$0, version: .v201)
    }
  }
}

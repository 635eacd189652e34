import CLinux
import ChargerBase
import Glibc
import HAL

/// The serial line to a companion MCU, which generates the pilots, drives the contactors and watches over them
/// (`schema/pilot-mcu.md`). All drivers of that MCU share one link; the control lane serves it, and nothing in it waits
/// or, in steady state, allocates.
///
/// Commands are whole states, so that none can queue up: what a slow line has not taken is replaced by what is wanted
/// now. They are repeated as the station's sign of life. When the MCU is not heard, has lost the station, or has begun
/// anew, every driver of the link is silent, and what was commanded is forgotten: contactors are commanded closed again
/// only when control says so to drivers that are back.
public final class MicrocontrollerLink {
  static let capacity = 8
  private static let readsPerService = 4
  /// A loss lasts at least so long for the drivers, so that control cannot miss it.
  static let shortestLoss = Duration.milliseconds(20)

  public let configuration: Configuration
  public private(set) var counters = Counters()
  public internal(set) var identity: MicrocontrollerIdentity?
  /// Why the MCU that answers gets no commands; nil for one that is taken, or none.
  public internal(set) var refusal: MicrocontrollerError?
  public private(set) var lastLoss: Loss?

  let line: any ByteLine
  private(set) var needs: Needs
  var connectors: [MicrocontrollerConnector]
  /// Nil while the MCU is greeted.
  private var session: MicrocontrollerSession?
  private var greeting: MicrocontrollerGreeting
  private var parser = MicrocontrollerFrameParser()
  private var writer = MicrocontrollerFrameWriter()
  private var arrived = [UInt8](repeating: 0, count: 256)
  private var arrivedAt = MonotonicInstant.zero
  private var clock = MicrocontrollerClock()
  private var sequence: UInt16 = 0
  private var heardSequence: UInt16?
  private var lastHeard: MonotonicInstant?
  private var lastServed = MonotonicInstant.zero
  /// When the lane first served it; nil before.
  private var startedAt: MonotonicInstant?
  /// When the last session was opened.
  private var openedAt: MonotonicInstant?
  private var lostAt: MonotonicInstant?
  private var nextBeat = MonotonicInstant.zero
  private var isRestored = true

  var wakeDescriptor: Int32? { line.wakeDescriptor }

  /// Opens the port.
  ///
  /// - Throws: `SerialPortError`.
  public convenience init(_ configuration: Configuration, needs: Needs = Needs()) throws(SerialPortError) {
    self.init(configuration, needs: needs, line: try SerialPort(path: configuration.port, rate: configuration.rate))
  }

  /// - Parameter firstGreeting: the number of the first greeting; unlike that of the program before.
  init(
    _ configuration: Configuration, needs: Needs = Needs(), line: any ByteLine,
    firstGreeting: UInt16 = UInt16(truncatingIfNeeded: linux_boottime_ns() / 1_000_000)
  ) {
    self.configuration = configuration
    self.needs = needs
    self.line = line
    greeting = MicrocontrollerGreeting(seed: firstGreeting)
    connectors = (0..<Self.capacity).map { _ in MicrocontrollerConnector() }
  }

  // MARK: Start

  /// Greets the MCU and waits for its answer, before the control lane runs. An MCU that does not answer is no error: its
  /// drivers are silent until it does, and what it says then is held against the same needs.
  ///
  /// - Throws: `MicrocontrollerError` for an MCU that answers and must not have commands.
  public func greet(within limit: Duration = .seconds(1)) throws(MicrocontrollerError) {
    let deadline = linux_boottime_ns().addingSaturating(limit.wholeNanoseconds)
    while identity == nil && refusal == nil {
      let now = linux_boottime_ns()
      guard now < deadline else { break }
      exchange(at: MonotonicInstant(nanoseconds: now))
      var entry = pollfd(fd: line.wakeDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
      if identity == nil && refusal == nil { _ = poll(&entry, 1, 5) }
    }
    // Nobody keeps this session alive until the lane runs: the lane greets anew.
    session = nil
    if let refusal { throw refusal }
  }

  // MARK: Control lane

  func service(at now: MonotonicInstant) {
    if startedAt == nil {
      startedAt = now
      session = nil
      openedAt = nil
      greeting.begin(at: now)
      nextBeat = now
    }
    exchange(at: now)
    watchSilence(at: now)
  }

  private func exchange(at now: MonotonicInstant) {
    lastServed = now
    if line.restore(at: now) != isRestored {
      isRestored.toggle()
      writer.discard()
    }
    receive(at: now)
    if now >= nextBeat {
      nextBeat = now + configuration.heartbeat
      if session != nil { oweAll() }
    }
    send(at: now)
    line.wake(at: nextBeat)
  }

  private func receive(at now: MonotonicInstant) {
    for _ in 0..<Self.readsPerService {
      let count = min(line.read(into: &arrived), arrived.count)
      if count > 0 { arrivedAt = line.arrival(servedAt: now) }
      for index in 0..<max(0, count) where parser.take(arrived[index]) {
        counters.frames &+= 1
        handle(at: now)
      }
      if count < arrived.count { break }
    }
    counters.badFrames = parser.badFrames
  }

  private func handle(at now: MonotonicInstant) {
    switch parser.kind {
    case MicrocontrollerFrame.Kind.identity: takeIdentity(at: now)
    case MicrocontrollerFrame.Kind.status: takeStatus(at: now)
    // Of a later minor version: passed over.
    default: break
    }
  }

  private func takeIdentity(at now: MonotonicInstant) {
    guard parser.payloadCount >= MicrocontrollerIdentity.shortestOfAnyVersion else { return }
    guard parser.byte(0) == Needs.major else {
      refuse(
        Needs.otherVersion(parser.byte(0), parser.byte(1), on: configuration.port), nil, at: now)
      return
    }
    guard let new = MicrocontrollerIdentity(parser) else { return }
    guard greeting.isAnswered(by: new) else {
      counters.staleFrames &+= 1
      return
    }
    if let refusal = needs.refusal(of: new, on: configuration.port) {
      refuse(refusal, new, at: now)
      return
    }
    if let session {
      // The greeting's echo.
      if session.isThat(of: new) { return }
      if session.boot == new.boot, isStale(parser.sequence) { return }
      end(session.boot == new.boot ? .newSession : .reset, at: now)
    }
    identity = new
    refusal = nil
    session = MicrocontrollerSession(new)
    openedAt = now
    heardSequence = parser.sequence
    lastHeard = now
    clock.reset()
    oweAll()
  }

  private func refuse(_ new: MicrocontrollerError, _ identity: MicrocontrollerIdentity?, at now: MonotonicInstant) {
    if session != nil { end(.newSession, at: now) }
    refusal = new
    self.identity = identity
    greeting.begin(at: now + MicrocontrollerGreeting.refusedPause)
  }

  private func oweAll() {
    for index in connectors.indices where connectors[index].isUsed { connectors[index].isOwed = true }
  }

  /// A frame that came twice or after a newer one of the same boot.
  private func isStale(_ sequence: UInt16) -> Bool {
    guard let heardSequence, Int16(bitPattern: sequence &- heardSequence) <= 0 else { return false }
    counters.staleFrames &+= 1
    return true
  }

  private func takeStatus(at now: MonotonicInstant) {
    guard let session, parser.payloadCount >= MicrocontrollerConnector.shortestStatus else { return }
    guard parser.word(1) == session.boot else { return end(.reset, at: now) }
    // Late is also what it sent before it opened this session.
    if isStale(parser.sequence) { return }
    guard parser.word(3) == session.number else { return end(.stationUnheard, at: now) }
    if let heardSequence { counters.lostFrames &+= UInt64(parser.sequence &- heardSequence &- 1) }
    heardSequence = parser.sequence
    lastHeard = now
    let index = Int(parser.byte(0)) - 1
    guard connectors.indices.contains(index), connectors[index].isUsed else { return }
    // What was never sent cannot have been obeyed.
    if Int16(bitPattern: sequence &- parser.word(9)) >= 0, connectors[index].confirmed(parser.word(9)) {
      self.session?.isConfirmed = true
    }
    guard let takenAt = clock.instant(parser.longWord(5), arrivedAt: arrivedAt) else {
      counters.staleFrames &+= 1
      return
    }
    // Before it obeys it is not there: nobody decides by what it tells.
    guard self.session?.isConfirmed == true else { return }
    connectors[index].take(parser, takenAt: takenAt, at: now)
  }

  private func watchSilence(at now: MonotonicInstant) {
    guard session != nil else { return }
    if let lastHeard, now - lastHeard >= configuration.silentAfter {
      end(.silent, at: now)
    } else if connectors.contains(where: { isOverdue($0.unconfirmed, at: now) }) {
      end(.deaf, at: now)
    }
  }

  private func isOverdue(_ unconfirmed: (sequence: UInt16, since: MonotonicInstant)?, at now: MonotonicInstant) -> Bool
  {
    guard let unconfirmed else { return false }
    return now - unconfirmed.since >= configuration.silentAfter
  }

  /// The session is over. One in which nothing was obeyed is no loss: nothing can have followed from it.
  private func end(_ loss: Loss, at now: MonotonicInstant) {
    let isLoss = session?.isConfirmed == true
    session = nil
    lastLoss = loss
    greeting.begin(at: now)
    for index in connectors.indices { connectors[index].sessionEnded() }
    guard isLoss else { return }
    lostAt = now
    counters.losses &+= 1
    for index in connectors.indices { connectors[index].command.fallBack() }
  }

  // MARK: Sending

  /// Sends what is owed; what the line does not take stays owed, and the newest is sent then.
  func send(at now: MonotonicInstant) {
    guard flush() else { return }
    guard let session else {
      greetIfDue(at: now)
      return
    }
    for index in connectors.indices where connectors[index].isOwed {
      sequence &+= 1
      connectors[index].sent(sequence, at: now)
      encode(connectors[index].command, connector: index, session: session.number)
      guard flush() else { return }
    }
  }

  private func greetIfDue(at now: MonotonicInstant) {
    guard greeting.isDue(at: now) else { return }
    if refusal == nil { greeting.said(at: now) } else { greeting.begin(at: now + MicrocontrollerGreeting.refusedPause) }
    sequence &+= 1
    writer.begin(MicrocontrollerFrame.Kind.hello, sequence: sequence)
    writer.add(Needs.major)
    writer.add(Needs.minor)
    writer.add(greeting.number)
    writer.end()
    _ = flush()
  }

  private func encode(_ command: MicrocontrollerCommand, connector: Int, session: UInt16) {
    writer.begin(MicrocontrollerFrame.Kind.command, sequence: sequence)
    writer.add(UInt8(truncatingIfNeeded: connector + 1))
    writer.add(session)
    switch command.pilot {
    case .steadyNegative:
      writer.add(UInt8(0))
      writer.add(UInt16(0))
    case .steadyPositive:
      writer.add(UInt8(1))
      writer.add(UInt16(0))
    case .pulseWidth(let duty):
      writer.add(UInt8(2))
      writer.add(duty.hundredthsOfPercent)
    }
    writer.add(command.contactor.rawValue)
    writer.add(command.lockOrder)
    writer.add(command.lock.rawValue)
    writer.add(UInt8(command.isTestCurrentOn ? 1 : 0))
    writer.add(command.resets)
    writer.end()
  }

  /// True when the line has taken all.
  private func flush() -> Bool {
    if !writer.pending.isEmpty {
      writer.taken(line.write(writer.encoded, from: writer.pending.lowerBound, to: writer.pending.upperBound))
    }
    return writer.pending.isEmpty
  }

  // MARK: For the drivers

  /// Takes a connector of the MCU, 1…8, for a driver.
  func use(_ connector: Int, parts: MicrocontrollerIdentity.Parts = [], temperatureSensors: Int = 0) {
    guard connectors.indices.contains(connector - 1) else { return }
    connectors[connector - 1].isUsed = true
    needs.connectors = max(needs.connectors, connector)
    needs.parts.formUnion(parts)
    needs.temperatureSensors = max(needs.temperatureSensors, temperatureSensors)
  }

  /// The longest time from the program's death to the open contactor.
  func need(deadMan: Duration) { needs.deadMan = min(needs.deadMan ?? deadMan, deadMan) }

  /// Changes what is wanted of a connector, and sends it at once.
  func command(_ index: Int, _ change: (inout MicrocontrollerCommand) -> Void) {
    guard connectors.indices.contains(index) else { return }
    let before = connectors[index].command.pilot
    change(&connectors[index].command)
    connectors[index].pilotChanged(from: before)
    guard session != nil else { return }
    connectors[index].isOwed = true
    send(at: lastServed)
  }

  /// Control's word counts only while the MCU is there and obeys; before, a contactor stays commanded open.
  var takesClosing: Bool { session?.isConfirmed == true && isHeardAgain }

  private var isHeardAgain: Bool {
    guard let lostAt else { return true }
    return lastServed - lostAt >= Self.shortestLoss
  }

  /// What the document lists: why the MCU is not there; once it is back, why it had begun anew.
  var diagnosis: UInt8 {
    if let refusal { return Self.refused + refusal.code.rawValue }
    guard let lastLoss else { return 0 }
    guard session != nil, lastLoss == .reset, let identity else { return lastLoss.rawValue }
    return Self.restarted + identity.resetReason.rawValue
  }

  private static let refused: UInt8 = 16
  private static let restarted: UInt8 = 32

  /// The health of a driver whose newest reading came at `heardAt`.
  func health(_ heardAt: MonotonicInstant?) -> DriverHealth {
    guard let startedAt else { return .alive }
    if session?.isConfirmed == true {
      if isHeardAgain, let heardAt, lastServed - heardAt < configuration.silentAfter { return .alive }
      if lostAt == nil && heardAt == nil && isStarting(startedAt) { return .alive }
    } else if lostAt == nil && isStarting(startedAt) {
      return .alive
    }
    return .silent(since: heardAt ?? lostAt ?? startedAt)
  }

  /// At the start it has its time to be heard first: to answer the greeting, and from then on to obey. Until it does
  /// nothing was read from it, so that nothing can close.
  private func isStarting(_ startedAt: MonotonicInstant) -> Bool {
    lastServed - (openedAt ?? startedAt) < configuration.silentAfter
      && lastServed - startedAt < configuration.silentAfter * 4
  }
}

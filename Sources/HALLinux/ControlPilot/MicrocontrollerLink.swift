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
  public struct Configuration: Sendable, Equatable {
    /// The serial port, as `/dev/ttyS1`.
    public var port: String
    /// In bits per second, one of `rates`.
    public var rate: Int64
    /// How long the MCU may say nothing before its drivers are silent.
    public var silentAfter: Duration
    /// How often the station gives a sign of life, and how often it looks for silence.
    public var heartbeat: Duration

    public static var rates: [Int64] { SerialPort.rates }

    public init(
      port: String, rate: Int64 = 115_200, silentAfter: Duration = .milliseconds(250),
      heartbeat: Duration = .milliseconds(50)
    ) {
      self.port = port
      self.rate = rate
      self.silentAfter = silentAfter
      self.heartbeat = heartbeat
    }
  }

  /// What has happened on the line since it was opened.
  public struct Counters: Sendable, Equatable {
    public var frames: UInt64 = 0
    /// What stood between two frames and was none, or had a wrong checksum.
    public var badFrames: UInt64 = 0
    /// Frames that came twice or after a newer one.
    public var staleFrames: UInt64 = 0
    /// Frames that the MCU has sent and that did not come.
    public var lostFrames: UInt64 = 0
    /// How often the MCU fell silent, forgot the station or began anew.
    public var losses: UInt64 = 0
  }

  /// Why the MCU was lost the last time.
  public enum Loss: UInt8, Sendable {
    /// Nothing was heard.
    case silent = 1
    /// It has begun anew.
    case reset = 2
    /// It has not heard the station, and has opened by itself.
    case stationUnheard = 3
    /// It is heard, but does not confirm commands.
    case deaf = 4
    /// It greets without having been asked.
    case newSession = 5
  }

  enum Phase {
    case greeting
    case running(boot: UInt16, session: UInt16)
  }

  static let capacity = 8
  private static let readsPerService = 4
  private static let helloInterval = Duration.milliseconds(100)
  /// An MCU that was refused is asked again so seldom; it may have been changed.
  private static let refusedInterval = Duration.seconds(1)
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
  var phase = Phase.greeting
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
  private var lostAt: MonotonicInstant?
  private var nextBeat = MonotonicInstant.zero
  private var nextHello = MonotonicInstant.zero
  private var isRestored = true

  var wakeDescriptor: Int32? { line.wakeDescriptor }

  /// Opens the port.
  ///
  /// - Throws: `SerialPortError`.
  public convenience init(_ configuration: Configuration, needs: Needs = Needs()) throws(SerialPortError) {
    self.init(configuration, needs: needs, line: try SerialPort(path: configuration.port, rate: configuration.rate))
  }

  init(_ configuration: Configuration, needs: Needs = Needs(), line: any ByteLine) {
    self.configuration = configuration
    self.needs = needs
    self.line = line
    connectors = (0..<Self.capacity).map { _ in MicrocontrollerConnector() }
  }

  // MARK: Start

  /// Greets the MCU and waits for its answer, before the control lane runs. An MCU that does not answer is no error: its
  /// drivers are silent until it does, and what it says then is held against the same needs.
  ///
  /// - Throws: `MicrocontrollerError` for an MCU that answers and must not have commands.
  public func greet(within limit: Duration = .seconds(1)) throws(MicrocontrollerError) {
    let deadline = linux_boottime_ns().addingSaturating(limit.wholeNanoseconds)
    nextHello = .zero
    while identity == nil && refusal == nil {
      let now = linux_boottime_ns()
      guard now < deadline else { break }
      exchange(at: MonotonicInstant(nanoseconds: now))
      var entry = pollfd(fd: line.wakeDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
      if identity == nil && refusal == nil { _ = poll(&entry, 1, 5) }
    }
    phase = .greeting
    nextHello = .zero
    if let refusal { throw refusal }
  }

  // MARK: Control lane

  func service(at now: MonotonicInstant) {
    if startedAt == nil {
      startedAt = now
      phase = .greeting
      nextHello = now
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
      if case .running = phase {
        for index in connectors.indices where connectors[index].isUsed { connectors[index].isOwed = true }
      }
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
    if let refusal = needs.refusal(of: new, on: configuration.port) {
      refuse(refusal, new, at: now)
      return
    }
    if case .running(let boot, let session) = phase {
      // The greeting's echo.
      if boot == new.boot && session == new.session { return }
      lose(boot == new.boot ? .newSession : .reset, at: now)
    }
    identity = new
    refusal = nil
    phase = .running(boot: new.boot, session: new.session)
    heardSequence = parser.sequence
    lastHeard = now
    clock.reset()
    for index in connectors.indices where connectors[index].isUsed { connectors[index].isOwed = true }
  }

  private func refuse(_ new: MicrocontrollerError, _ identity: MicrocontrollerIdentity?, at now: MonotonicInstant) {
    if case .running = phase { lose(.newSession, at: now) }
    refusal = new
    self.identity = identity
    nextHello = now + Self.refusedInterval
  }

  private func takeStatus(at now: MonotonicInstant) {
    guard case .running(let boot, let session) = phase,
      parser.payloadCount >= MicrocontrollerConnector.shortestStatus
    else { return }
    if parser.word(1) != boot || parser.word(3) != session {
      lose(parser.word(1) != boot ? .reset : .stationUnheard, at: now)
      return
    }
    if let heardSequence {
      let step = Int16(bitPattern: parser.sequence &- heardSequence)
      guard step > 0 else {
        counters.staleFrames &+= 1
        return
      }
      counters.lostFrames &+= UInt64(step - 1)
    }
    heardSequence = parser.sequence
    lastHeard = now
    let index = Int(parser.byte(0)) - 1
    guard connectors.indices.contains(index), connectors[index].isUsed else { return }
    let takenAt = clock.instant(parser.longWord(5), arrivedAt: arrivedAt)
    connectors[index].confirmed(parser.word(9))
    connectors[index].take(parser, takenAt: takenAt, at: now)
  }

  private func watchSilence(at now: MonotonicInstant) {
    guard case .running = phase else { return }
    if let lastHeard, now - lastHeard >= configuration.silentAfter {
      lose(.silent, at: now)
    } else if connectors.contains(where: { isOverdue($0.unconfirmed, at: now) }) {
      lose(.deaf, at: now)
    }
  }

  private func isOverdue(_ unconfirmed: (sequence: UInt16, since: MonotonicInstant)?, at now: MonotonicInstant) -> Bool
  {
    guard let unconfirmed else { return false }
    return now - unconfirmed.since >= configuration.silentAfter
  }

  private func lose(_ loss: Loss, at now: MonotonicInstant) {
    phase = .greeting
    lastLoss = loss
    lostAt = now
    counters.losses &+= 1
    nextHello = now
    for index in connectors.indices { connectors[index].lose() }
  }

  // MARK: Sending

  /// Sends what is owed; what the line does not take stays owed, and the newest is sent then.
  func send(at now: MonotonicInstant) {
    guard flush() else { return }
    guard case .running(_, let session) = phase else {
      greetIfDue(at: now)
      return
    }
    for index in connectors.indices where connectors[index].isOwed {
      sequence &+= 1
      connectors[index].sent(sequence, at: now)
      encode(connectors[index].command, connector: index, session: session)
      guard flush() else { return }
    }
  }

  private func greetIfDue(at now: MonotonicInstant) {
    guard now >= nextHello else { return }
    nextHello = now + (refusal == nil ? Self.helloInterval : Self.refusedInterval)
    sequence &+= 1
    writer.begin(MicrocontrollerFrame.Kind.hello, sequence: sequence)
    writer.add(Needs.major)
    writer.add(Needs.minor)
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
    guard case .running = phase else { return }
    connectors[index].isOwed = true
    send(at: lastServed)
  }

  /// Control's word counts only while the MCU is there and was read; before, a contactor stays commanded open.
  var takesClosing: Bool {
    if case .running = phase { isHeardAgain } else { false }
  }

  private var isHeardAgain: Bool {
    guard let lostAt else { return true }
    return lastServed - lostAt >= Self.shortestLoss
  }

  /// What the document lists: why the MCU is not there; once it is back, why it had begun anew.
  var diagnosis: UInt8 {
    if let refusal { return Self.refused + refusal.code.rawValue }
    guard let lastLoss else { return 0 }
    guard case .running = phase, lastLoss == .reset, let identity else { return lastLoss.rawValue }
    return Self.restarted + identity.resetReason.rawValue
  }

  private static let refused: UInt8 = 16
  private static let restarted: UInt8 = 32

  /// The health of a driver whose newest reading came at `heardAt`.
  func health(_ heardAt: MonotonicInstant?) -> DriverHealth {
    guard let startedAt else { return .alive }
    if case .running = phase, isHeardAgain, let heardAt, lastServed - heardAt < configuration.silentAfter {
      return .alive
    }
    // At the start it has its time to be heard first.
    if lostAt == nil && heardAt == nil && lastServed - startedAt < configuration.silentAfter { return .alive }
    return .silent(since: heardAt ?? lostAt ?? startedAt)
  }
}

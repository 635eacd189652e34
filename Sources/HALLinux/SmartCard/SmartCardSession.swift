import CLinux
import ChargerBase
import Glibc
import HAL
import Synchronization

/// The thread of one reader, from `start` to `stop`: one context, one reader, one card at a time.
///
/// It waits in `wait` for reader and card; `stop` ends that by `cancel`, from another thread, since that call speaks to
/// pcscd too. When pcscd goes the thread tries again, ever more slowly.
final class SmartCardSession: Sendable {
  /// A wait is begun anew so often, so that a change that was missed (a reader that came between two calls) is seen.
  static let longestWait = Duration.seconds(5)
  /// A call to reader or card that takes longer is held up: product value, four times what a slow card needs.
  static let longestCall = Duration.seconds(2)
  /// Between two looks at a reader that the service lists but cannot use, and two attempts to read a card.
  static let retryPause = Duration.milliseconds(50)
  static let shortestBackOff = Duration.milliseconds(250)
  static let longestBackOff = Duration.seconds(8)

  private let configuration: SmartCardReaderConfiguration
  private let service: any SmartCardService
  let mailbox: SmartCardMailbox
  private let isStopping = Atomic<Bool>(false)
  private let hasEnded = Atomic<Bool>(false)
  /// Readable from `stop` on.
  private let stopBell: Int32

  init(configuration: SmartCardReaderConfiguration, service: any SmartCardService, mailbox: SmartCardMailbox) {
    self.configuration = configuration
    self.service = service
    self.mailbox = mailbox
    stopBell = linux_eventfd()
  }

  deinit { if stopBell >= 0 { close(stopBell) } }

  // MARK: From outside

  func start() {
    if !Self.run(self, { $0.run() }) { mailbox.silence(since: Self.now()) }
  }

  /// Returns at once; the thread ends when its call does.
  func stop() {
    guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
    mailbox.close()
    if stopBell >= 0 { linux_eventfd_signal(stopBell) }
    _ = Self.run(self) { session in
      // A cancel that comes just before the wait begins is lost: it is said again until the thread has heard it.
      for _ in 0..<100 where !session.hasEnded.load(ordering: .acquiring) {
        session.service.cancel()
        _ = poll(nil, 0, 20)
      }
    }
  }

  private static func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

  /// Runs a body on a thread of its own, which keeps the session alive; false when the system refuses.
  private static func run(_ session: SmartCardSession, _ body: @escaping @Sendable (SmartCardSession) -> Void) -> Bool {
    final class Work: Sendable {
      let session: SmartCardSession
      let body: @Sendable (SmartCardSession) -> Void
      init(_ session: SmartCardSession, _ body: @escaping @Sendable (SmartCardSession) -> Void) {
        self.session = session
        self.body = body
      }
    }
    let work = Unmanaged.passRetained(Work(session, body))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
        linux_name_thread("smart-card")
        work.body(work.session)
        return nil
      }, work.toOpaque())
    guard code == 0 else {
      work.release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  // MARK: The reader's thread

  /// What the thread remembers over contexts.
  private struct Memory {
    var presence: SmartCardPresence
    /// When the reader was last there, or first looked for.
    var heardAt: MonotonicInstant
    var backOff = SmartCardSession.shortestBackOff
  }

  private var goesOn: Bool { !isStopping.load(ordering: .acquiring) }

  private func run() {
    var memory = Memory(presence: SmartCardPresence(debounce: configuration.rules.debounce), heardAt: Self.now())
    while goesOn {
      do throws(SmartCardFailure) {
        mailbox.count { $0.contexts = $0.contexts.addingSaturating(1) }
        try held { () throws(SmartCardFailure) in try service.establish() }
        try serve(&memory)
      } catch {
        // What ended it is told by the silence; the numbers of PC/SC help nobody at the post.
      }
      mailbox.busy(since: Self.now())
      service.release()
      mailbox.busy(since: nil)
      missed(memory)
      pause(memory.backOff)
      memory.backOff = min(memory.backOff * 2, Self.longestBackOff)
    }
    hasEnded.store(true, ordering: .releasing)
  }

  /// One context: finds the reader, and serves it for as long as it is there.
  private func serve(_ memory: inout Memory) throws(SmartCardFailure) {
    while goesOn {
      let names = try held { () throws(SmartCardFailure) in try service.readerNames() }
      memory.backOff = Self.shortestBackOff
      if let reader = try find(in: names) {
        mailbox.count { $0.found = $0.found.addingSaturating(1) }
        send(configuration.commands.start, to: reader)
        do throws(SmartCardFailure) {
          try watch(reader, &memory)
        } catch  where !error.isReaderLost {
          throw error
        } catch {}
        pause(Self.retryPause)
      }
      missed(memory)
      guard goesOn else { return }
      var sights = [SmartCardSight.plugAndPlay]
      let untilSilent = configuration.silentAfter - (Self.now() - memory.heardAt)
      // A reader that has just been lost may be back already: then no change comes.
      let patience = untilSilent > .zero ? min(untilSilent, Self.shortestBackOff) : Self.shortestBackOff * 4
      try wait(&sights, patience)
      missed(memory)
    }
  }

  /// The reader is not there now.
  private func missed(_ memory: Memory) {
    if Self.now() - memory.heardAt >= configuration.silentAfter { mailbox.silence(since: memory.heardAt) }
  }

  /// An exact name goes before a beginning, and of several the first by name is taken.
  private func find(in names: [String]) throws(SmartCardFailure) -> String? {
    let fitting = names.filter { $0.hasPrefix(configuration.device) }.sorted {
      ($0 == configuration.device ? 0 : 1, $0) < ($1 == configuration.device ? 0 : 1, $1)
    }
    guard let wanted = configuration.serialNumber else { return fitting.first }
    for reader in fitting where try hasSerialNumber(wanted, reader) { return reader }
    return nil
  }

  /// pcscd puts a USB reader's serial number in brackets into its name; others are asked.
  private func hasSerialNumber(_ wanted: String, _ reader: String) throws(SmartCardFailure) -> Bool {
    if reader.contains("(\(wanted))") { return true }
    do throws(SmartCardFailure) {
      return try held { () throws(SmartCardFailure) in
        let connection = try service.connect(to: reader, direct: true)
        defer { service.disconnect(connection) }
        return try service.serialNumber(over: connection) == wanted
      }
    } catch {
      if error.isServiceLost { throw error }
      return false
    }
  }

  /// Watches one reader until it is lost.
  private func watch(_ reader: String, _ memory: inout Memory) throws(SmartCardFailure) {
    var sight = SmartCardSight(reader: reader)
    var cardAt: UInt32?
    while goesOn {
      var sights = [sight, .plugAndPlay]
      try wait(&sights, sight.state == 0 ? .zero : Self.longestWait)
      guard let seen = sights.first, !seen.isReaderLost else { return }
      sight = seen
      if sight.state == 0 { pause(Self.retryPause) }
      memory.heardAt = Self.now()
      mailbox.silence(since: nil)
      if !seen.isCardPresent {
        cardAt = nil
        memory.presence.empty(at: memory.heardAt)
      } else if cardAt != seen.eventCount {
        // A count that has grown while a card lies there: it was gone and is back.
        if cardAt != nil { memory.presence.empty(at: memory.heardAt) }
        cardAt = seen.eventCount
        try read(seen, &memory)
      } else if try !held({ () throws(SmartCardFailure) in try service.readerNames() }).contains(reader) {
        return
      }
    }
  }

  private func wait(_ sights: inout [SmartCardSight], _ timeout: Duration) throws(SmartCardFailure) {
    do throws(SmartCardFailure) {
      try held(after: timeout) { () throws(SmartCardFailure) in try service.wait(for: &sights, timeout: timeout) }
    } catch  where error == .cancelled {
      // `goesOn` tells why.
    } catch {
      throw error
    }
  }

  /// A call that a service which has stopped without a word may never end: it counts as held up from `patience` on.
  private func held<Value>(
    after patience: Duration = .zero, _ call: () throws(SmartCardFailure) -> Value
  ) throws(SmartCardFailure) -> Value {
    mailbox.busy(since: Self.now() + patience)
    defer { mailbox.busy(since: nil) }
    return try call()
  }

  // MARK: One card

  private func read(_ sight: SmartCardSight, _ memory: inout Memory) throws(SmartCardFailure) {
    let card = SmartCardKind(atr: sight.atr)
    let isRefused = sight.isMute || (card == .unknown && configuration.rules.unknownCards == nil)
    if !isRefused {
      for attempt in 0..<max(1, configuration.rules.readAttempts) where goesOn {
        if attempt > 0 { pause(Self.retryPause) }
        switch try attemptRead(sight.reader, card, &memory) {
        case .done, .gone: return
        case .refused: break
        case .again: continue
        }
        break
      }
    }
    guard goesOn else { return }
    memory.presence.unreadable()
    mailbox.count { $0.refused = $0.refused.addingSaturating(1) }
    send(configuration.commands.refused, to: sight.reader)
  }

  private enum Attempt { case done, gone, refused, again }

  private func attemptRead(
    _ reader: String, _ card: SmartCardKind, _ memory: inout Memory
  ) throws(SmartCardFailure) -> Attempt {
    mailbox.busy(since: Self.now())
    defer { mailbox.busy(since: nil) }
    do throws(SmartCardFailure) {
      let connection = try service.connect(to: reader, direct: false)
      defer { service.disconnect(connection) }
      let answer = try service.transmit(SmartCardUID.command, over: connection)
      let uid: SmartCardUID
      do throws(SmartCardUID.Refusal) {
        uid = try SmartCardUID(answer: answer, card: card, rules: configuration.rules)
      } catch {
        switch error {
        case .random, .unknownCard: return .refused
        // Torn away or not yet in the field: the next attempt tells.
        case .statusWord, .noStatusWord, .length: return .again
        }
      }
      guard memory.presence.read(uid.bytes, at: Self.now()) else { return .done }
      mailbox.present(uid.token(configuration.rules))
      send(configuration.commands.presented, over: connection)
      return .done
    } catch {
      if error.isServiceLost || error.isReaderLost { throw error }
      return error.isCardGone ? .gone : .again
    }
  }

  // MARK: Buzzer and lamps

  /// Commands over a connection of their own; a reader that does not know them works on without.
  private func send(_ commands: [[UInt8]], to reader: String) {
    guard !commands.isEmpty else { return }
    mailbox.busy(since: Self.now())
    defer { mailbox.busy(since: nil) }
    guard
      let connection = try? service.connect(to: reader, direct: configuration.commands.channel == .control)
    else { return }
    defer { service.disconnect(connection) }
    send(commands, over: connection)
  }

  private func send(_ commands: [[UInt8]], over connection: SmartCardConnection) {
    for command in commands where goesOn {
      switch configuration.commands.channel {
      case .control:
        let code = SmartCardCommands.escape(configuration.commands.controlCode)
        _ = try? service.control(code, command, over: connection)
      case .transmit: _ = try? service.transmit(command, over: connection)
      }
    }
  }

  /// Waits, or is woken by `stop`.
  private func pause(_ duration: Duration) {
    var bell = pollfd(fd: stopBell, events: Int16(POLLIN), revents: 0)
    _ = poll(&bell, 1, Int32(clamping: duration.wholeMilliseconds))
  }
}

extension SmartCardCommands {
  /// SCARD_CTL_CODE of PC/SC lite.
  static func escape(_ number: UInt32) -> UInt32 { 0x4200_0000 &+ number }
}

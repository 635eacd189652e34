import CLinux
import ChargerBase
import HAL
import Synchronization

/// A contactless card reader behind PC/SC (pcscd).
///
/// All calls of PC/SC, which may block for as long as pcscd, the reader or a card wants, are made on a thread of the
/// reader's own; what is called here only looks into a mailbox. A card's UID is kept nowhere but in the token that is
/// given out and, until another card comes, on that thread, so that a card which stays is told from one that comes again.
public final class SmartCardReader: TokenReader {
  public let name: String
  private let configuration: SmartCardReaderConfiguration
  private let makeService: @Sendable () -> any SmartCardService
  private var session: SmartCardSession?

  /// Nothing is opened before `start`.
  ///
  /// - Parameter name: the reader's name in the board profile.
  public convenience init(name: String, configuration: SmartCardReaderConfiguration) {
    self.init(name: name, configuration: configuration) { PCSCService() }
  }

  init(
    name: String, configuration: SmartCardReaderConfiguration,
    service: @escaping @Sendable () -> any SmartCardService
  ) {
    self.name = name
    self.configuration = configuration
    makeService = service
  }

  deinit { session?.stop() }

  public func start(notify: @escaping @Sendable () -> Void) {
    session?.stop()
    let mailbox = SmartCardMailbox(silentAfter: configuration.silentAfter, notify: notify)
    session = SmartCardSession(configuration: configuration, service: makeService(), mailbox: mailbox)
    session?.start()
  }

  public func stop() {
    session?.stop()
    session = nil
  }

  public var health: DriverHealth {
    session?.mailbox.health(at: MonotonicInstant(nanoseconds: linux_boottime_ns())) ?? .alive
  }

  public func takePresentedTokens() -> [PresentedToken] { session?.mailbox.take() ?? [] }

  package var counters: SmartCardCounters { session?.mailbox.counters ?? SmartCardCounters() }
}

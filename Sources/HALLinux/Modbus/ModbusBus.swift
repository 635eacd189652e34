import CLinux
import ChargerBase
import Glibc
import Synchronization

/// A device on a Modbus line, as the line's thread sees it; used by that thread alone.
protocol ModbusClient: AnyObject, Sendable {
  /// When it wants the line next; nil while it wants nothing.
  var due: MonotonicInstant? { get }
  /// One exchange at most, then it is another device's turn.
  ///
  /// - Throws: `ModbusError.lineLost` alone; all else is the client's own affair.
  func turn(_ link: ModbusLink, at now: MonotonicInstant) throws(ModbusError)
  /// The line was lost, or has come back: what was begun on it is void.
  func lineWasLost(at now: MonotonicInstant)
}

/// A Modbus line with a thread of its own, shared by all devices on it.
///
/// Devices that are due take turns, one exchange each, in a fixed circle: one that does not answer costs the others one
/// response timeout for each of its attempts and never its turn, and attempts at a silent device become rare. A line that
/// is lost is opened again, at growing intervals.
public final class ModbusBus: Sendable {
  public let endpoint: ModbusEndpoint
  public let settings: ModbusLineSettings
  let report: ModbusReport
  private let shared: Shared
  private let thread: Mutex<pthread_t?>

  /// Opens the line and starts its thread. A serial port must be there and take its settings; a TCP peer may come later.
  ///
  /// - Parameter report: told once at the beginning and once at the end of each trouble, from the line's thread.
  /// - Throws: `ModbusOpenError`.
  public init(
    _ endpoint: ModbusEndpoint, settings: ModbusLineSettings = ModbusLineSettings(),
    report: @escaping @Sendable (String) -> Void = ModbusReport.toStandardError
  ) throws(ModbusOpenError) {
    self.endpoint = endpoint
    self.settings = settings
    self.report = ModbusReport(line: endpoint.description, tell: report)
    shared = Shared()
    thread = Mutex(nil)
    // A peer's name may take long to be found: that is waited for on the line's thread.
    let link: ModbusLink? = if case .serial = endpoint { try ModbusLink(endpoint, settings) } else { nil }
    let worker = BusWorker(endpoint, settings, self.report, shared, link: link)
    let context = Unmanaged.passRetained(worker)
    var made = pthread_t()
    let code = pthread_create(
      &made, nil,
      { context in
        if let context { Unmanaged<BusWorker>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw ModbusOpenError(code: .resources, errorNumber: code, endpoint: endpoint)
    }
    let created = made
    thread.withLock { $0 = created }
  }

  deinit { stop() }

  /// Ends the thread, after the exchange that is running, and closes the line.
  public func stop() {
    shared.isStopping.store(true, ordering: .releasing)
    wake()
    let joined = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    if let joined { pthread_join(joined, nil) }
  }

  func add(_ client: any ModbusClient) {
    shared.arrivals.withLock { $0.append(client) }
    wake()
  }

  /// A client has become due from outside.
  func wake() { linux_eventfd_signal(shared.descriptor) }

  /// What the line's thread and its owner share.
  final class Shared: Sendable {
    /// A serial line carries 247 devices; their number is bounded by the profile's 16 EVSEs.
    let arrivals = Mutex<[any ModbusClient]>([])
    let isStopping = Atomic<Bool>(false)
    let descriptor = linux_eventfd()

    deinit { close(descriptor) }
  }
}

/// What a line's thread does; made by its owner and then used by the thread alone.
private final class BusWorker {
  private let endpoint: ModbusEndpoint
  private let settings: ModbusLineSettings
  private let report: ModbusReport
  private let shared: ModbusBus.Shared
  private var link: ModbusLink?
  private var clients: [any ModbusClient] = []
  /// The place whose turn it is.
  private var next = 0
  private var reopenAt: MonotonicInstant
  private var reopening: ReopenWait

  init(
    _ endpoint: ModbusEndpoint, _ settings: ModbusLineSettings, _ report: ModbusReport, _ shared: ModbusBus.Shared,
    link: ModbusLink?
  ) {
    self.endpoint = endpoint
    self.settings = settings
    self.report = report
    self.shared = shared
    self.link = link
    reopenAt = .zero
    reopening = ReopenWait(settings)
  }

  private var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

  func run() {
    linux_name_thread("modbus")
    while !shared.isStopping.load(ordering: .acquiring) {
      clients += shared.arrivals.withLock { arrivals in
        defer { arrivals = [] }
        return arrivals
      }
      if let link {
        serve(link)
      } else {
        reopen()
      }
    }
    link = nil
  }

  private func serve(_ link: ModbusLink) {
    let now = now
    var soonest: MonotonicInstant?
    for step in clients.indices {
      let place = (next + step) % clients.count
      guard let due = clients[place].due else { continue }
      if due <= now {
        next = (place + 1) % clients.count
        turn(clients[place], link)
        return
      }
      soonest = min(soonest ?? due, due)
    }
    wait(until: soonest)
  }

  private func turn(_ client: any ModbusClient, _ link: ModbusLink) {
    if settings.pause > .zero { usleep(UInt32(clamping: settings.pause.wholeNanoseconds / 1_000)) }
    do throws(ModbusError) {
      try client.turn(link, at: now)
      reopening.works()
    } catch {
      self.link = nil
      let lostAt = now
      reopenAt = lostAt + reopening.next()
      report.begin(.line, "\(error)")
      for client in clients { client.lineWasLost(at: lostAt) }
    }
  }

  private func reopen() {
    guard now >= reopenAt else { return wait(until: reopenAt) }
    do throws(ModbusOpenError) {
      link = try ModbusLink(endpoint, settings)
      report.end(.line, "the line is open again")
    } catch {
      report.begin(.line, "\(error)")
      reopenAt = now + reopening.next()
    }
  }

  /// Until then, or until the owner has something new.
  private func wait(until instant: MonotonicInstant?) {
    var timeout: Int32 = -1
    if let instant {
      // Rounded up: woken a moment early, it would be turned away and come again at once.
      let nanoseconds = max(0, now.duration(to: instant).wholeNanoseconds).addingSaturating(999_999)
      timeout = Int32(clamping: nanoseconds / 1_000_000)
    }
    var entry = pollfd(fd: shared.descriptor, events: Int16(POLLIN), revents: 0)
    if poll(&entry, 1, timeout) > 0 { linux_eventfd_drain(shared.descriptor) }
  }
}

/// How long a lost line is left alone before it is opened again: each wait is twice the one before, until an exchange on
/// the line has worked. A peer that takes every connection and drops it is no line that works.
struct ReopenWait {
  private let shortest: Duration
  private let longest: Duration
  private var wait: Duration

  init(_ settings: ModbusLineSettings) {
    shortest = settings.reopenAfter
    longest = max(settings.reopenAtMost, settings.reopenAfter)
    wait = shortest
  }

  mutating func next() -> Duration {
    defer { wait = min(wait + wait, longest) }
    return wait
  }

  mutating func works() { wait = shortest }
}

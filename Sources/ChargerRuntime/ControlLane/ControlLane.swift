import CLinux
import ChargerBase
import EVSEControl
import Glibc
import HAL
import Synchronization

/// The thread that owns the energy: it alone runs `StationControl` and the drivers on the energy path.
///
/// It sleeps in one wait over the drivers' descriptors, the command queue and one absolute timer on the boot clock, runs
/// under SCHED_FIFO where the system allows it, never blocks and allocates nothing in steady state. All members but
/// `init` may be called from any thread; `drainFacts` from one only.
package final class ControlLane: @unchecked Sendable {
  // Unchecked: `cycle` belongs to the control thread once it runs; `thread` and `isStarted` to the owner who starts and
  // stops the lane; everything between the threads lies in `commands`, `mailbox` and `orders`, each with its lock.

  package struct Options: Sendable {
    /// SCHED_FIFO priority; nil for an ordinary thread.
    package var realtimePriority: Int32?
    /// Locks the process's memory as it is touched.
    package var locksMemory: Bool

    package init(realtimePriority: Int32? = 40, locksMemory: Bool = true) {
      self.realtimePriority = realtimePriority
      self.locksMemory = locksMemory
    }
  }

  /// How often a driver without a descriptor is served.
  package static let pollingCycle = Duration.milliseconds(10)
  /// How often every driver is served although its descriptor is quiet, so that it can notice its own silence: half of
  /// the shortest silence time that the timing table allows. A living lane never waits longer.
  package static let longestCycle = Duration.milliseconds(250)

  /// A lane that has not run for so long (it was stopped, or its machine stood still) begins anew with its drivers: by
  /// then the board's own dead-man may have opened what the lane believes closed.
  package static let standstill = Duration.seconds(1)

  private static let commandTag: UInt64 = 0
  private static let timerTag: UInt64 = 1
  private static let firstDriverTag: UInt64 = 2

  private let options: Options
  private let commands: CommandQueue
  private let mailbox: FactMailbox
  private let recorder: FlightRecorder?
  private let orders = StopOrder()
  private let epoll: Int32
  private let timer: Int32
  private let started: Int32
  private var cycle: ControlCycle
  /// What the timer is armed for, in ns of the boot clock; 0 once it has fired.
  private var armedFor: Int64 = 0
  private var thread = pthread_t()
  private var isStarted = false
  private var isJoined = false

  /// - Parameters:
  ///   - hardware: its control lane drivers are the lane's from now on; nobody else may call them.
  ///   - recorder: written by the lane only.
  ///   - wake: called on the control thread when facts or snapshots wait to be fetched, once until `drainFacts` is
  ///     called; it must return at once (an eventfd or a loop's `execute`).
  package init(
    configuration: ControlConfiguration, hardware: StationHardware, recorder: FlightRecorder? = nil,
    options: Options = Options(), wake: @escaping @Sendable () -> Void
  ) throws(ControlLaneError) {
    let drivers = try ControlDrivers(configuration: configuration, hardware: hardware)
    let control = StationControl(configuration: configuration, startingAt: ControlCycle.now())
    self.options = options
    self.recorder = recorder
    guard let commands = CommandQueue() else { throw .system(call: "eventfd", code: linux_errno()) }
    self.commands = commands
    mailbox = FactMailbox(
      connectors: control.connectors, evses: configuration.evses.map(\.id),
      snapshots: control.connectors.compactMap { control.snapshot(of: $0) }, wake: wake)
    cycle = ControlCycle(control: control, drivers: drivers, mailbox: mailbox, recorder: recorder)
    epoll = linux_epoll_create()
    timer = linux_timerfd()
    started = linux_eventfd()
    guard epoll >= 0, timer >= 0, started >= 0 else { throw .system(call: "epoll or timerfd", code: linux_errno()) }
    try watch(commands.descriptor, Self.commandTag)
    try watch(timer, Self.timerTag)
    for (index, driver) in drivers.all.enumerated() {
      if let descriptor = driver.wakeDescriptor { try watch(descriptor, Self.firstDriverTag + UInt64(index)) }
    }
  }

  deinit {
    for descriptor in [epoll, timer, started] where descriptor >= 0 { close(descriptor) }
  }

  private func watch(_ descriptor: Int32, _ tag: UInt64) throws(ControlLaneError) {
    // A descriptor that several drivers share is watched once; all of them are served then.
    if linux_epoll_add(epoll, descriptor, tag) != 0 && linux_errno() != EEXIST {
      throw .system(call: "epoll_ctl", code: linux_errno())
    }
  }

  // MARK: For the upper side

  /// Starts the thread and returns when its first cycle is done: outputs are in their safe position then. The answer
  /// tells whether it runs in real time.
  package func start() throws(ControlLaneError) -> ControlLaneStatus {
    guard !isStarted else { return status }
    let retained = Unmanaged.passRetained(self)
    let code = pthread_create(&thread, nil, ControlLane.threadBody, retained.toOpaque())
    guard code == 0 else {
      retained.release()
      throw .system(call: "pthread_create", code: code)
    }
    isStarted = true
    var wait = pollfd(fd: started, events: Int16(POLLIN), revents: 0)
    while poll(&wait, 1, 10_000) < 0 && linux_errno() == EINTR {}
    return status
  }

  /// Hands a command to the lane; false when its queue is full and the command was not taken. What ends energy finds
  /// room when other commands do not.
  @discardableResult
  package func send(_ command: ControlCommand) -> Bool { commands.send(command, at: ControlCycle.now()) }

  /// Everything told since the last call, in order.
  package func drainFacts() -> [ControlFact] { mailbox.drain() }

  /// The newest state of every connector, in the order of the configuration.
  package func snapshots() -> [ConnectorSnapshot] { mailbox.snapshots() }

  /// Signs of life, counters and the latency probe.
  package var status: ControlLaneStatus { mailbox.status }

  /// Begins an orderly end without waiting: offers are withdrawn, contactors open when the vehicles follow or their time
  /// is over; when `deadline` has passed everything is opened at once.
  package func beginStop(within deadline: Duration) {
    orders.stop(at: ControlCycle.now() + deadline)
    send(.shutDown)
  }

  /// Ends the lane in order and waits for its thread; at most a little longer than `deadline`.
  package func stop(within deadline: Duration) {
    beginStop(within: deadline)
    guard isStarted, !isJoined else { return }
    isJoined = true
    pthread_join(thread, nil)
  }

  // MARK: Control thread

  private static let threadBody: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
    guard let argument else { return nil }
    let lane = Unmanaged<ControlLane>.fromOpaque(argument).takeRetainedValue()
    lane.run()
    return nil
  }

  private func run() {
    linux_name_thread("control")
    blockSignals()
    var status = ControlLaneStatus()
    if let priority = options.realtimePriority { status.isRealtime = linux_realtime_thread(priority) == 0 }
    linux_touch_stack(128 * 1024)
    if options.locksMemory && mayLockMemory { status.isMemoryLocked = linux_lock_memory() == 0 }
    cycle.handleStart(at: ControlCycle.now())
    serveAll()
    var nextSupervision = ControlCycle.now()
    let supervision = supervisionPeriod
    var tags = [UInt64](repeating: 0, count: 16)
    armedFor = 0
    var lastCycleAt = ControlCycle.now()
    while true {
      let now = ControlCycle.now()
      let servesAll = now >= nextSupervision
      if servesAll { serveAll() }
      if now - lastCycleAt > Self.standstill { cycle.handleStandstill(since: lastCycleAt) }
      lastCycleAt = now
      cycle.handleDeadline(at: now)
      cycle.readDrivers()
      while let entry = commands.next() { cycle.handle(entry.command, sentAt: entry.at) }
      cycle.publish()
      if servesAll {
        cycle.feedWatchdog(begunAt: now)
        nextSupervision = min(now + supervision, max(cycle.nextFeed, now + .milliseconds(1)))
      }
      status.cycles += 1
      status.lastCycleAt = now
      status.latency = cycle.latency
      status.refusedCommands = commands.refusedCount
      status.watchdogFeeds = cycle.drivers.watchdog?.feeds ?? 0
      status.isWatchdogSilent = cycle.drivers.watchdog?.isHeard == false
      mailbox.publish(status)
      if status.cycles == 1 { linux_eventfd_signal(started) }
      let stopAt = orders.stopAt
      if let stopAt, (cycle.control.isShuttingDown && cycle.control.isAllOpen) || now >= stopAt { break }
      let next = min(cycle.control.nextDeadline, nextSupervision, stopAt ?? .distantFuture)
      arm(max(1, next.nanoseconds))
      wait(&tags)
    }
    end()
  }

  /// Arming takes an expiry that was not read off the timer, too.
  private func arm(_ nanoseconds: Int64) {
    guard nanoseconds != armedFor else { return }
    armedFor = nanoseconds
    linux_timerfd_arm(timer, nanoseconds)
  }

  /// Signals are another thread's: a handler here would take the control thread's time.
  private func blockSignals() {
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
  }

  /// Under a limit on locked memory, locking what is mapped later would make allocations fail one day.
  private var mayLockMemory: Bool {
    var limit = rlimit()
    let isUnlimited =
      getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit) == 0 && limit.rlim_cur == rlim_t.max
    return isUnlimited || geteuid() == 0
  }

  /// Drivers without a descriptor shorten the period to their cycle.
  private var supervisionPeriod: Duration {
    let silence = cycle.drivers.shortestSilence(cycle.control.configuration.timing) / 2
    let isPolled = cycle.drivers.all.contains { $0.wakeDescriptor == nil }
    return min(isPolled ? Self.pollingCycle : Self.longestCycle, max(silence, .milliseconds(1)))
  }

  private func wait(_ tags: inout [UInt64]) {
    let count = tags.withUnsafeMutableBufferPointer {
      linux_epoll_wait(epoll, $0.baseAddress, Int32($0.count), -1)
    }
    guard count > 0 else { return }
    for tag in tags.prefix(Int(count)) {
      switch tag {
      case Self.commandTag: linux_eventfd_drain(commands.descriptor)
      case Self.timerTag: armedFor = 0  // The next arming silences it.
      default: serve(Int(tag - Self.firstDriverTag))
      }
    }
  }

  private func serve(_ index: Int) {
    let all = cycle.drivers.all
    guard all.indices.contains(index) else { return }
    let descriptor = all[index].wakeDescriptor
    let now = ControlCycle.now()
    for driver in all where driver.wakeDescriptor == descriptor { driver.service(at: now) }
  }

  private func serveAll() {
    let now = ControlCycle.now()
    for driver in cycle.drivers.all { driver.service(at: now) }
  }

  private func end() {
    cycle.openAll()
    // Contacts that were still closed get their time to travel; the watchdog is let go only when all are seen open.
    let travelled = ControlCycle.now() + cycle.control.configuration.timing.contactorTravel
    while !cycle.showsAllOpen && ControlCycle.now() < travelled {
      _ = poll(nil, 0, 5)
      serveAll()
    }
    let isAllOpen = cycle.showsAllOpen
    if isAllOpen { cycle.disarmWatchdog() }
    recorder?.note(.stopped, FlightRecord.station, isAllOpen ? 1 : 0, at: ControlCycle.now())
    mailbox.wakeReader()
  }
}

/// The instant by which the lane must have ended.
private final class StopOrder: Sendable {
  private let instant = Mutex<MonotonicInstant?>(nil)

  func stop(at new: MonotonicInstant) { instant.withLock { $0 = min($0 ?? new, new) } }

  var stopAt: MonotonicInstant? { instant.withLock { $0 } }
}

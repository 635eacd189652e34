import CLinux
import ChargerBase
import EVSEControl
import Glibc
import HAL
import Synchronization

/// What can be moved.
package enum HardwareTestOrder: Sendable, Equatable {
  /// By the connectors' places in the configuration.
  case click(Int, hold: Duration)
  case lock(Int)
  case pilot(Int)
  /// By the EVSEs' places.
  case residualCurrent(Int)
  case phases(Int)
}

/// What became of it.
package enum HardwareTestResult: Sendable {
  case toggled(OutputToggle)
  case probed(PilotProbe)
  /// Another output is moving.
  case busy
}

/// The control thread of a hardware test: as in `ControlLane` it alone calls the drivers on the energy path, in cycles
/// that end on time; in the place of `StationControl` it runs one movement at a time under `HardwareTestRule`.
package final class HardwareTestLane: @unchecked Sendable {
  // Unchecked: `drivers`, `movement` and `feeder` belong to the thread once it runs; `thread` to the owner who starts and
  // stops the lane; everything between the threads lies in `desk`.

  package static let cycle = Duration.milliseconds(5)
  /// How often what was read is shown to the other side.
  private static let viewPeriod = Duration.milliseconds(50)

  private struct Desk {
    var order: (HardwareTestOrder, answer: @Sendable (HardwareTestResult) -> Void)?
    var isTaken = false
    var isClientGone = false
    var isStopping = false
    var view = HardwareTestView()
  }

  private enum Movement {
    case toggle(HardwareTestOrder, OutputToggle)
    case probe(Int, PilotProbe)
  }

  private let configuration: ControlConfiguration
  private var drivers: ControlDrivers
  private let desk = Mutex(Desk())
  private let bell: Int32
  private var movement: Movement?
  /// Where the output was in the cycle before.
  private var wasMoved = false
  private var answer: (@Sendable (HardwareTestResult) -> Void)?
  private var nextView = MonotonicInstant.zero
  private var thread = pthread_t()
  private var isStarted = false

  package init(configuration: ControlConfiguration, hardware: StationHardware) throws(ControlLaneError) {
    self.configuration = configuration
    drivers = try ControlDrivers(configuration: configuration, hardware: hardware)
    bell = linux_eventfd()
    guard bell >= 0 else { throw .system(call: "eventfd", code: linux_errno()) }
  }

  deinit { close(bell) }

  // MARK: From outside

  package func start() throws(ControlLaneError) {
    let retained = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<HardwareTestLane>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, retained.toOpaque())
    guard code == 0 else {
      retained.release()
      throw .system(call: "pthread_create", code: code)
    }
    isStarted = true
  }

  /// - Parameter answer: called on the lane's thread, or at once when another output is moving.
  package func perform(_ order: HardwareTestOrder, answer: @escaping @Sendable (HardwareTestResult) -> Void) {
    let isTaken = desk.withLock { desk in
      guard !desk.isTaken, !desk.isStopping else { return false }
      desk.isTaken = true
      desk.isClientGone = false
      desk.order = (order, answer)
      return true
    }
    if isTaken { linux_eventfd_signal(bell) } else { answer(.busy) }
  }

  /// Who asked for the present movement is not there any more.
  package func clientGone() {
    desk.withLock { $0.isClientGone = true }
    linux_eventfd_signal(bell)
  }

  package var view: HardwareTestView { desk.withLock { $0.view } }

  /// Puts everything back and waits for the thread.
  package func stop() {
    desk.withLock { $0.isStopping = true }
    linux_eventfd_signal(bell)
    guard isStarted else { return }
    isStarted = false
    pthread_join(thread, nil)
  }

  // MARK: The thread

  private func run() {
    linux_name_thread("hardware-test")
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    _ = linux_realtime_thread(40)
    rest()
    // A trip that a monitor shows while it starts, or has kept, says nothing of now; what still leaks trips it again.
    for evse in drivers.evses { evse.residualCurrent?.driver.reset() }
    while true {
      let now = ControlCycle.now()
      for driver in drivers.all { driver.service(at: now) }
      let (isStopping, isClientGone) = desk.withLock { ($0.isStopping, $0.isClientGone) }
      advance(isStopping ? .stopping : isClientGone ? .clientGone : nil, at: now)
      drivers.watchdog?.cycleEnded(begunAt: now, at: ControlCycle.now(), nextDeadline: .distantFuture)
      show(at: now)
      if isStopping, movement == nil { break }
      var entry = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, Int32(clamping: Self.cycle.wholeMilliseconds)) > 0 { linux_eventfd_drain(bell) }
    }
    end()
  }

  private func take(at now: MonotonicInstant) {
    guard
      let order = desk.withLock({ desk in
        defer { desk.order = nil }
        return desk.order
      })
    else { return }
    answer = order.answer
    let timing = configuration.timing
    wasMoved = false
    func toggle(_ hold: Duration, _ travel: Duration, endsWhenShown: Bool = true) -> Movement {
      .toggle(order.0, OutputToggle(hold: hold, travel: travel, endsWhenShown: endsWhenShown, at: now))
    }
    switch order.0 {
    case .click(_, let hold):
      movement = toggle(min(hold, HardwareTestRule.longestClick), timing.contactorTravel, endsWhenShown: false)
    case .lock: movement = toggle(timing.lockTravel, timing.lockTravel)
    case .residualCurrent: movement = toggle(timing.residualCurrentTestTrip, timing.residualCurrentTestRecovery)
    case .phases: movement = toggle(timing.phaseSwitchTravel, timing.phaseSwitchTravel)
    case .pilot(let place): movement = .probe(place, PilotProbe(thresholds: configuration.thresholds, at: now))
    }
  }

  private func advance(_ reason: HardwareTestRefusal?, at now: MonotonicInstant) {
    if movement == nil { take(at: now) }
    switch movement {
    case .probe(let place, var probe)?:
      let refusal = reason ?? rule(connector: place, at: now)
      let pilot = drivers.connectors[place].pilot.driver
      pilot.apply(probe.advance(refusal: refusal, measurement: pilot.measurement, at: now))
      movement = .probe(place, probe)
      if probe.outcome != nil { finish(.probed(probe)) }
    case .toggle(let order, var toggle)?:
      let refusal = reason ?? rule(order, at: now)
      let isMoved = toggle.advance(refusal: refusal, isShown: shown(order), at: now)
      apply(order, isMoved)
      // A monitor that has tripped in its test is let measure anew.
      if wasMoved, !isMoved, case .residualCurrent(let index) = order {
        drivers.evses[index].residualCurrent?.driver.reset()
      }
      wasMoved = isMoved
      movement = .toggle(order, toggle)
      if toggle.outcome != nil { finish(.toggled(toggle)) }
    case nil: break
    }
  }

  private func finish(_ result: HardwareTestResult) {
    movement = nil
    let answer = self.answer
    self.answer = nil
    desk.withLock { $0.isTaken = false }
    answer?(result)
  }

  // MARK: The rule

  private func rule(_ order: HardwareTestOrder, at now: MonotonicInstant) -> HardwareTestRefusal? {
    switch order {
    case .click(let place, _), .lock(let place), .pilot(let place): rule(connector: place, at: now)
    case .residualCurrent(let index): rule(evse: index, testsMonitor: true, at: now)
    case .phases(let index): rule(evse: index, testsMonitor: false, at: now)
    }
  }

  /// What concerns a whole EVSE must be allowed at each of its connectors.
  private func rule(evse index: Int, testsMonitor: Bool, at now: MonotonicInstant) -> HardwareTestRefusal? {
    for place in drivers.connectors.indices where drivers.connectors[place].id.evse == drivers.evses[index].id {
      if let refusal = rule(connector: place, testsMonitor: testsMonitor, at: now) { return refusal }
    }
    return nil
  }

  private func rule(connector place: Int, testsMonitor: Bool = false, at now: MonotonicInstant) -> HardwareTestRefusal?
  {
    let connector = drivers.connectors[place]
    let pilot = connector.pilot.driver
    var view = HardwareTestRule.View(pilot: pilot.measurement, isPilotAlive: pilot.health.isAlive)
    for input in drivers.inputs {
      guard
        let wanted = configuration.safetyInputs.indices.contains(view.inputs.count)
          ? configuration.safetyInputs[view.inputs.count] : nil
      else { break }
      let concerns = wanted.evse == nil || wanted.evse == connector.id.evse
      let driver = input.input.driver
      // One of another EVSE is kept in its place, as inactive.
      let isActive = concerns ? (driver.health.isAlive ? driver.state?.isActive : nil) : false
      view.inputs.append(HardwareTestRule.View.Input(kind: wanted.kind, isActive: isActive))
    }
    if let monitor = drivers.evses.first(where: { $0.id == connector.id.evse })?.residualCurrent?.driver {
      let isTripped = monitor.health.isAlive ? monitor.reading?.isTripped : nil
      view.residualCurrent = isTripped.map { $0 ? .tripped : .good } ?? .silent
    }
    return HardwareTestRule.refusal(
      view, at: now, timing: configuration.timing, thresholds: configuration.thresholds, testsMonitor: testsMonitor)
  }

  // MARK: Outputs

  private func apply(_ order: HardwareTestOrder, _ isMoved: Bool) {
    switch order {
    case .click(let place, _): drivers.connectors[place].contactor.driver.command(isMoved ? .closed : .open)
    case .lock(let place): drivers.connectors[place].lock?.driver.command(isMoved ? .locked : .unlocked)
    case .residualCurrent(let index): drivers.evses[index].residualCurrent?.driver.setTestCurrent(isMoved)
    case .phases(let index): drivers.evses[index].phaseSwitch?.driver.command(isMoved ? .three : .one)
    case .pilot: break
    }
  }

  private func shown(_ order: HardwareTestOrder) -> Bool? {
    switch order {
    case .click(let place, _):
      let driver = drivers.connectors[place].contactor.driver
      return driver.health.isAlive ? driver.feedback.map { $0.position == .closed } : nil
    case .lock(let place):
      guard let driver = drivers.connectors[place].lock?.driver, driver.health.isAlive else { return nil }
      return driver.feedback.map { $0.position == .locked }
    case .residualCurrent(let index):
      guard let driver = drivers.evses[index].residualCurrent?.driver, driver.health.isAlive else { return nil }
      return driver.reading?.isTripped
    case .phases(let index):
      guard let driver = drivers.evses[index].phaseSwitch?.driver, driver.health.isAlive else { return nil }
      return driver.feedback.map { $0.phases == .three }
    case .pilot: return nil
    }
  }

  /// Everything open and in its place of rest. Locks are left as they are: a plug may be in the socket.
  private func rest() {
    for connector in drivers.connectors {
      connector.contactor.driver.command(.open)
      connector.pilot.driver.apply(.steadyPositive)
    }
    for evse in drivers.evses { evse.residualCurrent?.driver.setTestCurrent(false) }
  }

  private func end() {
    rest()
    let travelled = ControlCycle.now() + configuration.timing.contactorTravel
    func isOpen(_ connector: ControlDrivers.Connector) -> Bool {
      connector.contactor.driver.health.isAlive && connector.contactor.driver.feedback?.position == .open
    }
    while !drivers.connectors.allSatisfy(isOpen), ControlCycle.now() < travelled {
      _ = poll(nil, 0, 5)
      for driver in drivers.all { driver.service(at: ControlCycle.now()) }
    }
    // A welded contactor keeps the watchdog's hold: then it ends what this program could not.
    if drivers.connectors.allSatisfy(isOpen) { drivers.watchdog?.watchdog.disarm() }
  }

  private func show(at now: MonotonicInstant) {
    guard now >= nextView else { return }
    nextView = now + Self.viewPeriod
    let view = HardwareTestView(drivers, configuration)
    desk.withLock { $0.view = view }
  }
}

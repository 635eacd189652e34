import CAllocationCounter
import CLinux
import ChargerBase
import ChargerRuntime
import EVSEControl
import Glibc
import HAL
import HALLinux
import NIOConcurrencyHelpers
import SimulatedPeripherals

/// Row m: a frame of the companion MCU goes in (the vehicle has opened S2) → the command to open comes out, over a
/// pseudo terminal: serial driver, protocol, control lane and EVSEControl as they ship. The pilot's filter is the least that a
/// profile may have and is taken off. Measured idle, and with a spinning thread for each core. A vehicle is let in again only
/// after its rest, which takes most of the time: the row is measured when it is asked for.
enum MicrocontrollerRow {
  private static let filter: Int64 = 1_000_000
  private static let connector = ConnectorID(evse: EVSEID(1), number: 1)

  static func measure(isQuick: Bool, into report: inout BenchmarkReport) throws {
    let rounds = isQuick ? 200 : 1_000
    for isLoaded in [false, true] {
      let load = isLoaded ? SpinningThreads() : nil
      defer { load?.stop() }
      let outcome = NIOLockedValueBox<Result<Measured, BenchmarkFailure>?>(nil)
      WorkThread {
        // The MCU is a processor of its own: what is measured must not wait for it.
        _ = linux_realtime_thread(20)
        let result = Result { try openings(rounds) }
        outcome.withLockedValue { $0 = result.mapError { BenchmarkFailure(description: "\($0)") } }
      }.join()
      guard let measured = try outcome.withLockedValue({ $0 })?.get() else { return }
      tell(measured, rounds: rounds, isLoaded: isLoaded, into: &report)
    }
  }

  private static func tell(_ measured: Measured, rounds: Int, isLoaded: Bool, into report: inout BenchmarkReport) {
    let name = isLoaded ? "loaded" : "idle"
    let latencies = Lateness(measured.latencies, goal: 2_000_000)
    report.add(
      BenchmarkRow(
        number: "m",
        measurement:
          "MCU frame in to command out over a pty, \(rounds) openings, \(name)\(measured.isRealtime ? "" : ", no real-time priority")",
        figure: latencies.text, goal: "told", isMet: nil, values: latencies.values(name)))
    report.add(
      BenchmarkRow(
        number: "m", measurement: "allocations of the control thread during these openings, \(name)",
        figure: "\(measured.allocations)", goal: "0", isMet: measured.allocations == 0,
        values: [(name + "Allocations", Double(measured.allocations))]))
  }

  private struct Measured {
    var latencies: [Double] = []
    var allocations: UInt64 = 0
    var isRealtime = false
  }

  /// The far end: the MCU's machine, a vehicle and a contactor that follows its coil at once.
  private struct FarEnd {
    let terminal: PseudoTerminal
    var mcu: PilotMicrocontroller
    var vehicle = 12_000

    init(_ terminal: PseudoTerminal) {
      self.terminal = terminal
      var configuration = PilotMicrocontroller.Configuration()
      configuration.silence = .seconds(5)
      mcu = PilotMicrocontroller(configuration)
    }

    /// One turn: what came is heard, what changed is told.
    mutating func turn() {
      let now = MonotonicInstant(nanoseconds: linux_boottime_ns())
      mcu.receive(terminal.read(), at: now)
      sense()
      let bytes = mcu.advance(to: now)
      if !bytes.isEmpty { terminal.write(bytes) }
    }

    private mutating func sense() {
      switch mcu.driven[0].pilot {
      case .steadyNegative: set(-12_000, nil)
      case .steadyPositive: set(vehicle, nil)
      case .pulseWidth: set(vehicle, -12_000)
      }
      mcu.sensed[0].isAuxiliaryContactClosed = mcu.driven[0].isCoilOn
    }

    private mutating func set(_ high: Int, _ low: Int?) {
      mcu.sensed[0].positivePeakMillivolts = high
      mcu.sensed[0].negativePeakMillivolts = low
    }

    mutating func turn(until what: String, _ condition: (FarEnd) -> Bool) throws {
      let deadline = linux_boottime_ns() + 30_000_000_000
      var entry = pollfd(fd: terminal.device, events: Int16(POLLIN), revents: 0)
      while true {
        turn()
        if condition(self) { return }
        guard linux_boottime_ns() < deadline else {
          throw BenchmarkFailure(description: "\(what): not within 30 s")
        }
        _ = poll(&entry, 1, 1)
      }
    }

    /// Sends the frame that says "the vehicle has stopped"; nanoseconds until the command to open has come.
    mutating func opening() throws -> Int64 {
      vehicle = 9_000
      let sent = linux_boottime_ns()
      turn()
      try turn(until: "the command to open") { !$0.mcu.driven[0].isCoilOn }
      return linux_boottime_ns() - sent
    }
  }

  private static func openings(_ rounds: Int) throws -> Measured {
    let terminal = try PseudoTerminal()
    var far = FarEnd(terminal)
    let link = try MicrocontrollerLink(
      MicrocontrollerLink.Configuration(port: terminal.path, silentAfter: .seconds(5)))
    let counter = AllocationWatch()
    let lane = try makeLane(link, counter)
    defer { lane.stop(within: .seconds(1)) }
    let status = try lane.start()
    try far.turn(until: "the MCU's first command") { $0.mcu.commands > 0 }
    far.vehicle = 9_000
    try far.turn(until: "the vehicle") { _ in
      lane.drainFacts().contains { if case .connected(_, true, _) = $0 { true } else { false } }
    }
    let permit = EnergyPermit(
      number: 1, reason: .authorized, energyBudget: nil,
      expiry: MonotonicInstant(nanoseconds: linux_boottime_ns()) + .seconds(86_400))
    lane.send(.grant(connector, permit))
    try far.turn(until: "an offer") {
      _ = lane.drainFacts()
      return if case .pulseWidth = $0.mcu.driven[0].pilot { true } else { false }
    }
    var measured = Measured()
    measured.latencies.reserveCapacity(rounds)
    measured.isRealtime = status.isRealtime
    var before: UInt64 = 0
    for round in -50..<rounds {
      // The first rounds warm up: what is made once is made then.
      if round == 0 { before = counter.allocations }
      do {
        far.vehicle = 6_000
        try far.turn(until: "the command to close") { $0.mcu.driven[0].isCoilOn }
        // At rest: what the closing itself sends must not stand in the way of what is measured.
        let rested = linux_boottime_ns() + 5_000_000
        try far.turn(until: "rest") { _ in linux_boottime_ns() > rested }
        let taken = try far.opening()
        if round >= 0 { measured.latencies.append(Double(max(0, taken - filter))) }
      } catch {
        let now = lane.snapshots().first
        throw BenchmarkFailure(
          description: "round \(round): \(error); \(now.map { "\($0.faults), \($0.blockers)" } ?? "no connector")")
      }
      _ = lane.drainFacts()
    }
    // The watch is served a few times a second.
    let last = linux_boottime_ns() + 600_000_000
    try far.turn(until: "the last count") { _ in linux_boottime_ns() > last }
    measured.allocations = counter.allocations - before
    return measured
  }

  private static func makeLane(_ link: MicrocontrollerLink, _ counter: AllocationWatch) throws -> ControlLane {
    var timing = TimingTable()
    timing.pilotFilter = .nanoseconds(filter)
    timing.contactorRest = .zero
    timing.offerRaiseInterval = .zero
    var settings = ConnectorControlConfiguration(id: connector, cable: .fixed)
    settings.wakeUp = nil
    let evse = EVSEControlConfiguration(
      id: connector.evse, connectors: [settings], maximumCurrent: Current(amperes: 16))
    var configuration = ControlConfiguration(evses: [evse], timing: timing)
    configuration.safetyInputs = [SafetyInputConfiguration(kind: .door)]
    var hardware = StationHardware(evses: [
      EVSEHardware(
        id: connector.evse,
        connectors: [
          ConnectorHardware(
            id: connector, pilot: MicrocontrollerPilot(link, connector: 1),
            contactor: MicrocontrollerContactor(link, connector: 1))
        ], meter: BenchmarkMeter())
    ])
    hardware.safetyInputs = [SafetyInputHardware(kind: .door, evse: nil, input: counter)]
    return try ControlLane(configuration: configuration, hardware: hardware, wake: {})
  }
}

/// A door that stays shut and looks at the thread which serves it.
private final class AllocationWatch: SafetyInput, @unchecked Sendable {
  // Unchecked: `state` is the control thread's; the count lies behind a lock.
  private let count = NIOLockedValueBox(UInt64(0))
  private(set) var state: SafetyInputState?
  let wakeDescriptor: Int32? = linux_eventfd()
  var health: DriverHealth { .alive }
  var allocations: UInt64 { count.withLockedValue { $0 } }

  deinit { if let wakeDescriptor { close(wakeDescriptor) } }

  func service(at now: MonotonicInstant) {
    if state == nil { state = SafetyInputState(isActive: false, takenAt: now) }
    count.withLockedValue { $0 = allocation_count() }
  }
}

/// A thread for each core that takes what it can get.
private final class SpinningThreads {
  private let isOn = NIOLockedValueBox(true)
  private var threads: [WorkThread] = []

  init() {
    let isOn = isOn
    for _ in 0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) {
      threads.append(
        WorkThread {
          var number: UInt64 = 1
          while isOn.withLockedValue({ $0 }) {
            for _ in 0..<100_000 { number = number &* 6_364_136_223_846_793_005 &+ 1 }
          }
          if number == 0 { usleep(0) }
        })
    }
  }

  func stop() {
    isOn.withLockedValue { $0 = false }
    for thread in threads { thread.join() }
    threads = []
  }
}

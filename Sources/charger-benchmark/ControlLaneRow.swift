import CLinux
import ChargerBase
import ChargerRuntime
import EVSEControl
import Glibc
import HAL
import NIOConcurrencyHelpers

/// Row i: the vehicle opens S2 → the contactor is commanded open, on the real control thread, while one thread saturates
/// the loopback and another flushes the disk. The pilot's filter time is set to zero, so that what is left is the lane.
enum ControlLaneRow {
  static func measure(isQuick: Bool, into report: inout BenchmarkReport) throws {
    let rounds = isQuick ? 1_000 : 10_000
    let connector = ConnectorID(evse: EVSEID(1), number: 1)
    let pilot = BenchmarkPilot()
    let contactor = BenchmarkContactor()
    var timing = TimingTable()
    timing.pilotFilter = .zero
    timing.contactorRest = .zero
    let configuration = ControlConfiguration(
      evses: [
        EVSEControlConfiguration(
          id: connector.evse, connectors: [ConnectorControlConfiguration(id: connector, cable: .fixed)],
          maximumCurrent: Current(amperes: 32), meterNeeded: false)
      ], timing: timing)
    let hardware = StationHardware(
      evses: [
        EVSEHardware(
          id: connector.evse, connectors: [ConnectorHardware(id: connector, pilot: pilot, contactor: contactor)],
          meter: nil)
      ])
    let lane = try ControlLane(configuration: configuration, hardware: hardware, wake: {})
    let status = try lane.start()
    defer { lane.stop(within: .seconds(1)) }
    let load = try BackgroundLoad()
    defer { load.stop() }

    pilot.set(volts: 9)
    let permit = EnergyPermit(number: 1, reason: .authorized, energyBudget: nil, expiry: .distantFuture)
    guard lane.send(.grant(connector, permit)) else {
      throw BenchmarkFailure(description: "the control lane takes no grant")
    }
    var latencies: [Double] = []
    latencies.reserveCapacity(rounds)
    for _ in 0..<rounds {
      pilot.set(volts: 6)
      _ = try contactor.wait(for: .closed)
      let edge = linux_boottime_ns()
      pilot.set(volts: 9)
      let commanded = try contactor.wait(for: .open)
      latencies.append(Double(commanded - edge))
      _ = lane.drainFacts()
    }
    let worst = latencies.max() ?? 0
    let middle = median(&latencies)
    report.add(
      BenchmarkRow(
        number: "i",
        measurement:
          "edge in to contactor command, \(rounds) openings, loaded\(status.isRealtime ? "" : ", no real-time priority")",
        figure: "median \(Figure.microseconds(middle)), worst \(Figure.microseconds(worst))", goal: "worst ≤ 2 ms",
        isMet: worst <= 2_000_000, values: [("medianNanoseconds", middle), ("worstNanoseconds", worst)]))
  }
}

/// A pilot circuit whose voltage the benchmark sets.
private final class BenchmarkPilot: ControlPilot {
  private let descriptor = linux_eventfd()
  private let millivolts = NIOLockedValueBox<(Int64, Int64)>((12_000, 0))
  private var output = PilotOutput.steadyPositive
  private(set) var measurement: PilotMeasurement?

  deinit { close(descriptor) }

  func set(volts: Int64) {
    millivolts.withLockedValue { $0 = (volts * 1_000, linux_boottime_ns()) }
    linux_eventfd_signal(descriptor)
  }

  var wakeDescriptor: Int32? { descriptor }
  var health: DriverHealth { .alive }

  func service(at now: MonotonicInstant) {
    linux_eventfd_drain(descriptor)
    let (value, _) = millivolts.withLockedValue { $0 }
    let isPulsing = if case .pulseWidth = output { true } else { false }
    measurement = PilotMeasurement(
      positivePeak: Voltage(millivolts: value), negativePeak: isPulsing ? Voltage(volts: -12) : nil, takenAt: now)
  }

  func apply(_ output: PilotOutput) { self.output = output }
}

/// A contactor without inertia that notes when it was commanded.
private final class BenchmarkContactor: Contactor {
  private let descriptor = linux_eventfd()
  private let commanded = NIOLockedValueBox<(ContactorPosition, Int64)>((.open, 0))
  private(set) var feedback: ContactorFeedback?

  deinit { close(descriptor) }

  /// When the position was commanded; waits for it.
  func wait(for position: ContactorPosition) throws -> Int64 {
    let deadline = linux_boottime_ns() + 5_000_000_000
    while true {
      let (present, at) = commanded.withLockedValue { $0 }
      if present == position { return at }
      guard linux_boottime_ns() < deadline else {
        throw BenchmarkFailure(description: "the contactor was not commanded \(position) within 5 s")
      }
      sched_yield()
    }
  }

  var wakeDescriptor: Int32? { descriptor }
  var health: DriverHealth { .alive }

  func service(at now: MonotonicInstant) {
    linux_eventfd_drain(descriptor)
    feedback = ContactorFeedback(position: commanded.withLockedValue { $0.0 }, takenAt: now)
  }

  func command(_ position: ContactorPosition) {
    let isNew = commanded.withLockedValue { state in
      guard state.0 != position else { return false }
      state = (position, linux_boottime_ns())
      return true
    }
    if isNew { linux_eventfd_signal(descriptor) }
  }
}

/// Two threads that keep the loopback and the disk busy.
private final class BackgroundLoad {
  private let isOn = NIOLockedValueBox(true)
  private var threads: [pthread_t] = []

  init() throws {
    var pair: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0 else {
      throw BenchmarkFailure(description: "no socket pair for the load")
    }
    let isOn = self.isOn
    let (left, right) = (pair[0], pair[1])
    start {
      var block = [UInt8](repeating: 7, count: 4_096)
      while isOn.withLockedValue({ $0 }) {
        guard write(left, block, block.count) > 0, read(right, &block, block.count) > 0 else { break }
      }
      close(left)
      close(right)
    }
    start {
      let path = "/tmp/charger-benchmark-load-\(getpid())"
      let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard file >= 0 else { return }
      unlink(path)
      let block = [UInt8](repeating: 7, count: 16_384)
      while isOn.withLockedValue({ $0 }) {
        _ = pwrite(file, block, block.count, 0)
        fdatasync(file)
      }
      close(file)
    }
  }

  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private func start(_ run: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let body = Unmanaged.passRetained(Body(run))
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    if code == 0 { threads.append(thread) } else { body.release() }
  }

  func stop() {
    isOn.withLockedValue { $0 = false }
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }
}

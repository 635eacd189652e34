import CLinux
import ChargerBase
import Glibc
import HAL
import HALConformance
import SimulatedPeripherals

@testable import HALLinux

/// Drivers of an MCU, and hands on the charging point around it.
class MicrocontrollerRig: ConformanceRig {
  let link: MicrocontrollerLink
  init(_ link: MicrocontrollerLink) { self.link = link }

  var now: MonotonicInstant { .zero }
  var slack: Duration { .zero }
  func wait(_ duration: Duration) {}
  func plant<Value>(_ body: (inout MicrocontrollerPlant) -> Value) throws -> Value {
    throw ConformanceViolation("this rig has no plant")
  }
}

/// A line in memory, both ends in this process.
final class MemoryLine: ByteLine {
  var toStation: [UInt8] = []
  var toDevice: [UInt8] = []
  /// What the line takes of each write at most.
  var room = Int.max
  private(set) var wokenAt = MonotonicInstant.zero

  let wakeDescriptor: Int32? = nil

  func read(into buffer: inout [UInt8]) -> Int {
    let count = min(buffer.count, toStation.count)
    buffer.replaceSubrange(0..<count, with: toStation.prefix(count))
    toStation.removeFirst(count)
    return count
  }

  func write(_ buffer: [UInt8], from start: Int, to end: Int) -> Int {
    let count = min(room, end - start)
    toDevice += buffer[start..<start + count]
    return count
  }

  func arrival(servedAt now: MonotonicInstant) -> MonotonicInstant { now }
  func wake(at instant: MonotonicInstant) { wokenAt = instant }
  func restore(at now: MonotonicInstant) -> Bool { true }

  func takeForDevice() -> [UInt8] {
    defer { toDevice = [] }
    return toDevice
  }
}

/// Line and time in memory: a millisecond a step.
final class MemoryRig: MicrocontrollerRig {
  let line = MemoryLine()
  var machine: MicrocontrollerPlant
  /// How long what the station sends lies at the MCU before its program reads it.
  var lag = Duration.zero
  private var unread: [(since: MonotonicInstant, bytes: [UInt8])] = []
  private var time = MonotonicInstant(nanoseconds: 1_000_000_000)

  init(
    _ machine: MicrocontrollerPlant = MicrocontrollerPlant(),
    configuration: MicrocontrollerLink.Configuration = MicrocontrollerLink.Configuration(port: "memory"),
    needs: MicrocontrollerLink.Needs = MicrocontrollerLink.Needs()
  ) {
    self.machine = machine
    super.init(MicrocontrollerLink(configuration, needs: needs, line: line))
  }

  override var now: MonotonicInstant { time }

  override func wait(_ duration: Duration) {
    let end = time + duration
    while time < end {
      time = min(end, time + .milliseconds(1))
      step()
    }
  }

  private func step() {
    let sent = line.takeForDevice()
    if !sent.isEmpty { unread.append((time, sent)) }
    while let oldest = unread.first, time - oldest.since >= lag {
      unread.removeFirst()
      machine.mcu.receive(oldest.bytes, at: time)
    }
    line.toStation += machine.advance(to: time)
  }

  override func plant<Value>(_ body: (inout MicrocontrollerPlant) -> Value) throws -> Value { body(&machine) }
}

/// A serial port over a pseudo terminal, the machine on a thread of its own, in real time.
final class TerminalRig: MicrocontrollerRig {
  let device: SimulatedDevice

  /// Silence times that a loaded test machine does not reach by itself.
  static let silence = Duration.seconds(5)

  init() throws {
    var configuration = PilotMicrocontroller.Configuration()
    configuration.silence = Self.silence
    configuration.opening = .milliseconds(60)
    device = try SimulatedDevice(MicrocontrollerPlant(configuration))
    super.init(
      try MicrocontrollerLink(
        MicrocontrollerLink.Configuration(port: device.terminal.path, silentAfter: Self.silence)))
  }

  override var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }
  /// A loaded test machine gets room.
  override var slack: Duration { .seconds(2) }
  override func wait(_ duration: Duration) { usleep(UInt32(duration.wholeMilliseconds) * 1_000) }
  override func plant<Value>(_ body: (inout MicrocontrollerPlant) -> Value) throws -> Value { device.plant(body) }
}

/// The machine at the far end of a pseudo terminal, with a thread that serves it.
final class SimulatedDevice: @unchecked Sendable {
  // Unchecked: `machine` is touched under `lock` only; the rest is constant once the thread runs.
  let terminal: PseudoTerminal
  private var machine: MicrocontrollerPlant
  private var isStopping = false
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var thread: PlainThread?

  init(_ machine: MicrocontrollerPlant) throws {
    terminal = try PseudoTerminal()
    self.machine = machine
    pthread_mutex_init(lock, nil)
    let pump = Pump(terminal: terminal, lock: lock, device: Unmanaged.passUnretained(self))
    thread = try PlainThread { pump.run() }
  }

  deinit {
    pthread_mutex_lock(lock)
    isStopping = true
    pthread_mutex_unlock(lock)
    thread?.join()
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  func plant<Value>(_ body: (inout MicrocontrollerPlant) -> Value) -> Value {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body(&machine)
  }

  /// The thread's side; `deinit` waits for its end, so that the device outlives it.
  private struct Pump: @unchecked Sendable {
    let terminal: PseudoTerminal
    let lock: UnsafeMutablePointer<pthread_mutex_t>
    let device: Unmanaged<SimulatedDevice>

    func run() {
      var entry = pollfd(fd: terminal.device, events: Int16(POLLIN), revents: 0)
      while step() { _ = poll(&entry, 1, 1) }
    }

    private func step() -> Bool {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      return device._withUnsafeGuaranteedRef { device in
        guard !device.isStopping else { return false }
        let now = MonotonicInstant(nanoseconds: linux_boottime_ns())
        device.machine.mcu.receive(terminal.read(), at: now)
        let bytes = device.machine.advance(to: now)
        if !bytes.isEmpty { terminal.write(bytes) }
        return true
      }
    }
  }
}

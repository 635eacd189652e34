import CLinux
import ChargerBase
import Glibc
import HAL
import HALLinux
import SimulatedPeripherals

/// How long a reading takes, from the beginning of its request to the reading in the control lane's hands: a Modbus
/// meter on a pseudo terminal, natively, idle and with every core busy. Prints one line for each.
@main
enum ModbusLatency {
  static func main() throws {
    let rounds = max(1, CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000)
    print("Modbus: request to reading in the mailbox, \(rounds) rounds, one request of 8 registers over a pty")
    try measure("idle", rounds)
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let burners = (0..<cores).map { _ in burn() }
    defer { for burner in burners { kill(burner, SIGKILL) } }
    try measure("loaded", rounds)
  }

  /// A process that computes until it is killed.
  private static func burn() -> pid_t {
    var child: pid_t = 0
    let texts: [String] = ["sh", "-c", "while :; do :; done"]
    let words: [UnsafeMutablePointer<CChar>?] = texts.map { text in text.withCString { strdup($0) } }
    defer { for word in words { free(word) } }
    posix_spawn(&child, "/bin/sh", nil, nil, words + [nil], linux_environment())
    return child
  }

  private static func measure(_ name: String, _ rounds: Int) throws {
    let path = "/tmp/modbus-latency-\(getpid())"
    let front = try ModbusFront([SimulatedMeterType.schneiderIEM3155.makeSlave(number: 1)], path: path)
    let bus = try ModbusBus(
      .serial(ModbusEndpoint.SerialSettings(device: path, baudRate: 115_200)),
      settings: ModbusLineSettings(pause: .zero))
    func value(_ address: UInt16, _ type: RegisterType, _ target: MeterTarget) -> RegisterMap.Value {
      RegisterMap.Value(
        field: RegisterMap.Field(table: .holding, address: address, type: type), target: target,
        scale: RegisterScale(1, unitPower: 0))
    }
    let map = RegisterMap(
      name: "latency", groups: [RegisterMap.Group(name: "all", interval: .milliseconds(5))],
      values: [value(0x0C83, .int64, .importRegister), value(0x0C87, .int64, .exportRegister)])
    let meter = ModbusEnergyMeter(on: bus, map: map, polling: MeterPolling(device: 1))
    var times: [Int64] = []
    let end = linux_boottime_ns() + 120_000_000_000
    while times.count < rounds, linux_boottime_ns() < end {
      var entry = pollfd(fd: meter.wakeDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 1_000) > 0 else { continue }
      let before = meter.latest?.takenAt
      let now = MonotonicInstant(nanoseconds: linux_boottime_ns())
      meter.service(at: now)
      guard let taken = meter.latest?.takenAt, taken != before else { continue }
      times.append(taken.duration(to: now).wholeNanoseconds / 1_000)
    }
    bus.stop()
    _ = front
    times.sort()
    guard times.count >= rounds, let worst = times.last else {
      print("  \(name): only \(times.count) readings in two minutes")
      exit(1)
    }
    print(
      "  \(name): median \(times[times.count / 2]) µs, 99 % \(times[times.count * 99 / 100]) µs, worst \(worst) µs"
        + " (\(times.count) readings)")
  }
}

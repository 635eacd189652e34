import CLinux
import ChargerBase
import Glibc
import HAL
import SimulatedPeripherals
import Synchronization

@testable import HALLinux

/// A line with simulated meters on a pseudo terminal or a TCP port, and the driver's side of it.
final class ModbusBench {
  let front: ModbusFront
  let path: String
  let told = ToldTexts()
  private var buses: [ModbusBus] = []

  init(_ slaves: [ModbusSlave]) throws {
    path = "/tmp/modbus-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    front = try ModbusFront(slaves, path: path)
  }

  static var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

  static let settings = ModbusLineSettings(
    responseTimeout: .milliseconds(150), byteTimeout: .milliseconds(30), pause: .milliseconds(1),
    reopenAfter: .milliseconds(20), reopenAtMost: .milliseconds(200))

  var serial: ModbusEndpoint { .serial(ModbusEndpoint.SerialSettings(device: path)) }

  /// How often a device was asked.
  func requests(_ number: UInt8) -> UInt64 { front.withSlave(number) { $0.requests } ?? 0 }

  func makeBus(_ settings: ModbusLineSettings = ModbusBench.settings) throws -> ModbusBus {
    let told = told
    let bus = try ModbusBus(serial, settings: settings, report: { told.add($0) })
    buses.append(bus)
    return bus
  }
}

/// What a line has told people.
final class ToldTexts: Sendable {
  private let texts = Mutex<[String]>([])
  func add(_ text: String) { texts.withLock { $0.append(text) } }
  var all: [String] { texts.withLock { $0 } }
}

/// Serves meters as the control lane does until a condition holds; false when it does not within half a minute.
func serve(_ meters: [any EnergyMeter], until condition: () -> Bool) -> Bool {
  let end = ModbusBench.now + .seconds(30)
  while ModbusBench.now < end {
    for meter in meters { meter.service(at: ModbusBench.now) }
    if condition() { return true }
    usleep(2_000)
  }
  return false
}

extension MeterPolling {
  /// Quick, for tests.
  static func test(_ device: UInt8, silentAfter: Duration = .milliseconds(600)) -> MeterPolling {
    MeterPolling(device: device, retries: 2, silentAfter: silentAfter, rarestAttempt: 4)
  }

  /// Asks so often before it gives up that a machine which stands still for a moment is no fault.
  static func patient(_ device: UInt8, silentAfter: Duration = .seconds(20)) -> MeterPolling {
    MeterPolling(device: device, retries: 30, silentAfter: silentAfter, rarestAttempt: 4)
  }
}

extension RegisterMap {
  /// A map as the Schneider meter has it, read every 100 ms.
  static func schneider(interval: Duration = .milliseconds(100)) -> RegisterMap {
    func float(_ address: UInt16, _ target: MeterTarget, power: Int = 0) -> Value {
      Value(
        field: Field(table: .holding, address: address, type: .float32), target: target,
        scale: RegisterScale(1, unitPower: power))
    }
    func energy(_ address: UInt16, _ target: MeterTarget) -> Value {
      Value(
        field: Field(table: .holding, address: address, type: .int64), target: target,
        scale: RegisterScale(1, unitPower: 0))
    }
    return RegisterMap(
      name: "test", joinGap: 8, groups: [Group(name: "all", interval: interval)],
      values: [
        energy(0x0C83, .importRegister), energy(0x0C87, .exportRegister), float(0x0BB7, .current(.l1)),
        float(0x0BB9, .current(.l2)), float(0x0BBB, .current(.l3)), float(0x0BD3, .voltage(.l1)),
        float(0x0BF3, .power(.total), power: 3),
      ],
      probes: [
        Probe(
          name: "frequency",
          content: .number(
            Field(table: .holding, address: 0x0C25, type: .float32), scale: RegisterScale(1, unitPower: 0),
            range: 45...65))
      ])
  }

  static func iskra(interval: Duration = .milliseconds(100)) -> RegisterMap {
    func counter(_ address: UInt16, _ exponent: UInt16, _ target: MeterTarget) -> Value {
      Value(
        field: Field(table: .input, address: address, type: .int32), target: target,
        scale: RegisterScale(1, unitPower: 0), exponent: Field(table: .input, address: exponent, type: .int16))
    }
    return RegisterMap(
      name: "iskra", registersPerRequest: 60, joinGap: 8, groups: [Group(name: "all", interval: interval)],
      values: [
        counter(418, 414, .importRegister), counter(420, 415, .exportRegister),
        Value(
          field: Field(table: .input, address: 107, type: .t5), target: .voltage(.l1),
          scale: RegisterScale(1, unitPower: 0)),
        Value(
          field: Field(table: .input, address: 130, type: .t6), target: .current(.l3),
          scale: RegisterScale(1, unitPower: 0)),
      ],
      probes: [
        Probe(name: "model", content: .text(table: .input, address: 1, registers: 8, prefix: "WM3M4")),
        Probe(name: "serial number", content: .serialText(table: .input, address: 9, registers: 4)),
      ])
  }
}

func makeSchneider(_ number: UInt8, wattHours: Int64 = 1_000) -> ModbusSlave {
  var slave = SimulatedMeterType.schneiderIEM3155.makeSlave(number: number)
  var figures = MeterFigures()
  figures.importRegister = Energy(wattHours: wattHours)
  SimulatedMeterType.schneiderIEM3155.show(figures, on: &slave)
  return slave
}

import CLinux
import ChargerBase
import Glibc
import HAL
import SimulatedPeripherals
import Testing

@testable import HALLinux

@Suite("Meters on a Modbus line", .serialized)
struct ModbusLineTests {
  @Test("A reading has the meter's own values, with a time that no value in it precedes")
  func reads() throws {
    let bench = try ModbusBench([makeSchneider(7, wattHours: 123_456_789)])
    let meter = ModbusEnergyMeter(on: try bench.makeBus(), map: .schneider(), polling: .patient(7))
    let asked = ModbusBench.now
    #expect(serve([meter]) { (meter.latest?.takenAt ?? .zero) >= asked })
    let reading = try #require(meter.latest)
    #expect(reading.importRegister == Energy(wattHours: 123_456_789))
    #expect(reading.voltage.l1 == Voltage(volts: 230))
    #expect(reading.current.l3 == .zero)
    #expect(reading.voltage.l2 == nil, "not in the map")
    #expect(reading.takenAt <= ModbusBench.now)
    #expect(meter.health == .alive)
    #expect(bench.told.all == [])
  }

  static let faults: [ModbusSlave.Fault] = [
    .silent, .checksum, .exception(4), .wrongDevice, .halfFrame, .slowBytes(.milliseconds(60)), .garbage,
    .late(lateAfter),
  ]
  /// After the limit of any exchange here (150 ms, 30 more, and its bytes), before the same meter is asked again.
  static let lateAfter: Duration = .milliseconds(270)

  @Test("A fault that lasts makes the meter silent, is told once, and ends cleanly", arguments: faults)
  func lastingFault(fault: ModbusSlave.Fault) throws {
    let bench = try ModbusBench([makeSchneider(7)])
    let meter = ModbusEnergyMeter(on: try bench.makeBus(), map: .schneider(), polling: .test(7))
    #expect(serve([meter]) { meter.latest != nil })
    bench.front.withSlave(7) { $0.set(fault) }
    #expect(serve([meter]) { meter.health != .alive }, "silent")
    let last = meter.latest
    let requests = bench.front.withSlave(7) { $0.requests } ?? 0
    // Several more attempts, each in vain.
    #expect(serve([meter]) { (bench.front.withSlave(7) { $0.requests } ?? 0) > requests + 3 })
    #expect(meter.latest == last, "an old reading is given no new time")
    #expect(bench.told.all.count(where: { !$0.contains("again") }) == 1, "told once: \(bench.told.all)")
    bench.front.withSlave(7) { slave in
      slave.set(nil)
      var figures = MeterFigures()
      figures.importRegister = Energy(wattHours: 2_000)
      SimulatedMeterType.schneiderIEM3155.show(figures, on: &slave)
    }
    #expect(serve([meter]) { meter.latest?.importRegister == Energy(wattHours: 2_000) })
    #expect(meter.health == .alive)
    #expect(bench.told.all.count(where: { $0.contains("again") }) == 1, "and its end once: \(bench.told.all)")
  }

  @Test("A single bad answer is asked for again, and nobody hears of it", arguments: faults)
  func passingFault(fault: ModbusSlave.Fault) throws {
    let bench = try ModbusBench([makeSchneider(7)])
    let meter = ModbusEnergyMeter(
      on: try bench.makeBus(), map: .schneider(), polling: .patient(7))
    #expect(serve([meter]) { meter.latest != nil })
    bench.front.withSlave(7) { $0.set(fault, answers: 1) }
    #expect(serve([meter]) { bench.front.withSlave(7) { $0.fault == nil } ?? false })
    let after = ModbusBench.now
    #expect(serve([meter]) { (meter.latest?.takenAt ?? .zero) > after })
    #expect(meter.latest?.importRegister == Energy(wattHours: 1_000))
    #expect(meter.latest?.voltage.l1 == Voltage(volts: 230))
    #expect(bench.told.all == [])
  }

  @Test("A late answer to one request is never taken for the answer to the next")
  func lateAnswers() throws {
    let bench = try ModbusBench([makeSchneider(7, wattHours: 1)])
    let meter = ModbusEnergyMeter(on: try bench.makeBus(), map: .schneider(), polling: .test(7))
    #expect(serve([meter]) { meter.latest != nil })
    // Registers that only go up: an answer that belongs to an earlier request would make one fall.
    var highest = Energy.zero
    for round in Int64(2)...12 {
      bench.front.withSlave(7) { slave in
        var figures = MeterFigures()
        figures.importRegister = Energy(wattHours: round)
        SimulatedMeterType.schneiderIEM3155.show(figures, on: &slave)
        if round.isMultiple(of: 2) { slave.set(.late(Self.lateAfter), answers: 1) }
      }
      #expect(
        serve([meter]) {
          let read = meter.latest?.importRegister ?? .zero
          if read < highest { return true }
          highest = max(highest, read)
          return highest == Energy(wattHours: round)
        })
      #expect(highest == Energy(wattHours: round))
      // What is read from now on was asked for now: no earlier answer lies on the line.
      bench.front.withSlave(7) { $0.set(.holding, 0x0BD3, float: Float(round)) }
      let changed = ModbusBench.now
      #expect(serve([meter]) { (meter.latest?.takenAt ?? .zero) > changed })
      #expect(meter.latest?.voltage.l1 == Voltage(volts: round))
    }
  }

  @Test("A dead meter does not make the others on its line stale")
  func fairness() throws {
    let bench = try ModbusBench([makeSchneider(1), makeSchneider(2), makeSchneider(3)])
    bench.front.withSlave(2) { $0.set(.silent) }
    let bus = try bench.makeBus()
    let map = RegisterMap.schneider(interval: .milliseconds(300))
    let meters = [UInt8(1), 2, 3].map {
      ModbusEnergyMeter(on: bus, map: map, polling: .test($0, silentAfter: .seconds(15)))
    }
    var times: [[MonotonicInstant]] = [[], [], []]
    #expect(
      serve(meters) {
        for (place, meter) in meters.enumerated() {
          if let taken = meter.latest?.takenAt, times[place].last != taken { times[place].append(taken) }
        }
        return times[0].count >= 8 && times[2].count >= 8
      })
    #expect(times[1].isEmpty)
    // Both living meters were read: nobody starves behind the dead one.
    #expect(times[0].count <= 3 * times[2].count && times[2].count <= 3 * times[0].count, "\(times.map(\.count))")
    let attempts = bench.front.withSlave(2) { $0.requests } ?? 0
    let others = bench.front.withSlave(1) { $0.requests } ?? 0
    #expect(attempts < others, "attempts at a dead meter become rare: \(attempts) against \(others)")
  }

  @Test("A line that is pulled and put back is opened again, and the meters on it are read as before")
  func unplugged() throws {
    let bench = try ModbusBench([makeSchneider(1), makeSchneider(2)])
    let bus = try bench.makeBus()
    let meters = [UInt8(1), 2].map { ModbusEnergyMeter(on: bus, map: .schneider(), polling: .test($0)) }
    #expect(serve(meters) { meters.allSatisfy { $0.latest != nil } })
    bench.front.setPluggedIn(false)
    #expect(serve(meters) { meters.allSatisfy { $0.health != .alive } })
    #expect(bench.told.all.count(where: { !$0.contains(" device ") }) == 1, "one for the whole bus: \(bench.told.all)")
    bench.front.setPluggedIn(true)
    let back = ModbusBench.now
    #expect(serve(meters) { meters.allSatisfy { ($0.latest?.takenAt ?? .zero) > back } })
    #expect(meters.allSatisfy { $0.health == .alive })
    #expect(bench.told.all.count(where: { !$0.contains(" device ") }) == 2, "\(bench.told.all)")
  }

  @Test("The line's settings are those that were asked for")
  func lineSettings() throws {
    let bench = try ModbusBench([makeSchneider(7)])
    let endpoint = ModbusEndpoint.serial(
      ModbusEndpoint.SerialSettings(device: bench.path, baudRate: 19_200, stopBits: 2))
    let bus = try ModbusBus(endpoint, settings: ModbusBench.settings, report: { _ in })
    let other = open(bench.path, O_RDWR | O_NOCTTY)
    defer { close(other) }
    var shown = termios()
    #expect(tcgetattr(other, &shown) == 0)
    #expect(cfgetospeed(&shown) == speed_t(B19200))
    #expect(shown.c_cflag & tcflag_t(PARENB) == 0)
    #expect(shown.c_cflag & tcflag_t(CSTOPB) != 0)
    bus.stop()
  }

  @Test(
    "What a port refuses is told at once: a rate, parity, RS-485 switching, a device that is not there or is no port")
  func refusals() throws {
    let bench = try ModbusBench([makeSchneider(7)])
    func error(_ settings: ModbusEndpoint.SerialSettings) -> ModbusOpenError? {
      do throws(ModbusOpenError) {
        _ = try ModbusBus(.serial(settings), settings: ModbusBench.settings, report: { _ in })
        return nil
      } catch {
        return error
      }
    }
    // libmodbus takes 9600 for a rate that it does not know, and says nothing.
    let rate = error(ModbusEndpoint.SerialSettings(device: bench.path, baudRate: 12_345))
    #expect(rate?.code == .baudRate)
    #expect(rate?.description == "\(bench.path): the port refuses 12345 baud")
    // A pseudo terminal has no parity, and does not say so when it is asked for one.
    let parity = error(ModbusEndpoint.SerialSettings(device: bench.path, parity: .even))
    #expect(parity?.description == "\(bench.path): the port refuses parity even with 1 stop bits")
    #expect(error(ModbusEndpoint.SerialSettings(device: bench.path, direction: .kernel))?.code == .direction)
    let missing = error(ModbusEndpoint.SerialSettings(device: "/dev/no-such-port"))
    #expect(missing?.code == .unreachable)
    #expect(missing?.description == "/dev/no-such-port: cannot be opened: No such file or directory")
    #expect(error(ModbusEndpoint.SerialSettings(device: "/dev/null")) != nil)
  }

  @Test("A meter that does not show what its map asks for is not read, and is told by name")
  func wrongMeter() throws {
    let bench = try ModbusBench([makeSchneider(7)])
    bench.front.withSlave(7) { $0.set(.holding, 0x0C25, float: 1_234) }
    let meter = ModbusEnergyMeter(
      on: try bench.makeBus(), map: .schneider(), polling: .patient(7, silentAfter: .milliseconds(600)))
    #expect(serve([meter]) { meter.health != .alive })
    #expect(meter.latest == nil)
    #expect(bench.told.all == ["\(bench.path) device 7: frequency is 1234, where test has 45…65"])
  }

  @Test("A meter that comes back with another serial number is another meter: it is not read any more")
  func exchangedMeter() throws {
    let (bench, meter) = try exchange { $0.set(.input, 9, text: "BB000002", words: 4) }
    // Told although the meter was silent already.
    #expect(serve([meter]) { bench.told.all.contains { $0.contains("serial number has changed: another meter") } })
    #expect(meter.health != .alive)
    bench.front.withSlave(9) { $0.set(.input, 9, text: "AA000001", words: 4) }
    #expect(serve([meter]) { meter.health == .alive }, "the old one may come back")
    #expect(bench.told.all.count(where: { $0.contains("right meter again") }) == 1, "\(bench.told.all)")
  }

  /// A meter that is taken away, and another in its place, which is not read.
  private func exchange(
    _ change: @escaping @Sendable (inout ModbusSlave) -> Void
  ) throws -> (bench: ModbusBench, meter: ModbusEnergyMeter) {
    let bench = try ModbusBench([SimulatedMeterType.iskraWM3M4C.makeSlave(number: 9, serialNumber: "AA000001")])
    let meter = ModbusEnergyMeter(on: try bench.makeBus(), map: .iskra(), polling: .test(9))
    #expect(serve([meter]) { meter.latest != nil })
    bench.front.withSlave(9) { $0.set(.silent) }
    #expect(serve([meter]) { meter.health != .alive && bench.told.all.contains { $0.contains("no answer in time") } })
    let last = meter.latest
    bench.front.withSlave(9) { slave in
      change(&slave)
      slave.set(nil)
    }
    let requests = bench.requests(9)
    #expect(serve([meter]) { bench.requests(9) > requests + 4 })
    #expect(meter.latest == last)
    #expect(meter.health != .alive)
    return (bench, meter)
  }

  @Test("A value that the meter refuses is missing, and the others are read")
  func refusedRegisters() throws {
    let bench = try ModbusBench([makeSchneider(7)])
    bench.front.withSlave(7) { slave in
      for address in UInt16(0x0BD3)...0x0BD4 { slave[.holding, address] = nil }
      for address in UInt16(0x0BB9)...0x0BBA { slave[.holding, address] = nil }
      // Between two values that are wanted: a gap that must not be read.
      slave[.holding, 0x0BE8] = nil
    }
    let meter = ModbusEnergyMeter(on: try bench.makeBus(), map: .schneider(), polling: .test(7))
    #expect(serve([meter]) { meter.latest != nil })
    #expect(meter.latest?.voltage.l1 == nil && meter.latest?.current.l2 == nil)
    #expect(meter.latest?.current.l3 == .zero)
    #expect(meter.latest?.importRegister == Energy(wattHours: 1_000))
    #expect(meter.latest?.power.total == .zero)
    let refused = bench.told.all.filter { $0.contains("are refused") }.map { $0.split(separator: " ")[5] }
    #expect(refused == ["3001", "3027"], "each told once: \(bench.told.all)")
  }

  @Test("A meter whose answers are shorter than its map says gives all its values")
  func shortAnswers() throws {
    var slave = makeSchneider(7)
    slave.maximumRegisters = 4
    let bench = try ModbusBench([slave])
    let meter = ModbusEnergyMeter(on: try bench.makeBus(), map: .schneider(), polling: .patient(7))
    #expect(serve([meter]) { meter.latest?.voltage.l1 != nil })
    #expect(meter.latest?.importRegister == Energy(wattHours: 1_000))
    #expect(meter.latest?.exportRegister == .zero)
    #expect(meter.latest?.current.l3 == .zero)
    #expect(bench.told.all == [])
  }

  @Test("A serial number that a meter says nothing of, or refuses, is not waited for; the meter is read")
  func noSerialNumber() throws {
    var silent = makeSchneider(1)
    silent.silentFrom = 0xFC00
    let bench = try ModbusBench([silent, makeSchneider(2)])
    let bus = try bench.makeBus()
    var map = RegisterMap.schneider()
    map.probes.append(
      RegisterMap.Probe(
        name: "serial number",
        content: .serialNumber(RegisterMap.Field(table: .holding, address: 0xFC00, type: .uint32))))
    let meters = [UInt8(1), 2].map {
      ModbusEnergyMeter(on: bus, map: map, polling: .test($0, silentAfter: .seconds(20)))
    }
    #expect(serve(meters) { meters.allSatisfy { $0.latest != nil } })
    #expect(bench.told.all.count(where: { $0.contains("serial number") && $0.contains("not watched") }) == 2)
  }

  @Test("A meter that has shown its serial number once and refuses it now is another one")
  func refusedSerialNumber() throws {
    _ = try exchange { $0[.input, 9] = nil }
  }

  @Test("A port that another line has under another name is not opened a second time")
  func portInUse() throws {
    let bench = try ModbusBench([makeSchneider(7)])
    let bus = try bench.makeBus()
    let other = bench.path + "-other"
    #expect(symlink(bench.path, other) == 0)
    defer { unlink(other) }
    func open() throws(ModbusOpenError) -> ModbusBus {
      try ModbusBus(
        .serial(ModbusEndpoint.SerialSettings(device: other)), settings: ModbusBench.settings, report: { _ in })
    }
    do throws(ModbusOpenError) {
      _ = try open()
      Issue.record("opened twice")
    } catch {
      #expect(error.description == "\(other): the port is in use, by another program or under another name")
    }
    bus.stop()
    _ = try open()
  }

  @Test("A TCP peer that never stops sending is dropped, and holds neither the line's thread nor the program's end")
  func tcpFlood() throws {
    let peer = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(peer) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout.size(ofValue: address))
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(peer, $0, size) == 0 && listen(peer, 4) == 0
          && getsockname(peer, $0, &size) == 0
      }
    }
    #expect(isBound)
    let told = ToldTexts()
    let bus = try ModbusBus(
      .tcp(host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port)), settings: ModbusBench.settings
    ) { told.add($0) }
    let meter = ModbusEnergyMeter(on: bus, map: .schneider(), polling: .test(7))
    let link = accept(peer, nil, nil)
    defer { close(link) }
    let rubbish = [UInt8](repeating: 0x5A, count: 4_096)
    #expect(
      serve([meter]) {
        // As much as the connection takes.
        while send(link, rubbish, rubbish.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)) > 0 {}
        return told.all.contains { $0.contains("the line is lost: Message too long") }
      })
    #expect(meter.latest == nil)
    bus.stop()
  }

  @Test("Over TCP a peer that falls silent without a word is given up within seconds, not a quarter of an hour")
  func tcpPatience() throws {
    let front = try ModbusFront([], port: 0)
    let port = try #require(front.port)
    let link = try ModbusLink(.tcp(host: "127.0.0.1", port: port), ModbusBench.settings)
    var patience: UInt32 = 0
    var size = socklen_t(MemoryLayout.size(ofValue: patience))
    #expect(getsockopt(link.descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &patience, &size) == 0)
    #expect(patience == 5_000)
  }

  @Test("A register that has counted past its end goes on beyond it; one that was set back shows what the meter shows")
  func rollOver() throws {
    let bench = try ModbusBench([makeSchneider(7, wattHours: 99_999)])
    var map = RegisterMap.schneider()
    map.registerMaximum = Energy(wattHours: 100_000)
    let meter = ModbusEnergyMeter(on: try bench.makeBus(), map: map, polling: .test(7, silentAfter: .seconds(20)))
    #expect(serve([meter]) { meter.latest?.importRegister == Energy(wattHours: 99_999) })
    func show(_ wattHours: Int64) {
      bench.front.withSlave(7) { slave in
        var figures = MeterFigures()
        figures.importRegister = Energy(wattHours: wattHours)
        SimulatedMeterType.schneiderIEM3155.show(figures, on: &slave)
      }
    }
    show(3)
    #expect(serve([meter]) { meter.latest?.importRegister == Energy(wattHours: 100_003) })
    show(50_000)
    #expect(serve([meter]) { meter.latest?.importRegister == Energy(wattHours: 150_000) })
    show(7)
    #expect(serve([meter]) { meter.latest?.importRegister == Energy(wattHours: 7) }, "another meter")
  }

  @Test("Trouble that comes and goes is told at its first time, then once a minute")
  func flapping() throws {
    let told = ToldTexts()
    let report = ModbusReport(line: "line", tell: { told.add($0) })
    for _ in 0..<100 {
      report.begin(.device(1), "no answer in time")
      report.begin(.device(1), "no answer in time")
      report.end(.device(1), "it answers again")
    }
    #expect(told.all == ["line device 1: no answer in time", "line device 1: it answers again, after 2 failures"])
  }

  @Test("Over TCP: readings, an exception, a peer that closes and comes back")
  func tcp() throws {
    let front = try ModbusFront([makeSchneider(7, wattHours: 55)], port: 0)
    let port = try #require(front.port)
    let told = ToldTexts()
    let bus = try ModbusBus(.tcp(host: "127.0.0.1", port: port), settings: ModbusBench.settings) { told.add($0) }
    let meter = ModbusEnergyMeter(on: bus, map: .schneider(), polling: .test(7))
    #expect(serve([meter]) { meter.latest?.importRegister == Energy(wattHours: 55) })
    for fault in [ModbusSlave.Fault.exception(4), .silent, .checksum, .halfFrame] {
      front.withSlave(7) { $0.set(fault) }
      #expect(serve([meter]) { meter.health != .alive }, "\(fault)")
      front.withSlave(7) { $0.set(nil) }
      #expect(serve([meter]) { meter.health == .alive }, "\(fault)")
    }
    front.setPluggedIn(false)
    #expect(serve([meter]) { meter.health != .alive })
    front.setPluggedIn(true)
    let back = ModbusBench.now
    #expect(serve([meter]) { (meter.latest?.takenAt ?? .zero) > back })
    #expect(meter.health == .alive)
  }

  @Test("A TCP peer that is not there yet is waited for")
  func tcpLater() throws {
    let free = try ModbusFront([], port: 0).port
    let port = try #require(free)
    let bus = try ModbusBus(.tcp(host: "127.0.0.1", port: port), settings: ModbusBench.settings) { _ in }
    let meter = ModbusEnergyMeter(on: bus, map: .schneider(), polling: .test(7))
    #expect(serve([meter]) { meter.health != .alive })
    let front = try ModbusFront([makeSchneider(7)], port: port)
    #expect(serve([meter]) { meter.latest != nil && meter.health == .alive })
    _ = front
  }

  @Test("Whatever bytes come as answers, nothing of them becomes a reading")
  func randomAnswers() throws {
    let bench = try ModbusBench([makeSchneider(7)])
    bench.front.withSlave(7) { $0.set(.silent) }
    let meter = ModbusEnergyMeter(on: try bench.makeBus(), map: .schneider(), polling: .test(7))
    let other = open(bench.path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
    defer { close(other) }
    for _ in 0..<100 {
      let count = Int.random(in: 1...40)
      bench.front.withLine { $0.inject((0..<count).map { _ in UInt8.random(in: 0...255) }, at: ModbusBench.now) }
      meter.service(at: ModbusBench.now)
      usleep(2_000)
    }
    #expect(meter.latest == nil)
    bench.front.withSlave(7) { $0.set(nil) }
    #expect(serve([meter]) { meter.latest?.importRegister == Energy(wattHours: 1_000) })
  }
}

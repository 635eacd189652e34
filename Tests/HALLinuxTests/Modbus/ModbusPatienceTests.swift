import CLinux
import ChargerBase
import Glibc
import HAL
import SimulatedPeripherals
import Testing

@testable import HALLinux

@Suite("How long a Modbus line is held, and by whom", .serialized)
struct ModbusPatienceTests {
  /// A byte within each pause that the line allows, so that none is missed by itself.
  private static let drip: Duration = .milliseconds(40)

  private static var settings: ModbusLineSettings {
    var settings = ModbusBench.settings
    settings.byteTimeout = .milliseconds(60)
    return settings
  }

  @Test("An exchange has one limit for its whole answer: bytes that drip are no answer in time")
  func wholeAnswer() throws {
    let bench = try ModbusBench([makeSchneider(7)])
    let link = try ModbusLink(bench.serial, Self.settings)
    #expect(try link.read(.holding, device: 7, address: 0x0BB7, count: 60).count == 60)
    bench.front.withSlave(7) { $0.set(.slowBytes(Self.drip)) }
    #expect(throws: ModbusError.timeout) { try link.read(.holding, device: 7, address: 0x0BB7, count: 60) }
  }

  @Test("Over TCP too, and a peer that goes on dripping is given up with its connection")
  func wholeAnswerOverTCP() throws {
    let front = try ModbusFront([makeSchneider(7)], port: 0)
    let link = try ModbusLink(.tcp(host: "127.0.0.1", port: try #require(front.port)), Self.settings)
    #expect(try link.read(.holding, device: 7, address: 0x0BB7, count: 60).count == 60)
    front.withSlave(7) { $0.set(.slowBytes(Self.drip)) }
    #expect(throws: ModbusError.timeout) { try link.read(.holding, device: 7, address: 0x0BB7, count: 60) }
    #expect(throws: ModbusError.lineLost(EMSGSIZE)) {
      try link.read(.holding, device: 7, address: 0x0BB7, count: 60)
    }
  }

  @Test("A long answer at a slow rate is given the time that its bytes take")
  func slowRate() {
    var settings = ModbusEndpoint.SerialSettings(device: "/dev/null", baudRate: 1_200)
    #expect(ModbusEndpoint.serial(settings).wireTime(bytes: 240) == .milliseconds(2_200))
    settings.baudRate = 921_600
    #expect(ModbusEndpoint.serial(settings).wireTime(bytes: 240) < .milliseconds(3))
    #expect(ModbusEndpoint.tcp(host: "meter", port: 502).wireTime(bytes: 240) == .zero)
  }

  @Test("A device whose bytes drip is silent, and the one beside it is read more often than that one is asked")
  func dripping() throws {
    let bench = try ModbusBench([makeSchneider(7), makeSchneider(8)])
    let bus = try bench.makeBus(Self.settings)
    let drips = ModbusEnergyMeter(on: bus, map: .schneider(), polling: .test(8))
    let healthy = ModbusEnergyMeter(on: bus, map: .schneider(), polling: .patient(7))
    let meters = [drips, healthy]
    #expect(serve(meters) { meters.allSatisfy { $0.latest != nil } })
    bench.front.withSlave(8) { $0.set(.slowBytes(Self.drip)) }
    #expect(serve(meters) { drips.health != .alive })
    let asked = bench.requests(8)
    var times: [MonotonicInstant] = []
    #expect(
      serve(meters) {
        if let taken = healthy.latest?.takenAt, times.last != taken { times.append(taken) }
        return times.count >= 10
      })
    #expect(bench.requests(8) - asked < 10)
    #expect(healthy.health == .alive)
    #expect(bench.told.all.count == 1 && bench.told.all[0].contains(" device 8: "), "\(bench.told.all)")
  }

  @Test("A meter that did not answer is left alone for as long as its answer may still come")
  func lateAnswer() throws {
    let bench = try ModbusBench([makeSchneider(1), makeSchneider(2)])
    var settings = ModbusBench.settings
    settings.responseTimeout = .milliseconds(400)
    let bus = try bench.makeBus(settings)
    bench.front.withSlave(1) { $0.set(.silent) }
    let meters = [UInt8(1), 2].map { ModbusEnergyMeter(on: bus, map: .schneider(), polling: .patient($0)) }
    // While its turn comes with each exchange of the others, they get one request between two of its own.
    var last: (silent: UInt64, other: UInt64)?
    #expect(
      serve(meters) {
        let silent = bench.requests(1)
        let other = bench.requests(2)
        // All within the attempts of one reading, before attempts become rare.
        guard silent <= 20, last?.silent != silent else { return false }
        defer { last = (silent, other) }
        guard let last, silent == last.silent + 1 else { return false }
        return other - last.other >= 6
      })
  }

  // MARK: What lies between a line and the control lane

  @Test("A line's thread that looks for requests never keeps a reading from the control lane")
  func readingBesideRequests() {
    let mailbox = MeterMailbox()
    let isOver = Over()
    let looking = Thread {
      while !isOver.value { _ = mailbox.takeRequest() }
    }
    var missed = 0
    for _ in 0..<20_000 {
      mailbox.post(MeterReading(takenAt: .zero))
      if mailbox.takeReading() == nil { missed += 1 }
    }
    isOver.set()
    looking.join()
    #expect(missed == 0)
  }

  @Test("A request is rung for when the line has taken it, for a reading may have come meanwhile")
  func ringsForRequests() {
    let mailbox = MeterMailbox()
    let request = SignedReadingRequest(number: 1, context: .transactionBegin, identification: "X", unixSeconds: 0)
    #expect(mailbox.ask(MeterMailbox.Question(request: request, delivered: nil, until: .zero)))
    #expect(mailbox.takeRequest() != nil)
    #expect(mailbox.takeRequest() == nil)
    #expect(linux_eventfd_take(mailbox.descriptor) == 1)
  }

  @Test("A request to sign that was given up while the line was away is not given to the meter when it is back")
  func forgottenRequest() throws {
    let bench = try ModbusBench([SimulatedMeterType.iskraWM3M4C.makeSlave(number: 33)])
    let meter = IskraSigningMeter(
      on: try bench.makeBus(), map: .iskra(), polling: .patient(33, silentAfter: .seconds(60)),
      signingTimeout: .milliseconds(500))
    #expect(serve([meter]) { meter.latest != nil })
    bench.front.setPluggedIn(false)
    #expect(serve([meter]) { bench.told.all.contains { $0.contains("the line is lost") } })
    #expect(
      serve([meter]) {
        meter.requestSignedReading(
          SignedReadingRequest(
            number: 1, context: .transactionBegin, identification: "X", unixSeconds: 1_790_000_000))
      })
    var answer: SignedReadingAnswer?
    #expect(
      serve([meter]) {
        answer = meter.takeSignedReading()
        return answer != nil
      })
    #expect(answer == .failed(number: 1, .timedOut))
    bench.front.setPluggedIn(true)
    let back = ModbusBench.now
    #expect(serve([meter]) { (meter.latest?.takenAt ?? .zero) > back })
    let asked = bench.requests(33)
    #expect(serve([meter]) { bench.requests(33) > asked + 20 })
    #expect(bench.front.withSlave(33) { $0.writes.isEmpty && $0.iskra?.state == 0 } == true)
  }
}

/// Set once, seen by another thread.
private final class Over: Sendable {
  private let isSet = ToldTexts()
  var value: Bool { !isSet.all.isEmpty }
  func set() { isSet.add("over") }
}

/// A thread beside the test's.
private final class Thread {
  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private var made = pthread_t()

  init(_ body: @escaping @Sendable () -> Void) {
    let context = Unmanaged.passRetained(Work(body))
    pthread_create(
      &made, nil,
      { context in
        if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, context.toOpaque())
  }

  func join() { pthread_join(made, nil) }
}

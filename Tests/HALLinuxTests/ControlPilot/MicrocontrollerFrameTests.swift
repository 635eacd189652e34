import ChargerBase
import Foundation
import HAL
import HALConformance
import SimulatedPeripherals
import Testing

@testable import HALLinux

/// Frames against `schema/pilot-mcu.md`: the document's examples, and what no document foresees.
@Suite("Frames of the pilot MCU's protocol")
struct MicrocontrollerFrameTests {
  /// The examples by their names: body and line.
  private static func examples() throws -> [String: (body: [UInt8], line: [UInt8])] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../schema/pilot-mcu.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    var found: [String: (body: [UInt8], line: [UInt8])] = [:]
    var name = ""
    for line in text.components(separatedBy: "## Examples").last?.split(separator: "\n") ?? [] {
      let words = line.split(separator: " ")
      if let first = words.first, first.hasSuffix(","), first.dropLast().allSatisfy(\.isUppercase) {
        name = String(first.dropLast())
      }
      let bytes = words.dropFirst().compactMap { UInt8($0, radix: 16) }
      if words.first == "body" { found[name] = (bytes, []) }
      if words.first == "line" { found[name]?.line = bytes }
    }
    return found
  }

  @Test("The checksum is the one that the document names")
  func checksum() {
    #expect(MicrocontrollerFrame.checksum(Array("123456789".utf8), count: 9) == 0x29B1)
  }

  @Test("The document's examples are read as what they say, body and line")
  func examplesAreRead() throws {
    let examples = try Self.examples()
    #expect(examples.keys.sorted() == ["COMMAND", "HELLO", "IDENTITY", "STATUS"])
    for (name, example) in examples {
      let count = example.body.count
      let payload = Array(example.body[3..<count - 2])
      let sequence = UInt16(example.body[1]) | UInt16(example.body[2]) << 8
      #expect(PilotTestFrames.body(example.body[0], sequence, payload) == example.body, "\(name)")
      #expect(PilotTestFrames.encode(example.body[0], sequence, payload) == example.line, "\(name)")
      var parser = MicrocontrollerFrameParser()
      #expect(example.line.map { parser.take($0) }.filter { $0 }.count == 1, "\(name)")
      #expect(parser.kind == example.body[0] && parser.sequence == sequence)
      #expect((0..<parser.payloadCount).map { parser.byte($0) } == payload)
    }
  }

  @Test("The station sends the document's HELLO and COMMAND, and reads its IDENTITY and STATUS")
  func stationSide() throws {
    let examples = try Self.examples()
    let line = MemoryLine()
    let link = MicrocontrollerLink(
      MicrocontrollerLink.Configuration(port: "memory"), line: line, firstGreeting: 0x0402)
    let pilot = MicrocontrollerPilot(link, connector: 1)
    let contactor = MicrocontrollerContactor(link, connector: 1)
    let temperatures = (1...2).map { MicrocontrollerTemperature(link, connector: 1, sensor: $0) }
    let proximity = MicrocontrollerProximity(link, connector: 1)
    pilot.apply(.pulseWidth(DutyCycle(hundredthsOfPercent: 2_666)))
    var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    pilot.service(at: now)
    #expect(line.takeForDevice() == examples["HELLO"]?.line)
    line.toStation += examples["IDENTITY"]?.line ?? []
    pilot.service(at: now)
    let identity = try #require(link.identity)
    #expect(identity.boot == 258 && identity.session == 0x0201 && identity.resetReason == .powerOn)
    #expect(identity.deadMan == .milliseconds(360) && identity.firmware == "1.4.0")
    #expect(identity.parts == [.auxiliaryContact, .lock, .proximity, .residualCurrent])
    _ = line.takeForDevice()
    // The example's command is the second frame; here the first command after the greeting was it, and open.
    line.toStation += examples["STATUS"]?.line ?? []
    now = now + .milliseconds(10)
    pilot.service(at: now)
    #expect(pilot.measurement?.positivePeak == Voltage(millivolts: 5_980))
    #expect(pilot.measurement?.negativePeak == Voltage(millivolts: -11_950))
    #expect(contactor.feedback?.position == .closed)
    #expect(proximity.measurement?.resistance == Resistance(ohms: 220))
    #expect(temperatures[0].reading?.temperature == Temperature(thousandths: 31_200))
    #expect(temperatures[1].reading == nil)
    contactor.command(.closed)
    let sent = line.takeForDevice()
    var parser = MicrocontrollerFrameParser()
    #expect(sent.contains { parser.take($0) })
    var expected = try #require(examples["COMMAND"]).body
    expected[1] = UInt8(parser.sequence)
    #expect((0..<parser.payloadCount).map { parser.byte($0) } == Array(expected[3..<expected.count - 2]))
  }

  @Test("The MCU's side reads the document's HELLO and obeys its COMMAND")
  func deviceSide() throws {
    let examples = try Self.examples()
    var mcu = PilotMicrocontroller()
    mcu.sensed[0].positivePeakMillivolts = 6_000
    let now = MonotonicInstant(nanoseconds: 1_000_000)
    mcu.receive(try #require(examples["HELLO"]).line, at: now)
    #expect(mcu.hasSession)
    // The example's session is 0x0201: its second boot's first.
    mcu = PilotMicrocontroller()
    mcu.sensed[0].positivePeakMillivolts = 6_000
    mcu.reset(.powerOn, at: now)
    mcu.receive(try #require(examples["HELLO"]).line, at: now)
    mcu.receive(try #require(examples["COMMAND"]).line, at: now)
    #expect(mcu.driven[0].pilot == .pulseWidth(2_666) && mcu.driven[0].isCoilOn)
    // The same once more, and one with a flipped bit: nothing more is obeyed.
    mcu.receive(try #require(examples["COMMAND"]).line, at: now)
    #expect(mcu.commands == 1)
    var damaged = try #require(examples["COMMAND"]).line
    damaged[9] ^= 0x04
    mcu.receive(damaged, at: now)
    #expect(mcu.commands == 1 && mcu.badFrames == 1)
  }

  @Test("Every single flipped bit of a frame is found")
  func everyBit() {
    let good = PilotTestFrames.encode(0x82, 0x0100, [1, 0, 0, 7, 255, 0, 3])
    for index in good.indices {
      for bit in 0..<8 {
        var bad = good
        bad[index] ^= 1 << bit
        var parser = MicrocontrollerFrameParser()
        let taken = (bad + [0]).filter { parser.take($0) }.count
        // A flipped delimiter in front only joins what came before.
        #expect(taken == 0 || index == 0 || index == good.count - 1, "byte \(index), bit \(bit)")
      }
    }
  }

  @Test("After any rubbish the next good frame is found")
  func resynchronises() {
    var random = Fuzz(seed: 1)
    var parser = MicrocontrollerFrameParser()
    for round in 0..<3_000 {
      for _ in 0..<random.below(300) { _ = parser.take(random.byte()) }
      // A delimiter may end the rubbish; the frame's own first one does it otherwise.
      let payload = (0..<random.below(91)).map { _ in random.byte() }
      let frame = PilotTestFrames.encode(0x82, UInt16(truncatingIfNeeded: round), payload)
      let found = frame.filter { parser.take($0) }.count
      #expect(found == 1 && parser.payloadCount == payload.count, "round \(round)")
    }
  }

  @Test("Rubbish, and frames with a good checksum and rubbish in them, trap nothing and close nothing")
  func fuzz() {
    var random = Fuzz(seed: 7)
    for _ in 0..<200 {
      let rig = MemoryRig()
      let pilot = MicrocontrollerPilot(rig.link, connector: 1)
      let contactor = MicrocontrollerContactor(rig.link, connector: 8)
      let temperature = MicrocontrollerTemperature(rig.link, connector: 1, sensor: 8)
      var machine = PilotMicrocontroller()
      machine.sensed[0].positivePeakMillivolts = 6_000
      var now = rig.now
      for _ in 0..<60 {
        let kind = [0x01, 0x02, 0x81, 0x82, random.byte()][random.below(5)]
        var payload = (0..<random.below(92)).map { _ in random.byte() }
        // Often plausible in front, so that what lies behind is reached.
        if random.below(2) == 0, !payload.isEmpty {
          payload[0] = kind & 0x80 != 0 && kind & 1 == 1 ? 1 : UInt8(random.below(9))
        }
        let bytes =
          random.below(3) == 0
          ? (0..<random.below(200)).map { _ in random.byte() }
          : PilotTestFrames.encode(kind, UInt16(random.below(65_536)), payload)
        rig.line.toStation += bytes
        machine.receive(bytes, at: now)
        _ = machine.advance(to: now)
        now = now + .milliseconds(Int64(random.below(80)))
        pilot.service(at: now)
        contactor.service(at: now)
        contactor.command(.closed)
        _ = (pilot.measurement, contactor.feedback, temperature.reading, pilot.health)
        if let peak = pilot.measurement?.positivePeak { #expect(abs(peak.millivolts) <= 15_000) }
      }
      // Somebody may have guessed a session; without its number nothing closes.
      #expect(!machine.driven[0].isCoilOn || machine.hasSession)
    }
  }

  @Test("The MCU's clock: what waited on the way is told as old as it is, also over the counter's end")
  func clock() {
    var clock = MicrocontrollerClock()
    let start = MonotonicInstant(nanoseconds: 5_000_000_000)
    var microseconds = UInt32.max - 20_000
    #expect(clock.instant(microseconds, arrivedAt: start) == start)
    for step in 1...5 {
      microseconds &+= 50_000
      let now = start + .milliseconds(Int64(50 * step))
      #expect(clock.instant(microseconds, arrivedAt: now) == now)
    }
    microseconds &+= 50_000
    let late = start + .milliseconds(300 + 700)
    let measured = clock.instant(microseconds, arrivedAt: late) ?? .zero
    #expect(late - measured > .milliseconds(699) && late - measured <= .milliseconds(700))
  }

  @Test(
    "The MCU's clock leaps: of that one frame nothing is taken, and the next is as fresh as it is",
    arguments: [-2_000_000_000, -1_500_000, 1_500_000, 2_000_000_000] as [Int32])
  func leap(leap: Int32) {
    var clock = MicrocontrollerClock()
    var now = MonotonicInstant(nanoseconds: 5_000_000_000)
    var microseconds: UInt32 = 77
    #expect(clock.instant(microseconds, arrivedAt: now) == now)
    microseconds &+= UInt32(bitPattern: leap)
    now = now + .milliseconds(50)
    #expect(clock.instant(microseconds, arrivedAt: now) == nil)
    microseconds &+= 50_000
    now = now + .milliseconds(50)
    #expect(clock.instant(microseconds, arrivedAt: now) == now)
    // What waits for long on the way is old, and no leap.
    microseconds &+= 50_000
    now = now + .seconds(20)
    let measured = clock.instant(microseconds, arrivedAt: now) ?? .distantFuture
    #expect(now - measured > .milliseconds(19_900))
  }
}

/// Numbers that look random and are the same in every run.
struct Fuzz {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next() >> 24) }
  mutating func below(_ limit: Int) -> Int { Int((next() >> 16) % UInt64(max(1, limit))) }
}

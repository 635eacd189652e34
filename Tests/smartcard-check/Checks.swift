import ChargerBase
import Glibc
import HAL
import HALConformance
import HALLinux
import SimulatedPeripherals

/// The reader's driver on the real pcscd: hands on its daemon and on the card.
final class CardBench: StationLaneRig {
  let daemon: CardDaemon
  private var held: CardHost?

  init(_ daemon: CardDaemon) { self.daemon = daemon }

  deinit { held?.remove() }

  var now: MonotonicInstant { smartcard_check.now() }
  func wait(_ duration: Duration) { usleep(UInt32(clamping: duration.wholeMilliseconds * 1_000)) }
  /// pcscd polls this reader every 400 ms.
  var slack: Duration { .seconds(2) }
  var readerName: String { "left" }
  var evse: EVSEID { EVSEID(1) }

  func makeReader() throws -> any TokenReader {
    held?.remove()
    held = nil
    wait(.seconds(1))
    return reader()
  }

  func reader(
    _ device: String = "Virtual RFID 00 00", rules: SmartCardRules = SmartCardRules(),
    commands: SmartCardCommands = SmartCardCommands()
  ) -> SmartCardReader {
    SmartCardReader(
      name: readerName,
      configuration: SmartCardReaderConfiguration(
        device: device, rules: rules, commands: commands, silentAfter: .milliseconds(500)))
  }

  func lay(_ card: VirtualCard, slot: UInt16 = 0) throws -> CardHost {
    guard let host = CardHost(card, port: daemon.port + slot) else { throw CheckFailure("nobody listens for a card") }
    return host
  }

  private func card(_ token: PresentedToken) -> VirtualCard {
    var digits = token.value[...]
    var uid: [UInt8] = []
    while digits.count >= 2 {
      uid.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
      digits = digits.dropFirst(2)
    }
    return VirtualCard(uid: uid, kind: token.kind == .iso15693 ? .iso15693 : .iso14443)
  }

  func present(_ token: PresentedToken) throws {
    let host = try lay(card(token))
    _ = eventually(within: .seconds(4)) { host.commandCount > 0 }
    wait(.milliseconds(200))
    host.remove()
    wait(.seconds(1))
  }

  func hold(_ token: PresentedToken) throws { held = try lay(card(token)) }
  func setReaderSilent(_ isSilent: Bool) throws { if isSilent { daemon.stop() } else { try daemon.start() } }
  func makeLight() throws -> any IndicatorLight { throw ConformanceViolation("a reader has no status light") }
  func lightSeen() throws -> LightPattern? { nil }
  func makeDisplay() throws -> any DriverDisplay { throw ConformanceViolation("a reader has no display") }
  func linesSeen(_ evse: EVSEID?) throws -> [String] { [] }

  /// What comes from a reader until so many tokens are there.
  func tokens(_ reader: SmartCardReader, _ count: Int, within limit: Duration = .seconds(15)) -> [String] {
    var seen: [String] = []
    _ = eventually(within: limit) {
      seen += reader.takePresentedTokens().map { "\($0.kind.rawValue) \($0.value)" }
      return seen.count >= count
    }
    return seen
  }

  func expect(_ seen: [String], _ expected: [String]) throws {
    guard seen == expected else { throw CheckFailure("\(seen) instead of \(expected)") }
  }
}

/// One check on the real daemon.
struct Check: Sendable {
  let title: String
  let run: @Sendable (CardBench) throws -> Void

  static let all: [Check] = conformance + own

  /// Filling the reader's queue would take a minute at vpcd's pace; the unit tests have it.
  private static let conformance = StationLaneSuite.checks.filter {
    ($0.obligation.hasPrefix("StationLaneDriver") || $0.obligation.hasPrefix("TokenReader"))
      && !$0.title.contains("at most 16")
  }.map { check in Check(title: "\(check)") { try check.run($0) } }

  private static let own: [Check] = [
    Check(title: "UIDs of 4, 7 and 10 bytes and an ISO 15693 tag") { bench in
      let reader = started(bench.reader(rules: SmartCardRules(reversesISO15693: true)), bench)
      defer { reader.stop() }
      var expected: [String] = []
      for uid in ["04A1B2C3", "04A1B2C3D4E580", "04A1B2C3D4E5F6071829"] {
        try bench.present(PresentedToken(value: uid, kind: .iso14443))
        expected.append("ISO14443 \(uid)")
      }
      try show(VirtualCard(uid: [0x78, 0x56, 0x34, 0x12, 0x00, 0x01, 0x04, 0xE0], kind: .iso15693), bench)
      expected.append("ISO15693 E004010012345678")
      try bench.expect(bench.tokens(reader, 4), expected)
    },
    Check(title: "faulty answers give no token, and the next card works") { bench in
      let reader = started(bench.reader(), bench)
      defer { reader.stop() }
      let faults: [VirtualCard.Fault] = [.statusWord(0x6300), .statusWord(0x6A81), .shortUID(2), .closesDuringCommand]
      for fault in faults { try show(VirtualCard(uid: [1, 2, 3, 4], fault: fault), bench) }
      try show(VirtualCard(uid: [1, 2, 3, 4], kind: .feliCa), bench)
      try show(VirtualCard(uid: [5, 6, 7, 8]), bench)
      try bench.expect(bench.tokens(reader, 1), ["ISO14443 05060708"])
    },
    Check(title: "a slow card is read, and nobody waits for it") { bench in
      let reader = started(bench.reader(), bench)
      defer { reader.stop() }
      let host = try bench.lay(VirtualCard(uid: [1, 2, 3, 4], fault: .delay(.milliseconds(1_500))))
      defer { host.remove() }
      try bench.expect(bench.tokens(reader, 1), ["ISO14443 01020304"])
    },
    Check(title: "a card that never answers is told as silence; taken away, the reader is alive again") { bench in
      let reader = started(bench.reader(), bench)
      defer { reader.stop() }
      let host = try bench.lay(VirtualCard(uid: [1, 2, 3, 4], fault: .silent))
      guard eventually({ reader.health != .alive }) else { throw CheckFailure("its silence is not told") }
      host.remove()
      guard eventually({ reader.health == .alive }) else { throw CheckFailure("it does not come back") }
      bench.wait(.seconds(1))
      try show(VirtualCard(uid: [5, 6, 7, 8]), bench)
      try bench.expect(bench.tokens(reader, 1), ["ISO14443 05060708"])
    },
    Check(title: "pcscd is killed and started again: silence, life, and the next card") { bench in
      let reader = started(bench.reader(), bench)
      defer { reader.stop() }
      try show(VirtualCard(uid: [1, 2, 3, 4]), bench)
      try bench.expect(bench.tokens(reader, 1), ["ISO14443 01020304"])
      bench.daemon.stop(SIGKILL)
      guard eventually({ reader.health != .alive }) else { throw CheckFailure("its silence is not told") }
      try bench.daemon.start()
      guard eventually({ reader.health == .alive }) else { throw CheckFailure("it does not come back") }
      bench.wait(.seconds(1))
      try show(VirtualCard(uid: [5, 6, 7, 8]), bench)
      try bench.expect(bench.tokens(reader, 1), ["ISO14443 05060708"])
    },
    Check(title: "two readers at once, each with its own cards") { bench in
      let left = started(bench.reader(CardDaemon.slots[0]), bench)
      let right = started(bench.reader(CardDaemon.slots[1]), bench)
      defer {
        left.stop()
        right.stop()
      }
      let hosts = [
        try bench.lay(VirtualCard(uid: [1, 2, 3, 4]), slot: 0), try bench.lay(VirtualCard(uid: [5, 6, 7, 8]), slot: 1),
      ]
      defer { for host in hosts { host.remove() } }
      try bench.expect(bench.tokens(left, 1), ["ISO14443 01020304"])
      try bench.expect(bench.tokens(right, 1), ["ISO14443 05060708"])
    },
    Check(title: "orders to lamps and buzzer reach the reader through the card's connection") { bench in
      let commands = SmartCardCommands(presented: [[0xFF, 0x00, 0x40, 0x0E, 0x04, 1, 0, 1, 1]], channel: .transmit)
      let reader = started(bench.reader(commands: commands), bench)
      defer { reader.stop() }
      let host = try bench.lay(VirtualCard(uid: [1, 2, 3, 4]))
      defer { host.remove() }
      try bench.expect(bench.tokens(reader, 1), ["ISO14443 01020304"])
      guard eventually({ host.commandCount == 2 }) else { throw CheckFailure("the order did not come") }
    },
  ]

  private static func started(_ reader: SmartCardReader, _ bench: CardBench) -> SmartCardReader {
    bench.wait(.seconds(1))
    reader.start {}
    bench.wait(.milliseconds(300))
    return reader
  }

  private static func show(_ card: VirtualCard, _ bench: CardBench) throws {
    let host = try bench.lay(card)
    // A card that is not asked for its UID has its time all the same.
    _ = eventually(within: .seconds(2)) { host.commandCount > 0 }
    bench.wait(.milliseconds(300))
    host.remove()
    bench.wait(.seconds(1))
  }
}

import CLinux
import ChargerBase
import Glibc
import HAL
import HALConformance
import SimulatedPeripherals
import Synchronization
import Testing

@testable import HALLinux

private let name = "ACS ACR122U PICC Interface 00 00"

private final class SmartCardRig: StationLaneRig {
  private let daemon = FakeCardDaemon(name)

  var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }
  func wait(_ duration: Duration) { usleep(UInt32(clamping: duration.wholeMilliseconds * 1_000)) }
  var slack: Duration { .seconds(2) }
  var readerName: String { "left" }
  var evse: EVSEID { EVSEID(1) }

  func makeReader() throws -> any TokenReader {
    let configuration = SmartCardReaderConfiguration(device: "ACS ACR122U", silentAfter: .milliseconds(200))
    let daemon = self.daemon
    return SmartCardReader(name: readerName, configuration: configuration) { FakeCardService(daemon) }
  }

  private func card(_ token: PresentedToken) throws -> VirtualCard {
    let uid = try HALConformance.require(Hexadecimal.bytes(token.value), "a UID in hexadecimal digits")
    return VirtualCard(uid: uid, kind: token.kind == .iso15693 ? .iso15693 : .iso14443)
  }

  func present(_ token: PresentedToken) throws {
    try HALConformance.require(daemon.present(try card(token), on: name), "the driver deals with the card")
  }

  func hold(_ token: PresentedToken) throws { daemon.put(try card(token), on: name) }
  func setReaderSilent(_ isSilent: Bool) throws { isSilent ? daemon.unplug(name) : daemon.plug(name) }
  func makeLight() throws -> any IndicatorLight { throw ConformanceViolation("a reader has no status light") }
  func lightSeen() throws -> LightPattern? { nil }
  func makeDisplay() throws -> any DriverDisplay { throw ConformanceViolation("a reader has no display") }
  func linesSeen(_ evse: EVSEID?) throws -> [String] { [] }
}

@Suite("Card reader behind PC/SC", .serialized)
struct SmartCardReaderTests {
  private let daemon = FakeCardDaemon(name)

  private func start(
    _ configuration: SmartCardReaderConfiguration = SmartCardReaderConfiguration(device: "ACS ACR122U")
  ) -> SmartCardReader {
    let daemon = self.daemon
    let reader = SmartCardReader(name: "left", configuration: configuration) { FakeCardService(daemon) }
    reader.start {}
    return reader
  }

  /// What the reader gives out until so many presentations have come.
  private func tokens(_ reader: SmartCardReader, _ count: Int) -> [String] {
    var seen: [String] = []
    _ = eventually {
      seen += reader.takePresentedTokens().map { "\($0.kind.rawValue) \($0.value)" }
      return seen.count >= count
    }
    return seen
  }

  @Test(
    "The obligations of StationLaneDriver and TokenReader",
    arguments: StationLaneSuite.checks.filter {
      $0.obligation.hasPrefix("StationLaneDriver") || $0.obligation.hasPrefix("TokenReader")
    })
  func conformance(check: ConformanceCheck<any StationLaneRig>) throws { try check.run(SmartCardRig()) }

  @Test("Of several readers the one with the profile's name serves, an exact name before a beginning")
  func choosesByName() {
    daemon.plug("ACS ACR122U")
    let exact = start()
    let other = start(SmartCardReaderConfiguration(device: "ACS ACR122U PICC"))
    defer {
      exact.stop()
      other.stop()
    }
    #expect(daemon.settle(name) && daemon.settle("ACS ACR122U"))
    #expect(daemon.present(VirtualCard(uid: [1, 2, 3, 4]), on: name))
    #expect(daemon.present(VirtualCard(uid: [5, 6, 7, 8]), on: "ACS ACR122U"))
    #expect(tokens(other, 1) == ["ISO14443 01020304"])
    #expect(tokens(exact, 1) == ["ISO14443 05060708"])
  }

  @Test("Readers of one kind are told apart by their serial numbers, asked for or in pcscd's name")
  func choosesBySerialNumber() {
    daemon.plug("ACS ACR122U PICC Interface 01 00", serialNumber: "RR-2")
    daemon.plug("ACS ACR122U (RR-3) 02 00")
    let second = start(SmartCardReaderConfiguration(device: "ACS", serialNumber: "RR-2"))
    let third = start(SmartCardReaderConfiguration(device: "ACS", serialNumber: "RR-3"))
    defer {
      second.stop()
      third.stop()
    }
    #expect(daemon.settle("ACS ACR122U PICC Interface 01 00") && daemon.settle("ACS ACR122U (RR-3) 02 00"))
    #expect(daemon.present(VirtualCard(uid: [1, 2, 3, 4]), on: "ACS ACR122U PICC Interface 01 00"))
    #expect(daemon.present(VirtualCard(uid: [5, 6, 7, 8]), on: "ACS ACR122U (RR-3) 02 00"))
    #expect(tokens(second, 1) == ["ISO14443 01020304"])
    #expect(tokens(third, 1) == ["ISO14443 05060708"])
  }

  @Test("A reader that is plugged in later serves, and one that vanishes is told as silent")
  func hotPlug() {
    daemon.unplug(name)
    let reader = start(SmartCardReaderConfiguration(device: "ACS", silentAfter: .milliseconds(50)))
    defer { reader.stop() }
    #expect(eventually { reader.health != .alive })
    daemon.plug(name)
    #expect(eventually { reader.health == .alive })
    #expect(daemon.settle(name) && daemon.present(VirtualCard(uid: [1, 2, 3, 4]), on: name))
    #expect(tokens(reader, 1) == ["ISO14443 01020304"])
    daemon.unplug(name)
    #expect(eventually { reader.health != .alive })
  }

  @Test("pcscd that is started anew is found again: the card that stays is no presentation, another one is")
  func serviceRestarts() {
    let reader = start(SmartCardReaderConfiguration(device: "ACS", silentAfter: .milliseconds(50)))
    defer { reader.stop() }
    #expect(daemon.settle(name))
    daemon.put(VirtualCard(uid: [1, 2, 3, 4]), on: name)
    #expect(daemon.settle(name))
    #expect(tokens(reader, 1) == ["ISO14443 01020304"])
    daemon.setRunning(false)
    #expect(eventually { reader.health != .alive })
    daemon.setRunning(true)
    #expect(eventually { reader.health == .alive })
    #expect(daemon.settle(name))
    #expect(reader.takePresentedTokens().isEmpty)
    #expect(daemon.present(VirtualCard(uid: [5, 6, 7, 8]), on: name))
    #expect(tokens(reader, 1) == ["ISO14443 05060708"])
  }

  @Test("A card that lies on the reader when the program starts is no presentation until it was taken away")
  func cardAtStart() {
    daemon.put(VirtualCard(uid: [1, 2, 3, 4]), on: name)
    let reader = start(
      SmartCardReaderConfiguration(device: "ACS", rules: SmartCardRules(debounce: .zero)))
    defer { reader.stop() }
    #expect(eventually { self.daemon.reader(name).commands.count == 1 })
    #expect(daemon.settle(name))
    #expect(reader.takePresentedTokens().isEmpty)
    daemon.put(nil, on: name)
    #expect(daemon.settle(name) && daemon.present(VirtualCard(uid: [1, 2, 3, 4]), on: name))
    #expect(tokens(reader, 1) == ["ISO14443 01020304"])
  }

  @Test("A card of unknown kind is refused or its UID is tried, as the profile says", arguments: [true, false])
  func unknownCard(isTried: Bool) {
    let rules = SmartCardRules(unknownCards: isTried ? .iso14443 : nil)
    let reader = start(SmartCardReaderConfiguration(device: "ACS", rules: rules))
    defer { reader.stop() }
    #expect(daemon.settle(name))
    #expect(daemon.present(VirtualCard(uid: [1, 2, 3, 4], kind: .contacts), on: name))
    #expect(daemon.reader(name).commands.isEmpty == !isTried)
    #expect(reader.counters.refused == (isTried ? 0 : 1))
    #expect(reader.takePresentedTokens().map(\.value) == (isTried ? ["01020304"] : []))
  }

  @Test(
    "A card that answers wrongly gives no token, is tried as often as the profile says, and the next one works",
    arguments: [
      VirtualCard.Fault.statusWord(0x6300), .statusWord(0x6A81), .shortUID(3), .shortUID(0), .tornAnswer, .mute,
    ])
  func faultyCard(fault: VirtualCard.Fault) {
    let reader = start(SmartCardReaderConfiguration(device: "ACS", rules: SmartCardRules(readAttempts: 2)))
    defer { reader.stop() }
    #expect(daemon.settle(name))
    #expect(daemon.present(VirtualCard(uid: [1, 2, 3, 4], fault: fault), on: name))
    #expect(daemon.reader(name).commands.count == (fault == .mute ? 0 : 2))
    #expect(reader.counters.refused == 1)
    #expect(daemon.present(VirtualCard(uid: [5, 6, 7, 8]), on: name))
    #expect(tokens(reader, 1) == ["ISO14443 05060708"])
  }

  @Test("A card that is torn away while it is read gives no token, and is read when it comes back")
  func tornAway() {
    let reader = start()
    defer { reader.stop() }
    #expect(daemon.settle(name))
    daemon.put(VirtualCard(uid: [1, 2, 3, 4], fault: .closesDuringCommand), on: name)
    #expect(eventually { self.daemon.reader(name).card == nil })
    #expect(daemon.settle(name))
    #expect(daemon.present(VirtualCard(uid: [1, 2, 3, 4]), on: name))
    #expect(tokens(reader, 1) == ["ISO14443 01020304"])
  }

  @Test("Buzzer and lamps: commands when the reader is found, when a card was read and when one is refused")
  func escapes() {
    let commands = SmartCardCommands(
      start: [[0xFF, 0x00, 0x52, 0x00, 0x00]], presented: [[0xFF, 0x00, 0x40, 0x0E]],
      refused: [[0xFF, 0x00, 0x40, 0x0D]])
    let reader = start(SmartCardReaderConfiguration(device: "ACS", commands: commands))
    defer { reader.stop() }
    #expect(daemon.settle(name))
    #expect(daemon.present(VirtualCard(uid: [1, 2, 3, 4]), on: name))
    #expect(daemon.present(VirtualCard(uid: [1, 2, 3, 4], kind: .feliCa), on: name))
    #expect(daemon.reader(name).escapes == commands.start + commands.presented + commands.refused)
    #expect(daemon.reader(name).controlCode == 0x4200_0001)
  }

  @Test("Commands can go through the card's connection, where the reader answers in its place")
  func pseudoCommands() {
    let commands = SmartCardCommands(presented: [[0xFF, 0x00, 0x40, 0x0E]], channel: .transmit)
    let reader = start(SmartCardReaderConfiguration(device: "ACS", commands: commands))
    defer { reader.stop() }
    #expect(daemon.settle(name))
    #expect(daemon.present(VirtualCard(uid: [1, 2, 3, 4]), on: name))
    #expect(daemon.reader(name).commands == [SmartCardUID.command] + commands.presented)
  }

  @Test("A call that hangs is told as silence, holds nobody up, and ends with it")
  func hangingCall() {
    let reader = start(SmartCardReaderConfiguration(device: "ACS", silentAfter: .milliseconds(10)))
    #expect(daemon.settle(name))
    daemon.with { $0.holdsCalls = true }
    daemon.put(VirtualCard(uid: [1, 2, 3, 4]), on: name)
    #expect(eventually { reader.health != .alive })
    daemon.with { $0.holdsCalls = false }
    #expect(eventually { reader.health == .alive })
    #expect(tokens(reader, 1) == ["ISO14443 01020304"])
    reader.stop()
    #expect(eventually { self.daemon.with { $0.contexts } == 0 })
  }

  @Test(
    "A daemon that stands still without a word is told as silence, in whichever call, and served again when it goes on",
    arguments: FakeCardDaemon.Call.allCases)
  func standingDaemon(call: FakeCardDaemon.Call) {
    daemon.with { $0.held = call }
    let reader = start(SmartCardReaderConfiguration(device: "ACS", silentAfter: .milliseconds(10)))
    #expect(eventually { reader.health != .alive })
    daemon.with { $0.held = nil }
    #expect(eventually { reader.health == .alive } && daemon.settle(name))
    #expect(daemon.present(VirtualCard(uid: [1, 2, 3, 4]), on: name))
    #expect(tokens(reader, 1) == ["ISO14443 01020304"])
    reader.stop()
    #expect(eventually { self.daemon.with { $0.contexts } == 0 })
  }

  @Test("Stopped, it lets go of its context; started again it works")
  func startsAgain() {
    let reader = start()
    #expect(daemon.settle(name))
    reader.stop()
    #expect(eventually { self.daemon.with { $0.contexts } == 0 })
    reader.start {}
    defer { reader.stop() }
    #expect(eventually { self.daemon.with { $0.contexts } == 1 })
    #expect(eventually { reader.counters.found == 1 } && daemon.settle(name))
    #expect(daemon.present(VirtualCard(uid: [1, 2, 3, 4]), on: name))
    #expect(tokens(reader, 1) == ["ISO14443 01020304"])
  }
}

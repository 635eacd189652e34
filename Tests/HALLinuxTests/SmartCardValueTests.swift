import ChargerBase
import HAL
import SimulatedPeripherals
import Testing

@testable import HALLinux

@Suite("Cards, their kinds and UIDs")
struct SmartCardValueTests {
  @Test("An ATR tells ISO 14443 from ISO 15693, and nothing of cards with contacts and FeliCa")
  func kinds() {
    let kinds = VirtualCard.Kind.allCases.map { SmartCardKind(atr: $0.atr) }
    #expect(kinds == [.iso14443, .iso14443, .iso15693, .unknown, .unknown])
    // Seen from a real reader: MIFARE Classic 1K.
    let classic = Hexadecimal.bytes("3B8F8001804F0CA000000306030001000000006A")
    #expect(classic == VirtualCard.Kind.iso14443.atr)
    for atr in [[], [0x3B], [0x3B, 0x8F, 0x80, 0x01], [0x3B, 0x87, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0]] as [[UInt8]] {
      #expect(SmartCardKind(atr: atr) == .unknown, "\(atr)")
    }
  }

  private func token(
    _ uid: [UInt8], _ kind: SmartCardKind = .iso14443, _ rules: SmartCardRules = SmartCardRules()
  ) throws(SmartCardUID.Refusal) -> PresentedToken {
    try SmartCardUID(answer: uid + [0x90, 0x00], card: kind, rules: rules).token(rules)
  }

  @Test("UIDs of 4, 7 and 10 bytes are ISO14443, of 8 bytes ISO15693; OCPP's names go with them")
  func lengths() throws {
    for count in [4, 7, 10] {
      let uid = [UInt8](1...UInt8(count))
      #expect(try token(uid) == PresentedToken(value: Hexadecimal.text(uid), kind: .iso14443))
    }
    let tag: [UInt8] = [0xE0, 0x04, 0x01, 0x00, 0x12, 0x34, 0x56, 0x78]
    #expect(try token(tag, .iso15693) == PresentedToken(value: "E004010012345678", kind: .iso15693))
    for count in [0, 1, 3, 5, 6, 8, 9, 11, 32] {
      #expect(throws: SmartCardUID.Refusal.length(count)) { try token([UInt8](repeating: 1, count: count)) }
    }
    #expect(throws: SmartCardUID.Refusal.length(7)) { try token([1, 2, 3, 4, 5, 6, 7], .iso15693) }
  }

  @Test("The profile turns the bytes of each kind round")
  func byteOrder() throws {
    let rules = SmartCardRules(reversesISO14443: true)
    #expect(try token([1, 2, 3, 0xAB], .iso14443, rules).value == "AB030201")
    #expect(try token([1, 2, 3, 4, 5, 6, 7, 8], .iso15693, rules).value == "0102030405060708")
    let other = SmartCardRules(reversesISO15693: true)
    #expect(try token([1, 2, 3, 4, 5, 6, 7, 8], .iso15693, other).value == "0807060504030201")
  }

  @Test("A number that the card makes anew each time is no identity, unless the profile takes it")
  func randomUID() throws {
    #expect(throws: SmartCardUID.Refusal.random) { try token([0x08, 1, 2, 3]) }
    #expect(try token([0x08, 1, 2, 3], .iso14443, SmartCardRules(takesRandomUIDs: true)).value == "08010203")
    #expect(try token([0x08, 1, 2, 3, 4, 5, 6]).value == "08010203040506")
  }

  @Test("An unknown card's UID is of the kind that the profile says")
  func unknownKind() throws {
    #expect(throws: SmartCardUID.Refusal.unknownCard) { try token([1, 2, 3, 4], .unknown) }
    let rules = SmartCardRules(unknownCards: .iso15693)
    #expect(try token([1, 2, 3, 4, 5, 6, 7, 8], .unknown, rules).kind == .iso15693)
  }

  @Test("Commands are hexadecimal digits with commas between")
  func commands() {
    #expect(SmartCardCommands.list("FF00520000, ff 00 40") == [[0xFF, 0x00, 0x52, 0x00, 0x00], [0xFF, 0x00, 0x40]])
    for text in ["", "F", "GG", "FF,", ",FF", "FF;00", "01,02,03,04,05,06,07,08,09"] {
      #expect(SmartCardCommands.list(text) == nil, "\(text)")
    }
  }

  @Test("Two readers of a profile that one device may fit are noticed")
  func overlap() {
    let any = SmartCardReaderConfiguration(device: "ACS")
    let exact = SmartCardReaderConfiguration(device: "ACS ACR122U 00 00")
    #expect(any.overlaps(exact) && exact.overlaps(any) && any.overlaps(any))
    #expect(!SmartCardReaderConfiguration(device: "ACS ACR122U 01 00").overlaps(exact))
    var (left, right) = (any, any)
    left.serialNumber = "1"
    #expect(left.overlaps(right))
    right.serialNumber = "2"
    #expect(!left.overlaps(right))
  }
}

@Suite("Presentations of a card")
struct SmartCardPresenceTests {
  private enum Step {
    case card(Int64, [UInt8] = [1, 2, 3, 4])
    case empty(Int64)
  }

  /// When, in milliseconds, a card was presented.
  private func presented(_ steps: [Step]) -> [Int64] {
    var presence = SmartCardPresence(debounce: .seconds(1))
    var times: [Int64] = []
    for step in steps {
      switch step {
      case .card(let time, let uid):
        if presence.read(uid, at: MonotonicInstant(nanoseconds: time * 1_000_000)) { times.append(time) }
      case .empty(let time): presence.empty(at: MonotonicInstant(nanoseconds: time * 1_000_000))
      }
    }
    return times
  }

  @Test(
    "TokenReader 2: a card that flickers or is read again is one presentation; gone for the debounce time it is two")
  func debounce() {
    #expect(presented([.empty(0), .card(10), .card(20), .empty(30), .card(1_029)]) == [10])
    #expect(presented([.empty(0), .card(10), .empty(2_000), .empty(2_500), .card(3_000)]) == [10, 3_000])
  }

  @Test("Another card is presented at once")
  func anotherCard() {
    #expect(presented([.empty(0), .card(10), .empty(11), .card(12, [5, 6, 7, 8])]) == [10, 12])
  }

  @Test("A card that lay there first is presented after it was gone for the debounce time")
  func firstLook() {
    #expect(presented([.card(0), .empty(10), .card(20), .empty(30), .card(1_030)]) == [1_030])
  }
}

@Suite("Names of readers as pcscd lists them")
struct PCSCNamesTests {
  private func list(_ names: [[UInt8]]) -> PCSCNames {
    let bytes: [UInt8] = names.reduce(into: []) { $0 += $1 + [0] } + [0]
    return PCSCNames(list: bytes.map { CChar(bitPattern: $0) }[...])
  }

  @Test("A name that is no UTF-8 is given back to pcscd byte by byte, and no two names become one")
  func oddBytes() {
    let latin: [UInt8] = Array("Reader ".utf8) + [0xAE]
    let other: [UInt8] = Array("Reader ".utf8) + [0xAF]
    let names = list([latin, other, Array("Leser für Karten".utf8)])
    #expect(names.names == ["Reader \u{AE}", "Reader \u{AF}", "Leser für Karten"])
    #expect(names.bytes(of: "Reader \u{AE}").map { UInt8(bitPattern: $0) } == latin + [0])
    #expect(names.bytes(of: "Leser für Karten").map { UInt8(bitPattern: $0) } == Array("Leser für Karten".utf8) + [0])
    #expect(names.bytes(of: "\\\\?PnP?\\Notification").count == 21, "what was not listed: as its text")
  }

  @Test("However many names the list has, and wherever it is cut off, 16 count at most")
  func bounds() {
    #expect(list((0..<40).map { Array("R\($0)".utf8) }).names.count == 16)
    #expect(PCSCNames(list: [65, 66][...]).names == ["AB"])
    #expect(PCSCNames(list: []).names.isEmpty)
  }
}

import ChargerBase
import SimulatedPeripherals
import Testing

@Suite("Virtual card")
struct VirtualCardTests {
  private let uid: [UInt8] = [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0x80]
  private let getUID: [UInt8] = [0, 5, 0xFF, 0xCA, 0x00, 0x00, 0x00]

  @Test("It answers the reader's orders and the command for its UID, however the bytes arrive")
  func answers() {
    var card = VirtualCard(uid: uid)
    card.receive([0, 1, 1, 0, 1, 4], at: .zero)
    #expect(card.takeOutput(at: .zero) == [0, UInt8(card.atr.count)] + card.atr)
    for byte in getUID { card.receive([byte], at: .zero) }
    #expect(card.takeOutput(at: .zero) == [0, 9] + uid + [0x90, 0x00])
    card.receive([0, 4, 0x00, 0xA4, 0x04, 0x00], at: .zero)
    #expect(card.takeOutput(at: .zero) == [0, 2, 0x6D, 0x00])
    #expect(card.commands.count == 2)
  }

  @Test("Its faults: a status word, a short UID, a delay, silence, taken away during a command")
  func faults() {
    func answer(_ fault: VirtualCard.Fault, at now: MonotonicInstant = .zero) -> [UInt8] {
      var card = VirtualCard(uid: uid, fault: fault)
      card.receive(getUID, at: .zero)
      return card.takeOutput(at: now)
    }
    #expect(answer(.statusWord(0x6300)) == [0, 2, 0x63, 0x00])
    #expect(answer(.shortUID(2)) == [0, 4, 0x04, 0xA1, 0x90, 0x00])
    #expect(answer(.tornAnswer) == [0, 1, 0x04])
    #expect(answer(.silent).isEmpty)
    #expect(answer(.delay(.seconds(1))).isEmpty)
    #expect(answer(.delay(.seconds(1)), at: .zero + .seconds(1)).count == 11)
    var card = VirtualCard(uid: uid, fault: .closesDuringCommand)
    card.receive(getUID, at: .zero)
    #expect(card.isClosed)
  }
}

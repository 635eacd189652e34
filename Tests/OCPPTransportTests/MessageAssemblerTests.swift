import Testing

@testable import OCPPTransport

@Suite("Messages from fragments")
struct MessageAssemblerTests {
  @Test("Fragments become one message, empty ones included")
  func assembles() throws {
    var assembler = MessageAssembler(maximumBytes: 10)
    #expect(try assembler.take(.text, isFinal: false, bytes: []) == nil)
    #expect(try assembler.take(.continuation, isFinal: false, bytes: [0x61]) == nil)
    #expect(try assembler.take(.continuation, isFinal: false, bytes: []) == nil)
    #expect(try assembler.take(.continuation, isFinal: true, bytes: [0x62]) == [0x61, 0x62])
    #expect(try assembler.take(.text, isFinal: true, bytes: []) == [])
  }

  @Test("A character may be cut between two fragments")
  func cutCharacter() throws {
    var assembler = MessageAssembler(maximumBytes: 10)
    #expect(try assembler.take(.text, isFinal: false, bytes: [0xC3]) == nil)
    #expect(try assembler.take(.continuation, isFinal: true, bytes: [0xA9]) == [0xC3, 0xA9])
  }

  @Test("The limit holds for the sum of the fragments, and is itself allowed")
  func limit() throws {
    var assembler = MessageAssembler(maximumBytes: 4)
    #expect(try assembler.take(.text, isFinal: true, bytes: [0x61, 0x61, 0x61, 0x61])?.count == 4)
    #expect(try assembler.take(.text, isFinal: false, bytes: [0x61, 0x61, 0x61]) == nil)
    #expect(throws: MessageAssembler.Violation.tooLarge(limit: 4)) {
      try assembler.take(.continuation, isFinal: false, bytes: [0x61, 0x61])
    }
  }

  @Test("Fragments out of order, binary messages and broken UTF-8 are told apart")
  func violations() {
    var assembler = MessageAssembler(maximumBytes: 10)
    #expect(throws: MessageAssembler.Violation.fragmentOrder) {
      try assembler.take(.continuation, isFinal: true, bytes: [])
    }
    #expect(throws: MessageAssembler.Violation.binary) { try assembler.take(.binary, isFinal: true, bytes: []) }
    #expect(throws: MessageAssembler.Violation.notUTF8) {
      try assembler.take(.text, isFinal: true, bytes: [0xED, 0xA0, 0x80])
    }
    #expect(throws: MessageAssembler.Violation.fragmentOrder) {
      _ = try assembler.take(.text, isFinal: false, bytes: [0x61])
      _ = try assembler.take(.text, isFinal: true, bytes: [0x61])
    }
  }
}

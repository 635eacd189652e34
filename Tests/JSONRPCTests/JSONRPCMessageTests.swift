import OCPPJSON
import Testing

@testable import JSONRPC

@Suite("JSON-RPC messages")
struct JSONRPCMessageTests {
  @Test("Every kind of message survives writing and reading")
  func roundTrip() throws {
    let messages: [JSONRPCMessage] = [
      .request(id: .number(7), method: "bench.plugIn", params: ["evse": 1]),
      .request(id: .string("a"), method: "x", params: []),
      .notification(method: "bench.event", params: ["text": "line\nbreak"]),
      .result(id: .number(7), nil),
      .error(id: .null, .unparsable("x")),
      .error(id: .number(1), .badParameter(JSONPath([.name("params"), .name("evse")]), "missing")),
    ]
    for message in messages {
      let line = message.line
      #expect(line.last == 10 && line.filter { $0 == 10 }.count == 1)
      #expect(try JSONRPCMessage(parsing: line.dropLast()) == message)
    }
  }

  @Test(
    "What is no message is refused with the code and, where it can be read, the id",
    arguments: [
      ("{", -32700, "null"), ("\u{1}", -32700, "null"), ("{}", -32600, "null"), ("[]", -32600, "null"),
      ("3", -32600, "null"), (#"{"jsonrpc":"1.0","id":4,"method":"x"}"#, -32600, "4"),
      (#"{"jsonrpc":"2.0","id":4,"method":5}"#, -32600, "4"),
      (#"{"jsonrpc":"2.0","id":{},"method":"x"}"#, -32600, "null"),
      (#"{"jsonrpc":"2.0","id":"k","method":"x","params":3}"#, -32600, #""k""#),
      (#"{"jsonrpc":"2.0","id":4}"#, -32600, "4"),
      (#"{"jsonrpc":"2.0","id":4,"id":4,"method":"x"}"#, -32700, "null"),
    ])
  func refusals(text: String, code: Int32, id: String) {
    #expect {
      try JSONRPCMessage(parsing: Array(text.utf8))
    } throws: { error in
      guard let fault = error as? JSONRPCFault else { return false }
      return fault.error.code == code && fault.id.value.description == id
    }
  }

  @Test("Lines are cut however the bytes arrive")
  func lines() {
    let text = Array("one\ntwo\r\n\n\nthree\nfour".utf8)
    for size in 1...text.count {
      var lines = JSONRPCLines(limit: 10)
      var seen: [String] = []
      for start in stride(from: 0, to: text.count, by: size) {
        lines.append(text[start..<min(start + size, text.count)])
        while let line = lines.next() { seen.append(String(decoding: line, as: UTF8.self)) }
      }
      #expect(seen == ["one", "two", "three"])
      #expect(!lines.isOverlong)
    }
  }

  @Test("A line over the limit is told as soon as it is, whether or not its end has come")
  func overlong() {
    var lines = JSONRPCLines(limit: 4)
    lines.append(Array("abcd\n".utf8))
    #expect(lines.next().map { String(decoding: $0, as: UTF8.self) } == "abcd")
    lines.append(Array("abcde".utf8))
    #expect(lines.next() == nil)
    #expect(lines.isOverlong)
    var whole = JSONRPCLines(limit: 4)
    whole.append(Array("abcde\nx\n".utf8))
    #expect(whole.next() == nil)
    #expect(whole.isOverlong)
  }
}

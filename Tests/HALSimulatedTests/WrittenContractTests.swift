import JSONRPC
import OCPPJSON
import Testing

@Suite("The sockets' written contracts")
struct WrittenContractTests {
  /// The fenced examples of the written contract: what they show, and their text.
  private static func examples(_ file: String) -> [(name: String, text: String)] {
    let page = String(decoding: SchemaCheck.file(file), as: UTF8.self)
    var examples: [(name: String, text: String)] = []
    var lines: [Substring] = []
    var name: String?
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```json ") {
        name = String(line.dropFirst("```json ".count))
        lines = []
      } else if line == "```", let ended = name {
        examples.append((ended, lines.joined(separator: "\n")))
        name = nil
      } else {
        lines.append(line)
      }
    }
    return examples
  }

  @Test("Every example fits the schema", arguments: ["station", "world"])
  func examplesFit(socket: String) throws {
    let schema = try SchemaCheck()
    let examples = Self.examples("\(socket)-socket.md")
    #expect(!examples.isEmpty)
    for (name, text) in examples {
      let kind = name.hasSuffix(".event") ? "notification" : "result"
      let value = try JSONValue(parsing: text, limits: JSONRPCMessage.limits)
      #expect(schema.problems(value, "\(socket):\(name):\(kind)") == [], "\(name)")
    }
  }

  @Test("Every method of the station socket has an example")
  func everyMethodShown() throws {
    let shown = Self.examples("station-socket.md").map(\.name).filter { !$0.hasSuffix(".event") }
    #expect(try SchemaCheck().methods(of: "station").sorted() == (shown + ["station.subscribe"]).sorted())
  }

  @Test("Every method of the world is explained on its page")
  func everyMethodExplained() throws {
    let page = String(decoding: SchemaCheck.file("world-socket.md"), as: UTF8.self)
    for method in try SchemaCheck().methods(of: "world") { #expect(page.contains("`\(method)"), "\(method)") }
  }
}

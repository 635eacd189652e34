import ChargerBase
import OCPPJSON
import Testing

@Suite("Trees of JSON")
struct JSONValueTests {
  @Test("Values are reached by name, index and path")
  func access() throws {
    let document = try value(#"{"evse":{"id":3,"tags":["a","b"]},"on":true,"at":"2026-11-23T09:30:00Z","x":1.25}"#)
    #expect(document["evse"]?["id"]?.int32 == 3)
    #expect(document["evse"]?["tags"]?[1]?.string == "b")
    #expect(document["evse"]?["tags"]?[2] == nil)
    #expect(document["evse"]?["tags"]?[-1] == nil)
    #expect(document["none"]?["id"] == nil)
    #expect(document["on"]?.bool == true)
    #expect(document["at"]?.wallTime?.millisecondsSinceEpoch == 1_795_426_200_000)
    #expect(document["x"]?.double == 1.25)
    #expect(document["x"]?.int64 == nil)
    #expect(document[path: JSONPath([.name("evse"), .name("tags"), .index(0)])] == "a")
  }

  @Test("Members are set, replaced and removed in place")
  func mutation() {
    var document: JSONValue = ["a": 1, "b": 2]
    document["a"] = "x"
    document["c"] = [true]
    document["b"] = nil as JSONValue?
    #expect(document.description == #"{"a":"x","c":[true]}"#)
  }

  @Test("Text is written with the escapes that it needs and no others")
  func escaping() {
    let text = "\"\\/\u{8}\u{C}\n\r\t\u{1}\u{1F}\u{7F}é😀plain text of some length, then a \"quote\""
    #expect(
      JSONValue.string(text).description
        == #""\"\\/\b\f\n\r\t\u0001\u001f\#u{7F}é😀plain text of some length, then a \"quote\"""#)
  }

  @Test("Whatever is written is read back the same, over many random trees")
  func roundTrip() throws {
    var random = SeededRandom(seed: 11)
    for _ in 0..<500 {
      let tree = randomTree(&random, depth: 5)
      #expect(try JSONValue(parsing: tree.bytes) == tree)
    }
  }

  private func randomTree(_ random: inout SeededRandom, depth: Int) -> JSONValue {
    switch random.next() % (depth > 0 ? 7 : 5) {
    case 0: return .null
    case 1: return .bool(random.next() % 2 == 0)
    case 2: return .number(Decimal(Int64(truncatingIfNeeded: random.next() % 1_000_000) - 500_000))
    case 3:
      let number = Decimal(significand: Int64(truncatingIfNeeded: random.next() >> 5), places: 9)
      return number.map { $0 < 1_000_000_000 ? .number($0) : .null } ?? .null
    case 4: return .string(randomText(&random))
    case 5: return .array((0..<Int(random.next() % 5)).map { _ in randomTree(&random, depth: depth - 1) })
    default:
      return .object(
        (0..<Int(random.next() % 5)).map {
          JSONMember("\($0)" + randomText(&random), randomTree(&random, depth: depth - 1))
        })
    }
  }

  private func randomText(_ random: inout SeededRandom) -> String {
    var text = ""
    for _ in 0..<(random.next() % 24) {
      let range: UInt64 = random.next() % 4 == 0 ? 0x10FFFF : 0x80
      text.unicodeScalars.append(Unicode.Scalar(UInt32(truncatingIfNeeded: random.next() % range)) ?? "?")
    }
    return text
  }
}

@Suite("Places in a JSON text")
struct JSONPlaceTests {
  static let text = """
    {
      "board": "duo",
      "evses": [
        { "id": 1, "note \\u0041": null },
        { "id": 2 }
      ]
    }
    """

  @Test(
    "A path gives the place of its value, and the place its path",
    arguments: [
      (["board"], "$.board", 2, 3), (["evses", 0, "id"], "$.evses[0].id", 4, 7), (["evses", 1], "$.evses[1]", 5, 5),
      (["evses", 0, "note A"], #"$.evses[0]["note A"]"#, 4, 16),
    ] as [([any Sendable], String, Int, Int)])
  func places(parts: [any Sendable], description: String, line: Int, column: Int) throws {
    let bytes = Array(Self.text.utf8)
    let path = JSONPath(
      parts.map { part in (part as? Int).map { .index($0) } ?? .name(part as? String ?? "") })
    #expect(path.description == description)
    let offset = try #require(path.offset(in: bytes))
    let position = TextPosition(offset: offset, in: bytes)
    #expect(position.line == line)
    #expect(position.column == column)
    #expect(position.description == "line \(line), column \(column)")
  }

  @Test("The path of a byte is that of the innermost value around it")
  func reverse() throws {
    let bytes = Array(#"{"a":[10,{"b":true}],"c":{}}"#.utf8)
    let paths = bytes.indices.map { JSONPath(at: $0, in: bytes).description }
    #expect(paths[1] == "$.a")
    #expect(paths[6] == "$.a[0]")
    #expect(paths[10] == "$.a[1].b")
    #expect(paths[14] == "$.a[1].b")
    #expect(paths[18] == "$.a[1]")
    #expect(paths[19] == "$.a")
    #expect(paths[21] == "$.c")
    #expect(paths[27] == "$")
  }

  @Test("A path that leads nowhere has no place")
  func nowhere() {
    let bytes = Array(Self.text.utf8)
    #expect(JSONPath([.name("none")]).offset(in: bytes) == nil)
    #expect(JSONPath([.index(0)]).offset(in: bytes) == nil)
    #expect(JSONPath([.name("evses"), .index(2)]).offset(in: bytes) == nil)
    #expect(JSONPath([.name("a")]).offset(in: Array("not json".utf8)) == nil)
    #expect(JSONPath().offset(in: bytes) == 0)
  }
}

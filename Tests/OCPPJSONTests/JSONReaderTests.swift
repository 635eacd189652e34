import ChargerBase
import OCPPJSON
import Testing

/// Reads a text as one value of any type.
func value(_ text: String, _ limits: JSONLimits = .standard) throws(JSONError) -> JSONValue {
  try JSONValue(parsing: text, limits: limits)
}

/// The error of a text that must not be read.
func failure(_ bytes: [UInt8], _ limits: JSONLimits = .standard) -> JSONError? {
  do throws(JSONError) {
    _ = try JSONValue(parsing: bytes, limits: limits)
    return nil
  } catch {
    return error
  }
}

@Suite("Reading JSON (RFC 8259)")
struct JSONReaderTests {
  @Test("Every type of value is read")
  func types() throws {
    let decimal = try #require(Decimal("1.5"))
    let read = try value(
      " {\"n\":null,\"t\":true,\"f\":false,\"i\":-7,\"d\":1.50,\"s\":\"x\",\"a\":[1,[],{}],\"o\":{\"k\":\"v\"}}\r\n\t ")
    #expect(
      read == [
        "n": nil, "t": true, "f": false, "i": -7, "d": .number(decimal), "s": "x",
        "a": [1, [], [:]], "o": ["k": "v"],
      ])
  }

  @Test(
    "What is not JSON is refused",
    arguments: [
      "", " ", "[", "]", "{", "}", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
      "{,}", "{\"a\":1 \"b\":2}", "{\"a\" 1}", "tru", "True", "nul", "fals", "01", "-01", "-", "+1",
      ".5", "5.", "1e", "1e+", "0x1", "NaN", "Infinity", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"",
      "\"\\u12G4\"", "\"\\uD800\"", "\"\\uD800x\"", "\"\\uDC00\"", "\"\\uD800\\u0041\"", "\"\u{0}\"", "\"\n\"",
      "\"\t\"", "/* */1", "\u{FEFF}1", "[1}", "{\"a\":1]", "{1:2}", "\u{A0}1", "\u{C}1", "1.2.3", "[-]",
      "--1", "1-",
    ])
  func notJSON(text: String) throws {
    let error = try #require(failure(Array(text.utf8)))
    #expect(error.code == .syntax)
  }

  @Test(
    "Data after the value is refused with its place",
    arguments: [("1 2", 2), ("{}{}", 2), ("[] x", 3), ("\"a\"\"", 3), ("truex", 4), ("1_000", 1), ("[1]//", 3)])
  func trailing(text: String, offset: Int) {
    #expect(failure(Array(text.utf8)) == JSONError(code: .trailingData, offset: offset, path: "$"))
  }

  @Test("Escapes mean what the standard says")
  func escapes() throws {
    #expect(
      try value(#""\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\uD83D\ude00\u0000""#).string
        == "\"\\/\u{8}\u{C}\n\r\tAé€😀\u{0}")
  }

  @Test("A name may be written with escapes, and still is the same name")
  func escapedNames() {
    #expect(failure(Array(#"{"id":1,"\u0069d":2}"#.utf8))?.code == .duplicateKey)
    let kind = try? JSONReader.read(Array(#"{"\u0069d":7}"#.utf8)) { (reader) throws(JSONFault) in
      var seen: UInt64 = 0
      var id: Int32?
      try reader.enterObject()
      while let member = try reader.nextMember(of: "\u{4}name\u{2}id", seen: &seen) {
        if member == 1 { id = try reader.int32() } else { try reader.skipValue() }
      }
      return id
    }
    #expect(kind == 7)
  }

  @Test(
    "Only well-formed UTF-8 is read",
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80],
      [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x28, 0xA1],
    ] as [[UInt8]])
  func notUTF8(sequence: [UInt8]) {
    for padding in [0, 3, 9] {
      let bytes = [0x22] + [UInt8](repeating: 0x61, count: padding) + sequence + [0x22]
      #expect(failure(bytes) == JSONError(code: .notUTF8, offset: 1 + padding, path: "$"))
    }
  }

  @Test("Every scalar of Unicode passes through unharmed")
  func allScalars() throws {
    var text = ""
    for number in stride(from: UInt32(0x20), through: 0x10FFFF, by: 97) {
      if let scalar = Unicode.Scalar(number) { text.unicodeScalars.append(scalar) }
    }
    let bytes = JSONValue.string(text).bytes
    #expect(try JSONValue(parsing: bytes, limits: JSONLimits(maximumStringBytes: 1_000_000)).string == text)
  }

  @Test("Numbers that Decimal cannot hold are kept as they were written")
  func largeNumbers() throws {
    #expect(try value("[1e300]") == [.largeNumber("1e300")])
    #expect(try value("[1e300]").description == "[1e300]")
    #expect(try value("1000000000000000000000000000000").double == 1e30)
  }

  @Test("An error tells byte and path of its place")
  func places() {
    let text = #"[2,"id","Action",{"evse":{"id":"x","a":[1,{"b c":nul}]}}]"#
    let error = failure(Array(text.utf8))
    #expect(error?.path == #"$[3].evse.a[1]["b c"]"#)
    #expect(error?.offset == 49)
  }

  @Test("A name given twice is refused with its path, at any depth")
  func duplicates() {
    let error = failure(Array(#"{"a":{"x":1,"y":2,"x":3}}"#.utf8))
    #expect(error == JSONError(code: .duplicateKey, offset: 18, path: "$.a.x"))
    #expect(failure(Array(#"{"a":{"x":1},"b":{"x":1}}"#.utf8)) == nil)
  }
}

@Suite("Limits of reading JSON")
struct JSONLimitTests {
  @Test("Depth is allowed up to the limit and not beyond")
  func depth() {
    func nested(_ count: Int) -> [UInt8] {
      Array((String(repeating: "[", count: count) + String(repeating: "]", count: count)).utf8)
    }
    #expect(failure(nested(32)) == nil)
    #expect(failure(nested(33))?.code == .tooDeep)
    #expect(failure(nested(33))?.offset == 32)
    #expect(failure([UInt8](repeating: UInt8(ascii: "["), count: 200_000))?.code == .tooDeep)
    let objects = String(repeating: #"{"a":"#, count: 33) + "1" + String(repeating: "}", count: 33)
    #expect(failure(Array(objects.utf8))?.code == .tooDeep)
    let beside = "[" + Array(repeating: "[[]]", count: 50).joined(separator: ",") + "]"
    #expect(failure(Array(beside.utf8)) == nil)
  }

  @Test("Items of an array and of an object are counted")
  func items() {
    let limits = JSONLimits(maximumItems: 3)
    #expect(failure(Array("[1,2,3]".utf8), limits) == nil)
    #expect(failure(Array("[[1,2,3,4]]".utf8), limits) == JSONError(code: .tooManyItems, offset: 8, path: "$[0][3]"))
    #expect(failure(Array(#"{"a":1,"b":2,"c":3}"#.utf8), limits) == nil)
    #expect(failure(Array(#"{"a":1,"b":2,"c":3,"d":4}"#.utf8), limits)?.code == .tooManyItems)
    let members = JSONLimits(maximumItems: 9, maximumMembers: 1)
    #expect(failure(Array(#"[{"a":1},{"a":1},{"b":1}]"#.utf8), members) == nil)
    #expect(failure(Array(#"[{"a":1,"b":2}]"#.utf8), members)?.code == .tooManyItems)
  }

  @Test("Bytes of the text and of a string are counted")
  func bytes() {
    #expect(failure(Array("[1]".utf8), JSONLimits(maximumBytes: 3)) == nil)
    #expect(failure(Array("[12]".utf8), JSONLimits(maximumBytes: 3))?.code == .tooManyBytes)
    #expect(failure(Array("\"abc\"".utf8), JSONLimits(maximumStringBytes: 3)) == nil)
    #expect(failure(Array("\"abcd\"".utf8), JSONLimits(maximumStringBytes: 3))?.code == .stringTooLong)
  }
}

@Suite("Reading typed values")
struct TypedReadingTests {
  private func read<Value>(
    _ text: String, _ body: (inout JSONReader) throws(JSONFault) -> Value
  ) -> Result<Value, JSONError> {
    do throws(JSONError) {
      return .success(try JSONReader.read(Array(text.utf8), body))
    } catch {
      return .failure(error)
    }
  }

  private func int32(_ text: String) -> Result<Int32, JSONError> {
    read(text) { (reader) throws(JSONFault) in try reader.int32(minimum: -10, maximum: 100) }
  }

  @Test("Whole numbers are read in any spelling and within their range")
  func integers() throws {
    #expect(try int32("7").get() == 7)
    #expect(try int32("-10").get() == -10)
    #expect(try int32("1e2").get() == 100)
    #expect(try int32("7.0").get() == 7)
    for (text, code) in [
      ("101", JSONError.Code.numberOutOfRange), ("-11", .numberOutOfRange), ("2147483648", .numberOutOfRange),
      ("99999999999999999999999", .numberOutOfRange), ("1.5", .wrongType), ("\"7\"", .wrongType), ("null", .wrongType),
      ("true", .wrongType), ("[]", .wrongType), ("x", .syntax), ("", .syntax),
    ] {
      #expect(throws: JSONError(code: code, offset: 0, path: "$")) { try int32(text).get() }
    }
  }

  @Test("Text is counted in Unicode scalars, whatever its spelling")
  func length() throws {
    func string(_ text: String) -> Result<String, JSONError> {
      read(text) { (reader) throws(JSONFault) in try reader.string(maximum: 3) }
    }
    for text in ["abc", "äöü", "😀😀😀", #"\u00e4\uD83D\uDE00\n"#] {
      #expect(throws: Never.self) { try string("\"\(text)\"").get() }
      #expect(throws: JSONError(code: .textTooLong, offset: 0, path: "$")) { try string("\"\(text)x\"").get() }
    }
  }

  @Test("Names are found in their table, and only there")
  func names() throws {
    func name(_ text: String, allowed: UInt64 = .max) -> Result<UInt8, JSONError> {
      read(text) { (reader) throws(JSONFault) in
        try reader.name(of: "\u{8}Accepted\u{8}Rejected\u{1}W\u{9}Scheduled", allowed: allowed)
      }
    }
    #expect(try name("\"Accepted\"").get() == 0)
    #expect(try name("\"Rejected\"").get() == 1)
    #expect(try name("\"W\"").get() == 2)
    #expect(try name(#""Sched\u0075led""#).get() == 3)
    for text in ["\"accepted\"", "\"\"", "\"Accepte\"", "\"Acceptedx\"", "\"Acceptex\"", "\"A\""] {
      #expect(throws: JSONError(code: .unknownName, offset: 0, path: "$")) { try name(text).get() }
    }
    #expect(throws: JSONError(code: .unknownName, offset: 0, path: "$")) {
      try name("\"Rejected\"", allowed: 0b1101).get()
    }
  }
}

import MessageSamples
import OCPPJSON
import OCPPTypes
import Testing

/// The samples come from the published schemas; scripts/check-messages asks an independent validator about each.
@Suite("Every message of OCPP 2.0.1 and 2.1 against its schema")
struct MessageCodecTests {
  static let samples = MessageSample.all(.v201) + MessageSample.all(.v21)

  /// Wide enough that only the schema speaks.
  static let limits = JSONLimits(maximumBytes: 64_000_000, maximumStringBytes: 1_000_000)

  @Test("All messages of both versions are here")
  func complete() {
    #expect(Self.samples.count { $0.version == .v201 } == 128)
    #expect(Self.samples.count { $0.version == .v21 } == 181)
    for version in OCPPVersion.allCases {
      let actions = OCPPAction.allCases.filter { $0.isDefined(in: version) }
      #expect(actions.count == (version == .v201 ? 64 : 91))
    }
  }

  @Test("A valid message is read, and written again as it was", arguments: samples)
  func roundTrip(sample: MessageSample) throws {
    for payload in [sample.minimal, sample.maximal] {
      let written = try MessageTable.reencoded(sample.name, payload, sample.version)
      #expect(written.map { String(decoding: $0, as: UTF8.self) } == String(decoding: payload, as: UTF8.self))
    }
  }

  @Test("White space and escapes change nothing, in names as in values", arguments: samples)
  func spelling(sample: MessageSample) throws {
    let document = try JSONValue(parsing: sample.maximal)
    // Vendors' data are kept as spelled, so they are not part of this.
    let respelled = Array(spelledOut(document, keeping: "customData").utf8)
    let written = try MessageTable.reencoded(sample.name, respelled, sample.version, limits: Self.limits)
    #expect(written.map { String(decoding: $0, as: UTF8.self) } == String(decoding: sample.maximal, as: UTF8.self))
  }

  private func spelledOut(_ value: JSONValue, keeping kept: String) -> String {
    switch value {
    case .string(let text):
      "\"" + text.utf16.map { "\\u" + String(UInt32($0) + 0x10000, radix: 16).dropFirst() }.joined() + "\""
    case .array(let elements):
      "[ " + elements.map { spelledOut($0, keeping: kept) }.joined(separator: "\n,\t") + " ]"
    case .object(let members):
      "\r\n{ "
        + members.map { member in
          let text = member.name == kept ? member.value.description : spelledOut(member.value, keeping: kept)
          return spelledOut(.string(member.name), keeping: kept) + " : " + text
        }.joined(separator: " , ") + " }"
    default: value.description
    }
  }

  @Test("A message cut short is never taken for a whole one", arguments: samples)
  func cut(sample: MessageSample) {
    let length = sample.minimal.count
    for count in Set([0, 1, length / 3, length / 2, length - 2, length - 1]).sorted() {
      #expect(throws: MessageViolation.self) {
        try MessageTable.reencoded(sample.name, Array(sample.minimal.prefix(count)), sample.version)
      }
    }
  }

  @Test("Each violation of each field gives the code of its kind, and its path", arguments: samples)
  func violations(sample: MessageSample) throws {
    let document = try JSONValue(parsing: sample.maximal)
    for change in sample.changes {
      let payload = try change.applied(to: document).bytes
      do throws(MessageViolation) {
        _ = try MessageTable.reencoded(sample.name, payload, sample.version, limits: Self.limits)
        if change.code != nil { Issue.record("accepted: \(change.jsonPath) \(change.operation)") }
      } catch {
        guard let code = change.code else {
          Issue.record("refused with \(error): \(change.jsonPath) \(change.operation)")
          continue
        }
        if error.code != code || error.path != change.jsonPath {
          Issue.record("\(error), expected \(code): \(change.jsonPath) \(change.operation)")
        }
      }
    }
  }
}

import ChargerBase
import OCPPJSON

/// A vendor's own members of a message or data type. They are kept as they came and written back unchanged.
public struct CustomData: Sendable, Hashable {
  /// At most 255 characters.
  public let vendorId: String
  /// The whole object as JSON, `vendorId` included.
  public let json: [UInt8]

  /// `members` go after `vendorId`; a member of that name is ignored.
  public init(vendorId: String, members: [JSONMember] = []) {
    self.vendorId = vendorId
    let vendor = JSONMember("vendorId", .string(vendorId))
    json = JSONValue.object([vendor] + members.filter { $0.name != "vendorId" }).bytes
  }

  /// The whole object; nil never occurs for what was decoded or made here.
  public var value: JSONValue? { try? JSONValue(parsing: json) }

  public subscript(name: String) -> JSONValue? { value?[name] }

  package init(from reader: inout JSONReader) throws(JSONFault) {
    let start = reader.valueOffset()
    var vendorId: String?
    try reader.object { (reader, name) throws(JSONFault) in
      if name == "vendorId" {
        vendorId = try reader.string(maximum: 255)
      } else {
        try reader.skipValue()
      }
    }
    guard let vendorId else { throw reader.missing("vendorId") }
    self.vendorId = vendorId
    json = reader.bytes(from: start)
  }

  package func encode(into writer: inout JSONWriter) { writer.write(rawJSON: json) }
}

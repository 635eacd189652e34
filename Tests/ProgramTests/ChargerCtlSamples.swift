import Foundation
import OCPPJSON
import Testing

/// The answers that `schema/station-socket.md` shows: what the page promises is what the tool is tested with.
enum ChargerCtlSamples {
  static func answer(_ method: String) throws -> JSONValue {
    let found = try find(method)
    return try #require(found, "the page shows no \(method)")
  }

  /// Nil for a method that the page does not have.
  static func find(_ method: String, file: String = #filePath) throws -> JSONValue? {
    let root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("schema/station-socket.md"), encoding: .utf8)
    guard let start = page.range(of: "```json \(method)\n"),
      let end = page.range(of: "```", range: start.upperBound..<page.endIndex)
    else { return nil }
    return try JSONValue(parsing: String(page[start.upperBound..<end.lowerBound]))
  }
}

import ChargerBase
import EVSEControl
import Foundation
import Testing

@testable import BoardProfile

/// README's safety section is what a safety engineer reads instead of the code: it must say what the code does.
@Suite("README's timing table")
struct SafetyPageTests {
  private struct Row {
    var key: String
    var value: String
    var provenance: String
  }

  /// The rows of a table of README, under its heading.
  private func rows(_ heading: String) throws -> [Row] {
    let text = String(decoding: try Fixtures.boardFile("../README.md"), as: UTF8.self)
    let section = text.components(separatedBy: "\n### \(heading)\n").dropFirst().first ?? ""
    let lines = section.components(separatedBy: "\n#")[0].split(separator: "\n").filter { $0.hasPrefix("| `") }
    return lines.map { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      return Row(
        key: cells[0].filter { $0 != "`" }, value: cells.count > 1 ? cells[1] : "", provenance: cells.last ?? "")
    }
  }

  @Test("Every entry is there under its profile key, with the value that counts")
  func values() throws {
    let rows = try rows("Times")
    #expect(rows.map(\.key) == TimingEntry.all.map(\.key.rawValue))
    for (row, entry) in zip(rows, TimingEntry.all) { #expect(row.value == entry.words, "\(row.key)") }
  }

  @Test("Every entry of the timing table can be replaced by the profile: none was forgotten")
  func complete() {
    #expect(Mirror(reflecting: TimingTable()).children.count == TimingEntry.all.count)
  }

  @Test("What the code marks as unverified is unverified on the page too, and nothing without a source is there")
  func provenance() throws {
    let rows = try rows("Times")
    let source = String(
      decoding: try Fixtures.boardFile("../Sources/EVSEControl/Interface/TimingTable.swift"), as: UTF8.self)
    var comment = ""
    var unverified: [String] = []
    for line in source.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
      if line.hasPrefix("///") {
        comment += line.lowercased()
      } else {
        if line.hasPrefix("public var "), comment.contains("*unverified*") {
          unverified.append(String(line.dropFirst(11).prefix { $0 != " " && $0 != ":" }))
        }
        comment = ""
      }
    }
    #expect(unverified.count > 3)
    for name in unverified where !name.hasSuffix("Above") && name != "hysteresis" && name != "diodeBelow" {
      let row = rows.first { $0.key.hasPrefix(name) }
      #expect(row?.provenance.contains("*unverified*") == true, "\(name)")
    }
    for row in rows {
      #expect(["cited", "unverified", "product", "choice"].contains { row.provenance.contains($0) }, "\(row.key)")
    }
  }
}

extension TimingEntry {
  /// The default as the page says it.
  fileprivate var words: String {
    switch value {
    case .time: standard.integer.map { $0 >= 1_000 && $0 % 1_000 == 0 ? "\($0 / 1_000) s" : "\($0) ms" } ?? ""
    case .seconds: "\(standard) s"
    case .count: "\(standard)"
    case .percent: "\(standard) %"
    case .current: "\(standard) A"
    }
  }
}

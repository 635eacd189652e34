import Foundation
import HALLinux
import Testing

@testable import LinuxCatalogue

/// `boards/README.md` is what a meter's integrator reads: it must say what the loader does.
@Suite("boards/README.md on meters")
struct RegisterMapReferenceTests {
  /// Keys of the tables, by heading.
  private func keys(near file: String = #filePath) throws -> [String: [String]] {
    let root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = String(decoding: try Data(contentsOf: root.appendingPathComponent("boards/README.md")), as: UTF8.self)
    var keys: [String: [String]] = [:]
    var heading = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("## ") { heading = String(line.dropFirst(3)) }
      guard line.hasPrefix("| `"), let end = line.dropFirst(3).firstIndex(of: "`") else { continue }
      keys[heading, default: []].append(String(line.dropFirst(3)[..<end]))
    }
    return keys
  }

  @Test("Every key of a register map is listed under its heading, and no other")
  func mapKeys() throws {
    let keys = try keys()
    #expect(keys["Register map"] == RegisterMapKey.allCases.map(\.rawValue))
    #expect(keys["Pattern"] == RegisterPatternKey.allCases.map(\.rawValue))
    #expect(keys["Register group"] == RegisterGroupKey.allCases.map(\.rawValue))
    #expect(keys["Register"] == RegisterKey.allCases.map(\.rawValue))
    #expect(keys["Probe"] == RegisterProbeKey.allCases.map(\.rawValue))
  }

  @Test("Every option of the Modbus drivers is listed, and no other")
  func options() throws {
    let described = LinuxDrivers.modbus.flatMap(\.options).map(\.name)
    #expect(Set(try keys()["Driver: `modbus`"] ?? []) == Set(described))
  }
}

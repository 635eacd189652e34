import Foundation
import HALConformance
import Testing

/// The obligations as the doc comments of Sources/HAL number them, against the tests that there are.
@Suite("Obligations of the HAL and their tests")
struct ObligationTableTests {
  struct Obligation: Hashable, Comparable, CustomStringConvertible {
    var owner: String
    var number: Int
    var description: String { "\(owner) \(number)" }
    static func < (left: Obligation, right: Obligation) -> Bool {
      (left.owner, left.number) < (right.owner, right.number)
    }
  }

  /// Protocols of the HAL, each with the numbers in its doc comment.
  private static func documented() throws -> (protocols: [String], obligations: [Obligation]) {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Sources/HAL")
    var protocols: [String] = []
    var obligations: [Obligation] = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    where file.hasSuffix(".swift") {
      var numbers: [Int] = []
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("///") {
          let words = line.dropFirst(3).split(separator: " ")
          if let first = words.first, first.hasSuffix("."), let number = Int(first.dropLast()) {
            numbers.append(number)
          }
        } else {
          if line.hasPrefix("public protocol ") {
            let name = String(line.dropFirst("public protocol ".count).prefix { $0.isLetter })
            protocols.append(name)
            #expect(numbers == Array(1...max(1, numbers.count)), "\(name) numbers its obligations \(numbers)")
            obligations += numbers.map { Obligation(owner: name, number: $0) }
          }
          numbers = []
        }
      }
    }
    return (protocols, obligations.sorted())
  }

  private static func tested() -> [Obligation] {
    let all = ConformanceTable.entries.compactMap { entry -> Obligation? in
      let words = entry.obligation.split(separator: " ")
      guard words.count == 2, let number = Int(words[1]) else { return nil }
      return Obligation(owner: String(words[0]), number: number)
    }
    return Array(Set(all)).sorted()
  }

  @Test("Every protocol of the HAL numbers its obligations, and every one has a test")
  func everyObligationHasATest() throws {
    let (protocols, obligations) = try Self.documented()
    #expect(protocols.count == 19)
    #expect(obligations.count >= 45)
    for name in protocols { #expect(obligations.contains { $0.owner == name }, "\(name) has no numbered obligation") }
    let tested = Self.tested()
    #expect(obligations.filter { !tested.contains($0) } == [], "obligations without a test")
    #expect(tested.filter { !obligations.contains($0) } == [], "tests of obligations that no protocol has")
  }
}

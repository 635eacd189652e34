import Glibc
import OCPPCore
import SimulationSupport
import Testing

/// `Tests/Resources/requirements-exceptions.csv` calls requirements not applicable because a feature is absent: the
/// station has to say so itself. When the feature is built this test asks for the requirements.
@Suite("What the station calls not applicable it does not claim to have")
struct AbsentFeatureTests {
  private struct Absence {
    var id: Substring
    var component: String
    var variable: String
  }

  private static func absences() -> [Absence] {
    let directory = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    guard let file = fopen("/\(directory)/Resources/requirements-exceptions.csv", "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").compactMap { line in
      let columns = line.split(separator: ",", maxSplits: 3, omittingEmptySubsequences: false)
      // A certification case names a feature of the certification's own list instead.
      guard columns.count == 4, columns[1] == "not-applicable", !columns[0].hasPrefix("TC_") else { return nil }
      let name = columns[2].split(separator: ".", maxSplits: 1)
      return Absence(id: columns[0], component: String(name[0]), variable: name.count > 1 ? String(name[1]) : "")
    }
  }

  @Test("Each feature that is named as absent has its variable false, or has none")
  func absentFeaturesAreNotClaimed() {
    let harness = EngineHarness().start()
    let absences = Self.absences()
    #expect(!absences.isEmpty)
    for absence in absences {
      #expect(!absence.variable.isEmpty, "\(absence.id) names no variable")
      let value = harness.chargePoint.requestValue(VariableKey(absence.component, absence.variable))
      #expect(value == nil || value == "false", "\(absence.id): \(absence.component).\(absence.variable)")
    }
  }
}

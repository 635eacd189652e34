import EVSEControl
import Foundation
import Testing

@testable import Station

/// README's safety section is what a safety engineer reads instead of the code: it must say what the code does.
@Suite("README's tables of conditions and faults")
struct SafetyPageTests {
  /// The rows of a table of README that begin with a name of the code, under their heading.
  private func rows(_ heading: String, near file: String = #filePath) throws -> [String] {
    let root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let section = text.components(separatedBy: "\n### \(heading)\n").dropFirst().first ?? ""
    return section.components(separatedBy: "\n#")[0].split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
      String($0)
    }
  }

  private func row(of fault: ControlFault) -> String {
    let entry = FaultCatalogue.entry(for: fault)
    let ending =
      switch fault.clearing {
      case .byItself: "by itself"
      case .afterUnplugging: "after unplugging"
      case .byService: "by service"
      }
    let scope =
      switch fault.scope {
      case .connector: "connector"
      case .evse: "EVSE"
      case .station: "station"
      }
    let cells = [
      "`\(entry.code)`", entry.technicianCode ?? "-", "\(entry.component).\(entry.variable)", ending, scope,
      entry.text,
    ]
    return "| \(cells.joined(separator: " | ")) |"
  }

  @Test("Every fault is there with its codes, what ends it, what it takes out of use, and its sentence")
  func faults() throws {
    let rows = try rows("Faults")
    let wanted = ControlFault.allCases.map { row(of: $0) }
    for row in wanted where !rows.contains(row) { Issue.record("the table must have this row:\n\(row)") }
    #expect(rows.count == wanted.count)
    #expect(rows == wanted, "in the order of ControlFault")
  }

  /// The reasons by their names in the code, which an option set does not know itself.
  private static let reasons: [(name: String, blocker: EnergyBlockers)] = [
    ("noVehicle", .noVehicle), ("vehicleNotReady", .vehicleNotReady), ("ventilationMissing", .ventilationMissing),
    ("faulted", .faulted), ("driverSilent", .driverSilent), ("lockNotConfirmed", .lockNotConfirmed),
    ("residualCurrentUntested", .residualCurrentUntested), ("cableUnknown", .cableUnknown), ("noPermit", .noPermit),
    ("permitExpired", .permitExpired), ("energyBudgetUsed", .energyBudgetUsed), ("inoperative", .inoperative),
    ("limitBelowMinimum", .limitBelowMinimum), ("otherConnectorInUse", .otherConnectorInUse), ("paused", .paused),
    ("phasesSwitching", .phasesSwitching), ("digitalCommunication", .digitalCommunication),
    ("simplifiedVehicle", .simplifiedVehicle), ("shuttingDown", .shuttingDown), ("startDelayed", .startDelayed),
    ("mainsReturning", .mainsReturning), ("wakingVehicle", .wakingVehicle), ("contactorMoving", .contactorMoving),
  ]

  @Test("Every reason is there, with the way in which the contactor opens for it")
  func reasons() throws {
    let rows = try rows("What opens the contactor").map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    #expect(rows.map { $0[0] } == Self.reasons.map { "`\($0.name)`" })
    for (row, reason) in zip(rows, Self.reasons) {
      let way =
        if EnergyConditions.openingAtOnce.contains(reason.blocker) {
          "at once"
        } else if EnergyConditions.withdrawingFirst.contains(reason.blocker) {
          "offer first"
        } else {
          "start only"
        }
      #expect(row.last == way, "\(reason.name)")
    }
    let known = Self.reasons.reduce(into: EnergyBlockers()) { $0.insert($1.blocker) }
    let decided = EnergyConditions.openingAtOnce.union(EnergyConditions.withdrawingFirst)
    #expect(known.isSuperset(of: decided))
    // Bits are given out without gaps: one that is not on the page shows as a hole or as one too many.
    #expect(known.rawValue == (1 << UInt32(Self.reasons.count)) - 1)
  }
}

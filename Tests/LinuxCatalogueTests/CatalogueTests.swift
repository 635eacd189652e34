import BoardProfile
import Foundation
import HALLinux
import LinuxCatalogue
import Testing

/// What `LinuxDrivers` says of each driver, against what its entry in the catalogue does.
@Suite("Linux catalogue")
struct CatalogueTests {
  /// The catalogue's names for the kinds.
  private static let kinds: [(LinuxDrivers.Kind, String)] = [
    (.pilot, "control pilot"), (.contactor, "contactor"), (.lock, "lock"), (.proximity, "proximity"),
    (.meter, "meter"), (.residualCurrent, "residual current"), (.temperature, "temperature sensor"),
    (.safetyInput, "safety input"), (.phaseSwitch, "phase switch"), (.light, "light"),
    (.parkingBay, "parking bay sensor"), (.startButton, "start button"), (.reader, "reader"),
    (.watchdog, "watchdog"),
  ]

  /// Options of drivers that read others according to what these say; each is asked once more with them.
  private static let variants: [(kind: String, name: String, options: String)] = [
    ("meter", "modbus", #"{"port": "/dev/ttyS1"}"#), ("meter", "iskra-wm3m4c", #"{"port": "/dev/ttyS1"}"#),
    ("meter", "modbus", #"{"host": "meter.local"}"#), ("meter", "iskra-wm3m4c", #"{"host": "meter.local"}"#),
    ("temperature sensor", "iio", #"{"sensor": "thermistor"}"#),
  ]

  private static func board() throws -> BoardProfile {
    let text = """
      {"name": "t", "purpose": "bench", "vendorName": "V", "model": "M", "evses": [{"id": 1, "maximumCurrentA": 16,
      "phases": 3, "residualCurrent": "external", "connectors": [{"id": 1, "cable": "fixed",
      "connectorType": "cType2", "pilot": {"driver": "none"}, "contactor": {"driver": "none"}}]}]}
      """
    return try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
  }

  private static func survey() throws -> [String: [String: String?]] {
    let profile = try board()
    var found: [String: [String: String?]] = [:]
    let rounds = [nil] + variants.map { Optional($0) }
    for round in rounds {
      let drivers = LinuxCatalogue.make().survey(in: profile) { kind, name in
        round.flatMap { $0.kind == kind && $0.name == name ? $0.options : nil }
      }
      for driver in drivers {
        for option in driver.options {
          let standard: String? =
            switch option.standard {
            case .needed: nil
            case .none: "none"
            case .value(let value): value
            }
          // What one variant can do without may be left out.
          let title = "\(driver.kind) \(driver.name)"
          let known = found[title]?[option.name] ?? nil
          found[title, default: [:]].updateValue(known ?? standard, forKey: option.name)
        }
      }
    }
    return found
  }

  private static func title(_ driver: LinuxDrivers.Description) -> String {
    "\(kinds.first { $0.0 == driver.kind }?.1 ?? "?") \(driver.name)"
  }

  @Test("Every driver that is described has a name of its own among its kind, and the catalogue has it")
  func names() throws {
    let described = LinuxDrivers.all.map(Self.title)
    #expect(Set(described).count == described.count)
    #expect(Set(described) == Set(try Self.survey().keys))
    #expect(Set(Self.kinds.map(\.0)) == Set(LinuxDrivers.Kind.allCases))
  }

  @Test(
    "What is said of each option is what the entry reads: its name, and its default",
    arguments: LinuxDrivers.all.map(\.summary))
  func options(summary: String) throws {
    let driver = try #require(LinuxDrivers.all.first { $0.summary == summary })
    let read = try #require(try Self.survey()[Self.title(driver)])
    let said = Dictionary(driver.options.map { ($0.name, $0.standard) }) { first, _ in first }
    #expect(said.count == driver.options.count, "an option is described twice")
    #expect(Set(said.keys).subtracting(read.keys) == [], "described, and not read")
    #expect(Set(read.keys).subtracting(said.keys) == [], "read, and not described")
    for (name, standard) in said where read[name] != nil {
      #expect(read[name] == standard, "\(Self.title(driver)).\(name)")
    }
  }

  /// No option of any driver can be this.
  private static let hostile = [
    "{}", "[]", "[1]", "\"\"", "\"a\\u0001b\"", "-99999999999", "1e300", "\"\(String(repeating: "x", count: 300))\"",
  ]

  @Test(
    "A value that an option cannot have is told with its path, what is wrong and what is allowed", arguments: hostile)
  func hostileValues(value: String) throws {
    let profile = try Self.board()
    let names = Dictionary(grouping: LinuxDrivers.all, by: Self.title).mapValues { $0.flatMap(\.options).map(\.name) }
    let drivers = LinuxCatalogue.make().survey(in: profile) { kind, name in
      let given = (names["\(kind) \(name)"] ?? []).map { "\"\($0)\":\(value)" }
      return "{\(given.joined(separator: ","))}"
    }
    #expect(drivers.map(\.problems.count).reduce(0, +) > 100)
    for driver in drivers {
      let title = "\(driver.kind) \(driver.name)"
      for problem in driver.problems {
        #expect(!problem.message.isEmpty && problem.allowed?.isEmpty == false, "\(title): \(problem)")
        #expect(problem.path.hasPrefix("$."), "\(title): \(problem)")
      }
      // Whatever the driver has asked for is told, each under its own path.
      for option in driver.options where names[title]?.contains(option.name) == true {
        #expect(driver.problems.contains { $0.path == "$.\(option.name)" }, "\(title).\(option.name)")
      }
    }
  }

  /// Parts of a line's description; the page has them once for all lines.
  private static let lineParts = ["Line", "Chip", "ActiveLow", "Bias", "Output", "Contact"]

  @Test("The page for board makers has every option of the GPIO drivers, with its default")
  func page() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../boards/README.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let section = try #require(
      text.components(separatedBy: "\n## ").first { $0.hasPrefix("Driver: `gpio`") })
    for driver in LinuxDrivers.gpio {
      for option in driver.options {
        let name = option.name
        if let part = Self.lineParts.first(where: { name.hasSuffix($0) && name != "positionContact" }) {
          let line = name.dropLast(part.count)
          #expect(section.contains("`\(line)`"), "\(driver.kind) \(line)")
        } else if !["line", "chip", "activeLow", "bias", "silenceMilliseconds"].contains(name) {
          let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `\(name)` |") }
          let standard = option.standard ?? "required"
          #expect(
            rows.contains { $0.contains(" \(standard) ") || $0.contains("`\(standard)`") }, "\(driver.kind) \(name)")
        }
      }
    }
  }

  @Test("Every option that is a time has its unit in the last word", arguments: LinuxDrivers.all.map(\.summary))
  func units(summary: String) throws {
    let driver = try #require(LinuxDrivers.all.first { $0.summary == summary })
    for option in driver.options {
      guard let standard = option.standard, Int64(standard) != nil else { continue }
      guard ["how long", "the period"].contains(where: { option.meaning.contains($0) }) else { continue }
      #expect(option.name.hasSuffix("Milliseconds") || option.name.hasSuffix("Seconds"), "\(option.name)")
    }
  }
}

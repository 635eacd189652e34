import ChargerBase
import EVSEControl
import Testing

@testable import BoardProfile

/// `boards/README.md` is what a board maker reads: it must say what the loader does.
@Suite("boards/README.md")
struct ReferenceTests {
  /// The rows of the tables, by heading and key: type, default, range, meaning.
  private func rows() throws -> [String: [(key: String, cells: [String])]] {
    let text = String(decoding: try Fixtures.boardFile("README.md"), as: UTF8.self)
    var rows: [String: [(key: String, cells: [String])]] = [:]
    var heading = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("## ") { heading = String(line.dropFirst(3)) }
      guard line.hasPrefix("| `"), let end = line.dropFirst(3).firstIndex(of: "`") else { continue }
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst(2).dropLast()
      let key = String(line.dropFirst(3)[..<end])
      rows[heading, default: []].append((key, cells.map { $0.trimmed }))
    }
    return rows
  }

  @Test("Every key that the loader knows is listed under its heading, and no other")
  func keys() throws {
    let rows = try rows()
    for (heading, keys) in ProfileKeyReference.sections {
      #expect(rows[heading]?.map(\.key) ?? [] == keys, "\(heading)")
    }
  }

  @Test("Defaults and ranges of the times are the ones that count")
  func times() throws {
    let timing = try rows()["Timing"] ?? []
    #expect(timing.count == TimingEntry.all.count)
    for (row, entry) in zip(timing, TimingEntry.all) {
      #expect(row.key == entry.key.rawValue)
      #expect(row.cells[1] == "\(entry.standard)", "\(row.key)")
      #expect(row.cells[2] == "\(entry.ends.least)…\(entry.ends.most)", "\(row.key)")
    }
  }

  @Test("Defaults of thresholds, bands, curves and wake-up are the ones that count")
  func values() throws {
    let rows = try rows()
    func standard(_ heading: String, _ key: String) -> String? {
      rows[heading]?.first { $0.key == key }?.cells[1]
    }
    let thresholds = PilotThresholds()
    for (key, value) in [
      ("aAbove", thresholds.aAbove), ("bAbove", thresholds.bAbove), ("cAbove", thresholds.cAbove),
      ("dAbove", thresholds.dAbove), ("eAbove", thresholds.eAbove), ("hysteresis", thresholds.hysteresis),
      ("diodeBelow", thresholds.diodeBelow),
    ] {
      #expect(standard("Pilot thresholds", key + "Millivolts") == "\(value.millivolts)", "\(key)")
    }
    let band = VoltageBand()
    #expect(standard("Voltage band", "lowestV") == "\(band.lowest.decimal)")
    #expect(standard("Voltage band", "highestV") == "\(band.highest.decimal)")
    #expect(standard("Voltage band", "hysteresisV") == "\(band.hysteresis.decimal)")
    let curve = TemperatureCurve()
    #expect(standard("Temperature curve", "deratingFromCelsius") == "\(curve.deratingFrom.decimal)")
    #expect(standard("Temperature curve", "stopAtCelsius") == "\(curve.stopAt.decimal)")
    #expect(standard("Temperature curve", "leastCurrentA") == "\(curve.leastCurrent.decimal)")
    #expect(standard("Temperature curve", "hysteresisCelsius") == "\(curve.hysteresis.decimal)")
    let wakeUp = WakeUp()
    #expect(standard("Wake-up", "afterSeconds") == "\(wakeUp.after.components.seconds)")
    #expect(standard("Wake-up", "steadySeconds") == "\(wakeUp.steadyFor.components.seconds)")
    #expect(standard("Wake-up", "attempts") == "\(wakeUp.attempts)")
    let proximity = ProximityBands()
    let bands = proximity.bands.map { "\($0.rating) \($0.lowest.decimal)…\($0.highest)" }
    #expect(standard("Proximity bands", "bands") == bands.joined(separator: ", "))
    #expect(standard("Proximity bands", "betweenBands") == "`\(proximity.betweenBands.rawValue)`")
    #expect(standard("Proximity bands", "openAboveOhms") == "\(proximity.openAbove.decimal)")
    let connector = ConnectorControlConfiguration(id: ConnectorID(evse: EVSEID(1), number: 1), cable: .fixed)
    #expect(standard("Connector", "simplifiedVehicleA") == connector.simplifiedVehicleLimit.map { "\($0.decimal)" })
  }

  @Test("Default lights are the ones that are shown")
  func lights() throws {
    for row in try rows()["Lights"] ?? [] {
      let feedback = try #require(FeedbackKind(rawValue: row.key))
      let pattern = LightTable()[feedback]
      #expect(row.cells[1] == "\(pattern.colour.rawValue), \(pattern.rhythm.rawValue)", "\(feedback)")
    }
  }
}

extension Substring {
  fileprivate var trimmed: String {
    var rest = self[...]
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}

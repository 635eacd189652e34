import ChargerBase
import OCPPJSON

/// What the stations did wrong.
struct Problems {
  /// Kept at most; further ones are counted.
  static let maximumKept = 10_000

  struct Problem {
    var time: WallTime
    var station: String
    var words: String
  }

  private(set) var kept: [Problem] = []
  private(set) var count = 0

  mutating func add(_ words: String, station: String, at time: WallTime) {
    count += 1
    if kept.count < Self.maximumKept { kept.append(Problem(time: time, station: station, words: words)) }
  }

  var json: JSONValue {
    [
      "count": JSONValue(count),
      "problems": .array(
        kept.map { ["time": JSONValue($0.time), "station": .string($0.station), "problem": .string($0.words)] }),
    ]
  }
}

import ArgumentParser
import OCPPJSON

/// What the shell offers at a tab: asked of the running station or world where there is one, quickly, and without a word
/// when there is none.
enum Completions {
  /// Nobody waits longer for a tab.
  private static let patience = Duration.seconds(1)
  /// More help nobody to choose.
  private static let maximumOffers = 2_000

  /// The numbers of the station's EVSEs.
  static let evses = CompletionKind.custom { words, _, _ in
    numbers(of: ask(.station, words, "station.status"))
  }

  /// The names of the device model's variables, as `get` and `set` take them, and those of the components alone.
  static let variables = CompletionKind.custom { words, _, _ in
    names(of: ask(.station, words, "station.deviceModel.get"))
  }

  /// The faults that the simulated world knows.
  static let faults = CompletionKind.custom { words, _, _ in
    faultNames(of: ask(.world, words, "bench.faults"))
  }

  static func numbers(of status: JSONValue?) -> [String] {
    (status?["evses"]?.array ?? []).prefix(64).compactMap { $0["id"]?.int64.map { String($0) } }
  }

  static func names(of answer: JSONValue?) -> [String] {
    let entries = (answer?["variables"]?.array ?? []).prefix(maximumOffers)
    var components: [String] = []
    for entry in entries {
      guard let name = entry["component"]?["name"]?.string, components.last != name, !components.contains(name) else {
        continue
      }
      components.append(name)
    }
    return components.map { Text.printable($0) } + entries.map(VariableName.text)
  }

  static func faultNames(of answer: JSONValue?) -> [String] {
    (answer?.array ?? []).prefix(maximumOffers).compactMap { $0["fault"]?.string.map { Text.printable($0) } }
  }

  private static func ask(_ kind: SocketKind, _ words: [String], _ method: String) -> JSONValue? {
    let place = words.lastIndex(of: kind.option)
    let option = place.flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
    guard let connection = try? Connection(kind, option: option) else { return nil }
    return try? connection.call(method, timeout: patience)
  }
}

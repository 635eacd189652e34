import ArgumentParser
import OCPPJSON

/// What the shell offers at a tab: asked of the running station where there is one, quickly and without a word when
/// there is none.
enum Completions {
  /// The numbers of the station's EVSEs.
  static let evses = CompletionKind.custom { _, _, _ in
    numbers(of: ask("station.status"))
  }

  static func numbers(of status: JSONValue?) -> [String] {
    (status?["evses"]?.array ?? []).prefix(64).compactMap { $0["id"]?.int64.map { String($0) } }
  }

  private static func ask(_ method: String) -> JSONValue? {
    guard let connection = try? Connection(.station, option: nil) else { return nil }
    return try? connection.call(method)
  }
}

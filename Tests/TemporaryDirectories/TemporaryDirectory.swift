import Foundation

/// A directory of a test's own, for this user alone; it goes with all that is in it when nobody holds it any more.
package final class TemporaryDirectory: Sendable {
  package let path: String

  /// - Parameters:
  ///   - purpose: a part of its name, for whoever finds it left behind.
  ///   - parent: where it is made; nil: where `TMPDIR` says, else /tmp.
  package init(_ purpose: String, on parent: String? = nil) throws {
    let parent = parent ?? FileManager.default.temporaryDirectory.path
    // Short: a socket's path has 108 characters at most.
    path = "\(parent)/charger-\(purpose)-\(UUID().uuidString.prefix(8))"
    // Fails when it is there already.
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of what has this name in it.
  package func file(_ name: String) -> String { "\(path)/\(name)" }
}

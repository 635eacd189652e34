/// A board profile and a unit file, checked together.
public struct StationFiles: Sendable, Equatable {
  public var board: BoardProfile
  public var unit: UnitFile?

  /// A file's bytes and the name that problems tell.
  public struct File: Sendable {
    public var name: String
    public var bytes: [UInt8]

    public init(name: String, bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
    }
  }

  /// - Throws: the problems of both files at once.
  public static func load(board: File, unit: File?) throws(ProfileProblems) -> StationFiles {
    var problems = ProfileProblems([])
    var profile: BoardProfile?
    var own: UnitFile?
    do throws(ProfileProblems) {
      profile = try BoardProfile.load(bytes: board.bytes, fileName: board.name)
    } catch {
      problems = problems + error
    }
    if let unit {
      do throws(ProfileProblems) {
        own = try UnitFile.load(bytes: unit.bytes, fileName: unit.name, board: profile)
      } catch {
        problems = problems + error
      }
    }
    guard let profile, problems.problems.isEmpty else { throw problems }
    return StationFiles(board: profile, unit: own)
  }
}

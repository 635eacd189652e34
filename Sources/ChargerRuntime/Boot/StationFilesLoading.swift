import BoardProfile
import CLinux
import Glibc

/// The board profile and the unit file as the command line names them.
package struct LoadedFiles {
  package var files: StationFiles
  /// Where the unit file was, for the paths that it gives relative to itself.
  package var unitDirectory: String?
}

/// Files that cannot be used: everything that is wrong with them, ready to be shown.
package struct FilesError: Error {
  package var text: String
}

package enum StationFilesLoading {
  private static let maximumBytes = 1024 * 1024

  /// Reads and checks both files. The unit file may be missing when it was not named; one with other people's
  /// read permission is refused, for it holds passwords.
  package static func load(_ arguments: DaemonArguments) throws(FilesError) -> LoadedFiles {
    guard let boardBytes = FileReading.contents(of: arguments.board, limit: maximumBytes) else {
      throw FilesError(text: "\(arguments.board): cannot be read: \(reason()). Name a board profile with --board.")
    }
    var unitFile: StationFiles.File?
    let unitPath = arguments.unit ?? arguments.state.map { $0 + "/unit.json" }
    if let unitPath {
      if let bytes = FileReading.contents(of: unitPath, limit: maximumBytes) {
        var status = stat()
        if stat(unitPath, &status) == 0, status.st_mode & 0o077 != 0 {
          throw FilesError(
            text: "\(unitPath): others may read it (mode \(String(status.st_mode & 0o777, radix: 8))), "
              + "and it holds passwords. Remedy: chmod 600 \(unitPath)")
        }
        unitFile = StationFiles.File(name: unitPath, bytes: bytes)
      } else if arguments.unit != nil || ![ENOENT, ENOTDIR].contains(linux_errno()) {
        throw FilesError(text: "\(unitPath): cannot be read: \(reason()). Make one with chargerctl commission.")
      }
    }
    do throws(ProfileProblems) {
      let files = try StationFiles.load(
        board: StationFiles.File(name: arguments.board, bytes: boardBytes), unit: unitFile)
      return LoadedFiles(files: files, unitDirectory: unitPath.map(directory(of:)))
    } catch {
      throw FilesError(text: error.description)
    }
  }

  package static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func reason() -> String { String(cString: linux_document_problem(linux_errno())) }
}

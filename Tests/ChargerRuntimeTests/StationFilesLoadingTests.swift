import Glibc
import Testing

@testable import ChargerRuntime

@Suite("The files of the start")
struct StationFilesLoadingTests {
  /// What is told of a board and a unit file.
  private func problem(board: String, unit: String? = nil) -> String? {
    var arguments = DaemonArguments()
    arguments.board = board
    arguments.unit = unit
    do throws(FilesError) {
      _ = try StationFilesLoading.load(arguments)
      return nil
    } catch {
      return error.text
    }
  }

  @Test("A profile or unit file that is a FIFO or a device is told with its name, and not waited for")
  func strangeFiles() throws {
    let fifo = "/tmp/station-files-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    #expect(mkfifo(fifo, 0o600) == 0)
    defer { unlink(fifo) }
    #expect(
      problem(board: fifo) == "\(fifo): cannot be read: it is no regular file. Name a board profile with --board.")
    #expect(problem(board: "/dev/zero")?.hasPrefix("/dev/zero: cannot be read: it is no regular file.") == true)
    #expect(problem(board: "/tmp")?.hasPrefix("/tmp: cannot be read: Is a directory.") == true)
    #expect(
      problem(board: "boards/bench-ac-post.json", unit: fifo)
        == "\(fifo): cannot be read: it is no regular file. Make one with chargerctl commission.")
  }
}

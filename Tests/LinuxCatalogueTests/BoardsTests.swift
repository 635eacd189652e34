import BoardProfile
import Foundation
import LinuxCatalogue
import Testing

/// The profiles of real boards, as the station's program reads them.
@Suite("Boards for the street")
struct BoardsTests {
  private static let boards = [
    "raspberry-pi-4", "raspberry-pi-5", "ti-am625-sk", "beagleplay", "nxp-imx8mp-evk",
  ]

  private static func path(_ board: String, near file: String = #filePath) -> String {
    URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("boards/\(board).json").path
  }

  private func problems(_ text: String, of board: String) throws -> [String] {
    do throws(ProfileProblems) {
      let profile = try BoardProfile.load(bytes: Array(text.utf8), fileName: Self.path(board))
      try profile.checkDrivers(catalogue: LinuxCatalogue.make())
      return []
    } catch {
      return error.problems.map { "\($0.path): \($0.message)" }
    }
  }

  @Test("Each has its drivers and its options right", arguments: boards)
  func drivers(board: String) throws {
    let text = try String(contentsOfFile: Self.path(board), encoding: .utf8)
    #expect(try problems(text, of: board) == [])
  }

  @Test("Each says what opens its contactor when the program is dead, and is refused without it", arguments: boards)
  func deadMan(board: String) throws {
    let lines = try String(contentsOfFile: Self.path(board), encoding: .utf8).split(separator: "\n")
    let without = lines.filter { !$0.contains("\"deadMan\"") }
    #expect(without.count == lines.count - 1)
    #expect(try problems(without.joined(separator: "\n"), of: board).contains { $0.hasPrefix("$.deadMan: ") })
  }

  @Test("Two contacts on one line are refused", arguments: boards)
  func sharedLine(board: String) throws {
    let text = try String(contentsOfFile: Self.path(board), encoding: .utf8)
    let doubled = text.replacingOccurrences(of: "\"line\": \"door\"", with: "\"line\": \"emergency-stop\"")
    #expect(doubled != text)
    #expect(try problems(doubled, of: board) == ["$.safetyInputs[1]: drives the same hardware as $.safetyInputs[0]"])
  }
}

import ChargerBase
import Foundation
import Testing

@testable import BoardProfile

@Suite("Unit files")
struct UnitFileTests {
  @Test("A good unit file gives all that it says")
  func good() throws {
    let board = try BoardProfile.load(bytes: Array(Fixtures.product.utf8), fileName: "board.json")
    let unit = try UnitFile.load(bytes: Array(Fixtures.unit.utf8), fileName: "unit.json", board: board)
    #expect(unit.identity == "CS-0001")
    #expect(unit.csmsURL == "wss://csms.example.com/ocpp")
    #expect(unit.securityProfile == 2)
    #expect(unit.basicAuthPassword?.revealed == "correct-horse-battery")
    #expect(unit.serialNumber == "A0001")
    #expect(unit.ratedSupply == Current(amperes: 32))
    #expect(unit.installerLimit == Current(amperes: 20))
    #expect(board.controlConfiguration(unit: unit).installerLimit == Current(amperes: 20))
    #expect(unit.rootCertificatesFile == "roots.pem")
    #expect(unit.deviceModel.first?.component.evse?.id == 1)
  }

  static let bad: [BadFile] = [
    BadFile("\"identity\": \"CS-0001\",", "", "$.identity", "is missing"),
    BadFile(
      "CS-0001", "CS:0001", "$.identity", "has the character \":\" in it",
      allowed: "1…48 characters: letters, digits and * - _ = + | @ ."),
    BadFile("CS-0001", "CS 0001", "$.identity", "has the character \" \" in it"),
    BadFile("CS-0001", "Säule", "$.identity", "has the character \"ä\" in it"),
    BadFile("CS-0001", String(repeating: "x", count: 49), "$.identity", "has 49 characters"),
    BadFile("\"csmsUrl\"", "\"csmsURL\"", "$.csmsURL", "is not a key that is known here", suggestion: "csmsUrl"),
    BadFile(
      "wss://csms.example.com/ocpp", "ws://h", "$.securityProfile", "is 2, which needs TLS, but csmsUrl is ws://"),
    BadFile("\"securityProfile\": 2", "\"securityProfile\": 4", "$.securityProfile", "is 4"),
    BadFile("correct-horse-battery", "short", "$.basicAuthPassword", "has 5 characters"),
    BadFile("correct-horse", "correct horse", "$.basicAuthPassword", "has a character that is not allowed"),
    BadFile(
      "\"basicAuthPassword\": \"correct-horse-battery\",", "", "$.basicAuthPassword",
      "is missing, and security profile 2 needs it"),
    BadFile("\"ratedSupplyA\": 32", "\"ratedSupplyA\": 5", "$.ratedSupplyA", "is 5"),
    BadFile("\"installerLimitA\": 20", "\"installerLimitA\": 81", "$.installerLimitA", "is 81", allowed: "6…80 A"),
    BadFile(
      "{ \"id\": 1 }", "{ \"id\": 3 }", "$.deviceModel[0].component.evse.id",
      "refers to EVSE 3, which this board does not have"),
    BadFile("A0001", "A0001 ", "$.serialNumber", "has the character \" \" in it"),
  ]

  @Test("A mistake in a unit file is told with its place", arguments: bad)
  func mistakes(_ bad: BadFile) throws {
    bad.check(try Fixtures.problems(inUnit: try bad.applied(to: Fixtures.unit)), file: "unit.json")
  }

  @Test("A password is in no problem and in no printed value")
  func secrecy() throws {
    let text = Fixtures.unit.replacingOccurrences(of: "correct-horse-battery", with: "pass word with a blank")
    for problem in try Fixtures.problems(inUnit: text) {
      #expect(!problem.description.contains("pass word"))
    }
    let unit = try UnitFile.load(bytes: Array(Fixtures.unit.utf8), fileName: "unit.json", board: nil)
    #expect(!"\(unit)".contains("horse"))
    #expect(!String(reflecting: unit).contains("horse"))
    var dumped = ""
    dump(unit, to: &dumped)
    #expect(!dumped.contains("horse"))
  }

  @Test("Problems of board profile and unit file are told together")
  func together() {
    let board = Fixtures.product.replacingOccurrences(of: "\"leaseSeconds\": 30", with: "\"leaseSeconds\": 0")
    let unit = Fixtures.unit.replacingOccurrences(of: "CS-0001", with: "")
    do throws(ProfileProblems) {
      _ = try StationFiles.load(
        board: .init(name: "b.json", bytes: Array(board.utf8)), unit: .init(name: "u.json", bytes: Array(unit.utf8)))
      Issue.record("bad files were taken")
    } catch {
      #expect(error.problems.map(\.file) == ["b.json", "u.json"])
      #expect(error.problems.map(\.path) == ["$.leaseSeconds", "$.identity"])
    }
  }

  @Test("The installer's supply lowers the board's shared one, never raises it")
  func supply() throws {
    let board = try BoardProfile.load(bytes: Array(Fixtures.product.utf8), fileName: "board.json")
    var unit = try UnitFile.load(bytes: Array(Fixtures.unit.utf8), fileName: "unit.json", board: board)
    #expect(board.controlConfiguration(unit: nil).sharedSupply == Current(milliamperes: 40_500))
    #expect(board.controlConfiguration(unit: unit).sharedSupply == Current(amperes: 32))
    unit.ratedSupply = Current(amperes: 63)
    #expect(board.controlConfiguration(unit: unit).sharedSupply == Current(milliamperes: 40_500))
  }
}

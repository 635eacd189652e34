import BoardProfile
import LinuxCatalogue
import Testing

@Suite("Card readers and watchdog in a board profile")
struct SmartCardEntriesTests {
  private func problems(
    readers: [String], watchdog: String = #"{ "driver": "linux" }"#, deadMan: String? = nil
  ) throws -> [ProfileProblem] {
    let named = readers.enumerated().map { "{ \"name\": \"r\($0)\", \"driver\": \"pcsc\", \($1) }" }
    let text = """
      {
        "name": "t", "purpose": "bench", "vendorName": "v", "model": "m",
        "evses": [ { "id": 1, "maximumCurrentA": 16, "phases": 1, "residualCurrent": "external",
          "connectors": [ { "id": 1, "cable": "fixed", "connectorType": "cType2",
            "pilot": { "driver": "mcu", "port": "/dev/ttyS9" },
            "contactor": { "driver": "mcu", "port": "/dev/ttyS9" } } ] } ],
        "readers": [ \(named.joined(separator: ", ")) ],
        "watchdog": \(watchdog)\(deadMan.map { ", \"deadMan\": \($0)" } ?? "")
      }
      """
    do throws(ProfileProblems) {
      let board = try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
      try board.checkDrivers(catalogue: LinuxCatalogue.make())
      return []
    } catch {
      return error.problems
    }
  }

  @Test("A reader with every option, and two of one kind with their serial numbers, are good, without any hardware")
  func good() throws {
    let full = #"""
      "device": "ACS ACR122U", "serialNumber": "RR-1", "unknownCards": "readUID", "unknownCardType": "ISO15693",
      "randomUIDs": "take", "iso14443ByteOrder": "reversed", "iso15693ByteOrder": "reversed",
      "debounceMilliseconds": 0, "readAttempts": 10, "silenceMilliseconds": 60000, "startCommands": "FF00520000",
      "presentedCommands": "FF00400E0401000101,FF00", "refusedCommands": "FF00400D0401010201",
      "commandChannel": "control", "controlCodeNumber": 3500
      """#
    let found = try problems(
      readers: [full, #""device": "ACS ACR122U", "serialNumber": "RR-2""#],
      watchdog: #"{ "driver": "linux", "device": "/dev/watchdog1", "timeoutSeconds": 300 }"#)
    #expect(found.isEmpty, "\(found)")
  }

  @Test("Two readers that one device may serve are told, with both places")
  func overlap() throws {
    let found = try problems(readers: [#""device": "ACS""#, #""device": "ACS ACR122U 00 00""#])
    #expect(found.map(\.path) == ["$.readers[1].device"])
    #expect(found.first?.message == "\"ACS ACR122U 00 00\" may mean the same reader as $.readers[0]")
  }

  @Test(
    "What is wrong with an option is told with its path",
    arguments: [
      ("device", #""serialNumber": "1""#), ("unknownCards", #""device": "A", "unknownCards": "maybe""#),
      ("unknownCardType", #""device": "A", "unknownCardType": "MacAddress""#),
      ("startCommands", #""device": "A", "startCommands": "XYZ""#),
      ("startCommands", #""device": "A", "startCommands": "FF00", "commandChannel": "transmit""#),
      ("debounceMilliseconds", #""device": "A", "debounceMilliseconds": 10001"#),
      ("readAttempts", #""device": "A", "readAttempts": 0"#),
      ("debounceSeconds", #""device": "A", "debounceSeconds": 1"#),
    ])
  func bad(option: String, reader: String) throws {
    #expect(try problems(readers: [reader]).map(\.path) == ["$.readers[0].\(option)"])
  }

  @Test("A watchdog's time-out and path are judged", arguments: [#""timeoutSeconds": 0"#, #""device": "watchdog""#])
  func watchdog(options: String) throws {
    let found = try problems(readers: [], watchdog: "{ \"driver\": \"linux\", \(options) }")
    #expect(found.count == 1)
    #expect(found.first?.path.hasPrefix("$.watchdog.") == true)
  }

  @Test(
    "A watchdog whose time-out is longer than the relay's dead-man rule is told by --check; a controller has its own")
  func watchdogUnderARule() throws {
    func found(_ options: String, within: Int, means: String = "watchdogRelay") throws -> [String] {
      let rule = "{ \"means\": \"\(means)\", \"withinMilliseconds\": \(within) }"
      return try problems(readers: [], watchdog: "{ \"driver\": \"linux\"\(options) }", deadMan: rule).map {
        "\($0.path) \($0.message); \($0.allowed ?? "")"
      }
    }
    let three = #", "timeoutSeconds": 3"#
    #expect(try found(three, within: 3_000) == [])
    #expect(
      try found(three, within: 2_999) == [
        "$.watchdog.timeoutSeconds is 3, longer than the dead-man rule's withinMilliseconds, 2999; at most 2"
      ])
    // What is not said counts as its default.
    #expect(try found("", within: 9_999).count == 1)
    #expect(
      try found(#", "timeoutSeconds": 1"#, within: 500).first?.hasSuffix("1, under a dead-man rule of 1000 ms or more")
        == true)
    #expect(try found(three, within: 500, means: "companionController") == [])
  }
}

import BoardProfile
import Foundation
import TemporaryDirectories
import Testing

@testable import LinuxCatalogue

@Suite("Modbus meters in a profile")
struct ModbusEntriesTests {
  /// The profile's folder, with the maps beside it.
  private static func profileFile(near file: String = #filePath) -> String {
    URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("boards/test.json").path
  }

  /// Problems of a bench profile whose EVSEs have these meters, apart from those of pilots and contactors.
  private func problems(
    _ meters: [String], mainMeter: String? = nil, file: String = profileFile()
  ) throws -> [ProfileProblem] {
    let evses = meters.enumerated().map { index, meter in
      """
      {"id":\(index + 1),"maximumCurrentA":16,"phases":3,"meter":\(meter),"residualCurrent":"external",
      "connectors":[{"id":1,"cable":"fixed","connectorType":"cType2","pilot":{"driver":"none"},
      "contactor":{"driver":"none"}}]}
      """
    }
    let main = mainMeter.map { ",\"mainMeter\":\($0)" } ?? ""
    let text = """
      {"name":"test","purpose":"bench","vendorName":"V","model":"M","evses":[\(evses.joined(separator: ","))]\(main)}
      """
    let profile = try BoardProfile.load(bytes: Array(text.utf8), fileName: file)
    do throws(ProfileProblems) {
      try profile.checkDrivers(catalogue: LinuxCatalogue.make())
      return []
    } catch {
      return error.problems.filter { !$0.path.contains("pilot") && !$0.path.contains("contactor") }
    }
  }

  @Test("Each map that the project brings can be named")
  func maps() throws {
    for map in [
      "eastron-sdm630-v2", "eastron-sdm72d-m-v2", "carlo-gavazzi-em340", "abb-b23", "schneider-iem3155", "iskra-wm3m4c",
    ] {
      #expect(try problems(["{\"driver\":\"modbus\",\"map\":\"\(map)\",\"port\":\"/dev/ttyS1\",\"device\":1}"]) == [])
    }
    #expect(try problems(["{\"driver\":\"iskra-wm3m4c\",\"port\":\"/dev/ttyS1\",\"baud\":115200,\"device\":33}"]) == [])
    #expect(try problems(["{\"driver\":\"modbus\",\"map\":\"abb-b23\",\"host\":\"10.0.0.7\",\"device\":1}"]) == [])
  }

  @Test("A map that is not there is told with its file")
  func missingMap() throws {
    let found = try problems(["{\"driver\":\"modbus\",\"map\":\"abb-b24\",\"port\":\"/dev/ttyS1\",\"device\":1}"])
    #expect(found.count == 1)
    let problem = try #require(found.first)
    #expect(problem.path == "$.evses[0].meter.map")
    #expect(problem.message.contains("boards/meters/abb-b24.json cannot be read: No such file or directory"))
    let outside = try problems(["{\"driver\":\"modbus\",\"map\":\"../unit\",\"port\":\"/dev/ttyS1\",\"device\":1}"])
    #expect(outside.map(\.message) == ["is no name of a map"])
  }

  @Test("A map that is a FIFO, a device, a folder or far too long is told with its file and field, and not waited for")
  func strangeMaps() throws {
    let directory = try TemporaryDirectory("map")
    defer { withExtendedLifetime(directory) {} }
    let folder = directory.path
    try FileManager.default.createDirectory(atPath: folder + "/meters", withIntermediateDirectories: false)
    #expect(mkfifo(folder + "/meters/fifo.json", 0o600) == 0)
    #expect(symlink("/dev/zero", folder + "/meters/device.json") == 0)
    #expect(mkdir(folder + "/meters/folder.json", 0o700) == 0)
    try Data(repeating: 0x20, count: 262_145).write(to: URL(fileURLWithPath: folder + "/meters/long.json"))
    for (name, reason) in [
      ("fifo", "it is no regular file"), ("device", "it is no regular file"), ("folder", "Is a directory"),
      ("long", "it is too long"),
    ] {
      let found = try problems(
        ["{\"driver\":\"modbus\",\"map\":\"\(name)\",\"port\":\"/dev/ttyS1\",\"device\":1}"],
        file: folder + "/board.json")
      #expect(found.map(\.path) == ["$.evses[0].meter.map"])
      let message = found.first?.message ?? ""
      #expect(message.contains("\(folder)/meters/\(name).json cannot be read: \(reason)"), "\(message)")
      #expect(found.first?.allowed?.contains("a file of at most 262144 bytes") == true)
    }
  }

  @Test("What is wrong within a map is told under the map's own file")
  func badMap() throws {
    let directory = try TemporaryDirectory("map")
    defer { withExtendedLifetime(directory) {} }
    let folder = directory.path
    try FileManager.default.createDirectory(atPath: folder + "/meters", withIntermediateDirectories: false)
    try Data("{\"name\":\"mine\",\"maker\":\"M\",\"model\":\"T\",\n\"registers\":[]}".utf8).write(
      to: URL(fileURLWithPath: folder + "/meters/mine.json"))
    let found = try problems(
      ["{\"driver\":\"modbus\",\"map\":\"mine\",\"port\":\"/dev/ttyS1\",\"device\":1}"], file: folder + "/board.json")
    #expect(found.allSatisfy { $0.file == folder + "/meters/mine.json" && $0.line == 2 })
    #expect(found.first?.path == "$.registers")
    #expect(found.first?.message == "has 0 registers")
  }

  @Test("Two meters on one line share it; the same number twice, or other settings, are told with both places")
  func sharedLine() throws {
    func meter(_ device: Int, _ more: String = "") -> String {
      "{\"driver\":\"modbus\",\"map\":\"abb-b23\",\"port\":\"/dev/ttyS1\",\"device\":\(device)\(more)}"
    }
    #expect(try problems([meter(1), meter(2)]) == [])
    let twice = try problems([meter(1), meter(1, ",\"retries\":3")])
    #expect(twice.map(\.message) == ["uses Modbus /dev/ttyS1 device 1, and so does $.evses[0].meter"])
    func nameless(_ retries: Int) -> String {
      "{\"driver\":\"modbus\",\"map\":\"abb-b23\",\"device\":1,\"retries\":\(retries)}"
    }
    #expect(
      try problems([nameless(1), nameless(2)]).map(\.path) == ["$.evses[0].meter.port", "$.evses[1].meter.port"],
      "what is not named is not shared")
    let other = try problems([meter(1), meter(2, ",\"baud\":19200")])
    #expect(other.map(\.path) == ["$.evses[1].meter.baud"])
    #expect(other.first?.message.contains("$.evses[0].meter") == true)
  }

  @Test("A main meter shares the line of the EVSEs' meters, or has its own; what is wrong with it is told at its place")
  func mainMeter() throws {
    func meter(_ rest: String) -> String { "{\"driver\":\"modbus\",\"map\":\"abb-b23\",\(rest)}" }
    let line = "\"port\":\"/dev/ttyS1\""
    #expect(try problems([meter("\(line),\"device\":1")], mainMeter: meter("\(line),\"device\":9")) == [])
    #expect(try problems([meter("\(line),\"device\":1")], mainMeter: meter("\"host\":\"10.0.0.7\",\"device\":1")) == [])
    let twice = try problems([meter("\(line),\"device\":1")], mainMeter: meter("\(line),\"device\":1,\"retries\":3"))
    #expect(twice.map(\.path) == ["$.mainMeter"])
    #expect(twice.map(\.message) == ["uses Modbus /dev/ttyS1 device 1, and so does $.evses[0].meter"])
    let wrong = try problems([meter("\(line),\"device\":2")], mainMeter: meter("\(line),\"device\":248"))
    #expect(wrong.map(\.path) == ["$.mainMeter.device"])
  }

  @Test("Options out of range are told with what is allowed")
  func options() throws {
    let rate = try problems(
      ["{\"driver\":\"modbus\",\"map\":\"abb-b23\",\"port\":\"/dev/ttyS1\",\"device\":1,\"baud\":9601}"])
    #expect(rate.map(\.path) == ["$.evses[0].meter.baud"])
    #expect(rate.first?.allowed == "1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600")
    let number = try problems(
      ["{\"driver\":\"modbus\",\"map\":\"abb-b23\",\"port\":\"/dev/ttyS1\",\"device\":248}"])
    #expect(number.first?.allowed == "a whole number, 1…247")
    let silence = try problems(
      ["{\"driver\":\"modbus\",\"map\":\"abb-b23\",\"port\":\"/dev/ttyS1\",\"device\":1,\"silenceMilliseconds\":1000}"])
    #expect(silence.map(\.path) == ["$.evses[0].meter.silenceMilliseconds"])
    #expect(silence.first?.message == "is 1000, and the map is read every 1000 ms")
    let both = try problems(
      ["{\"driver\":\"modbus\",\"map\":\"abb-b23\",\"port\":\"/dev/ttyS1\",\"host\":\"h\",\"device\":1}"])
    #expect(both.map(\.path) == ["$.evses[0].meter.port"])
  }
}

import Foundation
import JSONRPC
import OCPPJSON
import TemporaryDirectories
import Testing

/// The built `bench-csms` with a folder of its own, and the built `chargerctl` to drive it.
final class BenchCSMSHarness {
  struct Outcome {
    var code: Int32
    var output: String
    var errors: String
  }

  let directory: TemporaryDirectory
  private var process = Process()
  private var output = Pipe()
  var control: String { directory.file("c") }

  init() throws { directory = try TemporaryDirectory("csms") }

  deinit { if process.isRunning { process.terminate() } }

  func path(_ name: String) -> String { directory.file(name) }

  private static func program(_ name: String) throws -> URL {
    let own = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    return own.deletingLastPathComponent().appendingPathComponent(name)
  }

  /// Starts it and answers the port that it tells.
  func start(_ arguments: [String] = []) throws -> Int {
    process = Process()
    output = Pipe()
    process.executableURL = try Self.program("bench-csms")
    process.arguments = ["--port", "0", "--control", control] + arguments
    process.standardOutput = output
    try process.run()
    var line = ""
    while !line.hasSuffix("\n") {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { break }
      line += String(decoding: data, as: UTF8.self)
    }
    return try #require(line.split(separator: ":").last.flatMap { Int($0.filter(\.isNumber)) })
  }

  /// Ends it with SIGTERM and answers all that it has said since; status 0 or a failure.
  @discardableResult
  func end() -> String {
    process.terminate()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    return text
  }

  /// Starts `chargerctl csms …`; the caller waits for it.
  func begin(_ arguments: [String]) throws -> (process: Process, output: Pipe, errors: Pipe) {
    let tool = Process()
    tool.executableURL = try Self.program("chargerctl")
    tool.arguments = ["csms"] + arguments
    tool.environment = ["CHARGER_CSMS_SOCKET": control]
    let (output, errors) = (Pipe(), Pipe())
    tool.standardOutput = output
    tool.standardError = errors
    tool.standardInput = FileHandle.nullDevice
    try tool.run()
    return (tool, output, errors)
  }

  func finish(_ tool: (process: Process, output: Pipe, errors: Pipe)) -> Outcome {
    let text = String(decoding: tool.output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let errors = String(decoding: tool.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    tool.process.waitUntilExit()
    return Outcome(code: tool.process.terminationStatus, output: text, errors: errors)
  }

  /// `chargerctl csms …`, to its end.
  @discardableResult
  func run(_ arguments: String...) throws -> Outcome { finish(try begin(arguments)) }
}

import ChargerBase
import Glibc
import JSONRPC
import NIOPosix
import OCPPJSON
import SimulatedWorld
import Testing

@testable import WorldServer

@Suite("Fronts: the simulated world on real wires", .serialized)
struct FrontTests {
  @Test(
    "A file of fronts that is wrong is refused with the place",
    arguments: [
      (#"{"fronts":[{"front":"radio"}]}"#, "$.fronts[0].front"),
      (#"{"fronts":[{"front":"card","reader":"front","port":0}]}"#, "$.fronts[0].port"),
      (#"{"fronts":[{"front":"modbus","meters":[]}]}"#, "$.fronts[0].path"),
      (#"{"fronts":[{"front":"modbus","path":"/x","meters":[{"evse":1,"type":"x"}]}]}"#, "$.fronts[0].meters[0].type"),
      (#"{"fronts":[{"front":"controller","path":"/x"}]}"#, "$.fronts[0].connectors"),
      (#"{"fronts":[{"front":"gpio","chip":"a/b","lines":[]}]}"#, "$.fronts[0].chip"),
      (
        #"{"fronts":[{"front":"gpio","chip":"a","lines":[{"line":"k1","is":"coils"}]}]}"#, "$.fronts[0].lines[0].is"
      ),
      (#"{"front":[]}"#, "$.front"),
    ])
  func wrongFile(text: String, place: String) throws {
    let error = #expect(throws: FrontError.self) { try FrontConfiguration(parsing: Array(text.utf8)) }
    #expect(error?.description.contains(place) == true, "\(error?.description ?? "")")
  }

  @Test("A card's identifier is hexadecimal, whole bytes, at least one", arguments: ["", "4", "04A", "CARD", "04 A1"])
  func noIdentifier(text: String) { #expect(CardFront.bytes(hexadecimal: text) == nil) }

  @Test("A card's identifier is sent byte by byte as it is written")
  func identifier() { #expect(CardFront.bytes(hexadecimal: "04A1b2C3") == [0x04, 0xA1, 0xB2, 0xC3]) }

  @Test("A meter of the world answers on its line with what has flowed")
  func meter() throws {
    let bench = try FrontBench(#"{"front":"modbus","path":"@","meters":[{"evse":1,"device":7,"type":"abb-b23"}]}"#)
    defer { bench.stop() }
    try bench.server.perform(.setMeter(EVSEID(1), [.importRegister(Energy(wattHours: 12_340))]))
    // Device 7, function 3, register 0x5000, 4 registers.
    let answer = try bench.exchange([0x07, 0x03, 0x50, 0x00, 0x00, 0x04, 0x55, 0x6F]) {
      $0.count >= 13 && $0[9] == 0x04
    }
    #expect(Array(answer.prefix(11)) == [0x07, 0x03, 0x08, 0, 0, 0, 0, 0, 0, 0x04, 0xD2])
  }

  @Test("A fault of a wire is set by name where there is such a wire, and nowhere else")
  func wireFault() throws {
    let bench = try FrontBench(#"{"front":"modbus","path":"@","meters":[{"evse":1,"device":7,"type":"abb-b23"}]}"#)
    defer { bench.stop() }
    #expect(try bench.call("bench.fault", ["fault": "busUnplugged"])["result"] != nil)
    #expect(bench.waits { access(bench.wire, F_OK) != 0 })
    #expect(try bench.call("bench.fault", ["fault": "busUnplugged", "active": false])["result"] != nil)
    #expect(bench.waits { access(bench.wire, F_OK) == 0 })
    let refused = try bench.call("bench.fault", ["fault": "controllerSilent"])
    #expect(refused["error"]?["message"]?.string?.contains("no front") == true)
    let known = try bench.call("bench.faults", [:])["result"]?.array ?? []
    #expect(known.contains { $0["fault"] == "busWrongCheck" && $0["scope"] == "wire" })
    #expect(!known.contains { $0["fault"] == "controllerSilent" })
  }

  @Test("The written contract names every fault of the wires")
  func writtenFaults() throws {
    let schema = try JSONValue(parsing: SchemaCheck.file("sockets.schema.json"), limits: JSONRPCMessage.limits)
    let written = schema["$defs"]?["wireFault"]?["enum"]?.array?.compactMap(\.string)
    #expect(written == WireFault.allCases.map(\.rawValue))
  }

  @Test("A world with fronts is driven on its wires: drivers of the socket are refused")
  func noSocketDrivers() throws {
    let bench = try FrontBench(#"{"front":"controller","path":"@","connectors":[{"evse":1}]}"#)
    defer { bench.stop() }
    let answer = try bench.call("driver.connect", ["protocol": 1])
    #expect(answer["error"]?["message"]?.string?.contains("fronts") == true)
  }
}

/// A world with one front, and the wire's other end.
private final class FrontBench {
  let wire = "/tmp/front-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
  let server: WorldServer
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  /// `@` stands for the wire's path.
  init(_ front: String) throws {
    let place = wire
    let text =
      #"{"fronts":["# + front.split(separator: "@", omittingEmptySubsequences: false).joined(separator: place) + "]}"
    server = WorldServer(
      configuration: .simple(), socket: wire + ".sock", fronts: try FrontConfiguration(parsing: Array(text.utf8)),
      eventLoop: group.next())
    try server.start()
  }

  func stop() {
    try? server.stop()
    try? group.syncShutdownGracefully()
    unlink(wire)
    unlink(wire + ".sock")
  }

  func waits(_ condition: () -> Bool) -> Bool {
    for _ in 0..<3_000 {
      if condition() { return true }
      usleep(10_000)
    }
    return false
  }

  /// Sends a request until the answer is the one that is waited for.
  func exchange(_ request: [UInt8], until isGood: ([UInt8]) -> Bool) throws -> [UInt8] {
    let descriptor = open(wire, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var answer: [UInt8] = []
    let isThere = waits {
      _ = write(descriptor, request, request.count)
      usleep(50_000)
      answer = [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
        count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
      }
      return isGood(answer)
    }
    try #require(isThere, "\(answer)")
    return answer
  }

  func call(_ method: String, _ params: JSONValue) throws -> JSONValue {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array((wire + ".sock").utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(connected == 0)
    let request: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": params]
    let line = request.bytes + [UInt8(ascii: "\n")]
    _ = write(descriptor, line, line.count)
    var answer: [UInt8] = []
    while answer.last != UInt8(ascii: "\n") {
      var byte: UInt8 = 0
      guard read(descriptor, &byte, 1) == 1 else { break }
      answer.append(byte)
    }
    return try JSONValue(parsing: answer, limits: JSONRPCMessage.limits)
  }
}

import ChargerBase
import Glibc
import OCPPJSON
import Testing

@testable import JSONRPC

@Suite("JSON-RPC over a Unix socket", .serialized)
struct JSONRPCServerTests {
  @Test("Calls are answered, at once or later, each with its own id")
  func calls() throws {
    let bench = try JSONRPCBench()
    let client = try bench.client()
    #expect(try client.call("echo", ["a": [1, 2]]) == .success(["a": [1, 2]]))
    #expect(try client.call("later") == .success("later"))
    let first = try client.sendRequest("later")
    let second = try client.sendRequest("echo", ["b": 1])
    var answers: [JSONRPCMessage] = []
    while answers.count < 2 {
      if let message = try client.receive() { answers.append(message) } else { usleep(1_000) }
    }
    // Mostly the later one comes later; a test that stands still for a moment may ask too late for that.
    #expect(answers.contains(.result(id: second, ["b": 1])) && answers.contains(.result(id: first, "later")))
  }

  @Test("Unknown methods and bad parameters say what is wrong and where")
  func errors() throws {
    let bench = try JSONRPCBench()
    let client = try bench.client()
    #expect(try client.call("nothing") == .failure(.unknownMethod("there is no method nothing")))
    let path = JSONPath([.name("params"), .name("evse")])
    #expect(try client.call("number", [:]) == .failure(.badParameter(path, "missing")))
    #expect(
      try client.call("number", ["evse": 10]) == .failure(.badParameter(path, "must be a whole number from 1 to 9")))
    #expect(try client.call("number", ["evse": "1"]).failure?.code == -32602)
    #expect(try client.call("number", ["evse": 1, "evs": 2]).failure?.data?["path"]?.string == "$.params.evs")
    #expect(try client.call("number", [1]).failure?.code == -32602)
    #expect(try client.call("number", ["evse": 3]) == .success(3))
    #expect(try client.call("forget").failure?.code == -32603)
  }

  @Test("Garbage is refused line by line and the connection goes on")
  func garbage() throws {
    let bench = try JSONRPCBench()
    let raw = try RawConnection(bench.path)
    raw.write("nonsense\n{}\n[]\n")
    raw.write([0xFF, 0xFE, 0x0A])
    raw.write(#"{"jsonrpc":"2.0","method":"echo","params":{"quiet":1}}"# + "\n")
    raw.write(#"{"jsonrpc":"2.0","id":1,"method":"echo","params":{"x":1}}"# + "\n")
    let lines = raw.readLines(5)
    #expect(lines.count == 5)
    #expect(lines.map { $0.contains("-32700") } == [true, false, false, true, false])
    #expect(lines.map { $0.contains("-32600") } == [false, true, true, false, false])
    #expect(lines.last == #"{"jsonrpc":"2.0","id":1,"result":{"x":1}}"#)
  }

  @Test("A line over the bound ends that connection with a message, and no other")
  func hugeLine() throws {
    let bench = try JSONRPCBench { $0.maximumLineBytes = 10_000 }
    let other = try bench.client()
    let raw = try RawConnection(bench.path)
    raw.write([UInt8](repeating: UInt8(ascii: "x"), count: 50_000))
    let lines = raw.readLines()
    #expect(lines.count == 1)
    #expect(lines.first?.contains("more than 10000 bytes") == true)
    #expect(try other.call("echo", ["x": 1]) == .success(["x": 1]))
  }

  @Test("Deep nesting and huge arrays are refused")
  func deepNesting() throws {
    let bench = try JSONRPCBench()
    let raw = try RawConnection(bench.path)
    raw.write(String(repeating: "[", count: 100_000) + "\n")
    raw.write(#"{"jsonrpc":"2.0","id":1,"method":"echo","params":["# + String(repeating: "0,", count: 20_000) + "0]}\n")
    let lines = raw.readLines(2)
    #expect(lines.count == 2 && lines.allSatisfy { $0.contains("-32700") })
  }

  @Test("Half a line and an abrupt end harm nobody; a call before the end of input is still answered")
  func halfLine() throws {
    let bench = try JSONRPCBench()
    do {
      let raw = try RawConnection(bench.path)
      raw.write(#"{"jsonrpc":"2.0","id":1,"meth"#)
    }
    let raw = try RawConnection(bench.path)
    raw.write(#"{"jsonrpc":"2.0","id":1,"method":"later"}"# + "\n" + #"{"jsonrpc"#)
    raw.endOutput()
    #expect(raw.readLines() == [#"{"jsonrpc":"2.0","id":1,"result":"later"}"#])
    let client = try bench.client()
    #expect(try client.call("echo", [1]) == .success([1]))
  }

  @Test("Subscribers get notifications; who has not subscribed gets none")
  func notifications() throws {
    let bench = try JSONRPCBench()
    let subscriber = try bench.client()
    let other = try bench.client()
    _ = try subscriber.call("subscribe")
    _ = try other.call("echo")
    try bench.onLoop { server in
      for number in 0..<3 { server.notify("tick", ["n": .init(number)]) { $0.topics.contains("all") } }
    }
    for number in 0..<3 {
      let notification = try #require(try subscriber.receiveNotification(timeout: .seconds(60)))
      #expect(notification.method == "tick" && notification.params["n"]?.int == number)
    }
    #expect(try other.receiveNotification(timeout: .milliseconds(50)) == nil)
  }

  @Test("A subscriber that does not read is told and dropped, never waited for")
  func slowSubscriber() throws {
    let bench = try JSONRPCBench { $0.maximumOutboundBytes = 100_000 }
    let slow = try bench.client()
    let quick = try bench.client()
    _ = try slow.call("subscribe")
    _ = try quick.call("echo")
    let text = JSONValue.string(String(repeating: "x", count: 1_000))
    let remaining = try bench.onLoop { server in
      for _ in 0..<2_000 { server.notify("tick", ["text": text]) { $0.topics.contains("all") } }
      return server.peers.count
    }
    #expect(remaining == 1)
    #expect(try quick.call("echo", [2]) == .success([2]))
    var methods: [String] = []
    do {
      while let notification = try slow.receiveNotification(timeout: .seconds(60)) {
        methods.append(notification.method)
      }
    } catch {
      #expect((error as SocketError).code == .closed)
    }
    #expect(methods.last == "dropped")
    #expect(methods.count < 2_000)
  }

  @Test("The seventeenth client is refused with a message; a place that becomes free is given again")
  func clientLimit() throws {
    let bench = try JSONRPCBench()
    var clients = try (0..<16).map { _ in try bench.client() }
    for client in clients { _ = try client.call("echo") }
    let refused = try RawConnection(bench.path)
    #expect(refused.readLines().first?.contains("16 clients are connected already") == true)
    clients.removeLast()
    let deadline = ContinuousClock.now + .seconds(60)
    while try bench.onLoop({ $0.peers.count }) > 15, ContinuousClock.now < deadline { usleep(2_000) }
    #expect(try bench.client().call("echo", [3]) == .success([3]))
  }

  @Test("The socket is for owner and group; a dead socket file is replaced, a living one and other files are not")
  func socketFile() throws {
    let bench = try JSONRPCBench()
    var information = stat()
    #expect(stat(bench.path, &information) == 0)
    #expect(information.st_mode & 0o777 == 0o660)
    #expect(throws: SocketError.self) { try UnixSocket.listen(at: bench.path, mode: 0o660, backlog: 1) }
    let path = bench.path + ".other"
    let first = try UnixSocket.listen(at: path, mode: 0o660, backlog: 1)
    close(first)
    let second = try UnixSocket.listen(at: path, mode: 0o660, backlog: 1)
    close(second)
    unlink(path)
    close(open(path, O_CREAT | O_WRONLY, 0o600))
    #expect(throws: SocketError.self) { try UnixSocket.listen(at: path, mode: 0o660, backlog: 1) }
    unlink(path)
    #expect(throws: SocketError.self) { try JSONRPCClient(path: path) }
    #expect(throws: SocketError.self) { try JSONRPCClient(path: String(repeating: "x", count: 200)) }
  }

  @Test("A call that gets no answer in time says so")
  func timeout() throws {
    let path = "/tmp/jsonrpc-silent-\(getpid()).sock"
    let listener = try UnixSocket.listen(at: path, mode: 0o600, backlog: 1)
    defer {
      close(listener)
      unlink(path)
    }
    let client = try JSONRPCClient(path: path)
    #expect {
      try client.call("echo", timeout: .milliseconds(50))
    } throws: { error in
      (error as? SocketError)?.code == .timedOut
    }
  }
}

extension Result {
  var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}

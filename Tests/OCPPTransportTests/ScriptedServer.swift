import COpenSSL
import Foundation
import TLSTestSupport

struct ScriptError: Error { let what: String }

/// A server on a loopback socket that does what a test's script says, byte by byte where needed: it shares no code with
/// the link under test. Each connection gets a thread; nothing waits longer than a minute.
final class ScriptedServer: @unchecked Sendable {
  let port: Int
  private let listener: Int32
  private let lock = NSLock()
  private var problems: [String] = []
  private var accepted = 0

  /// - Parameter script: a thrown error is a failed test, see `takeProblems`.
  init(tls: TestTLSServer? = nil, receiveBuffer: Int32? = nil, script: @escaping @Sendable (Peer) throws -> Void) throws
  {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var size = receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) | listen(descriptor, 16) | getsockname(descriptor, address, &length)
      }
    }
    guard descriptor >= 0, result == 0 else { throw ScriptError(what: "listen: \(errno)") }
    listener = descriptor
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [self] in
      while case let connection = accept(descriptor, nil, nil), connection >= 0 {
        lock.withLock { accepted += 1 }
        Thread.detachNewThread { [self] in serve(connection, tls: tls, script: script) }
      }
    }
  }

  /// Ends the listening; connections end with their scripts.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  var acceptedCount: Int { lock.withLock { accepted } }

  func takeProblems() -> [String] { lock.withLock { problems } }

  private func serve(_ descriptor: Int32, tls: TestTLSServer?, script: (Peer) throws -> Void) {
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    defer { close(descriptor) }
    do {
      if let tls {
        guard let session = tls.accept(descriptor: descriptor) else { return }
        try script(Peer(descriptor: descriptor, session: session))
      } else {
        try script(Peer(descriptor: descriptor, session: nil))
      }
    } catch {
      lock.withLock { problems.append("\(error)") }
    }
  }
}

/// The server's end of one connection.
final class Peer {
  struct Frame: Equatable {
    var opcode: UInt8
    var isFinal: Bool
    var isMasked: Bool
    var payload: [UInt8]
    var maskKey: [UInt8]

    var text: String { String(decoding: payload, as: UTF8.self) }
    /// Of a close frame.
    var closeCode: UInt16? { payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil }
    var closeReason: String { String(decoding: payload.dropFirst(2), as: UTF8.self) }
  }

  let descriptor: Int32
  private let session: TestTLSConnection?
  private var unread: [UInt8] = []

  /// The IPv4 address that the link dialed from.
  var address: String {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
    let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) } == 0
    }
    guard isKnown, inet_ntop(AF_INET, &address.sin_addr, &text, socklen_t(text.count)) != nil else { return "unknown" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  init(descriptor: Int32, session: TestTLSConnection?) {
    self.descriptor = descriptor
    self.session = session
  }

  // MARK: - Bytes

  func send(_ bytes: [UInt8]) throws {
    if let session {
      guard session.write(bytes) else { throw ScriptError(what: "TLS write") }
      return
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw ScriptError(what: "send: \(errno)") }
      rest = rest.dropFirst(count)
    }
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  /// False when the client has closed.
  private func receive() -> Bool {
    let part: [UInt8]
    if let session {
      part = session.read(65_536)
    } else {
      part = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, used in
        var count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        // A socket with a time limit gives up when the program was stopped meanwhile.
        while count < 0, errno == EINTR { count = recv(descriptor, buffer.baseAddress, buffer.count, 0) }
        used = max(0, count)
      }
    }
    unread += part
    return !part.isEmpty
  }

  private func take(_ count: Int) throws -> [UInt8] {
    while unread.count < count { guard receive() else { throw ScriptError(what: "the client closed") } }
    defer { unread.removeFirst(count) }
    return Array(unread.prefix(count))
  }

  /// Waits until the client has closed the connection.
  func waitForEnd() { while receive() { unread = [] } }

  /// Reads so many bytes and looks at none of them.
  func skip(_ count: Int) throws {
    var count = count
    while count > 0 {
      if unread.isEmpty { guard receive() else { throw ScriptError(what: "the client closed") } }
      let part = min(count, unread.count)
      unread.removeFirst(part)
      count -= part
    }
  }

  /// Says close_notify, where there is TLS.
  func shutDownTLS() { session?.shutDown() }

  /// Ends the connection with a reset instead of an orderly end.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  // MARK: - HTTP

  struct Request {
    var line: String
    var headers: [(name: String, value: String)]
    subscript(name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
  }

  func readRequest() throws -> Request {
    var text: [UInt8] = []
    while !text.suffix(4).elementsEqual("\r\n\r\n".utf8) { text += try take(1) }
    var lines = String(decoding: text, as: UTF8.self).components(separatedBy: "\r\n").filter { !$0.isEmpty }
    let first = lines.removeFirst()
    return Request(
      line: first,
      headers: lines.map { line in
        let parts = line.split(separator: ":", maxSplits: 1)
        return (String(parts[0]), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
      })
  }

  static func acceptValue(for key: String) -> String {
    let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil)
    return Data(digest).base64EncodedString()
  }

  @discardableResult
  func upgrade(subprotocol: String? = "ocpp2.0.1", more: [String] = []) throws -> Request {
    let request = try readRequest()
    let lines =
      [
        "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Accept: \(Self.acceptValue(for: request["Sec-WebSocket-Key"] ?? ""))",
      ] + (subprotocol.map { ["Sec-WebSocket-Protocol: \($0)"] } ?? []) + more
    try send(lines.joined(separator: "\r\n") + "\r\n\r\n")
    return request
  }

  // MARK: - Frames

  func sendFrame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) throws {
    try send(Self.frame(opcode, payload, isFinal: isFinal))
  }

  func sendText(_ text: String) throws { try sendFrame(1, Array(text.utf8)) }

  func sendClose(_ code: UInt16, _ reason: String = "") throws {
    try sendFrame(8, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
  }

  static func frame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
    header(opcode, length: payload.count, isFinal: isFinal) + payload
  }

  static func header(_ opcode: UInt8, length: Int, isFinal: Bool = true) -> [UInt8] {
    let first = (isFinal ? 0x80 : 0) | opcode
    if length < 126 { return [first, UInt8(length)] }
    if length < 65_536 { return [first, 126, UInt8(length >> 8), UInt8(length & 0xFF)] }
    return [first, 127] + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }
  }

  func readFrame() throws -> Frame {
    let head = try take(2)
    var length = Int(head[1] & 0x7F)
    if length == 126 {
      length = try take(2).reduce(0) { $0 << 8 | Int($1) }
    } else if length == 127 {
      length = try take(8).reduce(0) { $0 << 8 | Int($1) }
    }
    let isMasked = head[1] & 0x80 != 0
    let key = isMasked ? try take(4) : [0, 0, 0, 0]
    var payload = try take(length)
    for index in payload.indices { payload[index] ^= key[index % 4] }
    return Frame(
      opcode: head[0] & 0x0F, isFinal: head[0] & 0x80 != 0, isMasked: isMasked, payload: payload, maskKey: key)
  }

  /// The next frame that is neither a ping nor a pong.
  func readMessage() throws -> Frame {
    while true {
      let frame = try readFrame()
      if frame.opcode != 9, frame.opcode != 10 { return frame }
    }
  }
}

import CLinux
import Foundation
import TLSTestSupport

/// An HTTP file server on a loopback socket with the habits that a transfer meets: ranges, none, cut connections,
/// passwords, redirects. One request a connection, a thread each.
final class TransferFileServer: @unchecked Sendable {
  enum Habit: Sendable {
    case ordinary
    /// Answers every range with the whole file.
    case noRanges
    /// Closes after so many bytes of a body.
    case cutAfter(Int)
    /// Never ends its body and does not tell its length.
    case endless
    /// Wants this `Authorization` header.
    case password(String)
    case redirect(String)
    case silent
  }

  struct Request: Sendable {
    var line: String
    var range: String?
    var body: [UInt8]
  }

  let port: Int
  private let listener: Int32
  private let lock = NSLock()
  private var content: [UInt8]
  private var habit: Habit
  private var seen: [Request] = []

  init(content: [UInt8] = [], habit: Habit = .ordinary, tls: TestTLSServer? = nil) throws {
    self.content = content
    self.habit = habit
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) | listen(descriptor, 16) | getsockname(descriptor, address, &length)
      }
    }
    guard result == 0 else { throw CocoaError(.fileReadUnknown) }
    listener = descriptor
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [self] in
      while case let connection = accept(descriptor, nil, nil), connection >= 0 {
        Thread.detachNewThread { [self] in
          if let tls {
            if let session = tls.accept(descriptor: connection) {
              serve(connection, session: session)
              session.shutDown()
            }
          } else {
            serve(connection, session: nil)
          }
          close(connection)
        }
      }
    }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  var requests: [Request] { lock.withLock { seen } }

  func become(_ habit: Habit, content: [UInt8]? = nil) {
    lock.withLock {
      self.habit = habit
      if let content { self.content = content }
    }
  }

  func url(_ path: String = "/firmware.bin", scheme: String = "http", user: String = "") -> String {
    "\(scheme)://\(user)127.0.0.1:\(port)\(path)"
  }

  private func serve(_ descriptor: Int32, session: TestTLSConnection?) {
    var limit = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var input: [UInt8] = []
    func more() -> Bool {
      if let session {
        let part = session.read(65_536)
        input += part
        return !part.isEmpty
      }
      var part = [UInt8](repeating: 0, count: 65_536)
      let count = receiveOnce(descriptor, &part, part.count)
      if count > 0 { input += part.prefix(count) }
      return count > 0
    }
    func headEnd() -> Int? {
      guard let range = Data(input).range(of: Data("\r\n\r\n".utf8)) else { return nil }
      return range.upperBound
    }
    while headEnd() == nil { guard more() else { return } }
    let end = headEnd() ?? 0
    let lines = String(decoding: input.prefix(end), as: UTF8.self).components(separatedBy: "\r\n")
    func header(_ name: String) -> String? {
      lines.first { $0.lowercased().hasPrefix(name + ":") }.map {
        String($0.dropFirst(name.count + 1)).trimmingCharacters(in: .whitespaces)
      }
    }
    func send(_ bytes: [UInt8]) -> Bool {
      if let session { return session.write(bytes) }
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
    func answer(_ status: String, _ headers: [String] = [], _ body: [UInt8] = []) {
      let head = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)", "Connection: close"] + headers
      _ = send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    let length = Int(header("content-length") ?? "0") ?? 0
    if header("expect") != nil { _ = send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
    while input.count < end + length { guard more() else { break } }
    let (habit, content) = lock.withLock {
      seen.append(Request(line: lines[0], range: header("range"), body: Array(input.dropFirst(end))))
      return (self.habit, self.content)
    }

    if lines[0].hasPrefix("PUT") {
      if case .password(let wanted) = habit, header("authorization") != wanted { return answer("401 Unauthorized") }
      return answer("201 Created")
    }
    var offset = 0
    if let range = header("range"), let first = Int(range.dropFirst("bytes=".count).prefix { $0.isNumber }) {
      offset = first
    }
    let whole = "bytes \(offset)-\(content.count - 1)/\(content.count)"
    switch habit {
    case .ordinary where offset >= content.count && offset > 0: answer("416 Range Not Satisfiable")
    case .ordinary where offset > 0:
      answer("206 Partial Content", ["Content-Range: \(whole)"], Array(content[offset...]))
    case .ordinary, .noRanges: answer("200 OK", [], content)
    case .cutAfter(let count):
      _ = send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(content.count)\r\n\r\n".utf8) + content.prefix(count))
    case .endless:
      guard send(Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8)) else { return }
      while send([UInt8](repeating: 0x61, count: 65_536)) {}
    case .password(let wanted):
      header("authorization") == wanted ? answer("200 OK", [], content) : answer("401 Unauthorized")
    case .redirect(let target): answer("302 Found", ["Location: \(target)"])
    case .silent: while more() {}
    }
  }
}

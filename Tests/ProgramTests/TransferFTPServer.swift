import CLinux
import Foundation
import Glibc

/// As much of an FTP server as a transfer needs: passive connections, restart, directories, one user.
final class TransferFTPServer: @unchecked Sendable {
  let port: Int
  private let listener: Int32
  private let lock = NSLock()
  private var files: [String: [UInt8]]
  private var directories: Set<String> = ["/"]
  private var heard: [String] = []

  init(files: [String: [UInt8]]) throws {
    self.files = files
    (listener, port) = try Self.listen()
    let descriptor = listener
    Thread.detachNewThread { [self] in
      while case let connection = accept(descriptor, nil, nil), connection >= 0 {
        Thread.detachNewThread { [self] in
          converse(connection)
          close(connection)
        }
      }
    }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  var commands: [String] { lock.withLock { heard } }

  func file(_ path: String) -> [UInt8]? { lock.withLock { files[path] } }

  private static func listen() throws -> (descriptor: Int32, port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) | Glibc.listen(descriptor, 4) | getsockname(descriptor, address, &length)
      }
    }
    guard result == 0 else { throw CocoaError(.fileReadUnknown) }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  private func converse(_ control: Int32) {
    var limit = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(control, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    func reply(_ text: String) { Self.send(Array((text + "\r\n").utf8), to: control) }
    var input: [UInt8] = []
    func readLine() -> String? {
      while !input.contains(10) {
        var part = [UInt8](repeating: 0, count: 1024)
        let count = receiveOnce(control, &part, part.count)
        guard count > 0 else { return nil }
        input += part.prefix(count)
      }
      guard let end = input.firstIndex(of: 10) else { return nil }
      defer { input.removeSubrange(...end) }
      return String(decoding: input[..<end], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    var directory = "/"
    var offset = 0
    var passive: Int32 = -1
    func path(_ name: String) -> String {
      name.hasPrefix("/") ? name : (directory == "/" ? "/" : directory + "/") + name
    }

    reply("220 ready")
    while let line = readLine() {
      lock.withLock { heard.append(line) }
      let words = line.split(separator: " ", maxSplits: 1).map { String($0) }
      let argument = words.count > 1 ? words[1] : ""
      switch words.first ?? "" {
      case "USER": reply("331 password")
      case "PASS": reply(argument == "secret" ? "230 welcome" : "530 no")
      case "PWD": reply("257 \"\(directory)\"")
      case "TYPE": reply("200 ok")
      case "EPSV":
        guard let opened = try? Self.listen() else { return }
        passive = opened.descriptor
        reply("229 here (|||\(opened.port)|)")
      case "CWD":
        if lock.withLock({ directories.contains(path(argument)) }) {
          directory = path(argument)
          reply("250 ok")
        } else {
          reply("550 no such directory")
        }
      case "MKD":
        lock.withLock { _ = directories.insert(path(argument)) }
        reply("257 made")
      case "SIZE":
        if let content = file(path(argument)) { reply("213 \(content.count)") } else { reply("550 no such file") }
      case "REST":
        offset = Int(argument) ?? 0
        reply("350 ok")
      case "RETR":
        guard let content = file(path(argument)) else {
          reply("550 no such file")
          continue
        }
        reply("150 here it comes")
        let data = accept(passive, nil, nil)
        Self.send(Array(content.dropFirst(offset)), to: data)
        close(data)
        close(passive)
        offset = 0
        reply("226 done")
      case "STOR":
        reply("150 go on")
        let data = accept(passive, nil, nil)
        var content: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while case let count = receiveOnce(data, &part, part.count), count > 0 { content += part.prefix(count) }
        close(data)
        close(passive)
        lock.withLock { files[path(argument)] = content }
        reply("226 done")
      case "QUIT":
        reply("221 bye")
        return
      default: reply("502 not here")
      }
    }
  }
}

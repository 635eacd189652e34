import CLinux
import Foundation

/// Takes one connection, says its piece whatever it is asked, and closes.
final class ForeignServer: @unchecked Sendable {  // set up before its thread runs
  private let descriptor: Int32
  private let thread: Thread

  init(path: String, answer: [UInt8]) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { room in
      for (index, byte) in path.utf8.prefix(room.count - 1).enumerated() { room[index] = byte }
    }
    let descriptor = descriptor
    let isBound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard isBound == 0, listen(descriptor, 1) == 0 else { throw POSIXError(.EADDRINUSE) }
    thread = Thread {
      signal(SIGPIPE, SIG_IGN)
      let client = accept(descriptor, nil, nil)
      guard client >= 0 else { return }
      var sent = 0
      while sent < answer.count {
        let count = answer[sent...].withUnsafeBytes {
          send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { break }
        sent += count
      }
      close(client)
    }
    thread.start()
  }

  func stop() { close(descriptor) }
}

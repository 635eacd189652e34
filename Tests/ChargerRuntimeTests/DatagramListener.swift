import CLinux
import Glibc
import TemporaryDirectories

/// A real datagram socket at a path, as the service manager and its journal have one.
final class DatagramListener {
  let path: String
  private let descriptor: Int32
  private let directory: TemporaryDirectory?

  /// - Parameter abstractName: a name in the abstract name space instead of a file.
  init(abstractName: String? = nil, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    if var size = receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_un()
    var length = socklen_t(MemoryLayout<sockaddr_un>.size)
    if let abstractName {
      directory = nil
      path = "@" + abstractName
      _ = linux_unix_address(&address, " " + abstractName)
      withUnsafeMutableBytes(of: &address.sun_path) { $0[0] = 0 }
      length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + abstractName.utf8.count)
    } else {
      let made = try TemporaryDirectory("notify")
      directory = made
      path = made.file("notify")
      _ = linux_unix_address(&address, path)
    }
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard code == 0 else { throw ListenerError() }
  }

  deinit { close(descriptor) }

  /// The next datagram, waited for at most `milliseconds`.
  func next(within milliseconds: Int32 = 60_000) -> String? {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, milliseconds) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}

struct ListenerError: Error {}

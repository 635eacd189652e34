import CLinux
import Glibc

/// Datagrams to one Unix socket: how the service manager and its journal are spoken to. It never waits: a datagram that
/// does not fit into the receiver's queue is not sent, and the sender is told.
final class DatagramSocket: Sendable {
  private let descriptor: Int32
  /// A `sockaddr_un` of exactly the length that is valid.
  private let address: [UInt8]

  /// - Parameter path: a file's path, or `@` and a name in the abstract name space; nil when it is neither, too long, or
  ///   the system has no more descriptors.
  init?(path: String) {
    let name = Array(path.utf8)
    guard let first = name.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), name.count > 1,
      name.count < MemoryLayout<sockaddr_un>.size - MemoryLayout<sa_family_t>.size, !name.contains(0)
    else { return nil }
    var address = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) }
    address += first == UInt8(ascii: "@") ? [0] + name.dropFirst() : name + [0]
    self.address = address
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// Sends one datagram; false when nobody listens or the receiver's queue is full.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    address.withUnsafeBytes { address in
      guard let base = address.baseAddress else { return false }
      while true {
        let sent = sendto(
          descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL),
          base.assumingMemoryBound(to: sockaddr.self), socklen_t(address.count))
        if sent >= 0 { return true }
        guard linux_errno() == EINTR else { return false }
      }
    }
  }
}

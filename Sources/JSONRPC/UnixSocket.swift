import CLinux

/// Why a socket cannot be used.
package struct SocketError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    case pathTooLong, inUse, cannotListen, cannotConnect, timedOut, closed, protocolViolation
  }
  package var code: Code
  package var reason: String
  /// The system's error number, where it gave one.
  package var number: Int32

  package init(_ code: Code, _ reason: String, number: Int32 = 0) {
    self.code = code
    self.reason = reason
    self.number = number
  }

  package var description: String { reason }

  static func errno(_ code: Code, _ what: String) -> SocketError {
    let number = linux_errno()
    return SocketError(code, "\(what): \(String(cString: strerror(number)))", number: number)
  }
}

/// Unix stream sockets, closed on exec and non-blocking.
enum UnixSocket {
  private static func make() throws(SocketError) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw .errno(.cannotConnect, "no socket") }
    return descriptor
  }

  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(SocketError) -> Int32 {
    var address = sockaddr_un()
    guard linux_unix_address(&address, path) == 0 else {
      throw SocketError(.pathTooLong, "\(path): a socket's path has at most 107 bytes")
    }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  static func connect(to path: String) throws(SocketError) -> Int32 {
    let descriptor = try make()
    do throws(SocketError) {
      let answer = try withAddress(path) { CLinux.connect(descriptor, $0, $1) }
      guard answer == 0 else { throw SocketError.errno(.cannotConnect, path) }
      return descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// Binds and listens. A socket file that nobody listens on is removed first; one in use is left alone.
  static func listen(at path: String, mode: mode_t, backlog: Int32) throws(SocketError) -> Int32 {
    var information = stat()
    if lstat(path, &information) == 0 {
      guard information.st_mode & mode_t(S_IFMT) == mode_t(S_IFSOCK) else {
        throw SocketError(.cannotListen, "\(path): exists and is no socket")
      }
      try removeIfDead(path)
    }
    let descriptor = try make()
    do throws(SocketError) {
      // Between bind and chmod the umask keeps strangers out; nobody can connect before listen.
      guard try withAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
        throw SocketError.errno(.cannotListen, path)
      }
      guard chmod(path, mode) == 0, CLinux.listen(descriptor, backlog) == 0 else {
        throw SocketError.errno(.cannotListen, path)
      }
      return descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// Only a refused connection tells that nobody listens: a full queue answers otherwise.
  private static func removeIfDead(_ path: String) throws(SocketError) {
    do throws(SocketError) {
      close(try connect(to: path))
    } catch {
      guard error.number == ECONNREFUSED || error.number == ENOENT else { throw SocketError(.inUse, error.reason) }
      unlink(path)
      return
    }
    throw SocketError(.inUse, "\(path): another program listens there")
  }
}

import CLinux
import Glibc

/// A pair of pseudo terminals: a driver opens `path` as its serial port, and a simulated device speaks at `device`, the
/// other end, non-blocking and raw.
///
/// What a driver set on its end (`tcgetattr`) can be read at this end; baud rate and parity are kept but have no effect.
public final class PseudoTerminal {
  /// What the driver opens, as `/dev/pts/7`.
  public let path: String
  /// The simulated device's end.
  public let device: Int32
  /// Keeps the driver's side open, so that `device` does not report an end of file between two drivers.
  private let keeper: Int32

  /// - Throws: `PseudoTerminalError` with Linux's error number.
  public init() throws(PseudoTerminalError) {
    var name = [CChar](repeating: 0, count: 32)
    let device = linux_pseudo_terminal(&name, name.count)
    guard device >= 0 else { throw PseudoTerminalError(errorNumber: linux_errno()) }
    let path = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let keeper = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard keeper >= 0 else {
      let reason = linux_errno()
      close(device)
      throw PseudoTerminalError(errorNumber: reason)
    }
    var settings = termios()
    tcgetattr(keeper, &settings)
    cfmakeraw(&settings)
    tcsetattr(keeper, TCSANOW, &settings)
    self.path = path
    self.device = device
    self.keeper = keeper
  }

  deinit {
    close(keeper)
    close(device)
  }

  /// What has arrived from the driver, at most `limit` bytes; empty when nothing has.
  public func read(upTo limit: Int = 512) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      count = max(0, Glibc.read(device, buffer.baseAddress, buffer.count))
    }
  }

  /// Gives bytes to the driver; what does not fit into the line is lost, as on a wire.
  public func write(_ bytes: [UInt8]) { _ = bytes.withUnsafeBytes { Glibc.write(device, $0.baseAddress, $0.count) } }
}

/// A pseudo terminal could not be had.
public struct PseudoTerminalError: Error, Sendable, Equatable {
  public let errorNumber: Int32
}

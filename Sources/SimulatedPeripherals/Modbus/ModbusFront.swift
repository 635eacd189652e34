import CLinux
import ChargerBase
import Glibc
import Synchronization

/// A simulated Modbus line on a wire that a driver can open: a pseudo terminal under a name of its own, or a TCP port.
///
/// One thread serves it. `withLine` reaches its devices from any thread.
public final class ModbusFront: Sendable {
  /// What the driver opens: the device's path, or nil for TCP.
  public let path: String?
  /// The TCP port on 127.0.0.1; nil for a serial line.
  public let port: UInt16?
  private let shared: Shared
  private let thread: Mutex<pthread_t?>

  private final class Shared: Sendable {
    let line: Mutex<ModbusLine>
    let isPluggedIn = Atomic<Bool>(true)
    let isStopping = Atomic<Bool>(false)
    let descriptor = linux_eventfd()

    init(_ line: ModbusLine) { self.line = Mutex(line) }
    deinit { close(descriptor) }
  }

  /// A serial line. `path` becomes a symbolic link to the pseudo terminal's other end; it goes away while the line is
  /// unplugged, as a USB adapter's does.
  ///
  /// - Throws: `PseudoTerminalError` with Linux's error number.
  public convenience init(_ slaves: [ModbusSlave], path: String) throws(PseudoTerminalError) {
    let terminal = try PseudoTerminal()
    unlink(path)
    guard symlink(terminal.path, path) == 0 else { throw PseudoTerminalError(errorNumber: linux_errno()) }
    try self.init(ModbusLine(.rtu, slaves: slaves), path: path, terminal: terminal, listener: -1)
  }

  /// A TCP port on the loopback interface; 0 takes a free one.
  public convenience init(_ slaves: [ModbusSlave], port: UInt16) throws(PseudoTerminalError) {
    let listener = try Self.listen(on: port)
    try self.init(ModbusLine(.tcp, slaves: slaves), path: nil, terminal: nil, listener: listener)
  }

  /// A socket that listens on the loopback interface.
  private static func listen(on port: UInt16) throws(PseudoTerminalError) -> Int32 {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0 else { throw PseudoTerminalError(errorNumber: linux_errno()) }
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
    }
    guard bound == 0, Glibc.listen(listener, 4) == 0 else {
      let number = linux_errno()
      close(listener)
      throw PseudoTerminalError(errorNumber: number)
    }
    return listener
  }

  private init(
    _ line: ModbusLine, path: String?, terminal: PseudoTerminal?, listener: Int32
  ) throws(PseudoTerminalError) {
    self.path = path
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    if listener >= 0 {
      _ = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
      }
    }
    port = listener >= 0 ? UInt16(bigEndian: address.sin_port) : nil
    shared = Shared(line)
    thread = Mutex(nil)
    let worker = Worker(shared, path: path, terminal: terminal, listener: listener, port: port)
    let context = Unmanaged.passRetained(worker)
    var made = pthread_t()
    let code = pthread_create(
      &made, nil,
      { context in
        if let context { Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw PseudoTerminalError(errorNumber: code)
    }
    let created = made
    thread.withLock { $0 = created }
  }

  deinit {
    shared.isStopping.store(true, ordering: .releasing)
    linux_eventfd_signal(shared.descriptor)
    if let joined = thread.withLock({ $0 }) { pthread_join(joined, nil) }
  }

  public func withLine<Value: Sendable>(_ body: (inout sending ModbusLine) -> sending Value) -> sending Value {
    shared.line.withLock(body)
  }

  /// A device of the line, for a change or a look.
  public func withSlave<Value: Sendable>(
    _ number: UInt8, _ body: @Sendable (inout ModbusSlave) -> Value
  ) -> Value? {
    shared.line.withLock { line in
      guard let place = line.slaves.firstIndex(where: { $0.number == number }) else { return nil }
      return body(&line.slaves[place])
    }
  }

  /// Pulls the adapter, or takes the TCP server away with its connection (who dials is refused); or puts it back.
  public func setPluggedIn(_ isPluggedIn: Bool) {
    shared.isPluggedIn.store(isPluggedIn, ordering: .releasing)
    linux_eventfd_signal(shared.descriptor)
  }

  /// What serves the wire; made by the front and then used by its thread alone.
  private final class Worker {
    private let shared: Shared
    private let path: String?
    private var terminal: PseudoTerminal?
    private var listener: Int32
    private let port: UInt16?
    private var connection: Int32 = -1
    private var isPluggedIn = true

    init(_ shared: Shared, path: String?, terminal: PseudoTerminal?, listener: Int32, port: UInt16?) {
      self.port = port
      self.shared = shared
      self.path = path
      self.terminal = terminal
      self.listener = listener
    }

    deinit {
      if connection >= 0 { close(connection) }
      if listener >= 0 { close(listener) }
      if let path { unlink(path) }
    }

    private var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

    func run() {
      linux_name_thread("modbus-front")
      while !shared.isStopping.load(ordering: .acquiring) {
        let wanted = shared.isPluggedIn.load(ordering: .acquiring)
        if wanted != isPluggedIn { plug(wanted) }
        serve()
      }
    }

    private func plug(_ wanted: Bool) {
      isPluggedIn = wanted
      shared.line.withLock { $0.forget() }
      if connection >= 0 { close(connection) }
      connection = -1
      if listener >= 0 { close(listener) }
      listener = -1
      guard let path else { return }
      unlink(path)
      terminal = wanted ? try? PseudoTerminal() : nil
      if let terminal { symlink(terminal.path, path) }
    }

    private func serve() {
      // Somebody else may have the port for a moment.
      if isPluggedIn, listener < 0, let port { listener = (try? ModbusFront.listen(on: port)) ?? -1 }
      let wire = terminal?.device ?? connection
      let due = shared.line.withLock { $0.nextOutput }
      var timeout: Int32 = 100
      if let due { timeout = Int32(clamping: (max(0, now.duration(to: due).wholeNanoseconds) + 999_999) / 1_000_000) }
      var entries = [
        pollfd(fd: shared.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wire, events: Int16(POLLIN), revents: 0),
        pollfd(fd: isPluggedIn && connection < 0 ? listener : -1, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&entries, 3, timeout)
      if entries[0].revents != 0 { linux_eventfd_drain(shared.descriptor) }
      if entries[2].revents != 0 { connection = accept(listener, nil, nil) }
      if entries[1].revents != 0 {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = read(wire, &bytes, bytes.count)
        if count > 0 {
          let instant = now
          let received = Array(bytes.prefix(count))
          shared.line.withLock { $0.receive(received, at: instant) }
        } else if terminal == nil {
          close(connection)
          connection = -1
          shared.line.withLock { $0.forget() }
        }
      }
      let instant = now
      let answer = shared.line.withLock { $0.output(at: instant) }
      guard !answer.isEmpty else { return }
      if let terminal {
        terminal.write(answer)
      } else if connection >= 0 {
        _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
      }
    }
  }
}

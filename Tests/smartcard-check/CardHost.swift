import CLinux
import ChargerBase
import Glibc
import HALConformance
import SimulatedPeripherals
import Synchronization

/// A card in vpcd's reader: the connection is the card's presence.
final class CardHost: Sendable {
  private let card: Mutex<VirtualCard>
  private let isEnding = Atomic<Bool>(false)
  private let thread = Mutex<PlainThread?>(nil)

  /// Lays the card on the reader behind the port; nil when nobody listens there.
  init?(_ card: VirtualCard, port: UInt16) {
    self.card = Mutex(card)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected =
      withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
      } == 0
    guard descriptor >= 0, isConnected else {
      close(descriptor)
      return nil
    }
    guard let thread = try? PlainThread({ [self] in serve(descriptor) }) else {
      close(descriptor)
      return nil
    }
    self.thread.withLock { $0 = thread }
  }

  /// How many commands the card has seen.
  var commandCount: Int { card.withLock { $0.commands.count } }

  /// Takes the card away.
  func remove() {
    isEnding.store(true, ordering: .releasing)
    thread.withLock { $0.take() }?.join()
  }

  private func serve(_ descriptor: Int32) {
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    while !isEnding.load(ordering: .acquiring) {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, 10) > 0 {
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return }
        card.withLock { $0.receive(Array(bytes.prefix(count)), at: now()) }
      }
      let (output, isClosed) = card.withLock { ($0.takeOutput(at: now()), $0.isClosed) }
      if !output.isEmpty, write(descriptor, output, output.count) != output.count { return }
      if isClosed { return }
    }
  }
}

func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

/// Waits for a condition; answers whether it came to hold.
func eventually(within limit: Duration = .seconds(30), _ condition: () throws -> Bool) rethrows -> Bool {
  let end = now() + limit
  while now() < end {
    if try condition() { return true }
    usleep(5_000)
  }
  return try condition()
}

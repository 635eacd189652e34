import CLinux
import ChargerBase
import Glibc
import SimulatedPeripherals
import Synchronization

@testable import HALLinux

/// A scripted pcscd: readers that come and go, with cards on them, and the daemon itself that comes and goes.
final class FakeCardDaemon: Sendable {
  struct Reader {
    var serialNumber = ""
    var card: VirtualCard?
    /// As PC/SC counts: every card that comes or goes.
    var eventCount: UInt32 = 0
    /// The newest count that somebody has waited on, and so dealt with.
    var dealtWith: UInt32?
    /// Commands that came as escapes.
    var escapes: [[UInt8]] = []
    var controlCode: UInt32 = 0
    /// The card's commands, also when it is gone.
    var commands: [[UInt8]] = []
  }

  /// A call that does not come back while it is held.
  enum Call: Sendable, CaseIterable { case establish, readerNames, wait }

  struct Content {
    var isRunning = true
    var held: Call?
    /// Grows when the daemon is started anew: contexts of before are no good any more.
    var generation = 0
    var readers: [(name: String, reader: Reader)] = []
    /// Contexts that are open.
    var contexts = 0
    var hadContext = false
    /// Calls to cards do not come back while this is set.
    var holdsCalls = false

    func index(_ name: String) -> Int? { readers.firstIndex { $0.name == name } }
  }

  private let content = Mutex(Content())

  init(_ names: String...) { for name in names { plug(name) } }

  /// Comes back when the call is not held (any more).
  func pass(_ call: Call) { while with({ $0.held == call }) { _ = poll(nil, 0, 1) } }

  func with<Value>(_ body: (inout sending Content) -> sending Value) -> Value { content.withLock(body) }

  func plug(_ name: String, serialNumber: String = "") {
    with { $0.readers.append((name, Reader(serialNumber: serialNumber))) }
  }

  func unplug(_ name: String) { with { content in content.readers.removeAll { $0.name == name } } }

  func setRunning(_ isRunning: Bool) {
    with {
      $0.isRunning = isRunning
      $0.generation += 1
      for index in $0.readers.indices { $0.readers[index].reader.eventCount = 0 }
    }
  }

  func put(_ card: VirtualCard?, on name: String) {
    with { content in
      guard let index = content.index(name) else { return }
      content.readers[index].reader.card = card
      content.readers[index].reader.eventCount += 1
      content.readers[index].reader.dealtWith = nil
    }
  }

  /// Waits until the driver has dealt with what was done last; one that has let go of its context will not.
  func settle(_ name: String) -> Bool {
    eventually {
      self.with { content in
        if content.contexts == 0, content.hadContext { return true }
        guard let index = content.index(name) else { return true }
        return content.readers[index].reader.dealtWith == content.readers[index].reader.eventCount
      }
    }
  }

  func present(_ card: VirtualCard, on name: String) -> Bool {
    put(card, on: name)
    guard settle(name) else { return false }
    put(nil, on: name)
    return settle(name)
  }

  func reader(_ name: String) -> Reader {
    with { content in content.index(name).map { content.readers[$0].reader } ?? Reader() }
  }
}

/// Waits for a condition, 30 seconds at most; answers whether it came to hold.
func eventually(_ condition: () -> Bool) -> Bool {
  let end = linux_boottime_ns() + 30_000_000_000
  while linux_boottime_ns() < end {
    if condition() { return true }
    _ = poll(nil, 0, 1)
  }
  return condition()
}

/// One context of the scripted daemon.
final class FakeCardService: SmartCardService {
  private struct Context {
    var generation: Int?
    var isCancelled = false
  }

  private let daemon: FakeCardDaemon
  private let context = Mutex(Context())

  init(_ daemon: FakeCardDaemon) { self.daemon = daemon }

  private func check() throws(SmartCardFailure) {
    let generation = context.withLock { $0.generation }
    let isGood = daemon.with { $0.isRunning && generation == $0.generation }
    if !isGood { throw .noService }
  }

  func establish() throws(SmartCardFailure) {
    daemon.pass(.establish)
    let generation = daemon.with { content -> Int? in
      guard content.isRunning else { return nil }
      content.contexts += 1
      content.hadContext = true
      return content.generation
    }
    guard let generation else { throw .noService }
    context.withLock { $0.generation = generation }
  }

  func release() {
    let wasOpen = context.withLock { context in
      defer { context.generation = nil }
      return context.generation != nil
    }
    if wasOpen { daemon.with { $0.contexts -= 1 } }
  }

  func cancel() { context.withLock { $0.isCancelled = true } }

  func readerNames() throws(SmartCardFailure) -> [String] {
    daemon.pass(.readerNames)
    try check()
    return daemon.with { $0.readers.map(\.name) }
  }

  func wait(for sights: inout [SmartCardSight], timeout: Duration) throws(SmartCardFailure) {
    let end = linux_boottime_ns() + timeout.wholeNanoseconds
    let known = daemon.with { content in content.readers.count }
    while true {
      daemon.pass(.wait)
      try check()
      if context.withLock({ context in
        defer { context.isCancelled = false }
        return context.isCancelled
      }) {
        throw .cancelled
      }
      var isChanged = false
      for index in sights.indices {
        let name = sights[index].reader
        if name == SmartCardSight.plugAndPlayName {
          if daemon.with({ $0.readers.count }) != known { isChanged = true }
          continue
        }
        let before = sights[index].state & ~0x2
        let (state, atr) = look(name, waitsFor: before)
        sights[index].state = state == before ? state : state | 0x2
        sights[index].atr = atr
        if state != before { isChanged = true }
      }
      if isChanged || linux_boottime_ns() >= end { return }
      _ = poll(nil, 0, 1)
    }
  }

  private func look(_ name: String, waitsFor known: UInt32) -> (state: UInt32, atr: [UInt8]) {
    daemon.with { content in
      guard let index = content.index(name) else { return (0x4 | 0x8, []) }
      let reader = content.readers[index].reader
      let card = reader.card
      let state = reader.eventCount << 16 | (card == nil ? 0x10 : card?.fault == .mute ? 0x20 | 0x200 : 0x20)
      if state == known { content.readers[index].reader.dealtWith = reader.eventCount }
      return (state, card?.atr ?? [])
    }
  }

  func connect(to reader: String, direct: Bool) throws(SmartCardFailure) -> SmartCardConnection {
    try check()
    let place = daemon.with { content -> Result<Int, SmartCardFailure> in
      guard let index = content.index(reader) else { return .failure(.unknownReader) }
      return direct || content.readers[index].reader.card != nil ? .success(index) : .failure(.noSmartCard)
    }
    return SmartCardConnection(handle: try place.get())
  }

  func disconnect(_ connection: SmartCardConnection) {}

  func transmit(_ command: [UInt8], over connection: SmartCardConnection) throws(SmartCardFailure) -> [UInt8] {
    while daemon.with({ $0.holdsCalls }) { _ = poll(nil, 0, 1) }
    try check()
    return try daemon.with { content -> Result<[UInt8], SmartCardFailure> in
      guard content.readers.indices.contains(connection.handle) else { return .failure(.readerUnavailable) }
      content.readers[connection.handle].reader.commands.append(command)
      guard var card = content.readers[connection.handle].reader.card else { return .failure(.removedCard) }
      card.receive([UInt8(command.count >> 8), UInt8(command.count & 0xFF)] + command, at: .zero)
      if card.isClosed {
        content.readers[connection.handle].reader.card = nil
        content.readers[connection.handle].reader.eventCount += 1
        return .failure(.removedCard)
      }
      return .success(Array(card.takeOutput(at: .distantFuture).dropFirst(2)))
    }.get()
  }

  func control(
    _ code: UInt32, _ command: [UInt8], over connection: SmartCardConnection
  ) throws(SmartCardFailure) -> [UInt8] {
    try check()
    daemon.with { content in
      guard content.readers.indices.contains(connection.handle) else { return }
      content.readers[connection.handle].reader.escapes.append(command)
      content.readers[connection.handle].reader.controlCode = code
    }
    return [0x90, 0x00]
  }

  func serialNumber(over connection: SmartCardConnection) throws(SmartCardFailure) -> String {
    daemon.with { content in
      content.readers.indices.contains(connection.handle)
        ? content.readers[connection.handle].reader.serialNumber : ""
    }
  }
}

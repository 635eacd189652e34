import ChargerBase
import EVSEControl
import HAL
import Testing

@testable import ChargerRuntime

@Suite("Queues of the control lane")
struct ControlLaneQueueTests {
  private let connector = ConnectorID(evse: EVSEID(1), number: 1)
  private let other = ConnectorID(evse: EVSEID(2), number: 1)

  private func mailbox() -> FactMailbox {
    FactMailbox(connectors: [connector, other], evses: [EVSEID(1), EVSEID(2)], snapshots: [], wake: {})
  }

  private func instant(_ number: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: number) }

  @Test("Facts come out in order and once")
  func order() {
    let mailbox = mailbox()
    let facts = (0..<500).map { ControlFact.powerPath(connector, closed: $0 % 2 == 0, at: instant($0)) }
    for fact in facts { mailbox.tell(fact) }
    #expect(mailbox.drain() == facts)
    #expect(mailbox.drain().isEmpty)
  }

  @Test(
    "When nobody reads, the last change and its return are still told, registers are the newest, and the rest counted")
  func overflow() {
    let mailbox = mailbox()
    var told = 0
    for number in Int64(0)..<5_000 {
      mailbox.tell(.connected(connector, number % 2 == 0, at: instant(number)))
      mailbox.tell(.fault(other, .meterSilent, active: number % 2 == 0, at: instant(number)))
      mailbox.tell(.meter(EVSEID(2), MeterReading(takenAt: instant(number), importRegister: Energy(wattHours: number))))
      told += 3
    }
    mailbox.tell(.permitEnded(other, number: 3, .energyBudgetUsed, at: instant(9_000)))
    let facts = mailbox.drain()
    #expect(
      facts.suffix(6) == [
        .connected(connector, true, at: instant(4_998)),
        .fault(other, .meterSilent, active: true, at: instant(4_998)),
        .connected(connector, false, at: instant(4_999)),
        .fault(other, .meterSilent, active: false, at: instant(4_999)),
        .meter(EVSEID(2), MeterReading(takenAt: instant(4_999), importRegister: Energy(wattHours: 4_999))),
        .permitEnded(other, number: 3, .energyBudgetUsed, at: instant(9_000)),
      ])
    #expect(facts.count == FactMailbox.capacity + 6)
    #expect(mailbox.status.mergedFacts == UInt64(told + 1 - facts.count))
    // After a reading, order is plain again.
    mailbox.tell(.connected(connector, true, at: instant(10_000)))
    #expect(mailbox.drain() == [.connected(connector, true, at: instant(10_000))])
  }

  @Test("The reader is woken once until it reads")
  func wakes() {
    let count = Shared(0)
    let mailbox = FactMailbox(connectors: [], evses: [], snapshots: [], wake: { count.with { $0 += 1 } })
    for _ in 0..<10 { mailbox.wakeReader() }
    #expect(count.with { $0 } == 1)
    _ = mailbox.drain()
    mailbox.wakeReader()
    #expect(count.with { $0 } == 2)
  }

  @Test("A flood of limits leaves room for what ends energy, and a shutdown always arrives")
  func flood() throws {
    let queue = try #require(CommandQueue())
    var taken = 0
    for number in 0..<1_000 {
      if queue.send(.limit(EVSEID(1), source: .external, Current(amperes: Int64(number))), at: .zero) { taken += 1 }
    }
    #expect(taken == CommandQueue.capacity - CommandQueue.keptForSafety)
    for _ in 0..<CommandQueue.keptForSafety { #expect(queue.send(.revoke(connector), at: .zero)) }
    #expect(!queue.send(.revoke(connector), at: .zero))
    #expect(queue.send(.shutDown, at: .zero))
    #expect(queue.refusedCount == UInt64(1_000 - taken + 1))
    var commands: [ControlCommand] = []
    while let entry = queue.next() { commands.append(entry.command) }
    #expect(commands.count == CommandQueue.capacity + 1)
    #expect(commands.last == .shutDown)
  }
}

import ChargerBase
import EVSEControl
import OCPPPorts
import Testing

@testable import ChargerRuntime

@Suite("Service counters of the contactors")
struct ContactorCountersTests {
  private let first = ConnectorID(evse: EVSEID(1), number: 1)
  private let service = ContactorOperations(withoutLoad: 100_000, underLoad: 1_000)
  private let second = ConnectorID(evse: EVSEID(2), number: 1)

  /// What the next start finds.
  private func restarted(_ counters: inout ContactorCounters) -> ContactorCounters {
    guard case .putDocument(let kind, let key, let body) = counters.takeMutation() else { return counters }
    return ContactorCounters(
      snapshot: StoreSnapshot(documents: [StoreSnapshot.Document(kind: kind, key: key, body: body)]))
  }

  @Test("What was counted survives a restart, each connector for itself")
  func survives() {
    var counters = ContactorCounters(snapshot: StoreSnapshot())
    _ = counters.take(first, ContactorOperations(withoutLoad: 12, underLoad: 1), serviceAfter: service)
    _ = counters.take(second, ContactorOperations(withoutLoad: 3, underLoad: 0), serviceAfter: service)
    let next = restarted(&counters)
    #expect(next.operations(of: first) == ContactorOperations(withoutLoad: 12, underLoad: 1))
    #expect(next.operations(of: second) == ContactorOperations(withoutLoad: 3, underLoad: 0))
    #expect(next.operations(of: ConnectorID(evse: EVSEID(3), number: 1)) == ContactorOperations())
  }

  @Test("DESIGN §4 The flash is written every hundred openings, not at each")
  func writesSeldom() {
    var counters = ContactorCounters(snapshot: StoreSnapshot())
    var writes = 0
    for count in UInt32(1)...1_000 {
      guard counters.take(first, ContactorOperations(withoutLoad: count), serviceAfter: service).mustBeWritten else {
        continue
      }
      _ = counters.takeMutation()
      writes += 1
    }
    #expect(writes == 10)
  }

  @Test("A contactor becomes due for service once, by openings under load or without")
  func serviceIsDue() {
    for due in [ContactorOperations(withoutLoad: 100_000), ContactorOperations(underLoad: 1_000)] {
      var counters = ContactorCounters(snapshot: StoreSnapshot())
      #expect(
        !counters.take(first, ContactorOperations(withoutLoad: 99_999, underLoad: 999), serviceAfter: service).becameDue
      )
      #expect(counters.take(first, due, serviceAfter: service).becameDue)
      #expect(!counters.take(first, due, serviceAfter: service).becameDue)
      #expect(due.isDue(after: service))
    }
  }

  @Test("The control lane counts on from what earlier runs have counted")
  func countsOn() {
    var counters = ContactorCounters(snapshot: StoreSnapshot())
    _ = counters.take(first, ContactorOperations(withoutLoad: 7, underLoad: 2), serviceAfter: service)
    var configuration = ControlConfiguration(evses: [
      EVSEControlConfiguration(
        id: EVSEID(1), connectors: [ConnectorControlConfiguration(id: first, cable: .socket)],
        maximumCurrent: Current(amperes: 32))
    ])
    configuration.continueCounting(counters)
    let control = StationControl(configuration: configuration, startingAt: .zero)
    #expect(
      control.snapshot(of: first)?.details.contactorOperations == ContactorOperations(withoutLoad: 7, underLoad: 2))
  }

  @Test("A stored record that cannot be read counts from zero")
  func damaged() {
    let snapshot = StoreSnapshot(documents: [
      StoreSnapshot.Document(kind: .engine, key: ContactorCounters.key, body: [1, 2, 3])
    ])
    #expect(ContactorCounters(snapshot: snapshot).operations(of: first) == ContactorOperations())
  }
}

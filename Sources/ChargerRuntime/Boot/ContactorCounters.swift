import BoardProfile
import ChargerBase
import EVSEControl
import OCPPPorts

/// How often each contactor has opened, over all runs of the program. Written every `writeInterval` openings and at an
/// orderly stop, to spare the flash: a crash loses fewer than that.
package struct ContactorCounters: Sendable, Equatable {
  static let key = "runtime.contactors"
  static let writeInterval: UInt32 = 100
  /// One a connector: bounded by the board profile.
  private var entries: [(connector: ConnectorID, operations: ContactorOperations, isWritten: UInt32)] = []

  package static func == (left: ContactorCounters, right: ContactorCounters) -> Bool {
    left.entries.elementsEqual(right.entries) { $0 == $1 }
  }

  package init(snapshot: StoreSnapshot) {
    guard let document = snapshot.documents.first(where: { $0.kind == .engine && $0.key == Self.key }) else { return }
    var reader = RecordReader(document.body)
    var numbers: [Int64] = []
    while let (field, value) = try? reader.next() {
      if field == 1, let number = value.integer { numbers.append(number) }
      // Four numbers a connector.
      guard numbers.count == 4 else { continue }
      let connector = ConnectorID(evse: EVSEID(Int32(clamping: numbers[0])), number: Int32(clamping: numbers[1]))
      let operations = ContactorOperations(
        withoutLoad: UInt32(clamping: numbers[2]), underLoad: UInt32(clamping: numbers[3]))
      entries.append((connector, operations, Self.total(operations)))
      numbers = []
    }
  }

  private static func total(_ operations: ContactorOperations) -> UInt32 {
    operations.withoutLoad.addingReportingOverflow(operations.underLoad).partialValue
  }

  package func operations(of connector: ConnectorID) -> ContactorOperations {
    entries.first { $0.connector == connector }?.operations ?? ContactorOperations()
  }

  /// Takes what the control lane has counted.
  ///
  /// - Returns: whether it is time to write, and whether the contactor has become due for service with this.
  package mutating func take(
    _ connector: ConnectorID, _ operations: ContactorOperations, serviceAfter limit: ContactorOperations
  ) -> (mustBeWritten: Bool, becameDue: Bool) {
    let former = self.operations(of: connector)
    let index = entries.firstIndex { $0.connector == connector } ?? entries.endIndex
    if index == entries.endIndex { entries.append((connector, operations, 0)) }
    entries[index].operations = operations
    let unwritten = Self.total(operations).subtractingReportingOverflow(entries[index].isWritten).partialValue
    return (unwritten >= Self.writeInterval, operations.isDue(after: limit) && !former.isDue(after: limit))
  }

  /// What is to be stored; from now on it counts as written.
  package mutating func takeMutation() -> StoreMutation {
    var record = RecordWriter()
    for index in entries.indices {
      entries[index].isWritten = Self.total(entries[index].operations)
      record.write(Int64(entries[index].connector.evse.number), field: 1)
      record.write(Int64(entries[index].connector.number), field: 1)
      record.write(Int64(entries[index].operations.withoutLoad), field: 1)
      record.write(Int64(entries[index].operations.underLoad), field: 1)
    }
    return .putDocument(.engine, key: Self.key, body: record.bytes)
  }
}

extension ControlConfiguration {
  /// Lets the control lane count on from what earlier runs have counted.
  package mutating func continueCounting(_ counters: ContactorCounters) {
    for evse in evses.indices {
      for place in evses[evse].connectors.indices {
        evses[evse].connectors[place].contactorOperations = counters.operations(of: evses[evse].connectors[place].id)
      }
    }
  }
}

extension ContactorOperations {
  package func isDue(after limit: ContactorOperations) -> Bool {
    withoutLoad >= limit.withoutLoad || underLoad >= limit.underLoad
  }
}

extension BoardProfile {
  /// Openings after which the contactor of a connector is due for service; never for one that the board does not have.
  func contactorService(of connector: ConnectorID) -> ContactorOperations {
    evse(connector.evse)?.connectors.first { $0.id == connector }?.contactorService
      ?? ContactorOperations(withoutLoad: .max, underLoad: .max)
  }
}

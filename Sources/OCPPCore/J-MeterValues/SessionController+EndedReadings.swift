import ChargerBase
import OCPPPorts
import OCPPTypes

// The documents of the readings that transactions keep for their Ended events.

extension SessionController {
  /// Takes up the readings of the transactions that were open when the program stopped; those of others are removed.
  func restoreReadings(_ documents: [StoreSnapshot.Document]) {
    var leftovers: [StoreMutation] = []
    for document in documents where document.kind == .meterReading {
      guard let (transactionID, evse, item) = EndedReadings.Item.read(document: document.body),
        let place = place(of: evse), slots[place].machine.transaction?.id == transactionID
      else {
        leftovers.append(.removeDocument(.meterReading, key: document.key))
        continue
      }
      slots[place].machine.transaction?.endedReadings.restore(item)
      slots[place].keptReadings.append(item.number)
    }
    if !leftovers.isEmpty { services.save(leftovers, durability: .relaxed, whenDone: nil) }
  }

  /// A power cut may take the newest of them; the death of the program takes none.
  func keepReading(_ number: Int32, _ document: [UInt8]?, dropped: [Int32], at place: Int) {
    let evse = slots[place].machine.evse
    slots[place].keptReadings.removeAll { dropped.contains($0) }
    var mutations = dropped.map {
      StoreMutation.removeDocument(.meterReading, key: EndedReadings.Item.key(evse: evse, number: $0))
    }
    if let document {
      slots[place].keptReadings.append(number)
      let key = EndedReadings.Item.key(evse: evse, number: number)
      mutations.append(.putDocument(.meterReading, key: key, body: document))
    }
    services.save(mutations, durability: .relaxed, whenDone: nil)
  }

  /// With the Ended event they have been told.
  func takeKeptReadings(at place: Int) -> [StoreMutation] {
    let evse = slots[place].machine.evse
    defer { slots[place].keptReadings = [] }
    return slots[place].keptReadings.map {
      .removeDocument(.meterReading, key: EndedReadings.Item.key(evse: evse, number: $0))
    }
  }
}

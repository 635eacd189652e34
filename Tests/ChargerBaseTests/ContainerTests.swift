import ChargerBase
import Testing

@Suite("Bounded ring")
struct BoundedRingTests {
  @Test("It gives back first what came first, also around its end")
  func order() {
    var ring = BoundedRing<Int>(capacity: 3)
    let accepted = (1...4).map { ring.append($0) }
    #expect(accepted == [true, true, true, false])
    let first = ring.popFirst()
    #expect(first == 1)
    let hasRoom = ring.append(5)
    #expect(hasRoom)
    #expect(ring.elements == [2, 3, 5])
    #expect(ring.first == 2)
  }

  @Test("When it overwrites, the oldest goes and is told")
  func overwriting() {
    var ring = BoundedRing<Int>(capacity: 2)
    let dropped = [1, 2, 3].map { ring.appendOverwriting($0) }
    #expect(dropped == [nil, nil, 1])
    #expect(ring.elements == [2, 3])
    #expect(ring.isFull)
    ring.removeAll()
    let none = ring.popFirst()
    #expect(ring.isEmpty && none == nil)
  }

  @Test("A capacity below one is taken as one")
  func smallest() {
    var ring = BoundedRing<Int>(capacity: -4)
    #expect(ring.capacity == 1)
    ring.appendOverwriting(1)
    let dropped = ring.appendOverwriting(2)
    #expect(dropped == 1)
  }

  @Test("It behaves as an array would, over many random steps")
  func model() {
    var random = SeededRandom(seed: 7)
    var ring = BoundedRing<UInt64>(capacity: 5)
    var model: [UInt64] = []
    var mistakes = 0
    for _ in 0..<5_000 {
      let value = random.next()
      if value % 3 == 0 {
        let popped = ring.popFirst()
        let expected = model.isEmpty ? nil : model.removeFirst()
        if popped != expected { mistakes += 1 }
      } else {
        let dropped = model.count == 5 ? model.removeFirst() : nil
        model.append(value)
        let overwritten = ring.appendOverwriting(value)
        if overwritten != dropped { mistakes += 1 }
      }
      if ring.elements != model || ring.count != model.count { mistakes += 1 }
    }
    #expect(mistakes == 0)
  }
}

@Suite("Identifiers")
struct IdentifierTests {
  @Test("A UUID is of version 4, of 36 characters, and repeats with its seed")
  func uuid() {
    var random = SeededRandom(seed: 1)
    var again = SeededRandom(seed: 1)
    var seen: Set<String> = []
    for _ in 0..<100 {
      let text = RandomIdentifier.uuid(using: &random)
      let characters = Array(text)
      #expect(characters.count == 36)
      #expect([8, 13, 18, 23].allSatisfy { characters[$0] == "-" })
      #expect(characters[14] == "4")
      #expect("89ab".contains(characters[19]))
      let repeated = RandomIdentifier.uuid(using: &again)
      #expect(text == repeated)
      seen.insert(text)
    }
    #expect(seen.count == 100)
  }

  @Test("Connectors order by EVSE, then by number")
  func connectors() {
    let first = ConnectorID(evse: EVSEID(1), number: 2)
    #expect(first < ConnectorID(evse: EVSEID(2), number: 1))
    #expect(ConnectorID(evse: EVSEID(1), number: 1) < first)
    #expect(first.description == "EVSE 1 connector 2")
  }
}

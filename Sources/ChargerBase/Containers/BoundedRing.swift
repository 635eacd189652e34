/// A first-in first-out buffer whose capacity is fixed when it is made; it never grows and never traps.
public struct BoundedRing<Element> {
  private var storage: [Element?]
  private var head = 0
  public private(set) var count = 0

  /// A capacity below one is taken as one.
  public init(capacity: Int) {
    storage = Array(repeating: nil, count: max(1, capacity))
  }

  public var capacity: Int { storage.count }
  public var isEmpty: Bool { count == 0 }
  public var isFull: Bool { count == storage.count }
  public var first: Element? { isEmpty ? nil : storage[head] }

  /// Appends, or answers false when there is no room.
  public mutating func append(_ element: Element) -> Bool {
    guard !isFull else { return false }
    storage[(head + count) % storage.count] = element
    count += 1
    return true
  }

  /// Appends and, when full, drops and returns the oldest element.
  @discardableResult
  public mutating func appendOverwriting(_ element: Element) -> Element? {
    let dropped = isFull ? popFirst() : nil
    _ = append(element)
    return dropped
  }

  public mutating func popFirst() -> Element? {
    guard !isEmpty else { return nil }
    let element = storage[head]
    storage[head] = nil
    head = (head + 1) % storage.count
    count -= 1
    return element
  }

  public mutating func removeAll() {
    while popFirst() != nil {}
  }

  /// Oldest first.
  public func forEach(_ body: (Element) -> Void) {
    for offset in 0..<count {
      if let element = storage[(head + offset) % storage.count] { body(element) }
    }
  }

  /// Oldest first.
  public var elements: [Element] {
    var result: [Element] = []
    result.reserveCapacity(count)
    forEach { result.append($0) }
    return result
  }
}

extension BoundedRing: Sendable where Element: Sendable {}

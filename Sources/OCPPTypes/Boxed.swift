/// Keeps a large, rare part of a message on the heap, so that the message itself stays small.
@propertyWrapper
public struct Boxed<Value> {
  fileprivate indirect enum Storage {
    case empty
    case full(Value)
  }

  private var storage: Storage

  public init(wrappedValue: Value?) {
    storage = wrappedValue.map { .full($0) } ?? .empty
  }

  public var wrappedValue: Value? {
    get { if case .full(let value) = storage { value } else { nil } }
    set { storage = newValue.map { .full($0) } ?? .empty }
  }
}

extension Boxed: Sendable where Value: Sendable {}
extension Boxed.Storage: Sendable where Value: Sendable {}

extension Boxed: Equatable where Value: Equatable {
  public static func == (left: Boxed, right: Boxed) -> Bool { left.wrappedValue == right.wrappedValue }
}

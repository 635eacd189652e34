import ChargerBase

/// Outputs that a driver switches together; active and inactive, whatever the polarity.
protocol DigitalOutputs: AnyObject {
  /// Makes the n-th output active where bit n is set, all others inactive. False when the hardware did not take it all.
  func set(_ active: UInt8) -> Bool
}

/// An input that a driver reads.
protocol DigitalInput: AnyObject {
  /// Nil when the hardware did not answer.
  func get() -> Bool?
  /// Readable when an edge waits; nil for an input that must be polled.
  var descriptor: Int32? { get }
  /// The oldest edge that was not taken yet; nil when none waits.
  func nextEdge() -> LineEdge?
  /// What it tells has been steady for as long as was asked.
  var isDebounced: Bool { get }
  /// It has had more edges than any contact makes: what it shows is no position of a contact.
  var isStorming: Bool { get }
}

extension DigitalInput {
  var descriptor: Int32? { nil }
  func nextEdge() -> LineEdge? { nil }
  var isDebounced: Bool { false }
  var isStorming: Bool { false }
}

/// A change of an input and when it happened.
struct LineEdge: Equatable {
  var isActive: Bool
  var at: MonotonicInstant
}

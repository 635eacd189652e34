/// Orders of the CSMS that are on their way to the store, by what they are about. They are stored before they are answered
/// and carried out; one whose answer came too late is not carried out, and then the store must forget it again.
struct OrdersBeingStored<Subject: Equatable> {
  /// More are refused: a store that does not answer takes no more orders.
  static var capacity: Int { 8 }

  private var underWay: [Subject] = []
  /// The store holds an order about them that is not carried out; at most `capacity`.
  private var disowned: [Subject] = []

  var isFull: Bool { underWay.count >= Self.capacity }

  mutating func begin(_ subject: Subject) { underWay.append(subject) }

  /// The store has answered, in the order of the orders. True: what the store holds of the subject is what nobody does,
  /// and no later order is about to overwrite it; what holds must be written again.
  mutating func end(_ subject: Subject, isStored: Bool, isCarriedOut: Bool) -> Bool {
    if let place = underWay.firstIndex(of: subject) { underWay.remove(at: place) }
    if isStored { disowned.removeAll { $0 == subject } }
    if isStored, !isCarriedOut { disowned.append(subject) }
    guard disowned.contains(subject), !underWay.contains(subject) else { return false }
    disowned.removeAll { $0 == subject }
    return true
  }
}

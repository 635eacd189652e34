import ChargerBase
import HAL

/// The current limits of one EVSE by source; the smallest wins and is told.
package struct CurrentLimits: Hashable, Sendable {
  // One slot a source, so that setting one allocates nothing.
  private var slots: [Current?]

  package init(hardware: Current) {
    slots = Array(repeating: nil, count: LimitSource.allCases.count)
    self[.hardware] = hardware
  }

  package subscript(source: LimitSource) -> Current? {
    get {
      let index = Int(source.rawValue)
      return slots.indices.contains(index) ? slots[index] : nil
    }
    set {
      let index = Int(source.rawValue)
      if slots.indices.contains(index) { slots[index] = newValue }
    }
  }

  /// The smallest limit, never under zero; among equals the first source in the enum's order.
  package var smallest: (limit: Current, source: LimitSource) {
    var found = (limit: DutyCycle.greatestOffer, source: LimitSource.hardware)
    for source in Self.order {
      if let limit = self[source], limit < found.limit { found = (max(.zero, limit), source) }
    }
    return found
  }

  private static let order = LimitSource.allCases
}

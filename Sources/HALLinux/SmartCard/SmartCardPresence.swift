import ChargerBase

/// Tells presentations of a card from its flickering in the field, and from one that simply lies there.
///
/// A card is presented when it was not there before, or was gone for the debounce time at least. What lies on a reader
/// when the program sees it for the first time is no presentation: a card that somebody left there must not start or stop
/// anything because the station was started anew. A reader or a service that comes back changes nothing: the same card
/// still lies there, another one is presented.
struct SmartCardPresence: Sendable, Equatable {
  private let debounce: Duration
  /// The card that was read last; forgotten when it has been away long enough.
  private var lastUID: [UInt8]?
  /// When it was seen to be gone; nil while it lies there.
  private var goneAt: MonotonicInstant?
  /// Nothing was seen on this reader yet.
  private(set) var isFirstLook = true

  init(debounce: Duration) { self.debounce = debounce }

  /// A card was read; answers whether it was presented.
  mutating func read(_ uid: [UInt8], at now: MonotonicInstant) -> Bool {
    defer {
      lastUID = uid
      goneAt = nil
      isFirstLook = false
    }
    if isFirstLook { return false }
    guard lastUID == uid else { return true }
    guard let goneAt else { return false }
    return now - goneAt >= debounce
  }

  /// The reader is empty.
  mutating func empty(at now: MonotonicInstant) {
    isFirstLook = false
    if lastUID != nil, goneAt == nil { goneAt = now }
  }

  /// A card lies there that gives no token.
  mutating func unreadable() { isFirstLook = false }
}

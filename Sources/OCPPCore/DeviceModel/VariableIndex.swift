/// Finds entries of the device model by the digests of their names: an open table whose places only firmware, board and
/// unit file fill, so that nothing that a CSMS asks for can make it slow.
///
/// A `Dictionary` would do the same for three times the instructions when the model is built, and needs its key type's
/// conformance looked up at the first use of each start.
struct VariableIndex {
  /// At most half of the slots are taken; -1 is a free one. The bound is that of the entries.
  private var slots: [Int32] = Array(repeating: -1, count: 64)
  private var digests: [UInt64] = []

  mutating func reserve(_ count: Int) {
    digests.reserveCapacity(count)
    if count * 2 > slots.count { rebuild(for: count) }
  }

  func place(of digest: UInt64, _ isSame: (Int) -> Bool) -> Int? {
    var slot = start(digest)
    while slots[slot] >= 0 {
      let place = Int(slots[slot])
      if digests[place] == digest, isSame(place) { return place }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Adds the next entry, whose place is the number of entries so far; false when it is there already.
  mutating func insert(_ place: Int, of digest: UInt64, isSame: (Int) -> Bool) -> Bool {
    guard place == digests.count, self.place(of: digest, isSame) == nil else { return false }
    digests.append(digest)
    if digests.count * 2 > slots.count { rebuild(for: digests.count * 2) } else { take(place) }
    return true
  }

  private mutating func rebuild(for count: Int) {
    var size = 64
    while size < count * 2 { size *= 2 }
    slots = Array(repeating: -1, count: size)
    for place in digests.indices { take(place) }
  }

  private mutating func take(_ place: Int) {
    var slot = start(digests[place])
    while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(clamping: place)
  }

  private func start(_ digest: UInt64) -> Int {
    // The high bits of a product depend on all bits of the digest.
    Int(truncatingIfNeeded: (digest &* 0x9E37_79B9_7F4A_7C15) >> 40) & (slots.count - 1)
  }
}

/// Finds the number of a state by its fingerprint of 64 bits. Two of n states share one with a chance under n² / 2⁶⁵: for
/// ten million states one in 300,000, and another one in each run, because Swift's hashing has a new key in each process.
struct StateTable {
  private var fingerprints: [UInt64]
  private var numbers: [UInt32]
  private(set) var count = 0

  init() {
    fingerprints = Array(repeating: 0, count: 1 << 16)
    numbers = Array(repeating: 0, count: 1 << 16)
  }

  /// The number of the state with this fingerprint, and whether it is a new one.
  mutating func insert(_ fingerprint: UInt64) -> (number: Int, isNew: Bool) {
    let fingerprint = fingerprint == 0 ? 1 : fingerprint
    let mask = fingerprints.count - 1
    var place = Int(truncatingIfNeeded: fingerprint) & mask
    while fingerprints[place] != 0 {
      if fingerprints[place] == fingerprint { return (Int(numbers[place]), false) }
      place = (place + 1) & mask
    }
    let number = count
    fingerprints[place] = fingerprint
    numbers[place] = UInt32(clamping: number)
    count += 1
    if count * 2 > fingerprints.count { grow() }
    return (number, true)
  }

  private mutating func grow() {
    let oldFingerprints = fingerprints
    let oldNumbers = numbers
    let size = oldFingerprints.count * 2
    fingerprints = Array(repeating: 0, count: size)
    numbers = Array(repeating: 0, count: size)
    for index in oldFingerprints.indices where oldFingerprints[index] != 0 {
      var place = Int(truncatingIfNeeded: oldFingerprints[index]) & (size - 1)
      while fingerprints[place] != 0 { place = (place + 1) & (size - 1) }
      fingerprints[place] = oldFingerprints[index]
      numbers[place] = oldNumbers[index]
    }
  }
}

/// Finds the name that somebody most likely meant.
package enum NearName {
  /// Longer names are not compared: the work grows with the product of both lengths.
  static let maximumLength = 64

  /// The candidate nearest to `name`, when it is near enough to be a slip of the hand; the first of equals.
  package static func find(_ name: String, in candidates: [String]) -> String? {
    let wanted = folded(name)
    guard !wanted.isEmpty, wanted.count <= maximumLength else { return nil }
    var best: (distance: Int, name: String)?
    for candidate in candidates {
      let letters = folded(candidate)
      guard !letters.isEmpty, letters.count <= maximumLength else { continue }
      var distance = editDistance(wanted, letters)
      // "driverName" for "driver", "current" for "maximumCurrentA": the whole word is in the other.
      if distance > 1, min(wanted.count, letters.count) >= 4, contains(wanted, letters) || contains(letters, wanted) {
        distance = min(distance, tolerance(wanted.count))
      }
      guard distance <= tolerance(max(wanted.count, letters.count)), distance < best?.distance ?? .max else { continue }
      best = (distance, candidate)
    }
    return best?.name
  }

  private static func tolerance(_ length: Int) -> Int { max(1, (length + 1) / 3) }

  /// Letters and digits alone, in lower case: `maximum_current-a` and `maximumCurrentA` are the same to a person.
  private static func folded(_ name: String) -> [UInt8] {
    name.utf8.prefix(maximumLength + 1).compactMap { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
      case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: " "): nil
      default: byte
      }
    }
  }

  private static func contains(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
    guard part.count <= whole.count else { return false }
    return (0...(whole.count - part.count)).contains { whole[$0..<($0 + part.count)].elementsEqual(part) }
  }

  /// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
  static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, leftByte) in left.enumerated() {
      var current = [row + 1]
      current.reserveCapacity(right.count + 1)
      for (column, rightByte) in right.enumerated() {
        var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (leftByte == rightByte ? 0 : 1))
        if row > 0, column > 0, leftByte == right[column - 1], left[row - 1] == rightByte {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }
}

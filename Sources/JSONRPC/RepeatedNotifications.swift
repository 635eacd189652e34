import CLinux

/// The newest notifications as they came: who says the same again and again, to show that he lives, is not read anew.
struct RepeatedNotifications {
  /// As many kinds of notification as repeat themselves in turn.
  private static let capacity = 4
  /// Longer lines are not kept.
  private static let longestLine = 16_384

  private var kept: [(line: [UInt8], message: JSONRPCMessage)] = []
  private var next = 0

  func find(_ line: ArraySlice<UInt8>) -> JSONRPCMessage? {
    for (bytes, message) in kept where bytes.count == line.count {
      let isSame = bytes.withUnsafeBytes { bytes in
        line.withUnsafeBytes { line in
          guard let left = bytes.baseAddress, let right = line.baseAddress else { return false }
          return memcmp(left, right, bytes.count) == 0
        }
      }
      if isSame { return message }
    }
    return nil
  }

  /// Keeps a notification, in the place of the one that was kept longest.
  mutating func keep(_ message: JSONRPCMessage, of line: ArraySlice<UInt8>) {
    guard case .notification = message, line.count <= Self.longestLine else { return }
    guard kept.count == Self.capacity else { return kept.append((Array(line), message)) }
    kept[next] = (Array(line), message)
    next = (next + 1) % Self.capacity
  }
}

/// Cuts a stream of bytes into lines. What has arrived of a line is kept, at most `maximumBytes`.
package struct JSONRPCLines {
  /// The longest line in either direction, its newline not counted: 1 MiB.
  package static let maximumBytes = 1 << 20

  private var bytes: [UInt8] = []
  private var start = 0
  /// Bytes that are known to hold no newline.
  private var searched = 0
  private let limit: Int

  package init(limit: Int = JSONRPCLines.maximumBytes) { self.limit = limit }

  package mutating func append(_ new: some Collection<UInt8>) {
    if start > 0 {
      bytes.removeFirst(start)
      searched -= start
      start = 0
    }
    bytes.append(contentsOf: new)
  }

  /// True when the line that is arriving is longer than allowed; the stream can then no longer be read.
  package var isOverlong: Bool { bytes.count - start > limit && searched - start > limit }

  private func newline(from place: Int) -> Int? {
    bytes.withUnsafeBufferPointer { bytes in
      var place = place
      while place < bytes.count {
        if bytes[place] == UInt8(ascii: "\n") { return place }
        place += 1
      }
      return nil
    }
  }

  /// The next whole line without its newline; empty lines are skipped.
  package mutating func next() -> ArraySlice<UInt8>? {
    while true {
      guard let newline = newline(from: max(start, searched)) else {
        searched = bytes.count
        return nil
      }
      guard newline - start <= limit else {
        searched = newline
        return nil
      }
      var line = bytes[start..<newline]
      start = newline + 1
      searched = start
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if !line.isEmpty { return line }
    }
  }
}

import ChargerBase

/// A JSON value with the place where it stands in its file.
package struct ProfileNode: Sendable, Equatable {
  package var offset: Int
  package var content: Content

  package enum Content: Sendable, Equatable {
    /// In the file's order; names may repeat.
    case object([Member])
    case array([ProfileNode])
    case string(String)
    /// Nil for a number with more digits than any quantity has.
    case number(Decimal?)
    case boolean(Bool)
    case null
  }

  package struct Member: Sendable, Equatable {
    package var name: String
    package var nameOffset: Int
    package var value: ProfileNode

    package init(name: String, nameOffset: Int, value: ProfileNode) {
      self.name = name
      self.nameOffset = nameOffset
      self.value = value
    }
  }

  package init(offset: Int, _ content: Content) {
    self.offset = offset
    self.content = content
  }

  /// The value of a member; the first one when its name repeats.
  package func member(_ name: String) -> ProfileNode? {
    guard case .object(let members) = content else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// What it is, for people.
  var kindName: String {
    switch content {
    case .object: "an object"
    case .array: "a list"
    case .string: "a text"
    case .number: "a number"
    case .boolean: "true or false"
    case .null: "null"
    }
  }

  /// Whether both say the same, wherever they stand.
  func hasSameContent(as other: ProfileNode) -> Bool {
    switch (content, other.content) {
    case (.object(let left), .object(let right)):
      left.count == right.count
        && left.allSatisfy { member in
          other.member(member.name).map { member.value.hasSameContent(as: $0) } ?? false
        }
    case (.array(let left), .array(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.hasSameContent(as: $1) }
    default: content == other.content
    }
  }
}

/// A file's name and where its lines begin: enough to tell a person the place of a byte.
package struct ProfileSource: Sendable, Equatable {
  package let fileName: String
  private let lineStarts: [Int]

  package init(fileName: String, bytes: [UInt8]) {
    self.fileName = fileName
    var starts = [0]
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(index + 1) }
    lineStarts = starts
  }

  package func place(of offset: Int) -> (line: Int, column: Int) {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return (low + 1, max(0, offset - lineStarts[low]) + 1)
  }
}

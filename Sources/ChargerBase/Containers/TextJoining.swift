extension [String] {
  /// What `joined` does, for this one type: the standard library's looks its conformances up at the first use of every
  /// start, which costs more than all the texts that a start joins.
  package func joinedText(_ separator: String) -> String {
    var text = ""
    text.reserveCapacity(reduce(0) { $0 + $1.utf8.count + separator.utf8.count })
    var isFirst = true
    for part in self {
      if !isFirst { text += separator }
      text += part
      isFirst = false
    }
    return text
  }
}

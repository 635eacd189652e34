/// Tables of names in one constant: each name is led by its length as one byte.
public enum NameTable {
  /// The place of `text` in the table, or nil.
  public static func place(of text: String, in names: StaticString) -> Int? {
    var text = text
    return text.withUTF8 { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let place = find(UnsafeRawPointer(start), buffer.count, in: names)
      return place >= 0 ? place : nil
    }
  }

  /// The name at `place`, or an empty text beyond the last.
  static func name(_ place: Int, of names: StaticString) -> String {
    names.withUTF8Buffer { table in
      var position = 0
      var rest = place
      while position < table.count {
        let count = Int(table[position])
        guard position + 1 + count <= table.count else { return "" }
        if rest == 0 { return String(decoding: table[(position + 1)..<(position + 1 + count)], as: UTF8.self) }
        rest -= 1
        position += 1 + count
      }
      return ""
    }
  }

  /// The place of a text of `count` bytes in the table, or -1.
  @inline(__always)
  static func find(_ text: UnsafeRawPointer, _ count: Int, in names: StaticString) -> Int {
    let table = UnsafeRawPointer(names.utf8Start)
    let size = names.utf8CodeUnitCount
    var position = 0
    var place = 0
    while position < size {
      let length = Int(table.load(fromByteOffset: position, as: UInt8.self))
      if length == count, position + 1 + length <= size,
        JSONReader.isEqual(text, table + (position + 1), count)
      {
        return place
      }
      position += 1 + length
      place += 1
    }
    return -1
  }
}

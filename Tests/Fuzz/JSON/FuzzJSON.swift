// libFuzzer target: any bytes as JSON. What is read must be written and read again the same; no input may trap.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do throws(JSONError) {
    let tree = try JSONValue(parsing: bytes)
    let written = tree.bytes
    guard
      let again = try? JSONValue(parsing: written, limits: JSONLimits(maximumBytes: .max, maximumStringBytes: .max)),
      again == tree
    else { fatalError("written JSON reads differently") }
  } catch {
    guard error.offset >= 0, error.offset <= max(bytes.count, 1), error.path.hasPrefix("$") else {
      fatalError("error outside of the text")
    }
    _ = TextPosition(offset: error.offset, in: bytes)
  }
  // Every byte has a path, and the path of a value leads to it.
  if let last = bytes.indices.last { _ = JSONPath(at: last / 2, in: bytes).offset(in: bytes) }
  return 0
}

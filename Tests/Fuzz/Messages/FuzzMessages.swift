// libFuzzer target: frames, and the payload of every action in both versions. The first byte picks the version and
// the second the message; the rest is the frame and, alone, the payload. What decodes must encode to what decodes to
// the same.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMessages(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count >= 2 else { return 0 }
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let version: OCPPVersion = bytes[0] & 1 == 0 ? .v201 : .v21
  let payload = Array(bytes[2...])
  check(MessageTable.names[Int(bytes[1]) % MessageTable.names.count], payload, version)
  do throws(FrameError) {
    switch try OCPPFrame(parsing: payload, version: version) {
    case .call(_, let action, let body), .send(_, let action, let body):
      check(action + "Request", Array(body), version)
      check(action + "Response", Array(body), version)
    default: break
    }
  } catch {
    guard error.messageID.unicodeScalars.count <= OCPPFrame.maximumMessageIDLength else {
      fatalError("message id too long")
    }
    if let answer = error.answer {
      let reply = OCPPFrame.encodedCallError(
        messageID: error.messageID, code: answer, description: error.detail, path: error.path)
      guard (try? OCPPFrame(parsing: reply, version: version)) != nil else { fatalError("answer is no frame") }
    }
  }
  return 0
}

private func check(_ name: String, _ payload: [UInt8], _ version: OCPPVersion) {
  do throws(MessageViolation) {
    guard let written = try MessageTable.reencoded(name, payload, version) else { return }
    // An escape may take more bytes than it came with, so the limits are wide here.
    let limits = JSONLimits(maximumBytes: .max, maximumStringBytes: .max)
    guard let again = try? MessageTable.reencoded(name, written, version, limits: limits), again == written else {
      fatalError("written \(name) reads differently")
    }
  } catch {
    guard error.path.hasPrefix("$") else { fatalError("no path") }
  }
}

import OCPPJSON

extension OCPPFrame {
  /// Characters of an error description at most (Part 4 §4.2.3).
  public static let maximumErrorDescriptionLength = 255
  /// Characters of the path in an error's details; ours, so that hostile names do not come back in full.
  static let maximumPathLength = 255

  /// A CALL whose payload is written by `payload`, straight behind the frame's head.
  public static func encodedCall(
    messageID: String, action: OCPPAction, reservingCapacity capacity: Int = 1_024,
    payload: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    encoded(.call, messageID, capacity) { writer in
      writer.write(action.wireName)
      payload(&writer)
    }
  }

  /// The answer to the CALL of that id.
  public static func encodedCallResult(
    messageID: String, reservingCapacity capacity: Int = 512, payload: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    encoded(.callResult, messageID, capacity, payload)
  }

  /// The refusal of the CALL of that id. The description is cut at 255 characters; `path` goes into the details.
  public static func encodedCallError(
    messageID: String, code: OCPPErrorCode, description: String = "", path: String? = nil
  ) -> [UInt8] {
    encoded(.callError, messageID, 256) { writer in writeError(&writer, code, description, path) }
  }

  /// Tells that an answer could not be used. OCPP 2.1 only.
  public static func encodedCallResultError(
    messageID: String, code: OCPPErrorCode, description: String = "", path: String? = nil
  ) -> [UInt8] {
    encoded(.callResultError, messageID, 256) { writer in writeError(&writer, code, description, path) }
  }

  /// A message without an answer. OCPP 2.1 only.
  public static func encodedSend(
    messageID: String, action: OCPPAction, reservingCapacity capacity: Int = 1_024,
    payload: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    encoded(.send, messageID, capacity) { writer in
      writer.write(action.wireName)
      payload(&writer)
    }
  }

  private static func encoded(
    _ type: MessageType, _ messageID: String, _ capacity: Int, _ rest: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: capacity)
    writer.beginArray()
    writer.write(type.rawValue)
    writer.write(messageID)
    rest(&writer)
    writer.endArray()
    return writer.bytes
  }

  private static func writeError(
    _ writer: inout JSONWriter, _ code: OCPPErrorCode, _ description: String, _ path: String?
  ) {
    writer.write(code.wireName)
    writer.write(description.prefixOfScalars(maximumErrorDescriptionLength))
    writer.beginObject()
    writer.member("path", path?.prefixOfScalars(maximumPathLength))
    writer.endObject()
  }
}

extension String {
  /// The text itself when it is short enough, else as much of it as fits.
  func prefixOfScalars(_ count: Int) -> String {
    unicodeScalars.count <= count ? self : String(String.UnicodeScalarView(unicodeScalars.prefix(count)))
  }
}

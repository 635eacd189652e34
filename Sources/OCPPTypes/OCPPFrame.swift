import OCPPJSON

/// One OCPP-J message frame (Part 4 §4.2). Payloads are checked to be JSON, not yet against a schema.
public enum OCPPFrame: Sendable, Hashable {
  case call(messageID: String, action: String, payload: ArraySlice<UInt8>)
  case callResult(messageID: String, payload: ArraySlice<UInt8>)
  case callError(messageID: String, code: String, description: String, details: ArraySlice<UInt8>)
  /// An error in our answer, told by its receiver. OCPP 2.1 only.
  case callResultError(messageID: String, code: String, description: String, details: ArraySlice<UInt8>)
  /// A message that is never answered. OCPP 2.1 only.
  case send(messageID: String, action: String, payload: ArraySlice<UInt8>)

  /// Characters of a message id at most.
  public static let maximumMessageIDLength = 36
  /// The message id of an answer to a frame whose own id could not be read.
  public static let unreadableMessageID = "-1"

  /// Reads a frame. `limits` apply to the frame; the payload may nest as deep as they say.
  public init(
    parsing bytes: ArraySlice<UInt8>, version: OCPPVersion, limits: JSONLimits = .standard
  ) throws(FrameError) {
    var scan = FrameScan(version: version)
    var limits = limits
    limits.maximumDepth = limits.maximumDepth.addingOne
    do throws(JSONError) {
      try JSONReader.read(bytes, limits: limits) { (reader) throws(JSONFault) in try scan.read(from: &reader) }
    } catch {
      throw FrameError(Self.syntaxError(in: bytes, limits) ?? error, scan)
    }
    let start = bytes.startIndex
    let payload = bytes[(start + scan.payload.lowerBound)..<(start + scan.payload.upperBound)]
    switch scan.type {
    case .call: self = .call(messageID: scan.messageID, action: scan.text, payload: payload)
    case .callResult: self = .callResult(messageID: scan.messageID, payload: payload)
    case .callError:
      self = .callError(
        messageID: scan.messageID, code: scan.text, description: scan.errorDescription, details: payload)
    case .callResultError:
      self = .callResultError(
        messageID: scan.messageID, code: scan.text, description: scan.errorDescription, details: payload)
    case .send: self = .send(messageID: scan.messageID, action: scan.text, payload: payload)
    case nil:
      throw FrameError(
        kind: .unknownMessageType, answer: .messageTypeNotSupported, messageID: scan.messageID, path: "$[0]",
        detail: "unknown message type")
    }
  }

  public init(parsing bytes: [UInt8], version: OCPPVersion, limits: JSONLimits = .standard) throws(FrameError) {
    try self.init(parsing: bytes[...], version: version, limits: limits)
  }

  /// A frame of the wrong shape may be no JSON at all further on, which counts first.
  private static func syntaxError(in bytes: ArraySlice<UInt8>, _ limits: JSONLimits) -> JSONError? {
    do throws(JSONError) {
      try JSONReader.read(bytes, limits: limits) { (reader) throws(JSONFault) in
        try reader.skipValue(isCheckingNames: false)
      }
      return nil
    } catch {
      return error
    }
  }

  public var messageID: String {
    switch self {
    case .call(let id, _, _), .callResult(let id, _), .callError(let id, _, _, _), .callResultError(let id, _, _, _),
      .send(let id, _, _):
      id
    }
  }
}

/// The message type numbers (Part 4 §4.1.3; 5 and 6 since 2.1).
enum MessageType: Int64 {
  case call = 2
  case callResult = 3
  case callError = 4
  case callResultError = 5
  case send = 6

  init?(_ number: Int64, version: OCPPVersion) {
    guard let type = MessageType(rawValue: number) else { return nil }
    if version == .v201, type == .callResultError || type == .send { return nil }
    self = type
  }

  /// A CALL alone is answered, be it right or wrong.
  var isAnswered: Bool { self == .call }
}

/// What has been read of a frame so far; it tells what to answer when the rest cannot be read.
struct FrameScan {
  let version: OCPPVersion
  var type: MessageType?
  var messageID = OCPPFrame.unreadableMessageID
  /// The action, or the error code.
  var text = ""
  var errorDescription = ""
  var payload = 0..<0

  init(version: OCPPVersion) { self.version = version }

  mutating func read(from reader: inout JSONReader) throws(JSONFault) {
    let start = reader.valueOffset()
    var count = 0
    try reader.enterArray()
    try next(&reader, &count, start)
    let number = try reader.int64()
    type = MessageType(number, version: version)
    try next(&reader, &count, start)
    messageID = try reader.string(maximum: OCPPFrame.maximumMessageIDLength)
    switch type {
    case .call, .send:
      try next(&reader, &count, start)
      text = try reader.string()
    case .callError, .callResultError:
      try next(&reader, &count, start)
      text = try reader.string()
      try next(&reader, &count, start)
      errorDescription = try reader.string()
    case .callResult: break
    case nil: throw JSONFault(.unknownName, at: start + 1)
    }
    try next(&reader, &count, start)
    let payloadStart = reader.valueOffset()
    try reader.skipValue(isCheckingNames: false)
    payload = payloadStart..<reader.index
    guard try !reader.nextElement(&count) else { throw JSONFault(.tooManyElements, at: start) }
  }

  private func next(_ reader: inout JSONReader, _ count: inout Int, _ start: Int) throws(JSONFault) {
    guard try reader.nextElement(&count) else { throw JSONFault(.tooFewElements, at: start) }
  }
}

extension Int {
  fileprivate var addingOne: Int { self == .max ? self : self + 1 }
}

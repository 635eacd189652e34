import OCPPJSON

/// A frame that cannot be read, and what to do about it.
public struct FrameError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// More bytes than allowed: the connection is closed with 1009.
    case tooLarge
    /// Not UTF-8: the connection is closed with 1007.
    case notUTF8
    /// Not JSON.
    case unparsable
    /// JSON, but no message frame.
    case badShape
    case unknownMessageType
    /// Deeper, or with a longer text, than allowed.
    case beyondLimits
  }

  public let kind: Kind
  /// The error code to answer with; nil when the frame is not answered.
  public let answer: OCPPErrorCode?
  /// The frame's message id, or "-1" where it could not be read.
  public let messageID: String
  /// The frame is clearly an answer (CALLRESULT, CALLERROR …) to the message of that id: it is never answered itself.
  public let isAnswer: Bool
  /// The place within the frame as a JSON path.
  public let path: String
  public let detail: String

  public init(
    kind: Kind, answer: OCPPErrorCode?, messageID: String, isAnswer: Bool = false, path: String = "$", detail: String
  ) {
    self.kind = kind
    self.answer = answer
    self.messageID = messageID
    self.isAnswer = isAnswer
    self.path = path
    self.detail = detail
  }

  public var description: String { "\(detail) at \(path) of message \(messageID)" }

  init(_ error: JSONError, _ scan: FrameScan) {
    let (kind, code): (Kind, OCPPErrorCode?) =
      switch error.code {
      case .notUTF8: (.notUTF8, nil)
      case .tooManyBytes: (.tooLarge, nil)
      case .syntax, .trailingData: (.unparsable, .rpcFrameworkError)
      case .tooDeep, .tooManyItems, .stringTooLong: (.beyondLimits, .formatViolation)
      case .unknownName: (.unknownMessageType, .messageTypeNotSupported)
      default: (.badShape, .rpcFrameworkError)
      }
    let isAnswered = scan.type?.isAnswered ?? true
    self.init(
      kind: kind, answer: isAnswered ? code : nil,
      // What is no JSON has no message id either; of an answer it still tells which call it was meant for.
      messageID: kind == .unparsable && isAnswered ? OCPPFrame.unreadableMessageID : scan.messageID,
      isAnswer: scan.type.map { $0 != .call && $0 != .send } ?? false, path: error.path,
      detail: error.code.explanation)
  }
}

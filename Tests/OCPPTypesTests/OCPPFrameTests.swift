import OCPPJSON
import OCPPTypes
import Testing

@Suite("OCPP-J frames (Part 4 §4.2)")
struct OCPPFrameTests {
  private func parse(_ text: String, _ version: OCPPVersion = .v201) throws(FrameError) -> OCPPFrame {
    try OCPPFrame(parsing: Array(text.utf8), version: version)
  }

  private func failure(_ text: String, _ version: OCPPVersion = .v201) -> FrameError? {
    do throws(FrameError) {
      _ = try parse(text, version)
      return nil
    } catch {
      return error
    }
  }

  @Test("A CALL gives its id, its action and its payload as they stand")
  func call() throws {
    let frame = try parse(#" [ 2 , "19223201" , "Reset" , { "type" : "OnIdle" } ] "#)
    #expect(
      frame
        == .call(
          messageID: "19223201", action: "Reset", payload: Array(#"{ "type" : "OnIdle" }"#.utf8)[...]))
  }

  @Test("A CALLRESULT and a CALLERROR give what they carry")
  func answers() throws {
    #expect(try parse(#"[3,"a",{}]"#) == .callResult(messageID: "a", payload: Array("{}".utf8)[...]))
    #expect(
      try parse(#"[4,"a","GenericError","no",{"x":1}]"#)
        == .callError(
          messageID: "a", code: "GenericError", description: "no", details: Array(#"{"x":1}"#.utf8)[...]))
  }

  @Test("SEND and CALLRESULTERROR exist in 2.1 only")
  func newTypes() throws {
    #expect(failure(#"[6,"a","NotifyPeriodicEventStream",{}]"#)?.answer == .messageTypeNotSupported)
    #expect(failure(#"[5,"a","FormatViolation","",{}]"#)?.answer == .messageTypeNotSupported)
    #expect(try parse(#"[6,"a","NotifyPeriodicEventStream",{}]"#, .v21).messageID == "a")
    #expect(
      try parse(#"[5,"a","FormatViolation","",{}]"#, .v21)
        == .callResultError(
          messageID: "a", code: "FormatViolation", description: "", details: Array("{}".utf8)[...]))
  }

  @Test(
    "What is no JSON is answered with RpcFrameworkError and the id -1",
    arguments: ["", "[", #"[2,"a","Reset",{]"#, #"[2,"a","Reset",{}"#, #"[2,"a","Reset",{}] x"#, "{,}", "nul"])
  func unparsable(text: String) {
    let error = failure(text)
    #expect(error?.kind == .unparsable)
    #expect(error?.answer == .rpcFrameworkError)
    #expect(error?.messageID == "-1")
    #expect(error?.isAnswer == false)
  }

  @Test(
    "JSON that is no frame is answered with RpcFrameworkError and the id, if it has one",
    arguments: [
      ("{}", "-1"), ("[]", "-1"), ("[2]", "-1"), (#"["2","a","Reset",{}]"#, "-1"), (#"[2,5,"Reset",{}]"#, "-1"),
      (#"[2,"a"]"#, "a"), (#"[2,"a","Reset"]"#, "a"), (#"[2,"a",7,{}]"#, "a"), (#"[2,"a","Reset",{},1]"#, "a"),
      (#"[2.5,"a","Reset",{}]"#, "-1"), (#"[2,null,"Reset",{}]"#, "-1"),
      (#"[2,"1234567890123456789012345678901234567","Reset",{}]"#, "-1"),
    ])
  func badShape(text: String, id: String) {
    let error = failure(text)
    #expect(error?.kind == .badShape)
    #expect(error?.answer == .rpcFrameworkError)
    #expect(error?.messageID == id)
  }

  @Test("A message id of 36 characters is read")
  func longestID() throws {
    let id = "123456789012345678901234567890123456"
    #expect(try parse(#"[3,"\#(id)",{}]"#).messageID == id)
  }

  @Test("An unknown message type is answered with MessageTypeNotSupported", arguments: ["1", "7", "-3", "99999999999"])
  func unknownType(number: String) {
    let error = failure(#"[\#(number),"a",{}]"#)
    #expect(error?.kind == .unknownMessageType)
    #expect(error?.answer == .messageTypeNotSupported)
    #expect(error?.messageID == "a")
  }

  @Test(
    "A faulty CALLRESULT or CALLERROR is never answered, and tells which call it was for",
    arguments: [#"[3,"a"]"#, #"[3,"a",{]"#, #"[3,"a",{},1]"#, #"[4,"a","GenericError"]"#, #"[4,"a",1,"",{}]"#])
  func faultyAnswer(text: String) {
    let error = failure(text)
    #expect(error?.answer == nil)
    #expect(error?.isAnswer == true)
    #expect(error?.messageID == "a")
  }

  @Test("A payload nested too deeply is answered with FormatViolation and the message's id")
  func tooDeep() {
    let depth = JSONLimits.standard.maximumDepth
    func frame(_ count: Int) -> String {
      #"[2,"a","DataTransfer","# + String(repeating: "[", count: count) + String(repeating: "]", count: count) + "]"
    }
    #expect(failure(frame(depth)) == nil)
    let error = failure(frame(depth + 1))
    #expect(error?.kind == .beyondLimits)
    #expect(error?.answer == .formatViolation)
    #expect(error?.messageID == "a")
  }

  @Test("A frame that is not UTF-8, or too large, is not answered: the connection is closed")
  func closing() {
    var bytes = Array(#"[2,"a","Reset",{"type":"X"}]"#.utf8)
    bytes[24] = 0xFF
    #expect(throws: FrameError.self) { try OCPPFrame(parsing: bytes, version: .v201) }
    do throws(FrameError) {
      _ = try OCPPFrame(parsing: bytes, version: .v201)
    } catch {
      #expect(error.kind == .notUTF8)
      #expect(error.answer == nil)
    }
    do throws(FrameError) {
      _ = try OCPPFrame(parsing: bytes, version: .v201, limits: JSONLimits(maximumBytes: 10))
    } catch {
      #expect(error.kind == .tooLarge)
      #expect(error.answer == nil)
    }
  }

  @Test("Frames are written as they are read")
  func written() throws {
    let call = OCPPFrame.encodedCall(messageID: "m1", action: .heartbeat) { writer in
      HeartbeatRequest().encode(into: &writer, version: .v201)
    }
    #expect(String(decoding: call, as: UTF8.self) == #"[2,"m1","Heartbeat",{}]"#)
    let result = OCPPFrame.encodedCallResult(messageID: "m1") { writer in
      ResetResponse(status: .accepted).encode(into: &writer, version: .v201)
    }
    #expect(String(decoding: result, as: UTF8.self) == #"[3,"m1",{"status":"Accepted"}]"#)
    let error = OCPPFrame.encodedCallError(
      messageID: "m1", code: .typeConstraintViolation, description: "wrong type", path: "$.evse.id")
    #expect(
      String(decoding: error, as: UTF8.self)
        == #"[4,"m1","TypeConstraintViolation","wrong type",{"path":"$.evse.id"}]"#)
    let plain = OCPPFrame.encodedCallError(messageID: "-1", code: .rpcFrameworkError)
    #expect(String(decoding: plain, as: UTF8.self) == #"[4,"-1","RpcFrameworkError","",{}]"#)
  }

  @Test("An error description is cut at 255 characters")
  func longDescription() throws {
    let bytes = OCPPFrame.encodedCallError(
      messageID: "a", code: .internalError, description: String(repeating: "ä", count: 300))
    guard case .callError(_, _, let description, _) = try OCPPFrame(parsing: bytes, version: .v201) else {
      Issue.record("no CALLERROR")
      return
    }
    #expect(description.unicodeScalars.count == 255)
  }

  @Test("Every error code has the name that the standard gives it")
  func errorCodes() {
    #expect(
      OCPPErrorCode.allCases.map(\.rawName) == [
        "FormatViolation", "GenericError", "InternalError", "MessageTypeNotSupported", "NotImplemented",
        "NotSupported", "OccurrenceConstraintViolation", "PropertyConstraintViolation", "ProtocolError",
        "RpcFrameworkError", "SecurityError", "TypeConstraintViolation",
      ])
    for code in OCPPErrorCode.allCases { #expect(OCPPErrorCode(wireName: code.rawName) == code) }
  }
}

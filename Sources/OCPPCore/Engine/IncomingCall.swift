import ChargerBase
import OCPPJSON
import OCPPTypes

/// A CALL of the CSMS that waits for its one answer. The first answer is sent, every later one is ignored; a call that is
/// dropped without an answer, or not answered by its deadline, is answered with InternalError.
package final class IncomingCall {
  package let action: OCPPAction
  package let version: OCPPVersion
  /// The payload as it came, unchecked.
  package let payload: ArraySlice<UInt8>
  let number: UInt64
  private weak var sink: (any CallReplySink)?
  private var isAnswered = false

  init(
    action: OCPPAction, version: OCPPVersion, payload: ArraySlice<UInt8>, number: UInt64, sink: any CallReplySink
  ) {
    self.action = action
    self.version = version
    self.payload = payload
    self.number = number
    self.sink = sink
  }

  deinit { if !isAnswered { sink?.reject(number, .internalError, path: "$", detail: "not answered") } }

  /// It can still be answered: neither has its time run out, nor has its link gone.
  package var isOpen: Bool { sink?.isOpen(number) ?? false }

  /// Answers with a CALLRESULT: `message.encode(into: &writer, version: version)`.
  package func respond(_ payload: (inout JSONWriter, OCPPVersion) -> Void) {
    isAnswered = true
    sink?.respond(number, version: version, payload)
  }

  /// Answers with a CALLERROR.
  package func reject(_ violation: MessageViolation) {
    isAnswered = true
    sink?.reject(number, violation.code, path: violation.path, detail: violation.detail)
  }

  package func reject(_ code: OCPPErrorCode, detail: String) {
    isAnswered = true
    sink?.reject(number, code, path: "$", detail: detail)
  }
}

/// Sends the answers of incoming calls, at most one for each.
protocol CallReplySink: AnyObject {
  func isOpen(_ number: UInt64) -> Bool
  func respond(_ number: UInt64, version: OCPPVersion, _ payload: (inout JSONWriter, OCPPVersion) -> Void)
  func reject(_ number: UInt64, _ code: OCPPErrorCode, path: String, detail: String)
}

extension CallReplySink {
  func isOpen(_ number: UInt64) -> Bool { true }
}

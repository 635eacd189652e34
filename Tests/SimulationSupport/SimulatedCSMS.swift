import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// A CSMS that answers as it is told and checks everything that a station may not do; what it finds is in `violations`.
package final class SimulatedCSMS {
  /// A CALL of the station as it came.
  package struct ReceivedCall {
    package let action: OCPPAction
    package let messageID: String
    package let payload: ArraySlice<UInt8>
    package let at: MonotonicInstant
    /// Which connection it came on, from 1.
    package let connection: Int

    package var json: JSONValue { (try? JSONValue(parsing: payload)) ?? .null }
  }

  package enum Reply {
    /// As a well-behaved CSMS does.
    case standard
    case silent
    case error(String)
    /// A CALLRESULT with this payload, right or wrong.
    case result(JSONValue)
    /// Any frame; `$id` in it is replaced by the message id.
    case raw(String)
    case delayed(Duration)
    /// The connection is closed instead of an answer.
    case close(UInt16)
  }

  /// The station's one answer to a CALL of the CSMS.
  package enum Answer: Equatable {
    case result(JSONValue)
    case error(code: String, description: String)
  }

  package enum TokenState { case known(AuthorizationStatus) }

  package let clock: SimulatedClock
  private let queue: EventQueue
  var deliver: ([UInt8]) -> Void = { _ in }
  var hangUp: (UInt16) -> Void = { _ in }

  // Script
  /// Dials fail with this while it is set.
  package var refusal: LinkFailure?
  /// Answers to BootNotifications, the last one stays: status and interval in seconds.
  package var bootAnswers: [(RegistrationStatus, Int32)] = [(.accepted, 300)]
  /// Asked first for every CALL.
  package var script: (ReceivedCall) -> Reply = { _ in .standard }
  /// Tokens by id; others are Unknown.
  package var tokens: [String: AuthorizationStatus] = [:]
  package var groups: [String: String] = [:]
  package var answerDelay = Duration.milliseconds(10)
  /// How far the CSMS's clock is ahead of the world's.
  package var clockError = Duration.zero

  // What was seen
  package private(set) var calls: [ReceivedCall] = []
  package private(set) var answers: [String: Answer] = [:]
  /// The place that a CALLERROR of the station names, by message id.
  package private(set) var errorPaths: [String: String] = [:]
  /// Answers to frames whose id could not be read.
  package private(set) var errorsWithoutID: [Answer] = []
  package private(set) var violations: [String] = []
  package private(set) var connections = 0
  package private(set) var isConnected = false
  package private(set) var closedAt: [MonotonicInstant] = []
  package private(set) var openedAt: [MonotonicInstant] = []
  package var transactions = TransactionLedger()

  private var registration: RegistrationStatus?
  /// What the CSMS asked for while Pending (B02.FR.02).
  private var triggered: [OCPPAction] = []
  private var pendingStationCall: (id: String, at: MonotonicInstant)?
  /// MessageTimeout of the station: after it the next CALL may come.
  package var stationMessageTimeout = Duration.seconds(30)
  private var asked: [String: OCPPAction] = [:]
  private var nextID = 0
  private var version = OCPPVersion.v201

  package init(clock: SimulatedClock, queue: EventQueue) {
    self.clock = clock
    self.queue = queue
  }

  package func calls(_ action: OCPPAction) -> [ReceivedCall] { calls.filter { $0.action == action } }
  package func forgetCalls() { calls = [] }

  // MARK: Link

  func opened(_ version: OCPPVersion) {
    self.version = version
    connections += 1
    isConnected = true
    openedAt.append(clock.now)
  }

  func closed() {
    isConnected = false
    pendingStationCall = nil
    asked = [:]
    closedAt.append(clock.now)
  }

  package func close(code: UInt16 = 1001) { hangUp(code) }

  func received(_ bytes: [UInt8]) {
    do throws(FrameError) {
      switch try OCPPFrame(parsing: bytes, version: version) {
      case .call(let id, let name, let payload): receivedCall(id, name, payload)
      case .callResult(let id, let payload): receivedAnswer(id, payload)
      case .callError(let id, let code, let description, let details):
        errorPaths[id] = (try? JSONValue(parsing: details))?["path"]?.string
        if id == "-1" { return errorsWithoutID.append(.error(code: code, description: description)) }
        note(answer: .error(code: code, description: description), id)
      default: violations.append("a frame of a type that 2.0.1 does not have")
      }
    } catch {
      violations.append("frame: \(error)")
    }
  }

  // MARK: Calls of the station

  private func receivedCall(_ id: String, _ name: String, _ payload: ArraySlice<UInt8>) {
    guard let action = OCPPAction(wireName: name, version: version) else {
      return violations.append("unknown action \(name)")
    }
    if let pending = pendingStationCall, pending.at + stationMessageTimeout > clock.now {
      violations.append("\(name) while \(pending.id) is unanswered (Part 4 §4.1.1)")
    }
    if id.utf8.count > 36 { violations.append("message id longer than 36") }
    if calls.contains(where: { $0.messageID == id }) { violations.append("message id \(id) used again") }
    let call = ReceivedCall(action: action, messageID: id, payload: payload, at: clock.now, connection: connections)
    calls.append(call)
    pendingStationCall = (id, clock.now)
    if let violation = MessageCheck.violation(ofRequest: action, payload, version) {
      violations.append("\(name): \(violation)")
    }
    checkRegistration(call)
    if action == .transactionEvent { transactions.received(call, &violations) }
    answer(call, script(call))
  }

  private func checkRegistration(_ call: ReceivedCall) {
    guard registration != .accepted, call.action != .bootNotification else { return }
    if registration == .pending, triggered.contains(call.action) { return }
    violations.append("\(call.action) before the registration was accepted (B01.FR.08, B02.FR.02, B03.FR.02)")
  }

  private func answer(_ call: ReceivedCall, _ reply: Reply) {
    switch reply {
    case .standard: send(after: answerDelay, answering: call) { [self] in standardResult(call) }
    case .delayed(let delay): send(after: delay, answering: call) { [self] in standardResult(call) }
    case .silent: break
    case .error(let code):
      send(after: answerDelay, answering: call) {
        #"[4,"\#(call.messageID)","\#(code)","scripted",{}]"#
      }
    case .result(let json):
      send(after: answerDelay, answering: call) { #"[3,"\#(call.messageID)",\#(json)]"# }
    case .raw(let text):
      send(after: answerDelay, answering: call) { text.replacing("$id", with: call.messageID) }
    case .close(let code): close(code: code)
    }
  }

  private func send(after delay: Duration, answering call: ReceivedCall, _ text: @escaping () -> String) {
    queue.schedule(at: clock.now + delay) { [self] in
      guard isConnected, connections == call.connection else { return }
      if pendingStationCall?.id == call.messageID { pendingStationCall = nil }
      deliver(Array(text().utf8))
    }
  }

  private func standardResult(_ call: ReceivedCall) -> String {
    let payload = StandardAnswers.payload(for: call, csms: self, version)
    return #"[3,"\#(call.messageID)",\#(String(decoding: payload, as: UTF8.self))]"#
  }

  /// The next registration answer; what it says holds from now on.
  func register() -> (RegistrationStatus, Int32) {
    let answer = bootAnswers.count > 1 ? bootAnswers.removeFirst() : bootAnswers.first ?? (.accepted, 300)
    registration = answer.0
    return answer
  }

  var currentTime: WallTime { clock.wall + clockError }

  // MARK: Calls of the CSMS

  /// Sends a CALL and gives its message id; the answer will be in `answers`.
  @discardableResult
  package func call(_ action: OCPPAction, _ payload: JSONValue) -> String {
    callRaw(action.rawName, payload.description, as: action)
  }

  @discardableResult
  package func call(_ action: OCPPAction, _ payload: [UInt8]) -> String {
    callRaw(action.rawName, String(decoding: payload, as: UTF8.self), as: action)
  }

  @discardableResult
  package func callRaw(_ name: String, _ payload: String, as action: OCPPAction? = nil) -> String {
    nextID += 1
    let id = "csms-\(nextID)"
    asked[id] = action ?? .dataTransfer
    switch action {
    case .getBaseReport, .getReport: triggered.append(.notifyReport)
    case .triggerMessage:
      triggered += [.bootNotification, .heartbeat, .statusNotification, .meterValues, .transactionEvent]
    default: break
    }
    deliver(Array(#"[2,"\#(id)","\#(name)",\#(payload)]"#.utf8))
    return id
  }

  package func sendRaw(_ text: String) { deliver(Array(text.utf8)) }
  package func sendRaw(_ bytes: [UInt8]) { deliver(bytes) }

  private func receivedAnswer(_ id: String, _ payload: ArraySlice<UInt8>) {
    if let action = asked[id], let violation = MessageCheck.violation(ofResponse: action, payload, version) {
      violations.append("answer to \(action): \(violation)")
    }
    note(answer: .result((try? JSONValue(parsing: payload)) ?? .null), id)
  }

  private func note(answer: Answer, _ id: String) {
    if answers[id] != nil { violations.append("a second answer to \(id)") }
    answers[id] = answer
  }

  /// The payload of the station's CALLRESULT.
  package func result(_ id: String) -> JSONValue? {
    if case .result(let json)? = answers[id] { json } else { nil }
  }

  package func errorCode(_ id: String) -> String? {
    if case .error(let code, _)? = answers[id] { code } else { nil }
  }
}

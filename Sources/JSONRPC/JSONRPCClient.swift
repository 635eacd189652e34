import CLinux
import ChargerBase
import OCPPJSON

/// A client for command-line tools and driver threads: plain blocking calls with deadlines, on one thread.
package final class JSONRPCClient {
  /// Notifications that wait to be taken; the oldest are dropped first, counted in `notificationsDropped`.
  package static let notificationCapacity = 1_024

  private var descriptor: Int32
  private var lines = JSONRPCLines()
  private var repeated = RepeatedNotifications()
  private var waiting: [JSONRPCMessage] = []
  private var lastID: Int64 = 0
  /// The last read took all that there was: the next one belongs after the next wait.
  private var isDrained = false
  package private(set) var notificationsDropped: UInt64 = 0

  /// Connects at once or throws.
  package init(path: String) throws(SocketError) { descriptor = try UnixSocket.connect(to: path) }

  deinit { close() }

  /// For `poll`; -1 once it is closed.
  package var pollDescriptor: Int32 { descriptor }

  package func close() {
    if descriptor >= 0 { CLinux.close(descriptor) }
    descriptor = -1
  }

  /// Sends a request and answers its id; the answer comes through `receive`.
  package func sendRequest(
    _ method: String, _ params: JSONValue = .object([]), timeout: Duration = .seconds(5)
  ) throws(SocketError) -> JSONRPCID {
    lastID = lastID.addingSaturating(1)
    let id = JSONRPCID.number(Decimal(lastID))
    try send(.request(id: id, method: method, params: params), timeout: timeout)
    return id
  }

  package func send(_ message: JSONRPCMessage, timeout: Duration = .seconds(5)) throws(SocketError) {
    let line = message.line
    let deadline = linux_boottime_ns().addingSaturating(timeout.wholeNanoseconds)
    var sent = 0
    while sent < line.count {
      guard descriptor >= 0 else { throw SocketError(.closed, "the connection is closed") }
      let answer = line.withUnsafeBytes { bytes in
        CLinux.send(
          descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if answer > 0 {
        sent += answer
      } else if linux_errno() == EAGAIN || linux_errno() == EINTR {
        try wait(for: Int16(POLLOUT), until: deadline)
      } else {
        close()
        throw SocketError(.closed, "the other side has closed the connection")
      }
    }
  }

  /// Calls a method and waits for its answer. Notifications that arrive meanwhile are kept.
  package func call(
    _ method: String, _ params: JSONValue = .object([]), timeout: Duration = .seconds(10)
  ) throws(SocketError) -> Result<JSONValue, JSONRPCError> {
    switch try callForMessage(method, params, timeout: timeout) {
    case .result(_, let value): return .success(value)
    case .error(_, let error): return .failure(error)
    default: throw SocketError(.protocolViolation, "the answer is none")
    }
  }

  /// The same with the answer as it came: `.result` or `.error`.
  package func callForMessage(
    _ method: String, _ params: JSONValue = .object([]), timeout: Duration = .seconds(10)
  ) throws(SocketError) -> JSONRPCMessage {
    let deadline = linux_boottime_ns().addingSaturating(timeout.wholeNanoseconds)
    let id = try sendRequest(method, params, timeout: timeout)
    while true {
      while let message = try readMessage() {
        switch message {
        case .result(id, _), .error(id, _), .error(.null, _): return message
        default: keep(message)  // Answers that nobody waits for any more are left out.
        }
        // One who never stops talking does not answer either.
        guard linux_boottime_ns() < deadline else { throw SocketError(.timedOut, "no answer in time") }
      }
      try wait(for: Int16(POLLIN), until: deadline)
    }
  }

  /// The next notification, or nil when none has come in time.
  package func receiveNotification(timeout: Duration) throws(SocketError) -> (method: String, params: JSONValue)? {
    let deadline = linux_boottime_ns().addingSaturating(timeout.wholeNanoseconds)
    while true {
      if !waiting.isEmpty, case .notification(let method, let params) = waiting.removeFirst() {
        return (method, params)
      }
      if let message = try readMessage() {
        keep(message)
        continue
      }
      do throws(SocketError) {
        try wait(for: Int16(POLLIN), until: deadline)
      } catch {
        if error.code == .timedOut { return nil }
        throw error
      }
    }
  }

  /// The next message that has arrived; nil when there is none yet. Never waits.
  package func receive() throws(SocketError) -> JSONRPCMessage? {
    if !waiting.isEmpty { return waiting.removeFirst() }
    return try readMessage()
  }

  private func keep(_ message: JSONRPCMessage) {
    guard case .notification = message else { return }
    if waiting.count >= Self.notificationCapacity {
      waiting.removeFirst()
      notificationsDropped = notificationsDropped.addingSaturating(1)
    }
    waiting.append(message)
  }

  private func readMessage() throws(SocketError) -> JSONRPCMessage? {
    while true {
      if let line = lines.next() {
        if let message = repeated.find(line) { return message }
        do {
          let message = try JSONRPCMessage(parsing: line)
          repeated.keep(message, of: line)
          return message
        } catch {
          close()
          throw SocketError(.protocolViolation, error.error.description)
        }
      }
      guard !lines.isOverlong else {
        close()
        throw SocketError(.protocolViolation, "a line of more than \(JSONRPCLines.maximumBytes) bytes")
      }
      guard descriptor >= 0 else { throw SocketError(.closed, "the connection is closed") }
      guard !isDrained else {
        isDrained = false
        return nil
      }
      guard try readChunk() else { return nil }
    }
  }

  /// False when nothing has arrived.
  private func readChunk() throws(SocketError) -> Bool {
    var failure: Int32 = 0
    var hasEnded = false
    let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
      let answer = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if answer < 0 { failure = linux_errno() }
      hasEnded = answer == 0
      count = max(0, answer)
    }
    if !chunk.isEmpty {
      isDrained = chunk.count < 65_536
      lines.append(chunk)
      return true
    }
    if !hasEnded, failure == EAGAIN || failure == EINTR { return false }
    close()
    throw SocketError(.closed, "the other side has closed the connection")
  }

  private func wait(for events: Int16, until deadline: Int64) throws(SocketError) {
    guard descriptor >= 0 else { throw SocketError(.closed, "the connection is closed") }
    let left = deadline.subtractingSaturating(linux_boottime_ns())
    guard left > 0 else { throw SocketError(.timedOut, "no answer in time") }
    var entry = pollfd(fd: descriptor, events: events, revents: 0)
    _ = poll(&entry, 1, Int32(clamping: left / 1_000_000 + 1))
  }
}

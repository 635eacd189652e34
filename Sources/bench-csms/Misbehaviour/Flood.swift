import NIOCore
import OCPPJSON
import OCPPTypes

/// Asks a station again and again without waiting for its answers, which a CSMS may not do (Part 4 §4.1.1).
/// Used on the event loop alone.
final class Flood {
  static let messageIDPrefix = "flood-"
  static let maximumPerSecond = 2_000
  private static let tick = TimeAmount.milliseconds(20)

  let station: String
  let action: OCPPAction
  let payload: JSONValue
  let perSecond: Int
  /// Nil: until off.
  private(set) var remaining: Int?
  private(set) var sent = 0
  /// Not sent, because the station does not read or is not connected.
  private(set) var heldBack = 0
  private(set) var answers = 0
  private(set) var errors = 0
  private(set) var isOver = false
  private var timer: RepeatedTask?
  /// In thousandths of a message.
  private var credit = 0

  init(station: String, action: OCPPAction, payload: JSONValue, perSecond: Int, count: Int?) {
    self.station = station
    self.action = action
    self.payload = payload
    self.perSecond = perSecond
    remaining = count
  }

  func start(on eventLoop: any EventLoop, connection: @escaping () -> StationConnection?) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let find = NIOLoopBound(connection, eventLoop: eventLoop)
    timer = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.tick) { _ in
      bound.value.send(to: find.value())
    }
  }

  func stop() {
    timer?.cancel()
    timer = nil
    isOver = true
  }

  /// Whether the answer was to one of these messages.
  func takes(_ messageID: String, isError: Bool) -> Bool {
    guard messageID.hasPrefix(Self.messageIDPrefix) else { return false }
    answers += 1
    if isError { errors += 1 }
    return true
  }

  private func send(to connection: StationConnection?) {
    credit += perSecond * 20
    while credit >= 1_000 {
      credit -= 1_000
      if let left = remaining {
        guard left > 0 else { return stop() }
        remaining = left - 1
      }
      guard let connection, connection.channel.isWritable else {
        heldBack += 1
        continue
      }
      sent += 1
      connection.write(
        OCPPFrame.encodedCall(messageID: "\(Self.messageIDPrefix)\(sent)", action: action) { payload.encode(into: &$0) }
      )
    }
    if remaining == 0 { stop() }
  }

  var words: String {
    "floods \(station) with \(perSecond) \(action.rawName) a second, "
      + (remaining.map { "\($0) more" } ?? "until off")
      + "; \(sent) sent, \(answers) answered (\(errors) with an error), \(heldBack) held back"
  }
}

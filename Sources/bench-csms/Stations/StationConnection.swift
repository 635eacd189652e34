import NIOCore
import NIOWebSocket
import OCPPJSON
import OCPPTypes

/// One WebSocket of a station. Used on the event loop alone.
final class StationConnection {
  /// CALLs that may wait for the one in flight.
  static let maximumWaitingCalls = 64
  /// Bytes that may wait for a station that does not read.
  static let maximumWaitingBytes = 8 << 20
  /// Frames and messages of a station at most.
  static let maximumMessageBytes = 1 << 20

  /// What became of a CALL to the station.
  enum Outcome {
    case result(ArraySlice<UInt8>)
    case error(code: String, description: String, details: ArraySlice<UInt8>)
    case timedOut
    case disconnected
  }

  struct PendingCall {
    var messageID: String
    var action: OCPPAction
    var payload: JSONValue
    var timeout: TimeAmount
    var completion: (Outcome) -> Void
  }

  let identity: String
  let channel: any Channel
  /// The CALL that waits for its answer; Part 4 §4.1.1 allows one.
  private(set) var inFlight: PendingCall?
  private var waiting: [PendingCall] = []
  private var timer: Scheduled<Void>?
  /// Ids of the last CALLs of the station.
  var messageIDs: [String] = []
  /// A CALL of the station that we have not answered yet; silence on purpose does not count.
  var unansweredID: String?

  /// Frames were sent as they stood: the station may answer what we do not know.
  var hasRawCalls = false

  init(identity: String, channel: any Channel) {
    self.identity = identity
    self.channel = channel
  }

  /// What is written to a station that does not read is dropped with its connection.
  func write(_ frame: [UInt8]) {
    guard channel.isWritable else { return channel.close(promise: nil) }
    channel.writeAndFlush(
      WebSocketFrame(fin: true, opcode: .text, data: channel.allocator.buffer(bytes: frame)), promise: nil)
  }

  func close(_ code: WebSocketErrorCode) {
    var data = channel.allocator.buffer(capacity: 2)
    data.write(webSocketErrorCode: code)
    let channel = channel
    channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)).whenComplete { _ in
      channel.close(promise: nil)
    }
  }

  // MARK: - CALLs to the station

  /// False when too many wait.
  func call(_ call: PendingCall) -> Bool {
    guard waiting.count < Self.maximumWaitingCalls else { return false }
    waiting.append(call)
    sendNext()
    return true
  }

  private func sendNext() {
    guard inFlight == nil, !waiting.isEmpty else { return }
    let call = waiting.removeFirst()
    inFlight = call
    write(
      OCPPFrame.encodedCall(messageID: call.messageID, action: call.action) { call.payload.encode(into: &$0) })
    let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
    let messageID = call.messageID
    timer = channel.eventLoop.scheduleTask(in: call.timeout) { _ = bound.value.settle(messageID, .timedOut) }
  }

  /// False when the answer belongs to no CALL.
  @discardableResult
  func settle(_ messageID: String, _ outcome: Outcome) -> Bool {
    guard let call = inFlight, call.messageID == messageID else { return false }
    timer?.cancel()
    inFlight = nil
    call.completion(outcome)
    sendNext()
    return true
  }

  func ended() {
    timer?.cancel()
    let calls = [inFlight].compactMap { $0 } + waiting
    inFlight = nil
    waiting = []
    for call in calls { call.completion(.disconnected) }
  }
}

/// Hands the messages of one WebSocket to the CSMS, and answers pings and closes.
final class StationChannelHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame
  private let connection: StationConnection
  private let csms: CSMS

  init(connection: StationConnection, csms: CSMS) {
    self.connection = connection
    self.csms = csms
  }

  func handlerAdded(context: ChannelHandlerContext) { csms.connected(connection) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .text: csms.received(Array(frame.unmaskedData.readableBytesView), from: connection)
    case .ping:
      context.writeAndFlush(
        wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)), promise: nil)
    case .connectionClose:
      var data = frame.unmaskedData
      connection.close(data.readWebSocketErrorCode() ?? .normalClosure)
    case .binary: connection.close(.unacceptableData)
    default: break
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    csms.disconnected(connection)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let isTooLarge = (error as? NIOWebSocketError) == .invalidFrameLength
    connection.close(isTooLarge ? .messageTooLarge : .protocolError)
  }
}

import ChargerBase
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import OCPPJSON
import OCPPTypes

/// The other end of the measurements: accepts one station, answers what it asks at once and measures round trips of its
/// own calls. Plain `ws` on loopback.
final class BenchmarkCSMS: Sendable {
  private let group: MultiThreadedEventLoopGroup
  private let channel: any Channel
  private let state = NIOLockedValueBox(State())

  private struct State {
    var station: (any Channel)?
    var acceptedBoots = 0
    var bootAcceptedAt: MonotonicInstant?
    var nextCall = 0
    var pending: [(id: String, promise: EventLoopPromise<Int>)] = []
    var reportBytes = 0
    var reportsComplete = 0
    var callErrors = 0
    /// Answers to calls of the CSMS's own.
    var answered = 0
    var transactionEvents = 0
    /// Sequence numbers that have arrived, of the one transaction that a measurement makes.
    var arrived: [Bool] = []
    /// Stations that have connected so far.
    var links = 0
    /// Nothing but BootNotification is answered; what waits is in `held`, a call or two.
    var isHolding = false
    var held: [(id: String, action: String, payload: [UInt8])] = []
  }

  var port: Int { channel.localAddress?.port ?? 0 }

  init(clock: @escaping @Sendable () -> MonotonicInstant) throws {
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let state = self.state
    let upgrader = NIOWebSocketServerUpgrader(
      maxFrameSize: 1 << 20,
      shouldUpgrade: { channel, _ in
        channel.eventLoop.makeSucceededFuture(HTTPHeaders([("Sec-WebSocket-Protocol", "ocpp2.0.1")]))
      },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          state.withLockedValue { state in
            state.station = channel
            state.links += 1
          }
          try channel.pipeline.syncOperations.addHandler(
            NIOWebSocketFrameAggregator(
              minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 64, maxAccumulatedFrameSize: 1 << 20))
          try channel.pipeline.syncOperations.addHandler(StationHandler(state: state, clock: clock))
        }
      })
    channel = try ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.pipeline.configureHTTPServerPipeline(
          withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
      }
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .bind(host: "127.0.0.1", port: 0).wait()
  }

  func stop() {
    try? channel.close().wait()
    try? group.syncShutdownGracefully()
  }

  var bootAcceptedAt: MonotonicInstant? { state.withLockedValue { $0.bootAcceptedAt } }
  var acceptedBoots: Int { state.withLockedValue { $0.acceptedBoots } }
  var callErrors: Int { state.withLockedValue { $0.callErrors } }
  var completeReports: Int { state.withLockedValue { $0.reportsComplete } }
  var answered: Int { state.withLockedValue { $0.answered } }
  var transactionEvents: Int { state.withLockedValue { $0.transactionEvents } }
  var reportBytes: Int { state.withLockedValue { $0.reportBytes } }

  /// Of the events 0..<count of the measurement's transaction, those that have arrived.
  func arrived(of count: Int) -> Int {
    state.withLockedValue { state in state.arrived.prefix(count).count { $0 } }
  }

  func forgetEvents() {
    state.withLockedValue { $0.arrived = [] }
  }

  var links: Int { state.withLockedValue { $0.links } }

  /// Holds back every answer but that to BootNotification, so that a station that has just booted has nothing to do; or
  /// gives what was held back, and all that comes, its answer again.
  func holdAnswers(_ isHolding: Bool) {
    let (station, held) = state.withLockedValue { state in
      state.isHolding = isHolding
      defer { if !isHolding { state.held = [] } }
      return (state.station, isHolding ? [] : state.held)
    }
    guard let station, !held.isEmpty else { return }
    let state = state
    station.eventLoop.execute {
      for call in held { Self.answer(call.id, call.action, call.payload[...], on: station, state) }
    }
  }

  func forgetBoot() { state.withLockedValue { $0.bootAcceptedAt = nil } }

  /// Sends a CALL and waits for its answer; gives back the answer's bytes.
  @discardableResult
  func call(_ action: String, _ payload: String) throws -> Int {
    let promise = group.next().makePromise(of: Int.self)
    let (station, id): ((any Channel)?, String) = state.withLockedValue { state in
      state.nextCall += 1
      let id = "b\(state.nextCall)"
      state.pending.append((id, promise))
      return (state.station, id)
    }
    guard let station else {
      promise.fail(BenchmarkFailure(description: "no station is connected"))
      return 0
    }
    var buffer = station.allocator.buffer(capacity: payload.utf8.count + 64)
    buffer.writeString("[2,\"\(id)\",\"\(action)\",\(payload)]")
    station.writeAndFlush(WebSocketFrame(fin: true, opcode: .text, data: buffer), promise: nil)
    return try promise.futureResult.wait()
  }

  private final class StationHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame
    private let state: NIOLockedValueBox<State>
    private let clock: @Sendable () -> MonotonicInstant

    init(state: NIOLockedValueBox<State>, clock: @escaping @Sendable () -> MonotonicInstant) {
      self.state = state
      self.clock = clock
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let frame = unwrapInboundIn(data)
      switch frame.opcode {
      case .text:
        let bytes = frame.unmaskedData
        take(Array(bytes.readableBytesView), context)
      case .ping:
        let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
        context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
      case .connectionClose:
        context.close(promise: nil)
      default: break
      }
    }

    private func take(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
      guard let message = try? OCPPFrame(parsing: bytes, version: .v201) else { return }
      switch message {
      case .call(let id, let action, let payload):
        let isHeld = state.withLockedValue { state in
          guard state.isHolding, action != "BootNotification" else { return false }
          state.held.append((id, action, Array(payload)))
          return true
        }
        guard !isHeld else { return }
        BenchmarkCSMS.answer(id, action, payload, on: context.channel, state)
        if action == "BootNotification" {
          let now = clock()
          state.withLockedValue { state in
            state.acceptedBoots += 1
            state.bootAcceptedAt = now
          }
        }
      case .callResult(let id, _), .callError(let id, _, _, _):
        let promise = state.withLockedValue { state -> EventLoopPromise<Int>? in
          if case .callError = message { state.callErrors += 1 }
          state.answered += 1
          guard let index = state.pending.firstIndex(where: { $0.id == id }) else { return nil }
          return state.pending.remove(at: index).promise
        }
        promise?.succeed(bytes.count)
      default: break
      }
    }
  }

  private static let sequenceMember = Array("\"seqNo\":".utf8)

  /// Found without reading the rest.
  private static func sequenceNumber(_ payload: ArraySlice<UInt8>) -> Int? {
    let wanted = sequenceMember
    return payload.withUnsafeBytes { bytes -> Int? in
      var start = 0
      while start + wanted.count < bytes.count {
        var matched = 0
        while matched < wanted.count, bytes[start + matched] == wanted[matched] { matched += 1 }
        guard matched < wanted.count else { break }
        start += 1
      }
      let digits = bytes.dropFirst(start + wanted.count).prefix { $0 >= 0x30 && $0 <= 0x39 }
      return Int(String(decoding: digits, as: UTF8.self))
    }
  }

  private static func answer(
    _ id: String, _ action: String, _ payload: ArraySlice<UInt8>, on channel: any Channel,
    _ state: NIOLockedValueBox<State>
  ) {
    let time = "2026-11-23T10:00:00Z"
    let body: String
    switch action {
    case "BootNotification":
      body = #"{"currentTime":"\#(time)","interval":86400,"status":"Accepted"}"#
    case "Heartbeat": body = #"{"currentTime":"\#(time)"}"#
    case "Authorize": body = #"{"idTokenInfo":{"status":"Accepted"}}"#
    case "TransactionEvent":
      let number = sequenceNumber(payload)
      state.withLockedValue { state in
        state.transactionEvents += 1
        guard let number, number < 1_000_000 else { return }
        if number >= state.arrived.count {
          state.arrived += Array(repeating: false, count: number + 1 - state.arrived.count)
        }
        state.arrived[number] = true
      }
      body = #"{"idTokenInfo":{"status":"Accepted"}}"#
    case "NotifyReport":
      let isLast = !String(decoding: payload, as: UTF8.self).contains("\"tbc\":true")
      state.withLockedValue { state in
        state.reportBytes += payload.count
        if isLast { state.reportsComplete += 1 }
      }
      body = "{}"
    default: body = "{}"
    }
    var buffer = channel.allocator.buffer(capacity: 128)
    buffer.writeString("[3,\"\(id)\",\(body)]")
    channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .text, data: buffer), promise: nil)
  }
}

import ChargerBase
import JSONRPC
import NIOCore
import NIOPosix
import SimulatedPeripherals
import SimulatedWorld

/// A card that lies on a virtual reader of `vpcd` while its connection lasts.
package struct CardFrontConfiguration: Sendable, Equatable {
  /// The reader's name in the board profile.
  let reader: String
  /// Where vpcd listens, on this machine.
  let port: Int
  /// A card held before the reader stays for so long.
  let hold: Duration

  init(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(["front", "reader", "port", "holdMilliseconds"])
    reader = try params.string("reader", maximum: 50)
    port = Int(try params.integer("port", in: 1...65_535))
    hold = .milliseconds(Int64(try params.optionalInteger("holdMilliseconds", in: 10...600_000) ?? 1_500))
  }
}

/// What is held before a reader of the world lies on vpcd's reader for a while.
final class CardFront: WorldFront {
  /// Between two cards: pcscd looks at this reader every 0.4 s and must have seen it empty.
  static let pause = Duration.seconds(1)
  /// How soon after a refused connection the next is tried; vpcd listens when pcscd does.
  static let retry = Duration.milliseconds(200)

  private let configuration: CardFrontConfiguration
  private let eventLoop: any EventLoop
  private let wake: () -> Void
  private let narrate: (String) -> Void

  private var waiting: [WorldToken] = []
  private var card: VirtualCard?
  private var channel: (any Channel)?
  private var isConnecting = false
  private var removeAt = MonotonicInstant.distantFuture
  private var nextAt = MonotonicInstant.zero
  private var received: [[UInt8]] = []
  private var activeFaults: [WireFault] = []

  init(
    _ configuration: CardFrontConfiguration, eventLoop: any EventLoop, wake: @escaping () -> Void,
    narrate: @escaping (String) -> Void
  ) {
    self.configuration = configuration
    self.eventLoop = eventLoop
    self.wake = wake
    self.narrate = narrate
  }

  func open() {}

  func close() { remove() }

  let faults: [WireFault] = [
    .cardRefusesIdentifier, .cardShortIdentifier, .cardTornAnswer, .cardSilent, .cardTakenDuringCommand, .cardUnknown,
  ]

  func set(_ fault: WireFault, active: Bool, evse: EVSEID?) {
    activeFaults.removeAll { $0 == fault }
    if active { activeFaults.append(fault) }
    card?.fault = cardFault
  }

  var nextInstant: MonotonicInstant {
    if card == nil { return waiting.isEmpty ? .distantFuture : nextAt }
    guard channel != nil else { return isConnecting ? .distantFuture : nextAt }
    return min(removeAt, card?.nextOutput ?? .distantFuture)
  }

  func step(_ world: inout SimulatedWorld, at now: MonotonicInstant) {
    if world.hasTokens(reader: configuration.reader) {
      waiting = (waiting + world.takeTokens(reader: configuration.reader)).suffix(SimulatedWorld.tokenCapacity)
    }
    if let card, card.isClosed || removeAt <= now { remove() }
    if card == nil, nextAt <= now, let token = waiting.first {
      waiting.removeFirst()
      card = makeCard(of: token)
    }
    guard card != nil else { return }
    guard let channel else { return connect(at: now) }
    for bytes in received { card?.receive(bytes, at: now) }
    received.removeAll()
    if let output = card?.takeOutput(at: now), !output.isEmpty {
      channel.writeAndFlush(ByteBuffer(bytes: output), promise: nil)
    }
    if card?.isClosed == true { remove() }
  }

  // MARK: The card

  private var cardFault: VirtualCard.Fault? {
    for fault in activeFaults {
      switch fault {
      case .cardRefusesIdentifier: return .statusWord(0x6300)
      case .cardShortIdentifier: return .shortUID(2)
      case .cardTornAnswer: return .tornAnswer
      case .cardSilent: return .silent
      case .cardTakenDuringCommand: return .closesDuringCommand
      default: continue
      }
    }
    return nil
  }

  private func makeCard(of token: WorldToken) -> VirtualCard? {
    guard let uid = Self.bytes(hexadecimal: token.value) else {
      narrate("The card front of \(configuration.reader) shows hexadecimal identifiers only")
      return nil
    }
    var kind: VirtualCard.Kind = token.kind == "ISO15693" ? .iso15693 : .iso14443
    if activeFaults.contains(.cardUnknown) { kind = .contacts }
    return VirtualCard(uid: uid, kind: kind, fault: cardFault)
  }

  static func bytes(hexadecimal text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap { UInt8(String(UnicodeScalar($0)), radix: 16) }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2), !digits.isEmpty else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  // MARK: The reader's connection

  private func connect(at now: MonotonicInstant) {
    guard !isConnecting, nextAt <= now else { return }
    isConnecting = true
    nextAt = now + Self.retry
    let handler = CardHandler(
      onBytes: { [weak self] bytes in
        self?.received.append(bytes)
        self?.wake()
      },
      onEnd: { [weak self] in
        // The reader is gone; the card stays in the hand that holds it.
        self?.channel = nil
        self?.wake()
      })
    ClientBootstrap(group: eventLoop)
      .channelInitializer { [box = NIOLoopBound(handler, eventLoop: eventLoop)] channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(box.value) }
      }
      .connect(host: "127.0.0.1", port: configuration.port)
      .assumeIsolated()
      .whenComplete { [weak self] result in self?.connected(result, now: now) }
  }

  private func connected(_ result: Result<any Channel, any Error>, now: MonotonicInstant) {
    isConnecting = false
    if case .success(let opened) = result {
      if card == nil {
        opened.close(promise: nil)
      } else {
        channel = opened
        removeAt = now + configuration.hold
      }
    }
    wake()
  }

  /// Takes the card away.
  private func remove() {
    channel?.close(promise: nil)
    channel = nil
    card = nil
    received.removeAll()
    if removeAt != .distantFuture { nextAt = max(nextAt, removeAt + Self.pause) }
    removeAt = .distantFuture
  }
}

private final class CardHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let onBytes: ([UInt8]) -> Void
  private let onEnd: () -> Void

  init(onBytes: @escaping ([UInt8]) -> Void, onEnd: @escaping () -> Void) {
    self.onBytes = onBytes
    self.onEnd = onEnd
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    onBytes(Array(unwrapInboundIn(data).readableBytesView))
  }

  func channelInactive(context: ChannelHandlerContext) { onEnd() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

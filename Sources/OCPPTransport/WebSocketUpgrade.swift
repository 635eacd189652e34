import NIOCore
import NIOHTTP1
import NIOWebSocket
import OCPPPorts
import OCPPTypes

/// The opening handshake (RFC 6455 §4): what we ask for and what we accept as the answer.
///
/// NIO's client upgrader makes the key and checks its echo; sub-protocol, extensions and headers are checked here.
final class WebSocketUpgrade: NIOHTTPClientProtocolUpgrader {
  let supportedProtocol = "websocket"
  let requiredUpgradeHeaders: [String] = []

  private let target: LinkTarget
  private let keyExchange: NIOWebSocketClientUpgrader
  private let installFrames: (ChannelPipeline.SynchronousOperations, OCPPVersion) throws -> Void
  /// Why the answer was not accepted.
  private(set) var refusal: LinkFailure?
  /// The answer was accepted; NIO takes the HTTP handlers out a little later, and what arrives meanwhile waits.
  private(set) var isAccepted = false

  init(
    target: LinkTarget,
    installFrames: @escaping (ChannelPipeline.SynchronousOperations, OCPPVersion) throws -> Void
  ) {
    self.target = target
    self.installFrames = installFrames
    // Only its key is used, so its pipeline is never built.
    keyExchange = NIOWebSocketClientUpgrader { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
  }

  func requestHead(for address: CSMSAddress) -> HTTPRequestHead {
    var headers = HTTPHeaders()
    headers.add(name: "Host", value: address.hostHeader)
    headers.add(name: "Sec-WebSocket-Protocol", value: target.versions.map(\.subprotocol).joined(separator: ", "))
    if let password = target.basicAuthPassword {
      headers.add(
        name: "Authorization", value: BasicAuthorization.headerValue(identity: target.identity, password: password))
    }
    return HTTPRequestHead(
      version: .http1_1, method: .GET, uri: address.requestTarget(identity: target.identity), headers: headers)
  }

  func addCustom(upgradeRequestHeaders: inout HTTPHeaders) {
    keyExchange.addCustom(upgradeRequestHeaders: &upgradeRequestHeaders)
  }

  func shouldAllowUpgrade(upgradeResponse: HTTPResponseHead) -> Bool {
    do {
      _ = try acceptedVersion(upgradeResponse)
      isAccepted = true
      return true
    } catch {
      refusal = error
      return false
    }
  }

  func upgrade(context: ChannelHandlerContext, upgradeResponse: HTTPResponseHead) -> EventLoopFuture<Void> {
    do {
      try installFrames(context.pipeline.syncOperations, try acceptedVersion(upgradeResponse))
      return context.eventLoop.makeSucceededVoidFuture()
    } catch {
      return context.eventLoop.makeFailedFuture(error)
    }
  }

  private func acceptedVersion(_ response: HTTPResponseHead) throws(LinkFailure) -> OCPPVersion {
    guard keyExchange.shouldAllowUpgrade(upgradeResponse: response) else {
      throw LinkFailure(.protocolRefused, detail: "the answer to our WebSocket key is wrong")
    }
    guard response.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" }) else {
      throw LinkFailure(.protocolRefused, detail: "the answer lacks Connection: Upgrade")
    }
    guard response.headers["Sec-WebSocket-Extensions"].isEmpty else {
      throw LinkFailure(.protocolRefused, detail: "the CSMS chose a WebSocket extension that we did not offer")
    }
    let chosen = response.headers["Sec-WebSocket-Protocol"]
    guard let name = chosen.first else {
      throw LinkFailure(.protocolRefused, detail: "the CSMS agrees to none of the OCPP versions offered")
    }
    guard chosen.count == 1, let version = target.versions.first(where: { $0.subprotocol == name }) else {
      throw LinkFailure(
        .protocolRefused, detail: "the CSMS chose a sub-protocol that we did not offer: \(name.prefix(64))")
    }
    return version
  }
}

/// Takes the HTTP answer of a server that does not upgrade, and the errors of the dial. It stays until frames can be
/// read, so that an end that follows the answer closely is not overheard.
final class UpgradeAnswerHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let connection: LinkConnection
  private let upgrade: WebSocketUpgrade

  init(connection: LinkConnection, upgrade: WebSocketUpgrade) {
    self.connection = connection
    self.upgrade = upgrade
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // With 101 and a refusal of ours the head comes here too, after the error that told it.
    guard case .head(let head) = unwrapInboundIn(data) else { return }
    let status = "HTTP \(head.status.code) \(head.status.reasonPhrase.prefix(64))"
    switch head.status {
    case .unauthorized, .forbidden:
      connection.dialFailed(LinkFailure(.unauthorized, detail: status))
    case .notFound:
      // Part 4 §3.2: the CSMS does not know the identity.
      connection.dialFailed(LinkFailure(.protocolRefused, detail: "\(status): the CSMS does not know this station"))
    default:
      connection.dialFailed(upgrade.refusal ?? LinkFailure(.protocolRefused, detail: status))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let refusal = upgrade.refusal { return connection.dialFailed(refusal) }
    if upgrade.isAccepted { return connection.brokeOff("\(error)") }
    switch error {
    case is HTTPParserError:
      connection.dialFailed(LinkFailure(.protocolRefused, detail: "the answer is no HTTP: \(error)"))
    case is NIOHTTPClientUpgradeError:
      connection.dialFailed(LinkFailure(.protocolRefused, detail: "the answer is no WebSocket upgrade: \(error)"))
    default:
      connection.dialFailed(LinkFailure(dialError: error))
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    connection.dialFailed(LinkFailure(.network, detail: "the CSMS closed the connection before it answered"))
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    // Nothing to an open link; without one there will be none.
    connection.dialFailed(LinkFailure(.network, detail: "the connection broke off"))
  }
}

/// Stands below HTTP and keeps an end that follows the accepted answer closely from it: NIO's decoder would drop the
/// frames that came with the answer.
final class EarlyEndHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let connection: LinkConnection
  private let upgrade: WebSocketUpgrade

  init(connection: LinkConnection, upgrade: WebSocketUpgrade) {
    self.connection = connection
    self.upgrade = upgrade
  }

  func channelInactive(context: ChannelHandlerContext) {
    if upgrade.isAccepted, connection.isUpgrading {
      connection.brokeOff("the CSMS closed the connection without a close frame")
    } else {
      context.fireChannelInactive()
    }
  }
}
